"""Who owns what: the table in force, and how it is asked. Per role, the most specific rule wins; nothing is lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias, get_args

from alerting.allowance import Allowance
from alerting.escalation_policy import DEFAULT, EscalationPolicy
from alerting.finding import Stream
from alerting.globs import is_glob, matches
from alerting.route import Addressee, Destination, Role, Route
from alerting.unowned import Unowned

ROLES: tuple[Role, ...] = get_args(Role)

Specificity: TypeAlias = tuple[int, int, int, int, int]
"""(model: exact 3, glob 2, family 1; version; feature: exact 2, glob 1; segment keys; feature view); 0 is any."""


@dataclass(frozen=True, slots=True)
class Party:
    """A person or a team, where it is reached, and how many false alarms it accepts.

    As written, in its own time zone: `hours` when it works ("" for Mon-Fri 09:00-17:00), `quiet` when it is not to be
    told of what can wait ("" for never).
    """

    name: str
    destinations: tuple[Destination, ...]
    tz: str = "UTC"
    hours: str = ""
    allowance: Allowance = field(default_factory=Allowance)
    quiet: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule is about; None matches anything.

    `segment` holds what each key must be. A stream's segment reads `key=value,key=value`; any other text is one value
    under the key "". In a stream of feature events, the stream's model is the feature view.
    """

    family: str | None = None
    model: str | None = None
    version: str | None = None
    segment: Mapping[str, str] | None = None
    feature: str | None = None
    feature_view: str | None = None

    @property
    def specificity(self) -> Specificity:
        """How narrow it is: compared from left to right, the larger wins."""
        model = _narrow(self.model) + 1 if self.model is not None else int(self.family is not None)
        return (
            model, int(self.version is not None), _narrow(self.feature), len(self.segment or {}),
            _narrow(self.feature_view),
        )  # fmt: skip

    def covers(self, stream: Stream, subject: str, view: str | None, families: Mapping[str, tuple[str, ...]]) -> bool:
        """Say whether the rule is about a subject of a stream."""
        model = None if stream.kind == "feature" else stream.model
        pairs = segment_pairs(stream.segment)
        return (
            _fits(self.model, model)
            and (self.family is None or any(_fits(glob, model) for glob in families.get(self.family, ())))
            and self.version in (None, stream.version)
            and _fits(self.feature, subject)
            and _fits(self.feature_view, stream.model if stream.kind == "feature" else view)
            and all(pairs.get(key) == value for key, value in (self.segment or {}).items())
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table; `policy` is "" where it says nothing about deadlines and steps.

    `unowned` has the roles that are NOBODY's on purpose; `assign` has them too.
    """

    id: str
    match: Match
    assign: Mapping[Role, str]
    review_by: date | None = None
    policy: str = ""
    unowned: Mapping[Role, Unowned] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loser:
    """A rule that would have named somebody, and why it did not."""

    rule: str
    party: str
    why: str

    def __str__(self) -> str:
        return f"{self.party} (rule {self.rule}): {self.why}"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who has a role for one subject of one stream; `rule` is "" for the fallback.

    Where the rule leaves the role empty on purpose, the party is NOBODY and `unowned` says why and until when.
    """

    role: Role
    party: str
    rule: str
    fallback: bool
    losers: tuple[Loser, ...] = ()
    inherited_from: Role | None = None
    unowned: Unowned | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """The whole table, checked; `config_sha` is the SHA-256 of the text it was read from."""

    parties: Mapping[str, Party]
    fallback: Mapping[Role, str]
    rules: tuple[Rule, ...]
    families: Mapping[str, tuple[str, ...]]
    config_sha: str
    warnings: tuple[str, ...] = ()
    policies: Mapping[str, EscalationPolicy] = field(default_factory=dict)

    def resolve(self, role: Role, stream: Stream, subject: str, feature_view: str | None = None) -> Resolution:
        """Say who has a role; somebody always has it, unless a rule leaves it to nobody on purpose.

        First the most specific rule that names the role; a data steward that no rule names is the owner that a rule
        names; then the fallback for the role, and where that is not given, the fallback for the owner.
        """
        covering = [
            rule
            for rule in self.rules
            if role in rule.assign and rule.match.covers(stream, subject, feature_view, self.families)
        ]
        if covering:
            covering.sort(key=lambda rule: rule.match.specificity, reverse=True)
            winner = covering[0]
            losers = tuple(Loser(r.id, r.assign[role], _why(r.match, winner)) for r in covering[1:])
            unowned = winner.unowned.get(role)
            return Resolution(role, winner.assign[role], winner.id, fallback=False, losers=losers, unowned=unowned)
        if role == "data_steward":
            owner = self.resolve("owner", stream, subject, feature_view)
            if not owner.fallback:
                return replace(owner, role=role, inherited_from="owner")
        return Resolution(role, self.fallback.get(role, self.fallback["owner"]), "", fallback=True)

    def route(self, stream: Stream, subject: str, feature_view: str | None = None) -> Route:
        """Resolve everybody an incident led by this subject may concern, with their destinations, to be frozen."""
        of = {role: self.addressee(role, stream, subject, feature_view) for role in ROLES}
        return Route(
            owner=of["owner"], data_steward=of["data_steward"], responder=of["responder"],
            config_sha=self.config_sha, technical_lead=of["technical_lead"], compliance=of["compliance"],
            executive=of["executive"], fallback=self.sight_route().owner,
            policy=self.policy_for(stream, subject, feature_view),
        )  # fmt: skip

    def policy_for(self, stream: Stream, subject: str, feature_view: str | None = None) -> EscalationPolicy:
        """Give the policy of the most specific rule that names one, else the default of the table."""
        named = self.policy_rule(stream, subject, feature_view)
        return self.policies[named.policy] if named is not None else self.policies.get("default", DEFAULT)

    def policy_rule(self, stream: Stream, subject: str, feature_view: str | None = None) -> Rule | None:
        """Give the most specific rule that names a policy for a subject."""
        covering = [
            rule for rule in self.rules
            if rule.policy and rule.match.covers(stream, subject, feature_view, self.families)
        ]  # fmt: skip
        return max(covering, key=lambda rule: rule.match.specificity, default=None)

    def sight_route(self) -> Route:
        """Give the route of incidents about the service's own sight: whoever is the fallback for responder."""
        platform = self.addressee_of("responder", self.fallback.get("responder", self.fallback["owner"]))
        executive = self.addressee_of("executive", self.fallback.get("executive", self.fallback["owner"]))
        return Route(
            platform, platform, platform, self.config_sha, executive=executive, fallback=platform,
            policy=self.sight_policy,
        )  # fmt: skip

    @property
    def sight_policy(self) -> EscalationPolicy:
        """The policy of incidents about the service's own sight, which are nobody's model: the table's default."""
        return self.policies.get("default", DEFAULT)

    def addressee(self, role: Role, stream: Stream, subject: str, feature_view: str | None = None) -> Addressee:
        """Resolve one role, with the destinations of whoever has it."""
        found = self.resolve(role, stream, subject, feature_view)
        named = self.addressee_of(role, found.party)
        return replace(named, rule=found.rule, fallback=found.fallback, inherited_from=found.inherited_from)

    def addressee_of(self, role: Role, party: str) -> Addressee:
        """Address a party in a role that no rule gave it; raises KeyError when the table has no such party."""
        known = self.parties[party]
        return Addressee(role, known.name, "", False, known.destinations, known.tz, known.hours, quiet=known.quiet)

    @property
    def mailed(self) -> tuple[str, ...]:
        """Name the parties that are told by mail."""
        return tuple(
            name for name, party in self.parties.items() if any(where.sink == "email" for where in party.destinations)
        )

    def overdue(self, today: date) -> tuple[str, ...]:
        """Name the rules whose `review_by` has passed."""
        return tuple(
            f"rule {rule.id} was to be reviewed by {rule.review_by}: check it and move the date"
            for rule in self.rules
            if rule.review_by is not None and rule.review_by < today
        )


def segment_pairs(segment: str) -> dict[str, str]:
    """Read a segment's name as the keys and values it is made of.

    >>> segment_pairs("country=NO,device=ios"), segment_pairs("vip")
    ({'country': 'NO', 'device': 'ios'}, {'': 'vip'})
    """
    if not segment:
        return {}
    parts = [part.partition("=") for part in segment.split(",")]
    if any(not key or not equals for key, equals, _ in parts):
        return {"": segment}
    return {key.strip(): value.strip() for key, _, value in parts}


def _fits(pattern: str | None, name: str | None) -> bool:
    return pattern is None or (name is not None and matches(pattern, name))


def _narrow(pattern: str | None) -> int:
    """2 for one name, 1 for a pattern, 0 for anything."""
    return 0 if pattern is None else 1 if is_glob(pattern) else 2


_PLACES = ("model", "version", "feature", "segment", "feature view")


def _why(match: Match, winner: Rule) -> str:
    pairs = zip(_PLACES, match.specificity, winner.match.specificity, strict=True)
    place = next((name for name, mine, its in pairs if mine != its), "")
    return f"rule {winner.id} is more specific in {place}" if place else f"rule {winner.id} says the same"
