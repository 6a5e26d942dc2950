"""A stand-in for Slack on this machine: one channel that keeps messages, threads and metadata, or answers as told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

DROP = "drop"
"""Do what was asked, and break the connection instead of saying so."""

Message = dict[str, Any]


@dataclass(slots=True)
class Workspace:
    """`answers` are given in turn per method: an error's name, DROP, or a raw HTTP answer (it holds a space).

    Each answer takes `seconds`.
    """

    answers: dict[str, list[str]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    calls: list[tuple[str, Message]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    url: str = ""
    seconds: float = 0.0

    @property
    def methods(self) -> list[str]:
        """The methods that were called, in order."""
        return [method for method, _ in self.calls]

    @property
    def channel(self) -> list[Message]:
        """The messages that stand in the channel itself."""
        return [message for message in self.messages if not message.get("thread_ts")]

    @property
    def thread(self) -> list[Message]:
        """The messages in threads."""
        return [message for message in self.messages if message.get("thread_ts")]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one call."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
            body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
            method = head[0].split(" ")[1].rpartition("/")[2]
            form = headers["content-type"] == "application/x-www-form-urlencoded"
            asked = dict(parse_qsl(body)) if form else json.loads(body)
            self.calls.append((method, asked))
            self.tokens.append(headers.get("authorization", ""))
            await asyncio.sleep(self.seconds)
            writer.write(self._answer(method, asked))
            await writer.drain()
        finally:
            writer.close()

    def _answer(self, method: str, asked: Message) -> bytes:
        told = self.answers.get(method, [])
        say = told.pop(0) if told else ""
        if " " in say:
            return f"HTTP/1.1 {say}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()
        said = {"ok": False, "error": say} if say not in ("", DROP) else self._done(method, asked)
        body = json.dumps(said).encode()
        whole = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        return b"" if say == DROP else whole

    def _done(self, method: str, asked: Message) -> Message:
        if method == "chat.postMessage":
            ts = f"1700000000.{len(self.messages):06}"
            self.messages.append({**asked, "ts": ts})
            return {"ok": True, "channel": asked["channel"], "ts": ts}
        if method == "chat.update":
            found = next((message for message in self.messages if message["ts"] == asked["ts"]), None)
            if found is None:
                return {"ok": False, "error": "message_not_found"}
            found |= asked
            return {"ok": True, "channel": asked["channel"], "ts": asked["ts"]}
        shown = self.channel if method == "conversations.history" else self.messages
        kept = shown if asked.get("include_all_metadata") else [{**each, "metadata": None} for each in shown]
        return {"ok": True, "messages": kept}


@asynccontextmanager
async def workspace() -> AsyncIterator[Workspace]:
    """Run one on the loopback."""
    running = Workspace()
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    running.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"
    try:
        yield running
    finally:
        server.close()
        await server.wait_closed()
