"""`kill -9` between sending and recording, again and again: the same key again, in order, and then it is on record."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from alerting.audit import Json, verify
from alerting.incident import Intent
from alerting.outbox import Delivery, key_of
from alerting.route import Destination
from service.app import utc_now
from service.store.engine import Store
from service.store.records import audit_rows, ms, put_delivery
from service.store.schema import delivery, lease
from tests.alerting.sinks.receiver import header
from tests.e2e.serving import SECRET, Serving, eventually, serving
from tests.e2e.workers import worker

STORY: tuple[Intent, ...] = ("open", "raise", "resolve")


@dataclass(slots=True)
class _Killer:
    """A receiver that kills whoever sends, as long as `kills` says when: before it answers, or after."""

    kills: list[str]
    pid: int = 0
    killed: int = 0
    ids: list[tuple[int, str]] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(header(line) for line in head[1:] if line)
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            self.ids.append((body["data"]["seq"], headers["webhook-id"]))
            when = self.kills.pop(0) if self.kills else ""
            if when == "before":
                self._kill()
                return
            writer.write(b"HTTP/1.1 204 Fine\r\nconnection: close\r\n\r\n")
            if when == "after":
                self._kill()
        finally:
            writer.close()

    def has_killed(self, times: int) -> bool:
        """Whether it killed so often."""
        return self.killed == times

    def _kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.killed += 1


@asynccontextmanager
async def _killer(*kills: str) -> AsyncIterator[_Killer]:
    made = _Killer(list(kills))
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()


def _put(at: Serving, url: str) -> None:
    (at.site.folder / "secret").write_text(SECRET, encoding="utf-8")
    target = Destination("webhook:ops:1", "webhook", url, f"file:{at.site.folder}/secret")
    now = utc_now()
    with at.site.store.write() as connection:
        for seq, intent in enumerate(STORY):
            payload: dict[str, Json] = {"type": f"incident.{intent}", "timestamp": "t", "data": {"seq": seq}}
            # Tried before, or the open and its end would cancel out.
            made = Delivery(
                key_of("inc_1", target.name, seq), "inc_1", target.name, seq, intent, target, payload, now, attempts=1
            )
            put_delivery(connection, made, ms(now))


def _states(store: Store) -> list[str]:
    with store.read() as connection:
        # The service sends canaries of its own.
        mine = select(delivery.c.state).where(delivery.c.incident == "inc_1").order_by(delivery.c.seq)
        return list(connection.execute(mine).scalars())


@pytest.mark.slow
async def test_a_sender_that_is_killed_again_and_again_loses_and_reorders_nothing(tmp_path: Path) -> None:
    kills = ("before", "after", "before", "after", "before")
    at = serving(tmp_path)
    async with _killer(*kills) as owner:
        _put(at, owner.url)
        for number in range(len(kills)):
            with worker(at.site, f"worker{number}") as process:
                owner.pid = process.pid
                await eventually(partial(owner.has_killed, number + 1), 60, "it is killed as it sends")
                await asyncio.to_thread(process.wait, 30)
            # What the dead one held would run out by itself in less than a minute.
            with at.site.store.write() as connection:
                connection.execute(delete(lease))
        with worker(at.site, "last"):
            await eventually(lambda: _states(at.site.store) == ["sent"] * 3, 60, "all is on record")

    keys = {seq: {key for number, key in owner.ids if number == seq} for seq in range(3)}
    assert [seq for seq, _ in owner.ids] == sorted(seq for seq, _ in owner.ids), "in order"
    assert [len(found) for found in keys.values()] == [1, 1, 1], "one key for each"
    assert len(owner.ids) >= len(STORY) + kills.count("before")
    with at.site.store.read() as connection:
        rows = audit_rows(connection)
    assert verify(rows) is None, "the chain of the audit holds"
    assert [row.entry.action for row in rows if row.entry.subject == "inc_1"] == ["delivery.sent"] * 3
