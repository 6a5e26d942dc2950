import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from detectors.baseline import DUPLICATES, Counts
from detectors.fit import fit
from detectors.fold import merge
from service.accounting import Accountant, TimeRules
from service.events.decode import DecodeLimits, Decoder
from service.events.record import Batch, Record
from service.store.apply import apply
from service.store.changes import ModelKey, Outcomes, PartitionDelta
from service.store.engine import Store, open_store
from service.store.learning import put_baseline
from service.store.partitions import Memory, memory
from service.watchlist import Watchlist

TICK = 60_000
KEY = ModelKey("prediction", "loans", "1")
BASELINE = fit(
    {"income": [float(i) for i in range(200)], "prediction": [i / 200 for i in range(200)]},
    segments=["NO", "SE"] * 100,
    categories_max=10,
    segments_max=2,
)
TIMES = TimeRules(tick_ms=TICK, lateness_ms=30_000, skew_ms=5_000, age_ms_max=86_400_000)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = open_store(f"sqlite:///{tmp_path}/s.db", tick_seconds=60)
    with opened.write() as connection:
        put_baseline(connection, KEY, BASELINE, "test", 0)
    return opened


def _accountant(store: Store, *, models_max: int = 5, learn: bool = True, ids_max: int = 1_000) -> Accountant:
    watchlist = Watchlist(store, models_max, learn)
    watchlist.refresh()
    made = Accountant(Decoder(DecodeLimits(100_000, 50, 64)), watchlist, TIMES, ids_max)
    made.begin("s", "0", memory(store, "s", "0"))
    return made


def _event(time_ms: int, event_id: str = "", **over: object) -> bytes:
    event = {
        "type": "prediction", "event_id": event_id or f"e{time_ms}", "model": "loans", "version": "1", "time": time_ms,
        "features": {"income": 50.0}, "prediction": 0.5,
    }  # fmt: skip
    return json.dumps({**event, **over}).encode()


def _taken(accountant: Accountant, values: Sequence[bytes], lo: int = 0, at: int | None = None) -> PartitionDelta:
    records = [Record(lo + i, value, time_ms=at) for i, value in enumerate(values)]
    assert accountant.take(Batch("s", "0", lo, lo + len(records), records))
    (sealed,) = accountant.seal()
    return sealed


def test_every_record_of_a_batch_has_exactly_one_outcome(store: Store) -> None:
    values = [_event(0), _event(0), b"{", _event(5 * TICK, "b"), _event(0, "late"), _event(1, features={})]

    sealed = _taken(_accountant(store), values)

    assert sealed.outcomes == Outcomes(accepted=2, duplicate=1, late=2, dead=1)
    assert sealed.outcomes.total() == sealed.hi - sealed.lo


def test_a_repeat_in_the_same_tick_is_a_duplicate_and_is_counted_in_its_pane(store: Store) -> None:
    sealed = _taken(_accountant(store), [_event(0, "a"), _event(10, "a"), _event(20, "b")])

    (pane,) = sealed.panes.values()
    assert pane.counts is not None
    assert (sealed.outcomes.accepted, sealed.outcomes.duplicate) == (2, 1)
    assert (pane.events, int(pane.counts[DUPLICATES])) == (2, 1)


def test_a_repeat_after_a_restart_is_still_a_duplicate(store: Store) -> None:
    apply(store, [_taken(_accountant(store), [_event(0, "a")])], 1)

    again = _taken(_accountant(store), [_event(0, "a")], lo=1)

    assert again.outcomes == Outcomes(duplicate=1)


def test_ids_beyond_the_limit_are_not_remembered_and_their_repeats_count_as_events(store: Store) -> None:
    sealed = _taken(_accountant(store, ids_max=1), [_event(0, "a"), _event(1, "b"), _event(1, "b"), _event(0, "a")])

    assert sealed.outcomes == Outcomes(accepted=3, duplicate=1)


def test_an_event_is_late_once_its_partition_has_passed_its_tick_and_the_lateness(store: Store) -> None:
    values = [_event(2 * TICK + 29_999, "a"), _event(TICK, "in time"), _event(2 * TICK + 30_000), _event(TICK, "late")]

    assert _taken(_accountant(store), values).outcomes == Outcomes(accepted=3, late=1)


def test_an_event_of_a_closed_tick_is_late(store: Store) -> None:
    accountant = _accountant(store)
    accountant.begin("s", "0", Memory(None, None, {}, closed=4))

    assert _taken(accountant, [_event(4 * TICK), _event(5 * TICK)]).outcomes == Outcomes(accepted=1, late=1)


def test_1970_is_late_and_2099_is_a_dead_letter_when_the_broker_says_what_time_it_is(store: Store) -> None:
    now = 1_764_000_000_000
    sealed = _taken(_accountant(store), [_event(0), _event(4_070_908_800_000), _event(now)], at=now)

    assert sealed.outcomes == Outcomes(accepted=1, late=1, dead=1)
    assert [(letter.reason, letter.offset) for letter in sealed.dead_letters] == [("future_time", 1)]


