"""What happened before a view broke: to the view itself and to the models that read from it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerting.candidate import Candidate
from alerting.decide import decide
from alerting.finding import Stream
from alerting.incident import Incident
from alerting.lineage import FeatureView, Lineage
from alerting.policy import Policy
from tests.alerting.examples import NOON, finding, owners

POLICY = Policy(lineage=Lineage((FeatureView("orders", ("income", "age")),), together_min=2))
FRAUD = Stream("prediction", "fraud", "2")


def deployed(stream: Stream, began: datetime) -> Sequence[Candidate]:
    """Every model was deployed some time before, fraud last."""
    before = timedelta(minutes=5 if stream.model == "fraud" else 60)
    return (Candidate("deploy", f"version {stream.version} went out", began - before, "announced"),)


def broken(*streams: Stream) -> Incident:
    """The incident of a view of which two features broke in each of these."""
    findings = [finding(subject=subject, stream=stream) for stream in streams for subject in ("income", "age")]
    (incident,) = decide(findings, {}, owners(), POLICY, NOON, deployed).incidents
    return incident


def test_what_happened_to_any_of_the_models_is_named_with_the_model_the_nearest_first() -> None:
    found = broken(Stream("prediction", "credit-score", "31"), FRAUD).candidates

    assert [one.what for one in found] == ["fraud: version 2 went out", "credit-score: version 31 went out"]


def test_two_segments_of_a_model_are_asked_after_once() -> None:
    found = broken(FRAUD, Stream("prediction", "fraud", "2", "country=NO")).candidates

    assert [one.what for one in found] == ["fraud: version 2 went out"]
