"""Every source under the one suite; a new source is one more factory here."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from service.events.record import Record
from service.sources.event_log import EventLog
from service.sources.file import EvenClock, FileColumns, FileSource
from service.sources.list import ListSource
from service.sources.log import LogSource
from service.sources.source import Source
from tests.kafka.cluster import Cluster
from tests.kafka.topic import new_topic
from tests.service.sources.conformance import CHECKS, Check, Cleanup, Factory

Plug = Callable[[pytest.FixtureRequest], Factory]


def list_source(request: pytest.FixtureRequest) -> Factory:
    async def factory(values: list[bytes]) -> tuple[Source, Cleanup]:
        return ListSource({"list/0": [Record(i, value) for i, value in enumerate(values)]}, batch_records=7), _nothing

    return factory


def log_source(request: pytest.FixtureRequest) -> Factory:
    tmp_path: Path = request.getfixturevalue("tmp_path")

    async def factory(values: list[bytes]) -> tuple[Source, Cleanup]:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        log = EventLog(folder, bytes_max=1_048_576, segment_bytes=65_536, producers_max=10)
        log.append(values, now_ms=0)

        async def close() -> None:
            log.close()

        return LogSource(log, records_max=7), close

    return factory


def file_source(request: pytest.FixtureRequest) -> Factory:
    path: Path = request.getfixturevalue("tmp_path") / "history.ndjson"

    async def factory(values: list[bytes]) -> tuple[Source, Cleanup]:
        path.write_bytes(b"\n".join(values))  # noqa: ASYNC240  # a test's own small file
        return FileSource(
            [path],
            model="m",
            version="1",
            columns=FileColumns(),
            clock=EvenClock(events_per_second=1, start_ms=0),
            records_max=7,
        ), _nothing

    return factory


def kafka_source(request: pytest.FixtureRequest) -> Factory:
    cluster: Cluster = request.getfixturevalue("kafka")

    async def factory(values: list[bytes]) -> tuple[Source, Cleanup]:
        opened = new_topic(cluster)
        topic = await opened.__aenter__()
        await topic.write(values)

        async def close() -> None:
            await opened.__aexit__(None, None, None)

        return topic.source(), close

    return factory


PLUGS = [list_source, log_source, file_source, pytest.param(kafka_source, marks=pytest.mark.kafka)]


@pytest.fixture(params=PLUGS)
def factory(request: pytest.FixtureRequest) -> Factory:
    plug: Plug = request.param
    return plug(request)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_the_source(factory: Factory, check: Check) -> None:
    await check(factory)


async def _nothing() -> None:
    return None
