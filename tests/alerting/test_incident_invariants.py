"""What holds for every sequence of findings whatsoever."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.finding import Condition, Finding
from alerting.incident import Effect, Incident, MemberJoined, Opened, Raised, Resolved
from alerting.policy import Rules
from alerting.step import step
from tests.alerting.examples import NOON, finding

RULES = Rules(clear_evaluations=2, members_max=3)
WINDOWS = {"5m": 5.0, "1h": 60.0, "1d": 1440.0}
BOUNDS = ((0.0, 0.004), (0.0, 0.04), (0.03, 0.3), (0.15, 0.2), (0.3, 0.4))


@st.composite
def evaluations(draw: st.DrawFn) -> list[list[Finding]]:
    """Up to 15 evaluations, five minutes apart or the same one again, of four monitors in three windows."""
    taken: list[list[Finding]] = []
    for tick in range(draw(st.integers(1, 15))):
        if taken and draw(st.integers(0, 9)) == 0:
            taken.append(draw(st.sampled_from(taken)))
            continue
        taken.append(draw(st.lists(_finding(tick * 5.0), max_size=5)))
    return taken


@st.composite
def _finding(draw: st.DrawFn, end: float) -> Finding:
    low, high = draw(st.sampled_from(BOUNDS))
    condition: Condition = draw(st.sampled_from(("ok", "drifting", "drifting", "insufficient")))
    window = draw(st.sampled_from(sorted(WINDOWS)))
    return finding(
        low=low, high=high, end=end, window=window, minutes=WINDOWS[window], condition=condition,
        subject=draw(st.sampled_from("ab")), detector=draw(st.sampled_from(("psi", "adwin"))),
    )  # fmt: skip


def walk(taken: Sequence[Sequence[Finding]]) -> list[tuple[Incident | None, Incident | None, tuple[Effect, ...]]]:
    """Every step as (before, after, effects)."""
    path = []
    incident: Incident | None = None
    for evaluation in taken:
        before = incident
        incident, effects = step(before, evaluation, NOON, RULES)
        path.append((before, incident, effects))
    return path


def told(taken: Sequence[Sequence[Finding]]) -> dict[str, list[str]]:
    """What was told of each incident, in order."""
    said: dict[str, list[str]] = {}
    for _, incident, effects in walk(taken):
        for effect in effects:
            assert incident is not None, "an effect needs an incident"
            if not isinstance(effect, MemberJoined) and effect.tell is not None:
                said.setdefault(incident.id, []).append(effect.tell)
    return said


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_every_incident_is_told_open_then_raises_then_at_most_one_resolve(taken: list[list[Finding]]) -> None:
    for said in told(taken).values():
        middle = said[1:-1] if said[-1] == "resolve" else said[1:]
        assert (said[0], set(middle) - {"raise"}) == ("open", set())


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_an_incident_is_opened_once_and_resolved_at_most_once(taken: list[list[Finding]]) -> None:
    happened: dict[str, list[type]] = {}
    for _, incident, effects in walk(taken):
        for effect in effects:
            assert incident is not None, "an effect needs an incident"
            happened.setdefault(incident.id, []).append(type(effect))

    assert {(h.count(Opened), h[0], h.count(Resolved) <= 1) for h in happened.values()} <= {(1, Opened, True)}


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_a_step_repeated_changes_nothing(taken: list[list[Finding]]) -> None:
    for evaluation, (_, incident, _) in zip(taken, walk(taken), strict=True):
        assert step(incident, evaluation, NOON, RULES) == (incident, ())


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_the_tier_never_falls_while_an_incident_is_open(taken: list[list[Finding]]) -> None:
    for before, incident, _ in walk(taken):
        if before is not None and incident is not None and before.id == incident.id:
            assert incident.tier.rank >= before.tier.rank


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_a_member_keeps_its_tier_as_long_as_it_is_held(taken: list[list[Finding]]) -> None:
    for before, incident, _ in walk(taken):
        if before is None or incident is None or before.id != incident.id:
            continue
        tiers = {member.key: member.tier.rank for member in before.held}
        assert all(member.tier.rank >= tiers.get(member.key, 0) for member in incident.members)


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_open_means_that_something_is_held(taken: list[list[Finding]]) -> None:
    for _, incident, _ in walk(taken):
        assert incident is None or incident.open == bool(incident.held)


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_nothing_but_insufficient_findings_leaves_an_incident_open_at_its_tier(taken: list[list[Finding]]) -> None:
    for _, incident, _ in walk(taken):
        if incident is None or not incident.open:
            continue
        silent = [finding(end=10_000, subject=s, condition="insufficient") for s in "ab"]
        after, effects = step(incident, silent, NOON, RULES)
        assert after is not None
        assert (after.open, after.tier, effects) == (True, incident.tier, ())


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_members_are_never_more_than_the_limit(taken: list[list[Finding]]) -> None:
    assert all(incident is None or len(incident.members) <= 3 for _, incident, _ in walk(taken))


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_a_raise_names_a_higher_tier_than_before(taken: list[list[Finding]]) -> None:
    raises = [effect for _, _, effects in walk(taken) for effect in effects if isinstance(effect, Raised)]

    assert all(effect.tier.rank > effect.was.rank for effect in raises)


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_text_and_back_loses_nothing(taken: list[list[Finding]]) -> None:
    for _, incident, _ in walk(taken)[-1:]:
        assert incident is None or Incident.from_json(incident.to_json()) == incident
