"""When a change began and what it is: told from the panes that are kept, once, when the evidence first speaks."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from detectors.monitor_counts import MonitorName
from detectors.monitors import Monitors
from detectors.subject import Counts
from service.changes import CHUNK_TICKS, LOOK_BACK_TICKS, name_changes, since_change
from service.levels import Level, level_name
from service.sequential import SequenceState
from service.store.closing import ClosedPane, put_panes
from service.store.engine import Store, open_store
from service.store.retention import Keep, retire
from tests.service.planted import BASELINE, FIRST, KEY, STREAM, Change, counted, planted

INCOME: MonitorName = ("", "income", "psi")
MISSING: MonitorName = ("", "income", "missing")
COUNTRY: MonitorName = ("", "country", "psi")
MONITORS = Monitors.of(BASELINE, 60)
PLACE = MONITORS.names.index(INCOME)
PLAIN, MOVED = counted(BASELINE, 1), counted(BASELINE, 2, Change(shift=0.5))


@pytest.mark.parametrize(
    ("change", "name", "what"),
    [
        (Change(shift=0.3), INCOME, "location up"),
        (Change(shift=-0.3), INCOME, "location down"),
        (Change(missing=0.05), MISSING, "rate of missing up"),
        (Change(missing=0.05), INCOME, "bin 'missing or unusable' up"),
        (Change(gone="SE"), COUNTRY, "bin 'SE' down"),
    ],
)
def test_a_planted_change_is_dated_to_its_pane_and_named(
    tmp_path: Path, change: Change, name: MonitorName, what: str
) -> None:
    played = planted(tmp_path)
    played.play(60, events=40)
    began = played.next
    while played.state().level(name) is None:
        assert played.next < began + 120, "the change was not noticed in two hours"
        played.play(5, change, events=40)

    level = played.state().level(name)
    assert level is not None
    assert abs(level.onset - began) <= 5
    assert level.what == what


def test_two_monitors_whose_changes_began_apart_are_dated_apart(tmp_path: Path) -> None:
    played = planted(tmp_path)
    played.play(60)
    first = played.next
    played.play(30, Change(shift=0.4))
    second = played.next
    played.play(10, Change(shift=0.4, gone="SE"))

    onsets = {name: level.onset for name, level in played.state().levels_of().items()}
    assert (onsets[INCOME], onsets[COUNTRY]) == (first, second)


def _store(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder}/s.db", tick_seconds=60, durable=False)


def _put(store: Store, span: int, ticks: Iterable[int], counts: Counts) -> None:
    with store.write() as connection:
        for tick in ticks:
            put_panes(connection, span, tick, [((STREAM, BASELINE.id), ClosedPane(counts, int(counts[0]), tick))])


def _named(store: Store, tick: int) -> Level:
    """What income's change is said to be after a tick, when its newest counts have moved."""
    state = SequenceState()
    state.gather(MONITORS, tick - 4, [{"": MOVED}] * 5)
    state.rise(INCOME, 3, tick, 1e9, 1e6)
    with store.read() as connection:
        name_changes(connection, MONITORS, KEY, state, [PLACE], tick)
    level = state.level(INCOME)
    assert level is not None
    return level


def test_looking_back_finds_a_change_that_is_hours_old(tmp_path: Path) -> None:
    store = _store(tmp_path)
    _put(store, 5, range(FIRST, FIRST + 600, 5), PLAIN)
    _put(store, 5, range(FIRST + 600, FIRST + 1_100, 5), MOVED)

    assert _named(store, FIRST + 1_099) == Level(3, FIRST + 1_099, FIRST + 600, "location up", 9.0, 6.0)


def test_looking_back_stops_after_two_days(tmp_path: Path) -> None:
    store = _store(tmp_path)
    _put(store, 5, range(FIRST, FIRST + 3_600, 5), MOVED)
    tick = FIRST + 3_599

    assert _named(store, tick).onset == pytest.approx(tick - LOOK_BACK_TICKS, abs=CHUNK_TICKS)


def test_a_change_without_panes_is_dated_to_the_last_boundary(tmp_path: Path) -> None:
    assert _named(_store(tmp_path), FIRST + 4).onset == FIRST


