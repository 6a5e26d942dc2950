"""The table's whole answer about one subject: who has each role and why, where they are reached, and by when what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alerting.escalation_policy import ASKED, EscalationPolicy, TierPolicy, span_text
from alerting.finding import Stream
from alerting.ownership import ROLES, Loser, Ownership, Specificity
from alerting.route import Role


@dataclass(frozen=True, slots=True)
class Held:
    """Who has a role, and why.

    `specificity` says in words how narrow the rule is, "" for the fallback; `contacts` are names that tell no address;
    `unowned` is why and until when nobody has the role, where a rule says so.
    """

    role: Role
    party: str
    rule: str
    fallback: bool
    inherited_from: Role | None
    specificity: str
    contacts: tuple[str, ...]
    unowned: str
    losers: tuple[Loser, ...]

    @property
    def why(self) -> str:
        """Say it in words.

        >>> Held("executive", "ml", "", True, None, "", (), "", ()).why
        'the fallback, since no rule names one, told when a clock runs out'
        """
        if self.fallback:
            # Whoever leads is told at once, by whatever came to be it; see `routing.concerned`.
            late = "" if self.role in ("owner", "data_steward") else ", told when a clock runs out"
            return f"the fallback, since no rule names one{late}"
        said = f"rule {self.rule} ({self.specificity})"
        return f"{said}, as the {self.inherited_from}" if self.inherited_from is not None else said


@dataclass(frozen=True, slots=True)
class Stated:
    """What one tier expects, in words; a clock that does not run is ""."""

    tier: str
    told: tuple[Role, ...]
    ack: str
    findings: str
    decision: str
    steps: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything about one subject of one stream; `policy_rule` is "" where no rule names a policy.

    `view` is the feature view that it is read from, "" for none.
    """

    roles: tuple[Held, ...]
    policy: str
    policy_rule: str
    tiers: tuple[Stated, ...]
    config_sha: str
    view: str = ""


def answer(
    table: Ownership, stream: Stream, subject: str, roles: Sequence[Role] = ROLES, view: str | None = None
) -> Answer:
    """Ask the table about a subject, which is read from that view, for all roles or some."""
    ruled, policy = table.policy_rule(stream, subject, view), table.policy_for(stream, subject, view)
    return Answer(
        tuple(held(table, role, stream, subject, view) for role in roles),
        policy.name,
        ruled.id if ruled is not None else "",
        (*stated(policy, ("act", "investigate")), *stated(table.sight_policy, ("blind",))),
        table.config_sha,
        view or "",
    )


def held(table: Ownership, role: Role, stream: Stream, subject: str, view: str | None = None) -> Held:
    """Say who has one role."""
    found = table.resolve(role, stream, subject, view)
    rule = next((rule for rule in table.rules if rule.id == found.rule), None) if found.rule else None
    return Held(
        found.role, found.party, found.rule, found.fallback, found.inherited_from,
        narrowness(rule.match.specificity) if rule is not None else "",
        tuple(destination.name for destination in table.parties[found.party].destinations),
        str(found.unowned or ""), found.losers,
    )  # fmt: skip


def stated(
    policy: EscalationPolicy, tiers: Sequence[Literal["act", "investigate", "blind"]] = ("act", "investigate", "blind")
) -> tuple[Stated, ...]:
    """Say what tiers expect."""
    return tuple(_stated(name, getattr(policy, name)) for name in tiers)


def narrowness(specificity: Specificity) -> str:
    """Say how narrow a rule is.

    >>> narrowness((3, 1, 0, 2, 0)), narrowness((0, 0, 0, 0, 0)), narrowness((1, 0, 1, 0, 0))
    ('one model, version, 2 segment keys', 'anything', 'a family, features by pattern')
    """
    model, version, feature, keys, view = specificity
    said = [
        ("", "a family", "models by pattern", "one model")[model],
        "version" if version else "",
        ("", "features by pattern", "one feature")[feature],
        f"{keys} segment key{'s' if keys > 1 else ''}" if keys else "",
        ("", "feature views by pattern", "one feature view")[view],
    ]
    return ", ".join(part for part in said if part) or "anything"


def _stated(name: str, tier: TierPolicy) -> Stated:
    ack, findings, decision = (
        span_text(span) if (span := getattr(tier.clocks, asked)) is not None else "" for asked in ASKED
    )
    return Stated(name, tier.told, ack, findings, decision, tier.steps)
