"""What sinks over HTTP share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx2
import pytest

from alerting.outbox import Outcome
from alerting.sinks.call import ANSWER_BYTES_MAX, Answer, Call

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@asynccontextmanager
async def answering(body: bytes, head: str = "200 OK") -> AsyncIterator[tuple[Call, str]]:
    """A call, and the address of a server that gives this answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {head}\r\nconnection: close\r\n\r\n".encode() + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield Call(client, lambda: NOW, 5.0), f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(("wanted", "read"), [(0, 0), (5, 5), (10**9, ANSWER_BYTES_MAX)])
async def test_only_as_much_of_an_answer_is_read_as_is_wanted_and_allowed(wanted: int, read: int) -> None:
    async with answering(b"x" * (ANSWER_BYTES_MAX + 10_000)) as (call, url):
        answered = await call.post(url, b"", {}, read_bytes_max=wanted)

    assert isinstance(answered, Answer)
    assert len(answered.body) == read


async def test_an_answer_that_cannot_be_unpacked_is_tried_again() -> None:
    async with answering(b"not gzip", "200 OK\r\ncontent-encoding: gzip") as (call, url):
        answered = await call.post(url, b"", {}, read_bytes_max=100)

    assert answered == Outcome("retry", note="the connection failed (DecodingError)")


@pytest.mark.parametrize(
    "url",
    ["", "s3cret", "https://", "https://:80/s3cret", "http://[s3cret/", "http://s3cret\n/", "ftp://h/s3cret",
     "http://s3cret:99999/", "http://xn--s3cret-\u00fc.x/", "http://" + "s3cret." * 60 + "x/"],
)  # fmt: skip
async def test_no_address_that_cannot_be_called_is_told_or_ends_the_service(url: str) -> None:
    async with answering(b"") as (call, _):
        answered = await call.post(url, b"", {})

    assert isinstance(answered, Outcome)
    assert (answered.kind == "delivered", "s3cret" in answered.note) == (False, False)
