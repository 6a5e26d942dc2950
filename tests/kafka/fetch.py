"""Download the jars of a real Apache Kafka into a cache outside the repository: `python tests/kafka/fetch.py`."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "4.1.1"
_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


def jars() -> Path:
    """Where the jars of this version are kept, whether or not they are there yet."""
    chosen = os.environ.get("DRIFTWARDEN_COMPONENTS")
    root = Path(chosen) if chosen else Path.home() / ".cache" / "driftwarden"
    return root / f"kafka-{VERSION}"


def fetch() -> Path:
    """Fetch the jars with Maven unless they are there; the folder appears whole or not at all."""
    target = jars()
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    pom = Path(__file__).with_name("pom.xml")
    command = ["mvn", "-B", "-q", "-ntp", "-f", str(pom), f"-Dkafka.version={VERSION}", _GOAL]
    try:
        subprocess.run([*command, f"-DoutputDirectory={part}"], check=True, timeout=600)
        # A rename is the last step, so that an interrupted download is never taken for a finished one.
        part.rename(target)
    finally:
        if part.is_dir():
            shutil.rmtree(part)
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{fetch()}\n")
