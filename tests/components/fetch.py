"""Fetch the real programs that the tests run against: `python -m tests.components.fetch`.

Nothing is put into the repository, and a program that is there already is not fetched again. What cannot be had is
said with its reason and passed over: the tests that need it skip with that reason, or fail when CI=true.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.components.locate import cache, find

_SECONDS_MAX = 600
_TEMPLATES = Path("/usr/share/prometheus/alertmanager")
_DEBIAN_PROMETHEUS = ("prometheus", "prometheus-alertmanager")


class FetchError(Exception):
    """A component cannot be had on this machine; the message is the reason."""


def main() -> None:
    """Fetch each component in turn, one line of outcome each."""
    for name, fetch in COMPONENTS.items():
        _say(outcome(name, fetch))


def outcome(name: str, fetch: Callable[[], str]) -> str:
    """Run one fetch and put what came of it into one line."""
    try:
        return f"{name}: {fetch()}"
    except FetchError as reason:
        return f"{name}: NOT AVAILABLE, {reason}"


def fetch_kafka() -> str:
    """Apache Kafka's jars from Maven Central, by Maven."""
    if not shutil.which("java"):
        raise FetchError("java is not installed (17 or later)")
    if not shutil.which("mvn"):
        raise FetchError("mvn (Maven) is not installed")
    script = Path(__file__).resolve().parent.parent / "kafka" / "fetch.py"
    return f"jars in {_run([sys.executable, str(script)])}"


def fetch_prometheus() -> str:
    """Prometheus, promtool, Alertmanager and amtool from Debian's packages, unpacked and not installed."""
    present = [find(name) for name in ("prometheus", "promtool", "alertmanager", "amtool")]
    if all(present):
        _place_templates()
        return f"found {present[0]}"
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise FetchError("this is not a Debian or Ubuntu machine; put prometheus, promtool and alertmanager on PATH")
    target = cache() / "prometheus"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix="prometheus.", dir=target.parent))
    try:
        _download_debs(part)
        for deb in sorted(part.glob("*.deb")):
            _run(["dpkg-deb", "-x", str(deb), str(part)])
            deb.unlink()
        shutil.rmtree(target, ignore_errors=True)
        # A rename is the last step, so that an interrupted download is never taken for a finished one.
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _place_templates()
    return f"unpacked into {target}"


def fetch_chromium() -> str:
    """Chromium from Debian; only root can install it, anybody else uses what is there."""
    present = find("chromium")
    if present:
        return f"found {present}"
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise FetchError("install Chromium by hand: only root on Debian or Ubuntu gets it from here")
    _refresh_apt()
    _run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"])
    return f"installed {find('chromium')}"


COMPONENTS: dict[str, Callable[[], str]] = {
    "Apache Kafka": fetch_kafka,
    "Prometheus and Alertmanager": fetch_prometheus,
    "Chromium": fetch_chromium,
}


def _download_debs(folder: Path) -> None:
    """Download the packages into the folder, with a fresh package list only when the present one does not serve."""
    # As root, apt would hand the download to a user of its own, who cannot write here.
    command = ["apt-get", "-o", "APT::Sandbox::User=root", "download", "-q", *_DEBIAN_PROMETHEUS]
    try:
        _run(command, folder)
    except FetchError:
        _refresh_apt()
        _run(command, folder)


def _place_templates() -> None:
    """Put Alertmanager's templates where Debian's build looks for them, and nowhere else; only root can."""
    unpacked = cache() / "prometheus" / _TEMPLATES.relative_to("/")
    if not unpacked.is_dir() or _TEMPLATES.exists():
        return
    if os.geteuid() != 0:
        raise FetchError(f"Alertmanager does not start without {_TEMPLATES}, and only root can put it there")
    shutil.copytree(unpacked, _TEMPLATES)


def _refresh_apt() -> None:
    if os.geteuid() != 0:
        raise FetchError("apt's package lists are missing or old and only root can refresh them")
    _run(["apt-get", "update", "-q"])


def _run(command: Sequence[str], folder: Path | None = None) -> str:
    """Run a command and give its last line of output; FetchError carries the last line it complained with."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired:
        raise FetchError(f"{command[0]} took longer than {_SECONDS_MAX} s") from None
    if done.returncode != 0:
        raise FetchError(f"{command[0]} failed: {_last_line(done.stderr) or _last_line(done.stdout)}")
    return _last_line(done.stdout)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