def test_a_change_whose_beginning_was_retired_is_dated_to_what_is_left(tmp_path: Path) -> None:
    store = _store(tmp_path)
    _put(store, 5, range(FIRST, FIRST + 300, 5), MOVED)
    retire(store, Keep(FIRST + 250, FIRST, 0, 1))

    assert _named(store, FIRST + 299).onset == FIRST + 250


def test_an_empty_stretch_does_not_end_the_looking_back(tmp_path: Path) -> None:
    store = _store(tmp_path)
    _put(store, 5, range(FIRST, FIRST + 60, 5), MOVED)
    _put(store, 5, range(FIRST + 400, FIRST + 460, 5), MOVED)

    assert _named(store, FIRST + 459).onset == FIRST


def _since(store: Store, tick: int, *levels: tuple[MonitorName, int]) -> list[tuple[int, int]]:
    """Onsets that are read after a tick, each with the events since then."""
    state = SequenceState(levels={level_name(name): Level(1, tick, onset, "", 5.0, 4.0) for name, onset in levels})
    with store.read() as connection:
        found = list(since_change(connection, KEY, BASELINE, state, tick))
    assert all(stream == STREAM for stream, _, _ in found)
    return [(onset, pane.events) for _, onset, pane in found]


@pytest.mark.parametrize(
    ("age", "read"), [(5, False), (10, True), (55, True), (60, False), (65, False), (120, True), (1_380, True)]
)
def test_what_came_since_a_change_is_read_where_no_window_shows_it(tmp_path: Path, age: int, read: bool) -> None:
    store = _store(tmp_path)
    _put(store, 5, range(FIRST, FIRST + age, 5), PLAIN)
    _put(store, 60, range(FIRST, FIRST + age - 59, 60), PLAIN * 12)
    expected = [(FIRST, age // 5 * 300)] if read else []

    assert _since(store, FIRST + age - 1, (INCOME, FIRST)) == expected


def test_changes_older_than_a_day_are_left_to_the_windows(tmp_path: Path) -> None:
    store = _store(tmp_path)
    _put(store, 60, range(FIRST, FIRST + 1_500, 60), PLAIN)

    assert _since(store, FIRST + 1_439, (INCOME, FIRST)) == []


def test_what_began_together_is_merged_once(tmp_path: Path) -> None:
    store = _store(tmp_path)
    _put(store, 5, range(FIRST, FIRST + 20, 5), PLAIN)

    assert _since(store, FIRST + 19, (INCOME, FIRST + 5), (MISSING, FIRST + 5), (COUNTRY, FIRST + 10)) == [
        (FIRST + 5, 900), (FIRST + 10, 600),
    ]  # fmt: skip


def test_a_change_across_hours_is_merged_from_hours_and_their_ends_without_counting_twice(tmp_path: Path) -> None:
    store = _store(tmp_path)
    _put(store, 5, range(FIRST, FIRST + 180, 5), PLAIN)
    _put(store, 60, range(FIRST, FIRST + 180, 60), PLAIN * 12)

    assert _since(store, FIRST + 179, (INCOME, FIRST + 25)) == [(FIRST + 25, 155 // 5 * 300)]


def test_a_change_whose_panes_are_gone_is_not_read(tmp_path: Path) -> None:
    assert _since(_store(tmp_path), FIRST + 19, (INCOME, FIRST)) == []


def test_a_change_so_large_that_all_evidence_is_at_its_most_is_named_by_what_it_is(tmp_path: Path) -> None:
    played = planted(tmp_path)
    played.play(10)
    played.play(5, Change(gone="SE"))
    level = played.state().level(COUNTRY)

    assert level is not None
    assert (level.onset, level.what) == (FIRST + 10, "bin 'SE' down")


def test_nothing_is_dated_before_what_is_looked_at(tmp_path: Path) -> None:
    store = _store(tmp_path)
    _put(store, 5, range(FIRST, FIRST + 3_600, 5), MOVED)
    tick = FIRST + 3_599

    assert -5 < _named(store, tick).onset - (tick - LOOK_BACK_TICKS) < 5
