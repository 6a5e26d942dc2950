"""POST /v1/events: what a producer is told, and what is then on disk."""

import asyncio
import gzip
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from service.api.intake import intake_routes
from service.api.problem import answer_problems
from service.sources.event_log import EventLog
from service.sources.log import LogSource

NOW_MS = 1_763_900_000_000
BODY_BYTES_MAX = 4_096


def event(number: int) -> dict[str, object]:
    return {
        "type": "prediction",
        "event_id": f"e{number}",
        "model": "credit",
        "version": "1",
        "time": NOW_MS,
        "features": {"age": number},
        "prediction": 0.5,
    }


class Intake:
    """The route over a real log, with a disk that can be told to fail."""

    def __init__(self, directory: Path, *, bytes_max: int = 1_048_576, seconds_max: float = 30) -> None:
        self.disk_fails = False
        self.log = EventLog(
            directory, bytes_max=bytes_max, segment_bytes=65_536, producers_max=100, fsync=self._fsync
        )  # fmt: skip
        app = FastAPI()
        answer_problems(app)
        app.include_router(
            intake_routes(self.log, BODY_BYTES_MAX, wall_ms=lambda: NOW_MS, body_seconds_max=seconds_max)
        )
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")

    def _fsync(self, descriptor: int) -> None:
        if self.disk_fails:
            raise OSError(28, "No space left on device")
        os.fsync(descriptor)

    async def post(
        self, content: bytes | AsyncIterator[bytes], content_type: str = "application/json", **headers: str
    ) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post("/v1/events", content=content, headers={"Content-Type": content_type, **named})

    def stored(self) -> list[bytes | None]:
        return [record.value for record in self.log.read(0, records_max=10_000)]


@pytest.fixture
async def intake(tmp_path: Path) -> AsyncIterator[Intake]:
    made = Intake(tmp_path)
    yield made
    await made.http.aclose()
    made.log.close()


async def test_one_event_is_stored_and_answered_with_its_offset(intake: Intake) -> None:
    body = json.dumps(event(1)).encode()

    answer = await intake.post(body)

    assert answer.status_code == 200
    assert answer.json() == {"accepted": 1, "first_offset": 0, "next_offset": 1, "repeated": False}
    assert intake.stored() == [body]


async def test_an_array_is_stored_element_by_element(intake: Intake) -> None:
    answer = await intake.post(json.dumps([event(1), event(2)]).encode())

    assert answer.json()["accepted"] == 2
    assert [json.loads(value or b"") for value in intake.stored()] == [event(1), event(2)]


async def test_ndjson_is_stored_line_by_line(intake: Intake) -> None:
    body = "\n".join(json.dumps(event(number)) for number in range(3)).encode()

    answer = await intake.post(body, "application/x-ndjson")

    assert answer.json()["next_offset"] == 3


async def test_a_binary_cloudevent_is_stored_with_its_id_and_answered_200(intake: Intake) -> None:
    body = {key: value for key, value in event(1).items() if key != "event_id"}

    answer = await intake.post(
        json.dumps(body).encode(), ce_specversion="1.0", ce_id="ce-7", ce_type="prediction", ce_source="s"
    )

    assert answer.status_code == 200
    assert b"ce-7" in (intake.stored()[0] or b"")


async def test_a_bad_event_between_good_ones_is_stored_too(intake: Intake) -> None:
    body = b'[{"type": "prediction"}, 17, {"type": "nonsense"}]'

    answer = await intake.post(body)

    assert answer.json()["accepted"] == 3


async def test_a_gzip_body_is_unpacked(intake: Intake) -> None:
    body = json.dumps(event(1)).encode()

    answer = await intake.post(gzip.compress(body, mtime=0), content_encoding="gzip")

    assert (answer.status_code, intake.stored()) == (200, [body])


async def test_the_pipeline_reads_what_was_posted(intake: Intake) -> None:
    async def nothing(source: str, partition: str) -> int | None:
        return None

    source = LogSource(intake.log)
    await source.start(nothing)
    await intake.post(json.dumps(event(1)).encode())

    (batch,) = await source.poll(5)

    assert [(record.offset, record.time_ms) for record in batch.records] == [(0, NOW_MS)]


async def test_fifty_posts_at_once_are_all_stored_once(intake: Intake) -> None:
    bodies = [json.dumps(event(number)).encode() for number in range(50)]

    answers = await asyncio.gather(*(intake.post(body) for body in bodies))

    assert sorted(answer.json()["first_offset"] for answer in answers) == list(range(50))
    assert sorted(value or b"" for value in intake.stored()) == sorted(bodies)


