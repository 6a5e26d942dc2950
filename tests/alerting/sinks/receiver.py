"""A web server on this machine that keeps what it is sent and answers as told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived; header names are in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """`answers` are sent in turn, raw, then 204 for ever; None means to say nothing until the server stops.

    An answer may have a body, after an empty line.
    """

    answers: list[str | None] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(header(line) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.requests.append(Request(head[0], headers, body))
            answer = self.answers.pop(0) if self.answers else "204 No Content"
            if answer is None:
                await self.stopping.wait()
                return
            top, _, content = answer.partition("\r\n\r\n")
            length = len(content.encode())
            writer.write(f"HTTP/1.1 {top}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{content}".encode())
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def receiver(*answers: str | None, port: int = 0) -> AsyncIterator[Receiver]:
    """Run a receiver on the loopback, on any free port unless one is named."""
    running = Receiver(list(answers))
    server = await asyncio.start_server(running.serve, "127.0.0.1", port)
    running.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield running
    finally:
        running.stopping.set()
        server.close()
        await server.wait_closed()


def header(line: str) -> tuple[str, str]:
    """Read one line of a request's head."""
    name, _, value = line.partition(": ")
    return name.lower(), value
