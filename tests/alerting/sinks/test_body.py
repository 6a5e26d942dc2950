"""Bodies: cut step by step, the least needed first."""

import json

import pytest

from alerting.audit import Json
from alerting.notice import compose
from alerting.policy import Policy
from alerting.sinks.body import body
from tests.alerting.examples import at, finding, opened, owners


def payload(text: int = 100, evidence: int = 10, moves: int = 3) -> dict[str, Json]:
    """A payload of a certain size."""
    item: dict[str, Json] = {"subject": "x" * 50, "moves": [{"label": "y" * 50}] * moves}
    return {"type": "t", "data": {"title": "title", "text": "z" * text, "evidence": [item] * evidence}}


@pytest.mark.parametrize(
    ("made", "cut"),
    [
        (payload(), None),
        (payload(moves=60), 1),
        (payload(evidence=60, moves=5), 2),
        (payload(evidence=400, moves=1), 3),
        (payload(text=30_000), 4),
    ],
)
def test_no_more_is_cut_than_has_to_be(made: dict[str, Json], cut: int | None) -> None:
    truncated = json.loads(body(made))["data"].get("truncated")

    assert (len(truncated) if truncated else None) == cut


@pytest.mark.parametrize("size", [1_000, 300, 200])
def test_title_and_type_survive_every_cut(size: int) -> None:
    left = json.loads(body(payload(30_000, 400, 60), bytes_max=size))

    assert (left["type"], left["data"]["title"]) == ("t", "title")


def test_the_largest_notice_there_can_be_fits() -> None:
    members = [finding(subject="ü" * 5_000 + str(n), reason="ü" * 5_000) for n in range(500)]
    incident = opened(members)
    notice = compose(
        incident, "open", owners().route(incident.stream, "x").owner, seq=0, at=at(0), policy=Policy(public_url="u")
    )

    assert len(body(notice.to_payload())) < 20_000