async def test_a_repeated_key_answers_as_before_and_stores_nothing(intake: Intake) -> None:
    body = json.dumps(event(1)).encode()
    first = await intake.post(body, idempotency_key="k1")

    second = await intake.post(body, idempotency_key="k1")

    assert second.json() == {**first.json(), "repeated": True}
    assert intake.stored() == [body]


async def test_a_key_reused_for_other_events_is_refused(intake: Intake) -> None:
    await intake.post(json.dumps(event(1)).encode(), idempotency_key="k1")

    answer = await intake.post(json.dumps(event(2)).encode(), idempotency_key="k1")

    assert (answer.status_code, len(intake.stored())) == (422, 1)


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"", {}, 400, "The body is empty"),
        (b" \n ", {}, 400, "The body is empty"),
        (b"[]", {}, 400, "holds no event"),
        (b"[1, 2", {}, 400, "cannot be taken apart as application/json"),
        (b"{}", {"content_type": "text/csv"}, 415, "Content-Type 'text/csv' is not read here"),
        (b"{}", {"content_encoding": "br"}, 415, "Content-Encoding 'br' is not read here"),
        (b"{}", {"idempotency_key": "k" * 256}, 400, "Idempotency-Key has 256 characters; give 1 to 255"),
        (b"x" * (BODY_BYTES_MAX + 1), {}, 413, "longer than 4096 bytes (api.body_bytes_max)"),
        (b"not gzip", {"content_encoding": "gzip"}, 400, "The body is not gzip"),
        (gzip.compress(b"{}", mtime=0)[:-3], {"content_encoding": "gzip"}, 400, "ends before its end mark"),
        (gzip.compress(b"{}", mtime=0) * 2, {"content_encoding": "gzip"}, 400, "Bytes follow the end"),
        (gzip.compress(bytes(50_000_000), mtime=0), {"content_encoding": "gzip"}, 413, "longer than 4096 bytes"),
    ],
)  # fmt: skip
async def test_a_body_that_cannot_be_stored_is_refused_with_the_reason(
    intake: Intake, body: bytes, headers: dict[str, str], status: int, words: str
) -> None:
    answer = await intake.post(body, **headers)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]
    assert intake.stored() == []


async def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_long(intake: Intake) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1_000_000:
            sent += 1_024
            yield b" " * 1_024

    answer = await intake.post(endless())

    assert (answer.status_code, intake.stored()) == (413, [])


async def test_a_body_that_does_not_arrive_in_time_is_refused(tmp_path: Path) -> None:
    intake = Intake(tmp_path, seconds_max=0.01)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.Event().wait()

    answer = await intake.post(stuck())

    assert (answer.status_code, answer.json()["detail"]) == (408, "The body did not arrive within 0.01 s.")


async def test_a_full_log_answers_503_with_a_time_to_wait(intake: Intake) -> None:
    while (answer := await intake.post(b'["' + b"x" * 4_000 + b'"]')).status_code == 200:
        pass

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "Nothing was stored: the local log is full" in answer.json()["detail"]


async def test_a_failing_disk_answers_503_and_stores_nothing(intake: Intake) -> None:
    intake.disk_fails = True

    answer = await intake.post(json.dumps(event(1)).encode())

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "No space left on device" in answer.json()["detail"]
    assert intake.stored() == []


async def test_intake_goes_on_when_the_disk_does(intake: Intake) -> None:
    intake.disk_fails = True
    await intake.post(json.dumps(event(1)).encode())

    intake.disk_fails = False
    answer = await intake.post(json.dumps(event(2)).encode())

    assert answer.json()["first_offset"] == 0


async def test_bodies_in_progress_are_bounded_together(intake: Intake) -> None:
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b" " * BODY_BYTES_MAX
        await go_on.wait()

    waiting = [asyncio.create_task(intake.post(slow())) for _ in range(16)]
    for _ in range(100):
        await asyncio.sleep(0)

    answer = await intake.post(json.dumps(event(1)).encode())
    go_on.set()
    await asyncio.gather(*waiting)
    after = await intake.post(json.dumps(event(1)).encode())

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert after.status_code == 200


async def test_a_log_too_small_for_one_body_is_refused_at_the_start(tmp_path: Path) -> None:
    log = EventLog(tmp_path, bytes_max=1_048_576, segment_bytes=65_536, producers_max=1)

    with pytest.raises(
        ValueError, match=r"http\.bytes_max 1048576 is less than four times api\.body_bytes_max 1000000"
    ):
        intake_routes(log, 1_000_000, wall_ms=lambda: 0)
