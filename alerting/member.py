"""One monitor's part in an incident: from the breach that brought it in to the evaluations that clear it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from alerting.finding import Finding, Stream
from alerting.policy import Rules
from alerting.tiers import QUALITY, Tier

Key: TypeAlias = tuple[Stream, str, str]
"""(stream, subject, detector)"""

MemberState: TypeAlias = Literal["holding", "clearing", "blind", "clear"]
"""`blind`: its newest finding was insufficient; nothing is concluded from that."""


@dataclass(frozen=True, slots=True)
class Member:
    """A monitor that broke, over all the windows it is read in.

    `since` is the start of the window that first showed it, `seen_at` the end of the newest one read, and `clear_runs`
    how many findings in a row of each window have been clear. A member is held until `cleared_at` is set. `accepted` is
    the tier at which a person closed an incident while it held: it says nothing more until it rises above that.
    """

    segment: str
    subject: str
    detector: str
    tier: Tier
    peak: Finding
    since: datetime
    seen_at: datetime
    clear_runs: Mapping[str, int]
    state: MemberState = "holding"
    cleared_at: datetime | None = None
    accepted: Tier | None = None

    @property
    def key(self) -> Key:
        """What identifies it within its incident."""
        return (self.peak.stream, self.subject, self.detector)

    @property
    def held(self) -> bool:
        """True until it has cleared."""
        return self.cleared_at is None

    @property
    def loud(self) -> bool:
        """True unless a person has accepted it as it is."""
        return self.accepted is None or self.tier.rank > self.accepted.rank

    @property
    def precedence(self) -> tuple[bool, int, bool, bool]:
        """Sorts the telling ones first: news, higher tiers, held before cleared, broken data before what follows."""
        return (not self.loud, -self.tier.rank, not self.held, self.detector not in QUALITY)


def key_of(finding: Finding) -> Key:
    """Say which member of an incident a finding is about."""
    return (finding.stream, finding.subject, finding.detector)


def join(finding: Finding, tier: Tier) -> Member:
    """Make a member of the breach that brings it in."""
    return Member(
        finding.stream.segment, finding.subject, finding.detector, tier, finding, finding.since, finding.at, {}
    )


def take(member: Member, finding: Finding, rules: Rules) -> Member:
    """Read one finding into a held member.

    The tier only rises. Runs are counted per window, because windows disagree for good reasons: an hour after a repair
    the last five minutes are clear and the last day is not. Whichever window first has `clear_evaluations` clear
    findings in a row clears the member. An insufficient finding neither adds to a run nor breaks it.
    """
    member = replace(member, seen_at=finding.at)
    if finding.condition == "insufficient":
        return replace(member, state="blind")
    if not rules.ladder.clears(finding, member.tier):
        runs = {**member.clear_runs, finding.window: 0}
        state: MemberState = "clearing" if any(runs.values()) else "holding"
        return replace(_raised(member, finding, rules), clear_runs=runs, state=state)
    run = member.clear_runs.get(finding.window, 0) + 1
    runs = {**member.clear_runs, finding.window: run}
    if run >= rules.clear_evaluations:
        return replace(member, clear_runs=runs, state="clear", cleared_at=finding.at)
    return replace(member, clear_runs=runs, state="clearing")


def _raised(member: Member, finding: Finding, rules: Rules) -> Member:
    tier = rules.ladder.tier(finding)
    if tier is None:
        return member
    higher = tier if tier.rank > member.tier.rank else member.tier
    return replace(member, tier=higher, peak=finding if _weight(finding, tier) > _weight_of(member) else member.peak)


def _weight_of(member: Member) -> tuple[int, float]:
    return _weight(member.peak, member.tier)


def _weight(finding: Finding, tier: Tier) -> tuple[int, float]:
    return (tier.rank, finding.low if finding.low is not None else finding.value or 0.0)
