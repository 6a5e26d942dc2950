"""A web server that takes what it is sent and misbehaves in its answers for as long as it is told to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.alerting.sinks.receiver import Request, header

HUGE = b"x" * 65_536

ANSWERS: Mapping[str, bytes | None] = {
    "429": b"HTTP/1.1 429 Slow down\r\ncontent-length: 0\r\n\r\n",
    "429 for ten minutes": b"HTTP/1.1 429 Slow down\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n",
    "500": b"HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n",
    "503 for two minutes": b"HTTP/1.1 503 Later\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n",
    "silence": None,
    "no answer at all": b"",
    "half an answer": b"HTTP/1.1 20",
    "a head without end": b"HTTP/1.1 200 OK\r\nx: " + HUGE * 4,
    "not HTTP": b"\x00\xff SSH-2.0-OpenSSH_9.6\r\n",
    "a status that is none": b"HTTP/1.1 999999 What\r\n\r\n",
    "a redirect to itself": b"HTTP/1.1 307 Elsewhere\r\nlocation: /hook\r\ncontent-length: 0\r\n\r\n",
    "410": b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n",
    "a failure and a huge body": b"HTTP/1.1 500 Broken\r\ncontent-length: 1000000000\r\n\r\n" + HUGE,
}
"""What it may answer, raw; None is to say nothing and keep the connection."""


@dataclass(slots=True)
class Faulty:
    """Answers with `answer` while that is one of ANSWERS, else takes everything; keeps what it was sent."""

    answer: str = ""
    requests: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)
    url: str = ""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request, and answer it as told."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(header(line) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Request(head[0], headers, body)
            self.requests.append(request)
            if self.answer not in ANSWERS:
                self.taken.append(request)
                writer.write(b"HTTP/1.1 204 Fine\r\nconnection: close\r\n\r\n")
                return
            raw = ANSWERS[self.answer]
            if raw is None:
                await self.stopping.wait()
                return
            writer.write(raw)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # Whoever called has had enough of the answer.
        finally:
            writer.close()


@asynccontextmanager
async def faulty(answer: str = "") -> AsyncIterator[Faulty]:
    """Run one on the loopback."""
    running = Faulty(answer)
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    running.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield running
    finally:
        running.stopping.set()
        server.close()
        with contextlib.suppress(ConnectionError):
            await server.wait_closed()
