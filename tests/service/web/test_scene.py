"""What the page of a model shows, and in which order."""

from alerting.finding import Stream
from detectors.reading import BinMove, Detector, Reading, State
from service.store.queries import Read
from service.web.scene import choose_window, moved, rows

TIERS = (0.02, 0.1, 0.2)
STREAM = Stream("prediction", "m", "1")


def reading(
    subject: str, state: State = "ok", *, detector: Detector = "psi", low: float | None = 0.05, why: str = ""
) -> Reading:
    moves = (BinMove("a", 0.1, 0.6),) if state == "drifting" else ()
    return Reading(
        subject, detector, "1h", state, 500, 9_000, value=0.1, low=low, high=0.2, threshold=0.02, why=why, moves=moves
    )


def read(window: str, *states: State, tick: int = 0) -> Read:
    return Read(STREAM, window, tick, [reading(f"f{i}", state) for i, state in enumerate(states)])


def test_the_window_asked_for_is_shown() -> None:
    assert choose_window([read("5m", "drifting"), read("1h", "ok")], "1h") == "1h"


def test_a_window_that_is_not_there_is_not_shown() -> None:
    assert choose_window([read("5m", "ok")], "9d") == "5m"


def test_a_window_that_drifts_is_shown_first() -> None:
    assert choose_window([read("1h", "ok"), read("1d", "drifting")], "") == "1d"


def test_a_window_that_sees_is_shown_before_one_that_does_not() -> None:
    assert choose_window([read("1h", "insufficient"), read("5m", "ok")], "") == "5m"


def test_without_readings_there_is_no_window() -> None:
    assert choose_window([], "1h") == ""


def test_what_drifts_is_on_top_then_what_cannot_be_seen() -> None:
    found = rows([reading("a"), reading("b", "insufficient"), reading("c", "drifting")], TIERS)
    assert [row.subject for row in found] == ["c", "b", "a"]


def test_what_drifts_further_is_higher() -> None:
    found = rows([reading("a", "drifting", low=0.1), reading("b", "drifting", low=0.3)], TIERS)
    assert [row.subject for row in found] == ["b", "a"]


def test_a_subject_drifts_when_any_of_its_detectors_says_so() -> None:
    (row,) = rows([reading("a"), reading("a", "drifting", detector="missing")], TIERS)
    assert row.state == "drifting"


def test_a_subject_psi_cannot_see_is_not_ok_because_others_are() -> None:
    (row,) = rows([reading("a", "insufficient"), reading("a", detector="missing")], TIERS)
    assert row.state == "insufficient"


def test_a_subject_without_psi_is_ok_when_any_detector_sees_it() -> None:
    (row,) = rows([reading("a", "insufficient", detector="ks"), reading("a", detector="missing")], TIERS)
    assert row.state == "ok"


def test_detectors_that_are_not_ok_stand_apart() -> None:
    (row,) = rows([reading("a"), reading("a", "drifting", detector="ks"), reading("a", detector="missing")], TIERS)
    assert ([r.detector for r in row.loud], [r.detector for r in row.quiet]) == (["ks"], ["missing"])


def test_a_reason_given_twice_is_shown_once() -> None:
    (row,) = rows([reading("a", "drifting", why="moved"), reading("a", "drifting", detector="ks", why="moved")], TIERS)
    assert row.reasons == ["moved"]


def test_a_subject_is_drawn_once_by_its_strongest_reading() -> None:
    found = moved([reading("a", "drifting", detector="ks"), reading("a", "drifting")], [], [], "")
    assert [(item.reading.subject, item.reading.detector) for item in found] == [("a", "psi")]


def test_no_more_than_six_subjects_are_drawn() -> None:
    assert len(moved([reading(f"f{i}", "drifting") for i in range(20)], [], [], "")) == 6


def test_a_single_reading_has_no_course() -> None:
    past = [read("1h", "drifting")]
    assert moved(past[0].readings, past, [], "")[0].chart is None


def test_two_readings_have_a_course() -> None:
    past = [read("1h", "drifting", tick=tick) for tick in (0, 5)]
    assert moved(past[0].readings, past, [], "")[0].chart is not None


def test_evidence_stands_with_its_subject_and_not_among_the_others() -> None:
    (row,) = rows([reading("a"), reading("a", detector="esr")], TIERS)

    assert row.evidence is not None
    assert (row.quiet, row.loud) == ([], [])


def test_a_subject_that_no_evidence_can_be_gathered_for_says_why() -> None:
    (row,) = rows([reading("a"), reading("a", "insufficient", detector="esr", why="the reference is too short")], TIERS)

    assert (row.state, row.reasons) == ("ok", ["the reference is too short"])
