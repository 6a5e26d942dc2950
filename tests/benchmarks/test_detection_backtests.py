import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.detection import backtests
from benchmarks.detection.backtest_command import Answer, read
from benchmarks.detection.histories import SETS, History, Unusable, agreed, histories
from benchmarks.detection.replays import WEEK_SECONDS, replayed
from benchmarks.detection.section import Scale

START = 1_704_067_200


def _quiet(_: str) -> None:
    return None


def _history(values: np.ndarray, reference: int, change: int | None, *, seconds: int = 3_600) -> History:
    times = [START + row * seconds for row in range(len(values))]
    return History("mine", {"x": values.tolist()}, times, reference, "so", change)


def _series(folder: Path, name: str, values: list[float], marks: dict[str, list[int]]) -> None:
    (folder / "datasets" / name).mkdir(parents=True)
    content = {"name": name, "n_obs": len(values), "series": [{"label": "x", "raw": values}]}
    (folder / "datasets" / name / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    file = folder / "annotations.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**known, name: marks}), encoding="utf-8")


def test_what_the_command_prints_is_read() -> None:
    out = "\n".join(
        json.dumps(line)
        for line in (
            {"type": "finding", "tier": "act", "row": 9, "subject": "x"},
            {"type": "finding", "tier": "observe", "row": 7, "subject": "y"},
            {"type": "notice", "tier": "act", "row": 9, "subject": "x"},
            {"type": "summary", "seconds": 2.5},
        )
    )

    answer = read(out, "driftwarden backtest: z cannot be watched: too few\ndriftwarden backtest: 3 late\n", 0)

    assert answer == Answer(
        Counter(act=1, observe=1), Counter(act=1), ((9, "x"),), 2.5, blind=("z",), told="3 late", failed=False
    )


def test_a_command_that_fails_leaves_its_last_words() -> None:
    answer = read("", "Traceback\nTypeError: no\n", 1)

    assert (answer.failed, answer.told) == (True, "TypeError: no")
    assert read("", "", 3).told == "exit code 3"


def test_alarms_are_held_against_the_annotated_change() -> None:
    history = _history(np.zeros(300), 100, 200)
    answer = Answer(Counter(act=2), Counter(act=1), ((150, "x"), (210, "x")), 1.0)

    row = backtests.read(history, answer, adwin=[205], psi=[])

    assert (row["alarms"], row["before"], row["delay"], row["first"]) == (2, 1, 10, "150 x")
    assert (row["ADWIN alarms"], row["ADWIN before"], row["ADWIN delay"]) == (1, 0, 5)
    assert (row["PSI > .2 alarms"], row["PSI > .2 delay"]) == (0, None)


def test_the_command_acts_after_a_change_and_a_set_that_cannot_be_run_has_a_row_with_the_reason(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    _series(tmp_path / "tcpd", "jump", [*rng.normal(0, 1, 200), *rng.normal(8, 1, 70)], {"a": [200], "b": [201]})
    _series(tmp_path / "tcpd", "short", [1.0] * 50, {"a": []})

    section = backtests.run(Scale(), _quiet, tmp_path)

    rows = {str(row["set"]): row for row in section.rows}
    assert {rows[name]["remark"] for name in SETS if name != "tcpd"} == {"not in the folder"}
    assert rows["tcpd short"]["remark"] == "a reference of 16 rows is too small"
    jump = rows["tcpd jump"]
    assert (jump["reference"], jump["change"], jump["before"], jump["ADWIN before"]) == (100, 200, 0, 0)
    assert isinstance(jump["delay"], int)
    assert str(jump["first"]).endswith(" x")
    assert len({tuple(row) for row in section.rows}) == 1
    assert [goal.met for goal in section.goals] == [False]


def test_replays_meet_the_goal_when_enough_of_them_see_something_and_none_pages_too_often() -> None:
    history = _history(np.zeros(300), 100, None)
    silent, loud = Answer(Counter(), Counter(), (), 1.0), Answer(Counter(), Counter(act=3), (), 1.0)
    blind = Answer(Counter(), Counter(), (), 1.0, blind=("x",))

    assert backtests.goal([(history, silent)] * 5).met
    assert not backtests.goal([(history, silent)] * 4 + [(history, blind)]).met
    assert not backtests.goal([(history, silent)] * 5 + [(history, loud)]).met
    assert backtests.goal([(history, blind)]).measured == "mine 0.0 (1 of 1 blind)"


def test_a_change_is_where_half_of_the_annotators_see_one() -> None:
    assert agreed([[143], [144, 200], [], [146]]) == 143
    assert agreed([[10], [98], []]) is None
    assert agreed([[], []]) is None


def test_a_replay_repeats_whole_weeks_of_the_reference_at_their_time_of_the_week() -> None:
    history = _history(np.arange(24.0 * 7 * 6), reference=24 * 7 * 5 + 10, change=None)

    again = replayed(history, 3, np.random.default_rng(5))

    assert again is not None
    assert (again.reference, again.rows, again.quiet) == (24 * 7 * 5, 24 * 7 * 8, True)
    values = np.array(again.columns["x"], float)
    since = np.array(again.times) - START
    assert (np.diff(since) == 3_600).all()
    assert (values * 3_600 % WEEK_SECONDS == since % WEEK_SECONDS).all()
    assert values.max() < 24 * 7 * 5


def test_a_reference_of_a_few_weeks_is_not_replayed() -> None:
    assert replayed(_history(np.zeros(24 * 7 * 4), 24 * 7 * 4, None), 3, np.random.default_rng(5)) is None


def test_a_change_too_early_for_a_reference_makes_a_series_unusable(tmp_path: Path) -> None:
    _series(tmp_path / "tcpd", "early", [0.0] * 400, {"a": [90], "b": [91]})
    _series(tmp_path / "tcpd", "late", [0.0] * 400, {"a": [150], "b": [150]})

    early, late = [one for one in histories(tmp_path) if one.name.startswith("tcpd ")]

    assert early == Unusable("tcpd early", "the change at row 90 leaves too few rows before it")
    assert isinstance(late, History)
    assert (late.reference, late.split) == (100, "the fewest rows that can be one")


@pytest.mark.parametrize("name", [name for name in SETS if name not in ("nab", "tcpd")])
def test_a_set_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    assert Unusable(name, "not in the folder") in list(histories(tmp_path))
