"""How fast a destination may be told."""

import pytest

from alerting.pace import PACES, Pace, Paced, lane
from alerting.route import Destination


def taken(pace: Pace, seconds: float) -> int:
    """How many go out when as many as possible do, tried a hundred times a second."""
    paced, count = Paced(), 0
    for hundredth in range(round(seconds * 100)):
        now = 1_000 + hundredth / 100
        if paced.free(pace, now):
            paced, count = paced.used(pace, now), count + 1
    return count


@pytest.mark.parametrize(("sink", "most"), [("pagerduty", 120), ("slack", 63), ("teams", 122), ("email", 40)])
def test_no_more_go_out_in_a_minute_than_the_service_takes(sink: str, most: int) -> None:
    pace = next(pace for name, pace in PACES.items() if name == sink)

    assert most - 2 <= taken(pace, 60) <= most


def test_after_a_pause_a_burst_goes_out_at_once() -> None:
    assert taken(Pace(1.0, 3), 0.5) == 3


def test_mail_to_all_parties_goes_through_one_server() -> None:
    lanes = {lane(Destination(f"email:{party}", "email")) for party in "ab"}

    assert (lanes, lane(Destination("slack:a", "slack"))) == ({"email"}, "slack:a")
