"""The ownership table is read again when its file changes; a broken file leaves the last good table in force."""

import asyncio
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from alerting.audit import AuditEntry
from alerting.ownership_file import load_ownership
from service.metrics.exposition import Metrics
from service.ownership_table import OwnershipTable, TableWatch
from service.progress import Progress
from service.settings import Settings
from service.store.engine import Store, open_store, open_to_read
from service.store.records import audit_rows, put_incident
from service.store.schema import model_version
from service.watchlist import Watchlist
from tests.alerting.examples import CREDIT, OWNERS, finding, opened

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(slots=True)
class Watched:
    """A watch over a file, and what it left."""

    watch: TableWatch
    path: Path
    store: Store

    def audit(self) -> list[AuditEntry]:
        with self.store.read() as connection:
            return [row.entry for row in audit_rows(connection)]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    path = tmp_path / "owners.yaml"
    path.write_text(OWNERS, encoding="utf-8")
    store = open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60)
    yield Watched(TableWatch(OwnershipTable(load_ownership(path)), path, store, lambda: NOW, Progress()), path, store)
    store.close()


def read(watched: Watched) -> list[str]:
    """The line of the metrics that says whether the file could be read."""
    watchlist = Watchlist(watched.store, 10, learn=True)
    metrics = Metrics(watched.store, Settings(), watched.watch.progress, watchlist, lambda: 0)
    page = metrics.render().body.decode()
    return [line for line in page.splitlines() if line.startswith("driftwarden_ownership_read ")]


def test_a_file_that_stays_as_it_is_changes_nothing(watched: Watched) -> None:
    assert (watched.watch.look(), watched.watch.look(), watched.audit()) == (False, False, [])


def test_a_changed_file_is_in_force_at_once_and_on_record(watched: Watched) -> None:
    before = watched.watch.table().config_sha
    watched.path.write_text(OWNERS.replace("tz: Europe/Berlin", "tz: Europe/Oslo"), encoding="utf-8")

    assert watched.watch.look()
    after = watched.watch.table()
    assert after.parties["credit-ds"].tz == "Europe/Oslo"
    (entry,) = watched.audit()
    assert (entry.action, entry.before) == ("ownership.reloaded", {"config_sha": before})
    assert entry.after == {"config_sha": after.config_sha, "changes": ["parties: ~credit-ds"]}
    assert not watched.watch.look()


def test_the_record_names_open_incidents_that_would_concern_others(watched: Watched) -> None:
    incident = opened([finding()])
    table = watched.watch.table()
    routed = replace(incident, route=table.route(incident.stream, incident.lead.subject))
    with watched.store.write() as connection:
        put_incident(connection, routed, 1)
    watched.path.write_text(OWNERS.replace("{owner: credit-ds,", "{owner: on-call,"), encoding="utf-8")
    watched.watch.look()

    (entry,) = watched.audit()
    assert entry.after is not None
    assert f"open incident {incident.id}" in str(entry.after["changes"])


