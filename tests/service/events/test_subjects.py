"""Names of subjects that two packages know."""

from alerting import lineage
from service.events.subjects import SCORE


def test_alerting_knows_the_score_by_the_name_that_events_give_it() -> None:
    assert lineage.SCORE == SCORE
