"""The heartbeat: sent while all is well, withheld when anything is not, and its address told to nobody."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx2
import pytest

from alerting.errors import SecretError
from alerting.sinks.call import Call
from service.heartbeat import Heartbeat
from service.progress import Progress
from service.settings import HeartbeatSettings
from tests.alerting.sinks.receiver import Receiver, receiver
from tests.kafka.broker import free_ports


@dataclass(slots=True)
class _Heart:
    """A heart that beats towards a receiver, and what is not well just now."""

    faults: list[str] = field(default_factory=list)
    progress: Progress = field(default_factory=Progress)

    @asynccontextmanager
    async def beating(
        self, url: str, method: str = "POST", secret_of: Callable[[str], str] = str
    ) -> AsyncIterator[Heartbeat]:
        settings = HeartbeatSettings.model_validate({"url": url, "method": method})
        async with httpx2.AsyncClient(trust_env=False) as client:
            call = Call(client, lambda: datetime.now(UTC), seconds_max=1.0)
            yield Heartbeat(settings, call, secret_of, lambda: list(self.faults), self.progress)


def _lines(receiver: Receiver) -> list[str]:
    return [request.line for request in receiver.requests]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_while_all_is_well_the_address_is_called_as_the_settings_say(method: str) -> None:
    heart = _Heart()
    async with receiver() as outside, heart.beating(outside.url, method) as heartbeat:
        assert [await heartbeat.once() for _ in range(2)] == ["sent", "sent"]

    assert _lines(outside) == [f"{method} /hook HTTP/1.1"] * 2
    assert heart.progress.heartbeats == {"sent": 2}


async def test_whatever_is_not_well_withholds_it_and_is_logged_once_and_so_is_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heart = _Heart(["the loop 'deliver' has not come round for 60 s"])
    with caplog.at_level(logging.WARNING):
        async with receiver() as outside, heart.beating(outside.url) as heartbeat:
            first = [await heartbeat.once()]
            heart.faults = ["the loop 'deliver' has not come round for 120 s"]
            first += [await heartbeat.once()]
            heart.faults = []
            first += [await heartbeat.once(), await heartbeat.once()]

    assert (first, len(outside.requests)) == (["withheld", "withheld", "sent", "sent"], 2)
    assert [record.message for record in caplog.records] == [
        "no heartbeat is sent while this is so: the loop 'deliver' has not come round for 60 s",
        "the heartbeat is sent again",
    ]


async def test_one_that_fails_is_tried_at_the_next_beat_counted_each_time_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heart = _Heart()
    with caplog.at_level(logging.WARNING):
        answers = ("500 No", "302 Found\r\nlocation: /other", "404 No")
        async with receiver(*answers) as outside, heart.beating(outside.url) as heartbeat:
            beats = [await heartbeat.once() for _ in range(4)]

    assert (beats, len(outside.requests)) == (["failed"] * 3 + ["sent"], 4)
    assert heart.progress.heartbeats == {"failed": 3, "sent": 1}
    assert [record.message for record in caplog.records] == [
        "the heartbeat was not sent, and is tried again at the next beat: the receiver answered 500, which may pass",
        "the heartbeat is sent again",
    ]


async def test_a_service_outside_that_hangs_or_is_away_costs_one_beat_and_nothing_else() -> None:
    heart = _Heart()
    (port,) = free_ports(1)
    async with receiver(None) as hanging, heart.beating(hanging.url) as heartbeat:
        assert await heartbeat.once() == "failed"
    async with heart.beating(f"http://127.0.0.1:{port}/") as heartbeat:
        assert await heartbeat.once() == "failed"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:{port}/ping/s3cret", "the connection failed"),
        ("env:BEAT", "BEAT is not set"),
        ("ftp://s3cret.example/", "not an address that can be called"),
    ],
)
async def test_the_log_says_why_and_never_the_address(url: str, why: str, caplog: pytest.LogCaptureFixture) -> None:
    def secret_of(reference: str) -> str:
        raise SecretError(f"{reference.removeprefix('env:')} is not set")

    (port,) = free_ports(1)
    with caplog.at_level(logging.WARNING):
        async with _Heart().beating(url.format(port=port), secret_of=secret_of) as heartbeat:
            assert await heartbeat.once() == "failed"

    assert why in caplog.text
    assert "s3cret" not in caplog.text


async def test_the_address_is_looked_up_at_each_beat() -> None:
    heart = _Heart()
    async with receiver() as old, receiver() as new:
        addresses = [old.url, new.url]
        async with heart.beating("file:/run/secrets/beat", secret_of=lambda reference: addresses.pop(0)) as heartbeat:
            await heartbeat.once()
            await heartbeat.once()

    assert (len(old.requests), len(new.requests)) == (1, 1)


async def test_without_an_address_the_loop_ends_at_once() -> None:
    async with _Heart(["ill"]).beating("") as heartbeat, asyncio.timeout(5):
        await heartbeat.run(asyncio.Event())


async def test_a_stop_ends_the_loop_without_another_beat() -> None:
    stop, heart = asyncio.Event(), _Heart()
    async with receiver() as outside, heart.beating(outside.url) as heartbeat, asyncio.timeout(5):
        running = asyncio.create_task(heartbeat.run(stop))
        await asyncio.sleep(0)
        stop.set()
        await running

    assert outside.requests == []
