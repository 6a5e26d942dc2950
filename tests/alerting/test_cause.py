"""Causes: what breaks together is one incident."""

from alerting.cause import cause_of, cause_of_finding
from alerting.finding import Stream
from tests.alerting.examples import CREDIT, finding


def test_segments_of_a_model_version_have_one_cause() -> None:
    assert cause_of(CREDIT) == cause_of(Stream("prediction", "credit-score", "31", "country=NO"))


def test_versions_of_a_model_have_causes_of_their_own() -> None:
    assert cause_of(CREDIT) != cause_of(Stream("prediction", "credit-score", "32"))


def test_separators_in_names_do_not_mix_causes_up() -> None:
    assert cause_of(Stream("prediction", "a@b", "c")) != cause_of(Stream("prediction", "a", "b@c"))


def test_a_percent_in_a_name_does_not_pass_for_an_escape() -> None:
    assert cause_of(Stream("prediction", "a%40b", "c")) != cause_of(Stream("prediction", "a@b", "c"))


def test_trouble_of_the_watcher_is_never_mixed_with_what_it_saw() -> None:
    assert cause_of_finding(finding(detector="lag")) != cause_of_finding(finding())
