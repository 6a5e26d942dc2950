"""What the metrics say of our own silence: canaries, heartbeats, and incidents that nothing would bring up again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from alerting.handling import Handling
from alerting.tiers import Tier
from service.metrics.exposition import Metrics
from service.settings import Settings
from service.store.canaries import Canary, put_canary
from service.store.records import ms, put_incident
from service.watchlist import Watchlist
from tests.alerting.examples import finding, opened
from tests.service.api.seed import NOW, Seeded, empty


def _samples(made: Seeded, **sections: dict[str, object]) -> dict[str, float]:
    settings = Settings.model_validate(sections)
    watchlist = Watchlist(made.store, settings.limits.models_max, learn=True)
    page = Metrics(made.store, settings, made.progress, watchlist, lambda: ms(NOW)).render().body.decode()
    found = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    return {"".join([s.name, *s.labels.values()]): s.value for s in found if not s.name.startswith("process_")}


def _back(made: Seeded, seconds: float) -> None:
    at = ms(NOW - timedelta(seconds=seconds))
    with made.store.write() as connection:
        put_canary(connection, Canary("inc_1", "back", "resolve", at, at, ""))


def test_the_age_of_the_last_canary_stands_beside_the_time_between_two() -> None:
    made = empty()
    _back(made, 90)

    samples = _samples(made, canary={"minutes": 5})

    assert samples["driftwarden_canary_age_seconds"] == 90
    assert samples["driftwarden_canary_seconds"] == 300


def test_a_canary_dated_after_now_by_a_clock_that_was_set_back_has_no_age_below_zero() -> None:
    made = empty()
    _back(made, -90)

    assert _samples(made)["driftwarden_canary_age_seconds"] == 0


@pytest.mark.parametrize("minutes", [0, 15])
def test_where_none_was_sent_out_or_none_are_wanted_there_is_no_age_that_an_alert_could_take_for_one(
    minutes: float,
) -> None:
    made = empty()
    if not minutes:
        _back(made, 90)

    assert "driftwarden_canary_age_seconds" not in _samples(made, canary={"minutes": minutes})


def test_heartbeats_are_counted_from_0_where_they_are_sent_and_absent_where_not() -> None:
    made = empty()
    made.progress.heartbeats["sent"] = 3

    on = _samples(made, heartbeat={"url": "env:BEAT"})

    assert {name: value for name, value in on.items() if "heartbeat" in name} == {
        "driftwarden_heartbeat_totalsent": 3,
        "driftwarden_heartbeat_totalfailed": 0,
        "driftwarden_heartbeat_totalwithheld": 0,
    }
    assert not [name for name in _samples(made) if "heartbeat" in name]


@pytest.mark.parametrize(
    ("tier", "handling", "count"),
    [
        (Tier.ACT, "notified", 1), (Tier.BLIND, "acked", 1),
        (Tier.ACT, "new", 0), (Tier.ACT, "closed", 0), (Tier.OBSERVE, "notified", 0),
    ],
)  # fmt: skip
def test_what_was_told_and_has_no_clock_is_counted_and_nothing_else(tier: Tier, handling: Handling, count: int) -> None:
    made = empty()
    with made.store.write() as connection:
        put_incident(connection, replace(opened([finding()]), tier=tier, handling=handling, timers=()), ms(NOW))

    assert _samples(made)["driftwarden_incidents_without_clock"] == count
