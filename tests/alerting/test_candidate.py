"""Which changes are named as candidates, and in which words."""

from alerting.candidate import Candidate, chosen, lines
from tests.alerting.examples import NOON, at


def _deploy(minutes: float, what: str = "scoring 2.3") -> Candidate:
    return Candidate("deploy", what, at(minutes), "announced by ci")


def test_only_the_day_before_counts_and_a_little_after() -> None:
    found = [_deploy(minutes) for minutes in (-1_441, -1_440, -5, 10, 11)]

    assert [one.at for one in chosen(found, NOON)] == [at(-5), at(10), at(-1_440)]


def test_the_five_nearest_are_chosen() -> None:
    assert [one.at for one in chosen([_deploy(-n) for n in range(30, 0, -1)], NOON)] == [at(-n) for n in range(1, 6)]


def test_a_candidate_is_one_line_with_its_link() -> None:
    linked = Candidate("deploy", "scoring 2.3", at(-15), "announced by ci", "https://ci.example/7")

    assert list(lines([linked], NOON)) == [
        "2026-11-20 11:45 UTC, 15 min before: scoring 2.3; announced by ci: https://ci.example/7"
    ]


def test_without_candidates_it_says_that_nothing_is_known() -> None:
    assert list(lines([], NOON)) == ["Nothing that this service knows of."]