@pytest.mark.parametrize("broken", ["version: [", OWNERS.replace("owner: credit-ds", "owner: somebody"), "\xff", ""])
def test_a_broken_file_leaves_the_last_good_table_and_is_told_once(
    watched: Watched, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = watched.watch.table()
    watched.path.write_bytes(broken.encode("latin-1"))
    with caplog.at_level(logging.ERROR):
        looked = [watched.watch.look() for _ in range(3)]

    assert looked == [False] * 3
    assert watched.watch.table() is before
    assert watched.watch.progress.ownership_fault.startswith(f"{watched.path}:")
    assert caplog.text.count("stays in force") == 1
    (entry,) = watched.audit()
    assert (entry.action, entry.after is not None and entry.after["config_sha"]) == (
        "ownership.refused", before.config_sha,
    )  # fmt: skip


def test_a_mended_file_ends_the_trouble(watched: Watched) -> None:
    watched.path.write_text("version: [", encoding="utf-8")
    watched.watch.look()
    watched.path.write_text(OWNERS, encoding="utf-8")

    assert not watched.watch.look()
    assert watched.watch.progress.ownership_fault == ""


def test_what_the_store_could_not_record_is_read_again_and_then_in_force(watched: Watched, tmp_path: Path) -> None:
    watched.path.write_text(OWNERS.replace("tz: Europe/Berlin", "tz: Europe/Oslo"), encoding="utf-8")
    watched.watch.store = open_to_read(f"sqlite:///{tmp_path}/s.db", tick_seconds=60)
    with pytest.raises(OperationalError):
        watched.watch.look()
    watched.watch.store.close()
    watched.watch.store = watched.store

    assert watched.watch.look()


def test_a_role_that_is_nobodys_falls_to_the_next_rule_on_the_day_though_the_file_stays(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    text = OWNERS.replace("owner: credit-ds,", 'owner: {none: "retired soon", until: 2026-03-02},')
    watched.path.write_text(text, encoding="utf-8")
    looked = [watched.watch.look()]
    before = watched.watch.table().resolve("owner", CREDIT, "income")
    watched.watch.wall = lambda: NOW + timedelta(days=1)
    with caplog.at_level(logging.WARNING):
        looked += [watched.watch.look(), watched.watch.look()]
    after = watched.watch.table().resolve("owner", CREDIT, "income")

    assert looked == [True, True, False]
    assert (before.party, after.party, after.fallback) == ("nobody", "platform", True)
    assert "left the role owner to nobody until 2026-03-02, and no longer does" in caplog.text


def test_a_rule_about_models_that_nobody_has_seen_is_warned_of(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    seen = {"kind": "prediction", "version": "1", "state": "learning", "baseline": "", "learned": 0, "first_ms": 0}
    with watched.store.write() as connection:
        connection.execute(insert(model_version).values(model="fraud", last_ms=0, **seen))
    watched.path.write_text(OWNERS + "# Another day.\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        watched.watch.look()

    assert "family credit: no model fits 'credit-*' among the 1 known" in caplog.text


BROKEN = sorted((Path(__file__).parent.parent / "alerting" / "broken_owners").glob("*.yaml"))


def test_no_broken_table_takes_the_place_of_the_one_in_force(watched: Watched) -> None:
    before = watched.watch.table()
    for file in BROKEN:
        refused = len(watched.audit())
        shutil.copy(file, watched.path)

        assert (file.stem, watched.watch.look()) == (file.stem, False)
        assert (file.stem, watched.watch.table.current is before) == (file.stem, True)
        assert (file.stem, [row.action for row in watched.audit()[refused:]]) == (file.stem, ["ownership.refused"])
        assert (file.stem, read(watched)) == (file.stem, ["driftwarden_ownership_read 0.0"])
    assert len(BROKEN) >= 80


def test_a_file_that_is_gone_leaves_the_last_good_table(watched: Watched) -> None:
    watched.path.unlink()

    assert not watched.watch.look()
    assert "cannot be read" in watched.watch.progress.ownership_fault
    assert not watched.watch.look()
    assert len(watched.audit()) == 1


def test_a_rule_whose_review_is_overdue_is_warned_of(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    text = OWNERS.replace("responder: on-call}}", 'responder: on-call}, review_by: "2026-01-31"}')
    watched.path.write_text(text, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        watched.watch.look()

    assert "rule credit was to be reviewed by 2026-01-31" in caplog.text


async def test_the_loop_looks_until_it_is_told_to_stop(watched: Watched) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(watched.watch.run(stop, 0.001))
    watched.path.write_text(OWNERS.replace("tz: Europe/Berlin", "tz: Europe/Oslo"), encoding="utf-8")
    for _ in range(10_000):
        if watched.watch.table().parties["credit-ds"].tz == "Europe/Oslo":
            break
        await asyncio.sleep(0.001)
    stop.set()
    await running

    assert watched.watch.table().parties["credit-ds"].tz == "Europe/Oslo"


async def test_what_is_due_is_warned_of_when_the_service_starts(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    text = OWNERS.replace("responder: on-call}}", 'responder: on-call}, review_by: "2026-01-31"}')
    watched.path.write_text(text, encoding="utf-8")
    watched.watch.table.current = load_ownership(watched.path)
    stop = asyncio.Event()
    stop.set()
    await watched.watch.run(stop, 10)

    assert "rule credit was to be reviewed by 2026-01-31" in caplog.text


def test_a_new_table_that_tells_by_mail_is_not_used_without_a_mail_server(watched: Watched) -> None:
    watch = replace(watched.watch, mail=False)
    watched.path.write_text(
        OWNERS.replace("contacts: [log]}", "contacts: [{email: team@mail.example}]}"), encoding="utf-8"
    )

    assert not watch.look()
    assert watched.audit()[0].action == "ownership.refused"
