"""What is not wrong with a table but likely not meant: parties that nobody asks, that nothing rings at, and holes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import get_args

from alerting.escalation_policy import EscalationPolicy
from alerting.globs import is_glob, matches
from alerting.ownership import Ownership, Party, Rule
from alerting.route import PAGING, Role
from alerting.unowned import NOBODY

WARNINGS_MAX = 100

ACTING: tuple[Role, ...] = ("owner", "responder", "data_steward")
"""Roles that are told when something cannot wait."""


def warnings_of(
    parties: Mapping[str, Party],
    fallback: Mapping[Role, str],
    rules: Sequence[Rule],
    policies: Mapping[str, EscalationPolicy],
) -> tuple[str, ...]:
    """Give the first 100 warnings of a table; none of them needs to know the day or the models there are."""
    asked = set(fallback.values()) | {party for rule in rules for party in rule.assign.values()}
    found = [f"party {name} is named by no rule and no fallback" for name in parties if name not in asked]
    found += _unreached({name: parties[name] for name in parties if name in asked}, fallback, rules)
    found += _holes(fallback, rules, policies)
    return tuple(islice(found, WARNINGS_MAX))


def matching_nothing(table: Ownership, models: Collection[str]) -> tuple[str, ...]:
    """Warn of rules and families about models of which none is known; nothing when no model is known at all."""
    if not models:
        return ()

    def idle(pattern: str) -> bool:
        return not any(matches(pattern, model) for model in models)

    named = [(f"rule {rule.id}", rule.match.model) for rule in table.rules if rule.match.model is not None]
    named += [(f"family {family}", pattern) for family, patterns in table.families.items() for pattern in patterns]
    return tuple(
        f"{where}: {'no model fits' if is_glob(pattern) else 'there is no model'} {pattern!r} among the "
        f"{len(models):,} known"
        for where, pattern in named
        if idle(pattern)
    )[:WARNINGS_MAX]


def _unreached(parties: Mapping[str, Party], fallback: Mapping[Role, str], rules: Sequence[Rule]) -> Iterator[str]:
    """Warn of parties that only a log tells, and of those that must act though nothing rings at them."""
    acting = _acting(fallback, rules)
    for name, party in parties.items():
        kinds = {destination.sink for destination in party.destinations}
        if name == NOBODY:
            continue
        if kinds == {"log"}:
            yield f"party {name} is reached by a log only, which somebody has to read: add another contact"
        elif name in acting and kinds.isdisjoint(PAGING):
            rings = ", ".join(sorted(PAGING))
            yield f"party {name} is {acting[name]}, but nothing rings there at night: add a contact of {rings}"


def _acting(fallback: Mapping[Role, str], rules: Sequence[Rule]) -> dict[str, str]:
    """Give the parties that are told when something cannot wait, and as what: the first place found."""
    found: dict[str, str] = {}
    for role in ACTING:
        for rule in rules:
            if role in rule.assign:
                found.setdefault(rule.assign[role], f"{role} in rule {rule.id}")
        party = fallback.get(role, fallback.get("owner"))
        if party is not None:
            found.setdefault(party, f"the fallback for {role}")
    return found


def _holes(
    fallback: Mapping[Role, str], rules: Sequence[Rule], policies: Mapping[str, EscalationPolicy]
) -> Iterator[str]:
    """Warn of policies in use that tell a role which neither a rule nor the fallback names."""
    named = {*fallback, *(role for rule in rules for role in rule.assign)}
    for name in dict.fromkeys(rule.policy for rule in rules if rule.policy):
        policy = policies[name]
        asked = {role for tier in (policy.act, policy.investigate, policy.blind) for role in (*tier.told, *tier.steps)}
        missing = [role for role in get_args(Role) if role in asked - named]
        if missing:
            yield (
                f"policy {name} tells {', '.join(missing)}, whom no rule and no fallback names: "
                f"{fallback['owner']} is told instead"
            )
