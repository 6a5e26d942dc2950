"""What is known to have happened to a model shortly before it changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from alerting.candidate import Candidate
from alerting.finding import Stream
from service.candidates import candidates
from service.store.changes import ModelKey
from service.store.deployments import Deployment, add_deployment
from service.store.engine import Store, open_store
from service.store.learning import put_baseline
from service.store.records import ms
from service.store.schema import model_version
from tests.service.store.deltas import BASELINE

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)
LOANS = Stream("prediction", "loans", "1", "country=NO")


def _at(hours: float) -> int:
    return ms(BEGAN + timedelta(hours=hours))


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store("sqlite://", tick_seconds=60, durable=False)
    yield opened
    opened.close()


def _seen(store: Store, version: str, hours: float, model: str = "loans", kind: str = "prediction") -> None:
    with store.write() as connection:
        connection.execute(
            insert(model_version).values(
                kind=kind, model=model, version=version, state="learning", baseline="", learned=0,
                first_ms=_at(hours), last_ms=_at(hours),
            )
        )  # fmt: skip


def _found(store: Store) -> list[Candidate]:
    with store.read() as connection:
        return list(candidates(connection, LOANS, BEGAN))


def test_of_a_model_about_which_nothing_is_known_nothing_is_said(store: Store) -> None:
    assert _found(store) == []


def test_versions_that_were_first_seen_in_the_day_before_are_named(store: Store) -> None:
    for version, hours in (("0", -25), ("1", -3), ("2", -1), ("3", 1)):
        _seen(store, version, hours)
    _seen(store, "1", -1, model="fraud")
    _seen(store, "1", -1, kind="feature")

    assert [(one.kind, one.what, one.reason) for one in _found(store)] == [
        ("version", "version 2 was first seen", "some of the traffic may have moved to it"),
        ("version", "version 1 was first seen", "it is the version that changed"),
    ]


def test_a_new_baseline_is_named_with_where_it_came_from(store: Store) -> None:
    _seen(store, "1", -100)
    with store.write() as connection:
        put_baseline(connection, ModelKey("prediction", "loans", "1"), BASELINE, "fitted to march.csv", _at(-2))

    assert [(one.kind, one.what, one.reason, ms(one.at)) for one in _found(store)] == [
        ("baseline", "version 1 got a new baseline", "fitted to march.csv", _at(-2))
    ]


def test_a_deployment_is_named_with_who_announced_it(store: Store) -> None:
    with store.write() as connection:
        for n, (model, hours) in enumerate((("loans", -2.0), ("fraud", -1.0), ("loans", -30.0))):
            add_deployment(
                connection, Deployment(str(n), model, "1", _at(hours), "scoring 2.3", "https://ci/7", "ci", _at(0))
            )

    assert [(one.what, one.reason, one.link) for one in _found(store)] == [
        ("version 1: scoring 2.3", "announced by ci", "https://ci/7")
    ]
