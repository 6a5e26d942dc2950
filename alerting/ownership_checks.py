"""What no single row can show: rules that contradict each other."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations

from alerting.globs import is_glob, overlap
from alerting.ownership import ROLES, Match, Rule
from alerting.route import Role


def ambiguous(rules: Sequence[Rule], families: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[Rule, Rule, Role]]:
    """Give pairs of rules that are equally specific, may cover the same, and name different parties for a role."""
    for role in ROLES:
        for one, other in _contradicting(rules, families, partial(_party_of, role)):
            yield one, other, role


def ambiguous_policies(rules: Sequence[Rule], families: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[Rule, Rule]]:
    """Give pairs of rules that are equally specific, may cover the same, and name different policies."""
    return _contradicting(rules, families, lambda rule: rule.policy or None)


def _party_of(role: Role, rule: Rule) -> str | None:
    return rule.assign.get(role)


def _contradicting(
    rules: Sequence[Rule], families: Mapping[str, tuple[str, ...]], said: Callable[[Rule], object]
) -> Iterator[tuple[Rule, Rule]]:
    alike = defaultdict(list)
    for rule in rules:
        if said(rule) is not None:
            # Rules about two different models by name cannot meet; a large table is mostly those.
            model = rule.match.model
            name = model if model is not None and not is_glob(model) else None
            alike[rule.match.specificity, name].append(rule)
    for group in alike.values():
        for one, other in combinations(group, 2):
            if said(one) != said(other) and may_meet(one.match, other.match, families):
                yield one, other


def may_meet(one: Match, other: Match, families: Mapping[str, tuple[str, ...]]) -> bool:
    """Say whether some subject of some stream may be covered by both."""
    return (
        _meet(one.model, other.model)
        and (one.version is None or other.version is None or one.version == other.version)
        and _meet(one.feature, other.feature)
        and _meet(one.feature_view, other.feature_view)
        and _segments_meet(one.segment or {}, other.segment or {})
        and _families_meet(one, other, families)
    )


def _segments_meet(mine: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    if mine and theirs and ("" in mine) != ("" in theirs):
        return False  # A segment is either plain text or keys and values.
    return all(theirs.get(key, value) == value for key, value in mine.items())


def _families_meet(one: Match, other: Match, families: Mapping[str, tuple[str, ...]]) -> bool:
    mine, theirs = _model_globs(one, families), _model_globs(other, families)
    return any(overlap(left, right) for left in mine for right in theirs)


def _model_globs(match: Match, families: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return families.get(match.family, ()) if match.family is not None else (match.model or "*",)


def _meet(one: str | None, other: str | None) -> bool:
    return one is None or other is None or overlap(one, other)
