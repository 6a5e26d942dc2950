"""A real Prometheus on a free port of 127.0.0.1, for as long as a `with` block lasts."""

import contextlib
import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_READY_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running server; `url` has no slash at its end."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Evaluate an expression now and give its result; AssertionError carries what the server says is wrong."""
        result: list[dict[str, Any]] = self._get("/api/v1/query", {"query": expression})["data"]["result"]
        return result

    def label_values(self, label: str) -> list[str]:
        """Give every value that the label has in the database."""
        values: list[str] = self._get(f"/api/v1/label/{label}/values", {})["data"]
        return values

    def _get(self, path: str, query: Mapping[str, str]) -> Any:
        """The answer's JSON, whose shape differs from path to path."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                raise AssertionError(f"{path} {dict(query)}: {refused.read().decode()}") from None


@contextlib.contextmanager
def running(binary: Path, config: Path, storage: Path) -> Iterator[Prometheus]:
    """Start Prometheus on this configuration and this database folder, and stop it at the end of the block."""
    port = _free_port()
    log = storage.parent / "prometheus.log"
    command = [
        str(binary), f"--config.file={config}", f"--storage.tsdb.path={storage}",
        f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=10y", "--log.level=warn",
    ]  # fmt: skip
    with log.open("wb") as sink, subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT) as process:
        try:
            _await_ready(f"http://127.0.0.1:{port}", process, log)
            yield Prometheus(f"http://127.0.0.1:{port}")
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
    raise AssertionError(f"Prometheus did not become ready: {log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
