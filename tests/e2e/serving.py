"""A site whose worker listens for events, and waiting for it without standing still oneself."""

import asyncio
import base64
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.e2e.workers import OWNERS, Site, site
from tests.kafka.broker import free_ports

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@dataclass(frozen=True, slots=True)
class Serving:
    """A site and the address its one worker answers at."""

    site: Site
    url: str

    def answers(self, path: str = "/readyz") -> bool:
        """Whether a page is there and fine."""
        try:
            return httpx2.get(self.url + path, timeout=5, trust_env=False).status_code == 200
        except httpx2.TransportError:
            return False

    def post(self, body: bytes, content_type: str = "application/x-ndjson") -> httpx2.Response:
        """Send events."""
        return httpx2.post(
            self.url + "/v1/events",
            content=body,
            headers={"content-type": content_type},
            timeout=30,
            trust_env=False,
        )

    def said(self, name: str = "worker") -> str:
        """What the worker of that name has logged."""
        return (self.site.folder / f"{name}.log").read_text(encoding="utf-8")


def serving(folder: Path, *, webhook: str = "", **sections: dict[str, object]) -> Serving:
    """Lay a site out that takes events by HTTP; with `webhook`, incidents are told there."""
    (port,) = free_ports(1)
    settings: dict[str, dict[str, object]] = {
        "http": {"enabled": True, "directory": str(folder / "log")},
        "api": {"port": port},
    }
    made = site(folder, settings | sections)
    if webhook:
        (folder / "secret").write_text(SECRET, encoding="utf-8")
        contact = f'{{webhook: {{url: "{webhook}", secret: "file:{folder}/secret"}}}}'
        (folder / "owners.yaml").write_text(OWNERS.replace("{log: credit-risk}", contact), encoding="utf-8")
    return Serving(made, f"http://127.0.0.1:{port}")


async def eventually(met: Callable[[], bool], seconds: float, what: str) -> None:
    """Look every 50 ms, from a thread, whether something is so; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(met):
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(0.05)


def ended(process: "subprocess.Popen[bytes]", seconds: float) -> int:
    """The exit code of a process that ends by itself."""
    return process.wait(seconds)
