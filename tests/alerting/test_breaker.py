"""A destination that fails is left alone, and is there again with the first thing that it takes."""

from alerting.breaker import FAILURES_MAX, PROBE_SECONDS, PROBE_SECONDS_MAX, Breaker
from alerting.outbox import Outcome

FAILED = Outcome("retry", 503)


def after(*outcomes: Outcome, now: float = 100.0) -> Breaker:
    """The breaker after these outcomes, all at one time."""
    breaker = Breaker()
    for outcome in outcomes:
        breaker = breaker.after(outcome, now)
    return breaker


def test_a_few_failures_do_not_open_it() -> None:
    breaker = after(*[FAILED] * (FAILURES_MAX - 1))

    assert (breaker.open, breaker.allowed(100, 20)) == (False, 20)


def test_after_five_in_a_row_nothing_is_sent_and_then_one_at_a_time() -> None:
    breaker = after(*[FAILED] * FAILURES_MAX)

    assert [breaker.allowed(100 + wait, 20) for wait in (0, PROBE_SECONDS - 0.1, PROBE_SECONDS)] == [0, 0, 1]


def test_the_pause_doubles_up_to_a_minute() -> None:
    pauses = [after(*[FAILED] * (FAILURES_MAX + more)).until - 100 for more in range(6)]

    assert pauses == [5, 10, 20, 40, 60, PROBE_SECONDS_MAX]


def test_ten_thousand_failures_do_not_overflow() -> None:
    assert Breaker(10_000).after(FAILED, 0.0).until == PROBE_SECONDS_MAX


def test_one_that_gets_through_closes_it() -> None:
    assert after(*[FAILED] * 9, Outcome("delivered", 204)) == Breaker()


def test_a_refusal_is_about_the_message_and_shows_that_somebody_answers() -> None:
    assert after(*[FAILED] * 4, Outcome("refused", 413), FAILED).failures == 1


def test_a_retry_after_holds_the_destination_at_the_first_failure() -> None:
    breaker = after(Outcome("retry", 429, 30.0))

    assert [breaker.allowed(at, 20) for at in (100, 129.9, 130)] == [0, 0, 20]
