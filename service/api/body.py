"""Reading a request's body within limits: of one body (also unpacked), of all bodies at once, and of time."""

import asyncio
import zlib
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from service.api.problem import Problem

BUSY_SECONDS = 1


@dataclass(slots=True)
class Room:
    """Bytes of bodies held in memory at once, over all requests of one process."""

    bytes_max: int
    used: int = 0

    def take(self, wanted: int) -> None:
        """Claim room for so many more bytes, or answer 503: the producer keeps its events and tries again."""
        if self.used + wanted > self.bytes_max:
            raise Problem(
                503,
                detail=f"Requests in progress hold {self.used} of {self.bytes_max} bytes already; try again.",
                headers={"Retry-After": str(BUSY_SECONDS)},
            )
        self.used += wanted

    def give_back(self, taken: int) -> None:
        """Return what `take` claimed."""
        self.used -= taken


@dataclass(slots=True)
class BodyReader:
    """Reads one body piece by piece; `held` bytes of the room are its own until `close`.

    `shorter` ends the sentence about a body that is too long: where the limit comes from, and the way out.
    """

    room: Room
    bytes_max: int
    seconds_max: float
    held: int = 0
    shorter: str = " (api.body_bytes_max); send fewer events at once"

    async def read(self, request: Request) -> bytes:
        """Give the whole body, unpacked; a Problem when it is too long, too slow, cut short or packed otherwise."""
        self._check_length(request.headers.get("content-length"))
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip"):
            raise Problem(
                415,
                detail=f"Content-Encoding {encoding!r} is not read here; send gzip or none.",
                headers={"Accept-Encoding": "gzip"},
            )
        try:
            async with asyncio.timeout(self.seconds_max):
                return await self._read(request, gzip=encoding == "gzip")
        except TimeoutError:
            raise Problem(408, detail=f"The body did not arrive within {self.seconds_max:g} s.") from None
        except ClientDisconnect:
            raise Problem(400, detail="The connection ended before the body did.") from None

    def close(self) -> None:
        """Give the room back, once the events are stored or refused."""
        self.room.give_back(self.held)
        self.held = 0

    async def _read(self, request: Request, *, gzip: bool) -> bytes:
        body = bytearray()
        unpack = zlib.decompressobj(wbits=31) if gzip else None
        received = 0
        async for chunk in request.stream():
            received += len(chunk)
            if received > self.bytes_max:
                raise self._too_long()
            piece = chunk if unpack is None else self._unpacked(unpack, chunk, self.bytes_max - len(body))
            if len(body) + len(piece) > self.bytes_max:
                raise self._too_long()
            self.room.take(len(piece))
            self.held += len(piece)
            body += piece
        if unpack is not None and not unpack.eof:
            raise Problem(400, detail="The gzip body ends before its end mark; send it again whole.")
        return bytes(body)

    def _unpacked(self, unpack: "zlib._Decompress", chunk: bytes, room: int) -> bytes:
        """Unpack no more than one byte beyond the limit, whatever a small body would grow to."""
        try:
            piece = unpack.decompress(chunk, room + 1)
        except zlib.error as fault:
            raise Problem(400, detail=f"The body is not gzip, as its Content-Encoding says: {fault}.") from None
        if unpack.unused_data:
            raise Problem(400, detail="Bytes follow the end of the gzip body; send one gzip member.")
        return piece

    def _check_length(self, declared: str | None) -> None:
        if declared is not None and declared.isascii() and declared.isdigit() and int(declared) > self.bytes_max:
            raise self._too_long()

    def _too_long(self) -> Problem:
        return Problem(
            413,
            detail=f"The body is longer than {self.bytes_max} bytes{self.shorter}.",
        )
