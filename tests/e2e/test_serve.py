"""`driftwarden serve` as its own process: the whole straight line, how it ends, and how it fails."""

import signal
import time
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from benchmarks.simulated import MODEL, VERSION, rows
from service.emit import Emitter
from service.store.verify import verify_ledger
from tests.alerting.sinks.receiver import receiver
from tests.e2e.bad_input import books, event, watch
from tests.e2e.serving import SECRET, Serving, ended, eventually, serving
from tests.e2e.workers import records_read, until, worker
from tests.kafka.broker import free_ports

MINUTE = 60_000
PER_MINUTE = 120


def _emit(emitter: Emitter, begin_ms: int, minutes: int, seed: int, shift: float = 0.0) -> None:
    columns = rows(minutes * PER_MINUTE, seed, shift=shift)
    for index in range(minutes * PER_MINUTE):
        row = {name: column[index] for name, column in columns.items()}
        emitter.prediction(
            MODEL, VERSION, prediction=row.pop("prediction"), features=row, time_ms=begin_ms + index * 500
        )


def _get(at: Serving, path: str) -> str:
    return httpx2.get(at.url + path, timeout=10, trust_env=False).raise_for_status().text


async def test_the_log_of_the_service_never_holds_an_address_that_it_calls(tmp_path: Path) -> None:
    async with receiver() as outside:
        at = serving(tmp_path, heartbeat={"url": f"{outside.url}/s3cret", "seconds": 5})
        with worker(at.site, "worker"):
            await eventually(lambda: bool(outside.requests), 60, "a heartbeat is sent")
            await eventually(lambda: '"sent"} 1.0' in _get(at, "/metrics"), 30, "it is counted")

    assert "listening on" in at.said()
    assert "s3cret" not in at.said()


@pytest.mark.slow
async def test_a_broken_feature_is_told_to_its_owner_once_signed_and_in_time(tmp_path: Path) -> None:
    begin = round(time.time() * 1000) - 70 * MINUTE
    async with receiver() as owner:
        at = serving(tmp_path, webhook=owner.url)
        watch(at.site.store)
        with worker(at.site, "worker") as process:
            await eventually(at.answers, 60, "the worker is ready")
            with Emitter(at.url) as emitter:
                _emit(emitter, begin, 40, 21)
                _emit(emitter, begin + 40 * MINUTE, 20, 22, shift=1.0)
            await eventually(lambda: bool(owner.requests), 60, "the owner is told")
            pages = {path: _get(at, path) for path in ("/livez", "/readyz", "/metrics", "/")}
            await eventually(lambda: records_read(at.site.store) == 60 * PER_MINUTE, 30, "everything is read")
            process.send_signal(signal.SIGTERM)
            code = ended(process, 30)

    (request,) = owner.requests
    told = Webhook(SECRET).verify(request.body, request.headers)
    assert (told["type"], told["data"]["subject"], told["data"]["model"]) == ("incident.open", "amount", MODEL)
    assert (emitter.sent, emitter.dropped, emitter.refused, code) == (60 * PER_MINUTE, 0, 0, 0)
    assert f'model="{MODEL}"' in pages["/metrics"]
    assert [verdict.faults for verdict in verify_ledger(at.site.store)] == [()]


def test_a_signal_ends_it_with_0_and_what_was_answered_with_200_is_counted_once(tmp_path: Path) -> None:
    at = serving(tmp_path)
    watch(at.site.store)
    now = round(time.time() * 1000)
    with worker(at.site, "worker") as process:
        until(at.answers, 60, "the worker is ready")
        sent = [at.post(event(now, f"e-{index}")).status_code for index in range(50)]
        process.send_signal(signal.SIGTERM)
        code = ended(process, 30)
        with worker(at.site, "next"):
            until(lambda: records_read(at.site.store) == 50, 60, "what was durable is read, before or after the end")

    assert (set(sent), code) == ({200}, 0)
    assert books(at.site.store).accepted == 50
    assert [verdict.faults for verdict in verify_ledger(at.site.store)] == [()]


def test_a_bug_of_our_own_in_the_watch_loop_ends_the_process(tmp_path: Path) -> None:
    at = serving(tmp_path)
    watch(at.site.store)
    with worker(at.site, "worker") as process:
        until(at.answers, 60, "the worker is ready")
        with at.site.store.write() as connection:
            connection.execute(text("DROP TABLE ledger"))
        at.post(event(round(time.time() * 1000), "e"))
        code = ended(process, 30)

    assert code not in (0, None)
    assert "no such table: ledger" in at.said()


@pytest.mark.slow
def test_a_broker_that_is_not_there_is_told_in_a_sentence_and_ends_the_process(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    at = serving(tmp_path, kafka={"bootstrap": f"127.0.0.1:{port}"})
    with worker(at.site, "worker") as process:
        until(at.answers, 60, "the worker is ready")
        live = at.answers("/livez")
        code = ended(process, 90)

    last = at.said().strip().splitlines()[-1]
    assert (live, code) == (True, 1)
    assert "ending, because a source cannot be read: kafka.bootstrap 127.0.0.1" in last
    assert "Traceback" not in at.said()
