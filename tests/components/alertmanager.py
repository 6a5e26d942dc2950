"""A real Alertmanager on 127.0.0.1, for as long as a `with` block lasts."""

import contextlib
import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.components.need import lacking

_READY_SECONDS_MAX = 30.0

CONFIG = """\
route:
  receiver: rest
  group_by: [incident, tier]
  group_wait: 0s
  group_interval: 100ms
  repeat_interval: 1h
  routes: [{{matchers: ['tier="act"'], receiver: act}}]
receivers:
  - {{name: act, webhook_configs: [{{url: "{hook}/act"}}]}}
  - {{name: rest, webhook_configs: [{{url: "{hook}/rest"}}]}}
"""


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """A running server; `url` has no slash at its end."""

    url: str

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts it holds to be open, as its API gives them."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:
            held: list[dict[str, Any]] = json.load(answer)
            return held


@contextlib.contextmanager
def running(binary: Path, folder: Path, hook: str, port: int) -> Iterator[Alertmanager]:
    """Start Alertmanager with its data in a folder; what rings at tier act goes to `hook`/act, all else to /rest."""
    folder.mkdir(parents=True, exist_ok=True)
    config, log = folder / "alertmanager.yml", folder / "alertmanager.log"
    config.write_text(CONFIG.format(hook=hook), encoding="utf-8")
    command = [
        str(binary), f"--config.file={config}", f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=warn",
    ]  # fmt: skip
    with log.open("wb") as sink, subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT) as process:
        try:
            _await_ready(f"http://127.0.0.1:{port}", process, log)
            yield Alertmanager(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(timeout=20)


def _await_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/-/ready", timeout=1):
            return
        time.sleep(0.05)
    said = log.read_text(errors="replace")[-2000:]
    if "default.tmpl: no such file" in said:
        lacking("Alertmanager's templates are not where Debian's build looks for them: run `make components` as root")
    raise AssertionError(f"Alertmanager did not become ready: {said}")