def test_an_event_from_the_future_does_not_move_the_watermark(store: Store) -> None:
    now = 1_764_000_000_000

    assert _taken(_accountant(store), [_event(now), _event(now + 10**9)], at=now).time_max_ms == now


def test_models_beyond_the_limit_are_dead_letters_with_the_way_out(store: Store) -> None:
    sealed = _taken(_accountant(store, models_max=2), [_event(0, model=name) for name in ("loans", "b", "c", "b")])

    assert sealed.outcomes == Outcomes(accepted=2, duplicate=1, dead=1)
    (letter,) = sealed.dead_letters
    assert (letter.reason, "limits.models_max = 2" in letter.detail) == ("model_limit", True)


def test_an_unknown_model_is_a_dead_letter_when_learning_is_off(store: Store) -> None:
    sealed = _taken(_accountant(store, learn=False), [_event(0, model="new"), _event(0)])

    assert sealed.outcomes == Outcomes(accepted=1, dead=1)
    assert "driftwarden baseline fit" in sealed.dead_letters[0].detail


def test_events_of_an_unknown_model_are_counted_and_kept_for_learning(store: Store) -> None:
    sealed = _taken(_accountant(store), [_event(0, model="new"), _event(1, model="new")])

    key = ModelKey("prediction", "new", "1")
    assert sealed.baselines == {key: ""}
    assert len(sealed.learned[key]) == 2
    assert [(pane.events, pane.counts) for pane in sealed.panes.values()] == [(2, None)]


def test_only_segments_of_the_baseline_get_panes_of_their_own(store: Store) -> None:
    sealed = _taken(_accountant(store), [_event(i, segment=name) for i, name in enumerate(["NO", "SE", "XX", "NO"])])

    assert {stream.segment: pane.events for (stream, _), pane in sealed.panes.items()} == {"NO": 2, "SE": 1, "": 1}


def test_all_four_kinds_of_event_are_accounted_in_panes_of_their_own(store: Store) -> None:
    values = [
        _event(0),
        json.dumps({"type": "label", "event_id": "e0", "model": "loans", "time": 1, "label": 1}).encode(),
        json.dumps(
            {"type": "feature", "event_id": "f", "feature_view": "v", "version": "1", "time": 2, "entity": "x",
             "features": {"a": 1}}
        ).encode(),
        json.dumps(
            {"type": "health", "model": "loans", "version": "1", "instance": "i", "time": 3, "latency": 0.1}
        ).encode(),
    ]  # fmt: skip
    sealed = _taken(_accountant(store), values)

    assert sealed.outcomes == Outcomes(accepted=4)
    assert sorted(stream.kind for stream, _ in sealed.panes) == ["feature", "health", "label", "prediction"]


def test_a_batch_that_does_not_begin_where_the_books_end_is_refused(store: Store) -> None:
    accountant = _accountant(store)
    _taken(accountant, [_event(0)])

    assert not accountant.take(Batch("s", "0", 5, 6, [Record(5, _event(1))]))


def test_a_gap_is_booked(store: Store) -> None:
    accountant = _accountant(store)
    accountant.take(Batch("s", "0", 0, 10, [Record(9, _event(0))], gap=9))

    assert accountant.seal()[0].outcomes == Outcomes(accepted=1, gap=9)


@pytest.mark.parametrize("seed", range(5))
def test_the_books_do_not_depend_on_how_records_were_batched_and_committed(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    values = [
        rng.choice([b"x", _event(max(0, i * 700 + rng.randint(-90_000, 0)), f"e{rng.randint(0, 300)}")])
        for i in range(400)
    ]
    whole, cut = (_books(tmp_path / name, values, sizes) for name, sizes in (("a", [400]), ("b", None)))

    assert whole == cut


def _books(folder: Path, values: Sequence[bytes], sizes: list[int] | None) -> tuple[object, ...]:
    """Commit in the given sizes, or in random ones with a restart after each, and say what the store holds."""
    folder.mkdir()
    store = open_store(f"sqlite:///{folder}/s.db", tick_seconds=60)
    with store.write() as connection:
        put_baseline(connection, KEY, BASELINE, "test", 0)
    rng = random.Random(99)
    lo, outcomes = 0, Outcomes()
    panes: dict[object, Counts] = {}
    while lo < len(values):
        size = sizes[0] if sizes else rng.randint(1, 60)
        sealed = _taken(_accountant(store), values[lo : lo + size], lo=lo)
        assert not apply(store, [sealed], 1).refused
        for name in ("accepted", "duplicate", "late", "dead"):
            setattr(outcomes, name, getattr(outcomes, name) + getattr(sealed.outcomes, name))
        for key, pane in sealed.panes.items():
            assert pane.counts is not None
            panes[key] = merge(panes[key], pane.counts) if key in panes else pane.counts
        lo = sealed.hi
    return outcomes, {key: counts.tolist() for key, counts in panes.items()}
