"""Places that checkpoints are published to: a file or a folder on another system's disk, or an address."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from alerting.checkpoint import Signed
from alerting.errors import SecretError
from alerting.outbox import Outcome
from alerting.sinks.call import Call, address_of
from alerting.sinks.signing import signed_headers
from service.settings import PlaceSettings


class Place(Protocol):
    """Takes checkpoints in the order in which they are made; the same one may come again after a failure."""

    @property
    def name(self) -> str:
        """What metrics and the log call it."""

    async def publish(self, signed: Signed) -> str:
        """Take one and keep it; "" once it is safe there, else why it is not."""


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Appends a line to a file, or puts a new file into a folder; never opens anything to change what is in it."""

    name: str
    path: Path

    async def publish(self, signed: Signed) -> str:
        """Write and wait for the disk."""
        try:
            await asyncio.to_thread(self._write, signed)
        except OSError as fault:
            return f"{self.path} cannot be written ({fault.strerror}): check the path, its permissions and the disk"
        return ""

    def _write(self, signed: Signed) -> None:
        line = f"{signed.to_line()}\n".encode()
        if self.path.is_dir():
            made = signed.checkpoint
            path = self.path / f"{made.seq:012d}-{made.at:%Y%m%dT%H%M%S.%f}-{made.key}.json"
            flags = os.O_CREAT | os.O_EXCL
        else:
            path, flags = self.path, os.O_CREAT | os.O_APPEND
            if _torn(path):
                line = b"\n" + line
        new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | flags, 0o644)
        try:
            if os.write(descriptor, line) != len(line):
                raise OSError(0, "only a part of the line was written")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            _keep_name(path.parent)


@dataclass(frozen=True, slots=True)
class UrlPlace:
    """POSTs the checkpoint as JSON; address and secret are looked up at each attempt, and never named."""

    name: str
    call: Call
    secret_of: Callable[[str], str]
    address: str
    secret: str | None = None

    async def publish(self, signed: Signed) -> str:
        """Make one attempt; only 2xx means that it was taken."""
        content = signed.to_line().encode()
        headers = {"content-type": "application/json"}
        try:
            url = address_of(self.address, self.secret_of)
            if self.secret is not None:
                made = signed.checkpoint
                secret = self.secret_of(self.secret)
                headers |= signed_headers(f"ckp_{made.chain[:16]}_{made.seq}", self.call.wall(), content, secret)
        except SecretError as fault:
            return str(fault)
        answered = await self.call.post(url, content, headers)
        outcome = answered if isinstance(answered, Outcome) else answered.outcome()
        if outcome.kind == "delivered":
            return ""
        if outcome.kind == "refused" and not outcome.status:
            return "its url is not one that can be called: mend it in audit.publish"
        return outcome.note


def place_of(settings: PlaceSettings, call: Call, secret_of: Callable[[str], str]) -> Place:
    """Make the place that the settings describe."""
    if settings.file is not None:
        return FilePlace(settings.name, settings.file)
    return UrlPlace(settings.name, call, secret_of, settings.url, settings.secret)


def _torn(path: Path) -> bool:
    """Whether the last line lacks its end, because the disk was full; a file we may not read is taken as whole."""
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:
        return False


def _keep_name(folder: Path) -> None:
    """Wait until the disk knows of a new file; not every file system has that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)
