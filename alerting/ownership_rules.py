"""The rules of the table: from how they are written to how they are asked, and what two may not say together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice

from pydantic import TypeAdapter

from alerting.marked_yaml import FAULTS_MAX, Marked, Path, Value
from alerting.ownership import Match, Rule, segment_pairs
from alerting.ownership_checks import ambiguous, ambiguous_policies
from alerting.ownership_faults import said, validated
from alerting.ownership_wire import WireNobody, WireRule
from alerting.route import Role
from alerting.unowned import AHEAD_MAX, NOBODY, Unowned

RULES_MAX = 1_000


def rules_of(table: Mapping[str, Value], today: date | None, marked: Marked) -> tuple[Rule, ...]:
    """Read the rules; what is wrong with one does not hide the others. `today` None: no date is held against it."""
    entries = table.get("rules")
    if entries is None:
        return ()
    if not isinstance(entries, list):
        marked.fault(("rules",), f"rules is {said(entries)}", 'Write each rule as "- {id: ..., match: ...}"')
        return ()
    if len(entries) > RULES_MAX:
        marked.fault(("rules",), f"there are {len(entries)} rules, over {RULES_MAX}", "Use globs and families")
        return ()
    adapter = TypeAdapter(WireRule)
    found = []
    for index, entry in enumerate(entries):
        wire = validated(adapter, entry, ("rules", index), marked)
        if wire is not None:
            found.append(_rule(wire))
            _check_unowned(found[-1], index, today, marked)
    return tuple(found)


def without_lapsed(rules: Sequence[Rule], today: date) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Give the rules as they stand on a day, and a warning for each role that is nobody's no longer."""
    standing, warnings = [], []
    for rule in rules:
        over = [role for role, unowned in rule.unowned.items() if unowned.over(today)]
        warnings += [
            f"rule {rule.id} left the role {role} to nobody until {rule.unowned[role].until}, and no longer does: "
            "name a party, or move the date"
            for role in over
        ]
        standing.append(_without(rule, over) if over else rule)
    return tuple(standing), tuple(warnings)


def check_contradictions(rules: tuple[Rule, ...], families: Mapping[str, tuple[str, ...]], marked: Marked) -> None:
    """Note pairs of rules that are equally specific, may cover the same, and say different things of it."""
    for one, other, role in islice(ambiguous(rules, families), FAULTS_MAX):
        problem = (
            f"rule {other.id!r} gives the role {role} to {other.assign[role]!r}, and rule {one.id!r}, which is as "
            f"specific and covers some of the same, to {one.assign[role]!r}"
        )
        path: Path = ("rules", rules.index(other), "assign", role)
        marked.fault(path, problem, "Make one of the two narrower, or name the same party")
    for one, other in islice(ambiguous_policies(rules, families), FAULTS_MAX):
        problem = (
            f"rule {other.id!r} names the policy {other.policy!r}, and rule {one.id!r}, which is as specific and "
            f"covers some of the same, {one.policy!r}"
        )
        path = ("rules", rules.index(other), "policy")
        marked.fault(path, problem, "Make one of the two narrower, or name the same policy")


def _rule(wire: WireRule) -> Rule:
    match = wire.match
    segment = segment_pairs(match.segment) if isinstance(match.segment, str) else match.segment
    return Rule(
        wire.id,
        Match(match.family, match.model, match.version, segment, match.feature, match.feature_view),
        {role: NOBODY if isinstance(party, WireNobody) else party for role, party in wire.assign.items()},
        wire.review_by,
        wire.policy or "",
        {r: Unowned(party.none, party.until) for r, party in wire.assign.items() if isinstance(party, WireNobody)},
    )


def _check_unowned(rule: Rule, index: int, today: date | None, marked: Marked) -> None:
    for role, unowned in rule.unowned.items():
        path = ("rules", index, "assign", role)
        if role == "responder":
            problem = f"rule {rule.id!r} leaves responder to nobody, but somebody must be told when something is broken"
            marked.fault(path, problem, "Name a party, or leave responder out for the fallback")
        elif today is not None and unowned.until > today + AHEAD_MAX:
            problem = f"rule {rule.id!r} leaves the role {role} to nobody until {unowned.until}, over a year ahead"
            marked.fault((*path, "until"), problem, f"Give a day up to {today + AHEAD_MAX}, and look at it again then")


def _without(rule: Rule, over: Sequence[Role]) -> Rule:
    return replace(
        rule,
        assign={role: party for role, party in rule.assign.items() if role not in over},
        unowned={role: unowned for role, unowned in rule.unowned.items() if role not in over},
    )
