"""The budget in a sentence: what is promised to whom, or why nothing can be promised."""

from dataclasses import replace

import numpy as np
import pytest

from detectors.baseline import Baseline
from detectors.history import History
from detectors.monitor_counts import MonitorName
from service.budget_words import budget_words, promise, sight, too_short
from service.gating import Budget, Gating
from service.sequential import SequenceState
from service.settings import DetectionSettings
from tests.alerting.examples import owners
from tests.service.planted import BASELINE, KEY

BUDGET = Budget("credit-ds", (30.0, 4.0, 1.0), 1_120)
RATES = "at most 1 false page, 4 tickets and 30 digests in 30 days for credit-ds, over its 1,120 monitors"
TABLE = owners()


def _history(minutes: int, baseline: Baseline = BASELINE) -> History:
    subjects, width = len(baseline.layout.begins), baseline.layout.width
    slots = np.zeros((0, baseline.cells), np.int64)
    return History(
        minutes, 60, -(-minutes // 1_440), np.ones(4), np.ones((4, subjects)), np.ones((subjects, 3 + width)),
        np.ones((subjects, 4)), slots, np.zeros(subjects, bool),
    )  # fmt: skip


def _said(baseline: Baseline, name: MonitorName = ("", "income", "psi"), **detection: float) -> str:
    gating = Gating(DetectionSettings.model_validate(detection), lambda: TABLE, 60)
    gating.raise_levels({KEY: baseline}, {KEY: SequenceState()}, 1)
    return budget_words(gating, KEY, name)


def test_a_week_of_reference_carries_a_promise() -> None:
    assert promise(BUDGET, _history(7 * 1_440)) == f"Expected at this setting: {RATES}."


def test_without_times_no_rate_is_stated() -> None:
    assert promise(BUDGET, None) == (
        "No rate of false alarms is stated, since the baseline was fitted to rows without times: how its events depend "
        f"on each other is not known. Were they independent: {RATES}."
    )


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (90, "the baseline spans 90 minutes of the 7 days it takes"),
        (1_439, "the baseline spans 1439 minutes of the 7 days it takes"),
        (1_440, "the baseline spans 1.0 days of the 7 days it takes"),
        (6 * 1_440, "the baseline spans 6.0 days of the 7 days it takes"),
    ],
)
def test_a_reference_that_is_too_short_says_how_short_it_is(minutes: int, words: str) -> None:
    assert too_short(_history(minutes)) == words
    assert promise(BUDGET, _history(minutes)).startswith(f"No rate of false alarms is stated, since {words}: how its")


def test_rates_that_a_party_chose_are_the_ones_that_are_said() -> None:
    chosen = replace(BUDGET, accepts=(60.0, 60 / 7, 0.5))

    assert "at most 0.5 false pages, 8.571 tickets and 60 digests" in promise(chosen, None)


def test_the_budget_behind_a_finding_is_that_of_whom_it_would_reach() -> None:
    said = _said(BASELINE, pages_per_30_days=2.0)

    assert "at most 2 false pages, 4 tickets and 30 digests in 30 days for platform, over its 14 monitors." in said


def test_what_a_histogram_can_see_is_said_and_of_a_rate_nothing() -> None:
    assert _said(BASELINE).endswith("The smallest lasting shift this baseline can see is 0.08 standard deviations.")
    assert _said(BASELINE, ("", "income", "missing")).endswith("over its 14 monitors.")


def test_a_segment_whose_order_in_time_is_unknown_is_promised_what_all_events_are() -> None:
    reference = {"": BASELINE.reference[""], "north": BASELINE.reference[""] // 2}
    known = Baseline(BASELINE.subjects, reference, {"": _history(8 * 1_440)})

    assert _said(known, ("north", "income", "psi")).startswith("Expected at this setting: at most 1 false page,")


def test_no_reach_is_not_put_into_words() -> None:
    assert sight(float("inf")) == "This baseline can see no shift."
    assert sight(0.125) == "The smallest lasting shift this baseline can see is 0.12 standard deviations."


def test_one_is_said_as_one() -> None:
    assert "at most 1 false page, 1 ticket and 1 digest in 30 days for ds, over its 1 monitor." in promise(
        Budget("ds", (1.0, 1.0, 1.0), 1), None
    )


def test_a_week_that_lacks_some_minutes_is_one_and_what_lacks_hours_is_not_said_to_be_one() -> None:
    budget = Budget("ds", (1.0, 1.0, 1.0), 1)

    assert promise(budget, _history(7 * 1_440 - 10)).startswith("Expected at this setting: ")
    assert "the baseline spans 6.9 days of the 7 days it takes" in promise(budget, _history(7 * 1_440 - 144))
    assert too_short(_history(7 * 1_440 - 144)) == "the baseline spans 6.9 days of the 7 days it takes"
