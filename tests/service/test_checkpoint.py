"""The checkpoint loop publishes where the audit stands, once per interval, and keeps on when a place is away."""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from alerting.audit import AuditEntry
from alerting.checkpoint import Signed, is_signed, pem, public_keys, sign
from alerting.errors import SecretError
from alerting.sinks.call import Call
from alerting.sinks.signing import signed_headers
from service.checkpoint import LEASE, RETRY_SECONDS, Checkpoints
from service.checkpoint_places import FilePlace, UrlPlace
from service.progress import Progress
from service.store.checkpoints import waiting_by_place
from service.store.engine import Store, open_store
from service.store.lease import hold
from service.store.records import append_audit, audit_rows, ms
from tests.alerting.sinks.receiver import receiver

BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE, PUBLIC = pem(KEY)
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@dataclass(slots=True)
class Made:
    """A loop, its clock, its store and the file it publishes to."""

    store: Store
    path: Path
    now: datetime = BEGIN
    key: str = PRIVATE
    progress: Progress = field(default_factory=Progress)

    def loop(self, worker: str = "w", every: float = 3_600) -> Checkpoints:
        place = FilePlace("vault", self.path)
        return Checkpoints(self.store, [place], lambda: self.key, worker, lambda: self.now, self.progress, every)

    def append(self, count: int = 1) -> None:
        entries = [AuditEntry(self.now, "anna", "a", "s") for _ in range(count)]
        with self.store.write() as connection:
            append_audit(connection, entries)

    def published(self) -> list[Signed]:
        return [Signed.from_line(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def seqs(self) -> list[int]:
        return [signed.checkpoint.seq for signed in self.published()]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}", tick_seconds=60)
    yield Made(store, tmp_path / "anchors.ndjson")
    store.close()


async def test_a_checkpoint_says_where_the_chain_stands_and_is_signed(made: Made) -> None:
    made.append(3)
    await made.loop().once()
    (signed,) = made.published()
    with made.store.read() as connection:
        rows = audit_rows(connection)

    assert (signed.checkpoint.chain, signed.checkpoint.hash) == (rows[0].hash, rows[2].hash)
    assert (signed.checkpoint.seq, signed.checkpoint.at) == (3, BEGIN)
    assert is_signed(signed, public_keys([PUBLIC]))
    assert made.progress.checkpoints == {("vault", "published"): 1}


async def test_an_audit_without_entries_has_no_checkpoint(made: Made) -> None:
    assert (await made.loop().once(), await made.loop().once(last=True), made.seqs()) == (0, 0, [])


async def test_checkpoints_are_made_once_per_interval_and_only_when_the_chain_moved(made: Made) -> None:
    loop = made.loop()
    made.append()
    await loop.once()
    made.append()
    await loop.once()
    assert made.seqs() == [1]
    made.now += timedelta(seconds=3_600)
    await loop.once()
    assert made.seqs() == [1, 2]
    made.now += timedelta(seconds=3_600)
    await loop.once()
    await loop.once(last=True)
    assert made.seqs() == [1, 2]


async def test_the_interval_goes_on_over_a_restart(made: Made) -> None:
    made.append()
    await made.loop().once()
    made.append()
    await made.loop("another").once()

    assert made.seqs() == [1]


async def test_what_came_last_is_published_at_the_end(made: Made) -> None:
    made.append()
    loop = made.loop()
    await loop.once()
    made.append()
    await loop.finish()

    assert made.seqs() == [1, 2]


async def test_two_workers_publish_once(made: Made) -> None:
    made.append()
    await asyncio.gather(*(made.loop(worker).once() for worker in "abc"))

    assert made.seqs() == [1]


async def test_a_worker_waits_while_another_holds_the_lease(made: Made) -> None:
    made.append()
    hold(made.store, LEASE, "other", ms(made.now), 120)
    assert await made.loop().once() == 0
    made.now += timedelta(seconds=121)
    assert await made.loop().once() == 1


async def test_a_place_that_is_away_is_counted_logged_and_tried_again(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    made.append()
    folder = made.path.parent / "mount"
    made.path = folder / "anchors.ndjson"
    loop = made.loop()
    assert await loop.once() == 1
    assert await loop.once() == 0
    assert "anchors.ndjson cannot be written (No such file or directory)" in caplog.text
    folder.mkdir()
    made.now += timedelta(seconds=RETRY_SECONDS)
    await loop.once()

    assert (made.seqs(), made.progress.checkpoints) == ([1], {("vault", "failed"): 1, ("vault", "published"): 1})


async def test_a_key_that_cannot_be_used_is_counted_and_never_shown(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    made.append()
    made.key = "hunter2"
    await made.loop().once()

    assert (made.seqs(), made.progress.checkpoints) == ([], {("vault", "failed"): 1})
    assert "make one with: driftwarden audit key" in caplog.text
    assert "hunter2" not in caplog.text


async def test_a_new_key_signs_from_the_next_checkpoint_on(made: Made) -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    made.append()
    loop = made.loop()
    await loop.once()
    made.key, made.now = pem(other)[0], made.now + timedelta(hours=1)
    made.append()
    await loop.once()

    assert [is_signed(signed, public_keys([PUBLIC])) for signed in made.published()] == [True, False]
    assert all(is_signed(signed, public_keys([PUBLIC, pem(other)[1]])) for signed in made.published())


async def test_a_clock_that_was_set_back_does_not_look_like_lines_that_were_moved(made: Made) -> None:
    made.append()
    loop = made.loop()
    await loop.once()
    made.now -= timedelta(minutes=1)
    made.append()
    await loop.finish()
    first, second = made.published()

    assert second.checkpoint.at == first.checkpoint.at


async def test_an_audit_that_was_rewritten_under_the_service_is_logged_once_and_published_as_it_is(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    made.append(3)
    loop = made.loop()
    await loop.once()
    with made.store.write() as connection:
        connection.execute(text("DROP TRIGGER audit_not_deleted"))
        connection.execute(text("DELETE FROM audit WHERE seq > 1"))
    with caplog.at_level(logging.ERROR):
        await loop.once()
        await loop.once()
    made.now += timedelta(hours=1)
    await loop.once()

    assert caplog.text.count("the audit no longer holds entry 3 as it was published to vault") == 1
    assert made.seqs() == [3, 1]


async def test_how_long_entries_wait_is_known_by_place(made: Made) -> None:
    assert waiting_by_place(made.store, ["vault"]) == {"vault": None}
    made.append()
    assert waiting_by_place(made.store, ["vault"]) == {"vault": ms(BEGIN)}
    await made.loop().once()
    assert waiting_by_place(made.store, ["vault", "new"]) == {"vault": None, "new": ms(BEGIN)}


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


SIGNED = sign("a" * 64, 7, "b" * 64, BEGIN, KEY)


async def test_a_line_torn_by_a_full_disk_does_not_spoil_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "anchors.ndjson"
    path.write_text(SIGNED.to_line()[:50])
    assert await FilePlace("vault", path).publish(SIGNED) == ""

    assert path.read_text().splitlines() == [SIGNED.to_line()[:50], SIGNED.to_line()]


async def test_a_folder_gets_a_file_for_each_checkpoint(tmp_path: Path) -> None:
    place = FilePlace("bucket", tmp_path)
    later = sign("a" * 64, 12, "b" * 64, BEGIN + timedelta(hours=1), KEY)
    assert [await place.publish(SIGNED), await place.publish(later)] == ["", ""]

    assert [Signed.from_line(path.read_text().strip()) for path in _files(tmp_path)] == [SIGNED, later]


async def test_a_file_in_a_folder_is_never_written_over(tmp_path: Path) -> None:
    place = FilePlace("bucket", tmp_path)
    await place.publish(SIGNED)
    (path,) = _files(tmp_path)
    path.write_text("edited")

    assert "File exists" in await place.publish(SIGNED)
    assert path.read_text() == "edited"


async def test_a_full_disk_is_told_of() -> None:
    assert "No space left on device" in await FilePlace("vault", Path("/dev/full")).publish(SIGNED)


async def _posted(place_url: str, secret: str | None = None) -> str:
    call = Call(httpx2.AsyncClient(trust_env=False), lambda: BEGIN, 5)
    return await UrlPlace("notary", call, {"env:S": SECRET, "env:U": place_url}.__getitem__, "env:U", secret).publish(
        SIGNED
    )


async def test_an_address_is_sent_the_line_signed_as_a_webhook() -> None:
    async with receiver() as running:
        assert await _posted(running.url, "env:S") == ""
    (request,) = running.requests

    assert Signed.from_line(request.body.decode()) == SIGNED
    expected = signed_headers(f"ckp_{'a' * 16}_7", BEGIN, request.body, SECRET)
    assert {name: request.headers[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("answer", "said"), [("503 Busy", "answered 503"), ("403 No", "answered 403"), ("302 Found", "redirect")]
)
async def test_an_address_that_does_not_take_it_is_told_of_without_being_named(answer: str, said: str) -> None:
    async with receiver(answer) as running:
        why = await _posted(running.url)

    assert said in why
    assert running.url not in why


async def test_a_secret_that_is_not_there_and_an_address_that_is_none_are_told_of() -> None:
    call = Call(httpx2.AsyncClient(trust_env=False), lambda: BEGIN, 5)

    def missing(reference: str) -> str:
        raise SecretError(f"the secret {reference} is not set")

    assert await UrlPlace("notary", call, missing, "env:U").publish(SIGNED) == "the secret env:U is not set"
    assert "mend it in audit.publish" in await _posted("gopher://x")


def test_the_line_is_json_that_any_program_reads() -> None:
    assert json.loads(SIGNED.to_line())["checkpoint"]["seq"] == 7
