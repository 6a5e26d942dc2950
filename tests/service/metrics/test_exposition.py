"""The page Prometheus scrapes."""

import functools
import math
import subprocess
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.samples import Sample

from alerting.finding import Stream
from detectors.reading import Reading
from service.metrics.catalog import ALL
from service.metrics.exposition import Metrics
from service.settings import LimitSettings, Settings
from service.store.changes import ModelKey
from service.store.reading_codec import encode_readings
from service.store.records import put_readings
from service.watchlist import Watchlist
from tests.service.api.seed import NOW, TICK, Seeded, empty, shared

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"


def metrics(made: Seeded) -> Metrics:
    watchlist = Watchlist(made.store, made.settings.limits.models_max, learn=True)
    return Metrics(made.store, made.settings, made.progress, watchlist, lambda: round(NOW.timestamp() * 1000))


def samples(made: Seeded) -> list[Sample]:
    text = metrics(made).render().body.decode()
    return [found for family in parse_text(text) for found in family.samples]


@functools.cache
def samples_of_shared() -> list[Sample]:
    return samples(shared())


def sample(name: str, **labels: str) -> float:
    (value,) = (s.value for s in samples_of_shared() if s.name == name and labels.items() <= s.labels.items())
    return float(value)


def subjects(made: Seeded) -> set[str]:
    return {found.labels["subject"] for found in samples(made) if "subject" in found.labels}


def lines(starting: str) -> set[str]:
    text = metrics(shared()).render().body.decode()
    return {line.split()[2] for line in text.splitlines() if line.startswith(starting)}


def put(made: Seeded, tick: int, *subjects: str) -> None:
    readings = [Reading(subject, "psi", "5m", "ok", 500, 9_000, 0.1) for subject in subjects]
    with made.store.write() as connection:
        put_readings(connection, tick, "5m", {Stream("prediction", "m", "1"): encode_readings(readings)})


def test_every_family_of_the_catalog_is_on_the_page() -> None:
    assert {family.name for family in ALL} - lines("# TYPE") == set()


def test_every_family_on_the_page_is_of_the_catalog_or_of_the_process() -> None:
    ours = {name for name in lines("# TYPE") if not name.startswith("process_")}
    assert ours - {family.name for family in ALL} == set()


def test_labels_are_those_of_the_catalog() -> None:
    declared = {family.name: set(family.labels) for family in ALL if family.kind in ("gauge", "counter")}
    wrong = {s.name for s in samples_of_shared() if s.name in declared and set(s.labels) != declared[s.name]}
    assert wrong == set()


def test_text_is_given_unless_openmetrics_is_asked_for() -> None:
    assert metrics(shared()).render("text/html").content_type == "text/plain; version=0.0.4; charset=utf-8"


def test_openmetrics_can_be_parsed_and_ends_once() -> None:
    body = metrics(shared()).render(OPENMETRICS).body.decode()
    assert len(list(parse_openmetrics(body))) >= len(ALL)  # type: ignore[no-untyped-call]


def test_nothing_on_the_page_is_nan() -> None:
    assert [found.name for found in samples_of_shared() if math.isnan(found.value)] == []


def test_an_empty_store_drops_no_series() -> None:
    assert [s.value for s in samples(empty()) if s.name == "driftwarden_series_dropped"] == [0.0]


def test_a_store_without_partitions_has_no_watermark_delay() -> None:
    assert [s.value for s in samples(empty()) if s.name == "driftwarden_watermark_delay_seconds"] == []


def test_names_with_quotes_and_line_ends_are_escaped() -> None:
    made = empty()
    put(made, TICK, 'a"b\\c\nd')
    assert subjects(made) == {'a"b\\c\nd'}


def test_monitors_are_those_of_the_newest_tick_only() -> None:
    made = empty()
    put(made, TICK - 5, "old")
    put(made, TICK, "new")
    assert subjects(made) == {"new"}


def test_a_new_tick_replaces_what_was_rendered_before() -> None:
    made = empty()
    put(made, TICK - 5, "old")
    page = metrics(made)
    page.render()
    put(made, TICK, "new")
    assert b'subject="old"' not in page.render().body


def test_monitors_are_not_rendered_again_until_a_tick_closes() -> None:
    made = empty()
    put(made, TICK, "x")
    page = metrics(made)
    page.render()
    first = page._block
    page.render()
    assert page._block is first


def test_the_budget_of_series_is_held_and_the_rest_counted() -> None:
    made = empty(Settings(limits=LimitSettings(series_max=100)))
    put(made, TICK, *(f"f{i}" for i in range(50)))
    assert [s.value for s in samples(made) if s.name == "driftwarden_series_dropped"] == [50 * 5 - 100]


def test_lag_is_the_distance_to_the_end_of_the_partition() -> None:
    assert sample("driftwarden_lag_records", source="kafka") == 250.0


def test_records_are_counted_by_outcome() -> None:
    assert sample("driftwarden_records_total", source="kafka", outcome="duplicate") == 4.0


def test_dead_letters_are_counted_by_reason() -> None:
    assert sample("driftwarden_dead_letters_total", reason="not_json") == 1.0


def test_the_ledger_balances_when_outcomes_add_up() -> None:
    assert sample("driftwarden_ledger_balanced") == 1.0


def test_the_watermark_delay_counts_the_lateness_allowed() -> None:
    # The newest event is one minute after the last tick's end, the wall 75 s after it; 60 s of lateness are allowed.
    assert sample("driftwarden_watermark_delay_seconds") == 75.0 - 60.0 + 60.0


def test_commit_buckets_are_cumulative() -> None:
    name = "driftwarden_store_commit_seconds_bucket"
    assert [sample(name, le=bound) for bound in ("0.0025", "10.0", "+Inf")] == [0.0, 1.0, 2.0]


def test_every_tier_is_there_even_without_an_incident() -> None:
    assert [sample("driftwarden_incidents_open", tier=tier) for tier in ("observe", "act", "blind")] == [
        0,
        1,
        0,
    ]


def test_the_oldest_notice_has_an_age() -> None:
    assert sample("driftwarden_outbox_oldest_seconds") == 33 * 60.0


def test_the_library_s_own_registry_is_left_alone() -> None:
    before = set(REGISTRY._names_to_collectors)
    metrics(shared()).render()
    assert set(REGISTRY._names_to_collectors) == before


@pytest.mark.component
def test_promtool_finds_nothing_wrong_with_the_page(promtool: Path) -> None:
    page = metrics(shared()).render().body
    checked = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, timeout=30, check=False)
    assert (checked.returncode, checked.stderr.decode()) == (0, "")


def test_what_the_ownership_table_covers_and_whether_its_file_is_good_are_exported() -> None:
    made = empty()
    made.progress.ownership_fault = "owners.yaml:1:1: broken"
    made.progress.covered = {ModelKey("prediction", "credit", "3"): 0.25}
    found = {(s.name, s.labels.get("model")): s.value for s in samples(made)}

    assert found["driftwarden_ownership_read", None] == 0
    assert found["driftwarden_ownership_covered", "credit"] == 0.25
