"""`make demo-kafka`: the demo through a real Apache Kafka broker of its own, which ends with it."""

import subprocess
import sys
from pathlib import Path

from tests.components.fetch import FetchError, fetch_kafka
from tests.kafka.cluster import Cluster
from tests.kafka.fetch import jars


def main(words: list[str]) -> int:
    """Fetch Kafka when it is lacking, start one broker, and run the demo against it with these further words."""
    try:
        fetch_kafka()
    except FetchError as reason:
        sys.stderr.write(f"driftwarden: Apache Kafka is not available: {reason}\n")
        return 2
    cluster = Cluster(jars())
    try:
        cluster.start()
        program = Path(sys.executable).with_name("driftwarden")
        return subprocess.call([program, "demo", "--kafka", cluster.bootstrap, *words])
    except KeyboardInterrupt:
        # The demo was told as well and has said good-bye; only the broker is left to stop.
        return 0
    finally:
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
