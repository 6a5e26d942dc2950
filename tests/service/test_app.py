"""The composition root: what ends it, what it lets go of, and what liveness says of its loops."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from alerting.audit import AuditEntry
from alerting.checkpoint import Signed, pem
from service.app import build_app
from service.config import ConfigError
from service.events.record import Batch
from service.running import App
from service.settings import Settings
from service.sources.list import ListSource
from service.store.apply import apply
from service.store.canaries import Canary, canary_now
from service.store.partitions import partitions
from service.store.records import append_audit
from tests.alerting.sinks.receiver import receiver
from tests.e2e.workers import OWNERS
from tests.kafka.broker import free_ports
from tests.service.api.seed import empty
from tests.service.lines import prepare
from tests.service.store.deltas import delta, watch
from tests.service.watching import Clock


def _app(folder: Path, **sections: dict[str, object]) -> App:
    (folder / "owners.yaml").write_text(OWNERS, encoding="utf-8")
    whole: dict[str, dict[str, object]] = {
        "store": {"url": f"sqlite:///{folder}/store.db"},
        "http": {"directory": str(folder / "log")},
        "api": {"port": 0},
        "alerting": {"owners": str(folder / "owners.yaml")},
    }
    return build_app(Settings.model_validate(whole | sections))


@asynccontextmanager
async def _running(app: App) -> AsyncIterator["asyncio.Task[None]"]:
    """Run an app; it is stopped and awaited at the end, and what ended it is raised."""
    task = asyncio.create_task(app.run())
    try:
        yield task
    finally:
        app.stop.set()
        async with asyncio.timeout(20):
            await task


async def test_a_stop_ends_every_loop_cleanly(tmp_path: Path) -> None:
    app = _app(tmp_path)

    async with _running(app) as task:
        await app.ready.wait()

    assert task.exception() is None


async def test_the_last_entries_of_the_audit_are_published_at_a_clean_end(tmp_path: Path) -> None:
    (tmp_path / "audit.key").write_text(pem(Ed25519PrivateKey.from_private_bytes(bytes(32)))[0], encoding="utf-8")
    places = [{"name": "vault", "file": str(tmp_path / "anchors.ndjson")}]
    app = _app(tmp_path, audit={"key": f"file:{tmp_path}/audit.key", "publish": places})

    async with _running(app):
        await app.ready.wait()
        with app.store.write() as connection:
            append_audit(connection, [AuditEntry(datetime.now(UTC), "anna", "a", "s")] * 2)

    lines = await asyncio.to_thread((tmp_path / "anchors.ndjson").read_text)
    assert [Signed.from_line(line).checkpoint.seq for line in lines.splitlines()][-1] == 2


async def test_a_bug_of_our_own_in_the_deliver_loop_is_raised_and_ends_all_loops(tmp_path: Path) -> None:
    app = _app(tmp_path)
    with app.store.write() as connection:
        connection.execute(text("DROP TABLE lease"))

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(20):
            await app.run()

    assert raised.group_contains(OperationalError, match="no such table: lease")


async def test_a_stop_while_kafka_is_still_being_looked_for_does_not_wait_for_it(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    app = _app(tmp_path, kafka={"bootstrap": f"127.0.0.1:{port}"}, http={"enabled": False})

    async with _running(app) as task:
        await app.ready.wait()

    assert task.exception() is None


async def test_a_canary_comes_home_in_a_running_app_and_its_metrics_say_so(tmp_path: Path) -> None:
    app = _app(tmp_path)

    async with _running(app), asyncio.timeout(20):
        await app.ready.wait()
        while not (held := await asyncio.to_thread(_canary, app)) or held.leg != "back":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        page = await _get(app, "/metrics")
        listed = await _get(app, "/v1/incidents")

    age = float(
        next(line for line in page.splitlines() if line.startswith("driftwarden_canary_age_seconds")).split()[1]
    )
    assert 0 <= age < 20
    assert "driftwarden_canary_seconds 900.0" in page
    assert "driftwarden_incidents_without_clock 0.0" in page
    assert "canary" not in listed


async def test_a_running_app_beats_outside_and_a_broken_outbox_silences_it(tmp_path: Path) -> None:
    async with receiver() as outside:
        app = _app(tmp_path, heartbeat={"url": outside.url, "seconds": 5}, canary={"minutes": 0.05})

        async with _running(app), asyncio.timeout(60):
            await app.ready.wait()
            while not outside.requests:  # noqa: ASYNC110  # the receiver has no event
                await asyncio.sleep(0.05)
            with app.store.write() as connection:
                stuck = "UPDATE lease SET holder = 'stuck', until_ms = until_ms + 300000 WHERE name = 'deliver'"
                connection.execute(text(stuck))
            while not app.parts.progress.heartbeats.get("withheld"):  # noqa: ASYNC110  # likewise
                await asyncio.sleep(0.05)
            heard = len(outside.requests)
            page = await _get(app, "/metrics")

    assert {request.line for request in outside.requests} == {"POST /hook HTTP/1.1"}
    assert f'driftwarden_heartbeat_total{{outcome="sent"}} {heard}.0' in page
    assert 'driftwarden_heartbeat_total{outcome="withheld"} 1.0' in page


def _canary(app: App) -> Canary | None:
    with app.store.read() as connection:
        return canary_now(connection)


async def _get(app: App, path: str) -> str:
    async with httpx2.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{app.port}") as client:
        return (await client.get(path)).text


async def test_a_port_that_is_taken_is_told_with_the_setting_to_change(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        app = _app(tmp_path, api={"port": port})

        with pytest.raises(ConfigError, match=rf"api.port: cannot listen on 127.0.0.1:{port}"):
            await app.run()


def test_a_key_of_links_that_is_too_short_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"api.link_key: the key of links has 5 bytes and needs 32"):
        _app(tmp_path, api={"public_url": "https://drift.example", "link_key": f"file:{tmp_path}/key"})


async def test_a_partition_that_no_setting_reads_any_more_releases_the_clock(tmp_path: Path) -> None:
    app = _app(tmp_path)
    watch(app.store)
    gone, own = replace(delta(0, 10), partition="gone/0"), replace(delta(0, 10), source="log", partition="log/0")
    applied = apply(app.store, [gone, own], 1)
    assert not applied.refused

    async with _running(app):
        await app.ready.wait()
        while not any(held.idle for held in partitions(app.store)):  # noqa: ASYNC110  # the store has no event
            await asyncio.sleep(0.01)
        idle = {held.partition for held in partitions(app.store) if held.idle}

    assert idle == {"gone/0"}


class _Hanging(ListSource):
    """A source whose poll never comes back."""

    async def poll(self, timeout_seconds: float) -> Sequence[Batch]:
        await asyncio.Event().wait()
        return ()


@pytest.mark.parametrize(("later", "status"), [(29.0, 200), (31.0, 503)])
async def test_a_loop_that_hangs_is_not_live_though_another_goes_on(tmp_path: Path, later: float, status: int) -> None:
    line = prepare(tmp_path)
    clock = Clock(100.0)
    parts = replace(line.parts, monotonic=clock)
    hanging = asyncio.create_task(parts.watch(lambda: _Hanging({}, name="stuck")).run(asyncio.Event()))
    while parts.progress.polled_at == 0.0:  # noqa: ASYNC110  # the loop tells nobody that it has begun
        await asyncio.sleep(0)
    made = empty()
    made.progress, made.monotonic = parts.progress, clock
    async with made.client() as client:
        clock.now += later
        parts.progress.polled(clock.now, "busy")
        answer = await client.get("/livez")
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)

    assert (answer.status_code, json.loads(answer.text)["status"]) == (status, "live" if status == 200 else 503)
