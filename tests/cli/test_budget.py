"""What every party accepts, what that takes, and for which model versions the rate is a guarantee."""

import json
import random
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from detectors.baseline import Baseline
from detectors.columns import Scalar
from detectors.fit import fit
from service.store.changes import ModelKey
from service.store.engine import Store, open_store
from service.store.learning import put_baseline
from service.store.schema import model_version
from tests.cli.command import Command, golden

OWNERS = """\
version: 1
parties:
  fraud-ds: {contacts: [{log: a}], false_alarms: {pages: 1 per 60 days, tickets: 1 per week}}
  data-platform: {contacts: [{log: b}]}
fallback: {owner: data-platform}
rules:
  - {id: fraud, match: {model: "fraud*"}, assign: {owner: fraud-ds, data_steward: data-platform}}
"""


def _fitted(days: float | None, *, wander: float = 0.0, events: int = 4_000) -> Baseline:
    chance = random.Random(3)
    ticks = [int(row * (days or 1) * 1_440 / events) for row in range(events)]
    level, levels = 0.0, []
    for _ in range(events):
        level = 0.99 * level + wander * chance.gauss(0, 1)
        levels.append(level)
    rows: dict[str, list[Scalar]] = {
        "amount": [chance.gauss(level, 1) for level in levels],
        "age": [chance.randrange(18, 90) for _ in range(events)],
        "country": [chance.choice(["NO", "SE", "DK"]) for _ in range(events)],
        "rare": [1.0 if row == 0 else None for row in range(events)],
    }
    return fit(rows, categories_max=10, segments_max=0, ticks=None if days is None else ticks)


def _put(store: Store, model: str, version: str, frozen: Baseline) -> None:
    with store.write() as connection:
        put_baseline(connection, ModelKey("prediction", model, version), frozen, "test", 0)


def _learn(store: Store) -> None:
    with store.write() as connection:
        connection.execute(
            insert(model_version).values(
                kind="prediction", model="young", version="1", state="learning", baseline="", learned=120,
                first_ms=0, last_ms=0,
            )
        )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with an empty list of model versions, and an ownership table beside it."""
    (tmp_path / "owners.yaml").write_text(OWNERS, encoding="utf-8")
    return open_store(f"sqlite:///{tmp_path}/driftwarden.db", tick_seconds=60)


def test_parties_and_model_versions_are_shown_with_what_is_not_guaranteed(command: Command, store: Store) -> None:
    _put(store, "fraud", "3", _fitted(8))
    _put(store, "fraud", "4", _fitted(8, wander=0.1))
    _put(store, "scoring", "1", _fitted(3))
    _put(store, "tiny", "1", _fitted(None, events=40))
    _learn(store)
    ended = command("budget", "show")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == golden("budget_show.txt", ended.out)


def test_the_object_holds_the_same_numbers(command: Command, store: Store) -> None:
    _put(store, "fraud", "3", _fitted(8))
    _put(store, "fraud", "4", _fitted(3))
    told = json.loads(command("budget", "show", "--json").out)
    owner = next(row for row in told["parties"] if row["party"] == "fraud-ds")

    assert (owner["pages"], owner["monitors"], owner["guaranteed"], owner["refused"]) == (0.5, 8, False, ["fraud 4"])
    assert owner["page_takes_log10"] == pytest.approx(5.84)
    assert [row["days"] for row in told["models"]] == [8.0, 3.0]
    assert [row["refusal"] for row in told["models"]] == ["", "the baseline spans 3.0 days of the 7 days it takes"]


def test_a_budget_that_is_not_in_force_is_not_called_a_guarantee(
    command: Command, store: Store, tmp_path: Path
) -> None:
    _put(store, "fraud", "3", _fitted(8))
    (tmp_path / "c.yaml").write_text("detection: {policy: fixed}\n", encoding="utf-8")
    told = json.loads(command("budget", "show", "--json", "--config", "c.yaml").out)

    assert {row["guaranteed"] for row in told["parties"]} == {False}
    assert "detection.policy is 'fixed'" in command("budget", "show", "--config", "c.yaml").out


def test_a_service_that_is_writing_is_not_in_the_way(command: Command, store: Store) -> None:
    _put(store, "fraud", "3", _fitted(8))
    with store.write() as connection:
        connection.execute(update(model_version).values(last_ms=7))
        ended = command("budget", "show")

    assert ended.code == 0


def test_a_store_of_another_release_is_left_as_it_is(command: Command, store: Store) -> None:
    _put(store, "fraud", "3", _fitted(8))
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    ended = command("budget", "show")
    with store.read() as connection:
        held = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()

    assert (ended.code, held) == (2, "0001")
    assert "was made by another release, and is only read here" in ended.err


def test_without_a_baseline_the_way_to_one_is_said(command: Command, store: Store) -> None:
    ended = command("budget", "show")

    assert ended.code == 2
    assert "store.url: sqlite:///driftwarden.db holds no model version yet; send events, or make a" in ended.err

    _learn(store)
    assert "still learning: young 1 (120 events), of 5,000; wait for them" in command("budget", "show").err


def test_a_store_that_is_not_there_is_not_made(command: Command, tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").write_text(OWNERS, encoding="utf-8")
    ended = command("budget", "show")

    assert ended.code == 2
    assert "store.url: there is no store at driftwarden.db" in ended.err
    assert not (tmp_path / "driftwarden.db").exists()


def test_a_store_with_another_length_of_tick_is_refused(command: Command, store: Store, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("time: {tick_seconds: 30}\n", encoding="utf-8")

    assert "the store was made with tick_seconds = 60" in command("budget", "show", "--config", "c.yaml").err
