"""The words of notices. Names come from other people's events, so they are cut and cleaned before they are quoted."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerting import candidate
from alerting.advice import steps
from alerting.clocks import Clock
from alerting.evidence import Evidence, began
from alerting.finding import Stream
from alerting.incident import Incident, Intent
from alerting.policy import Policy
from alerting.route import Addressee
from alerting.tiers import FLOW, QUALITY, SELF_WATCH, Tier

NAME_CHARS_MAX = 120
REASON_CHARS_MAX = 300
LINE_CHARS_MAX = 380
DETAILED = 3
"""Members described in full; the others get one line each."""

BINS_SHOWN = 3

MOVED, WRONG, HAD_MOVED, EXPECTED = "What moved", "What is wrong", "What had moved", "What is expected"
EVIDENCE_HEADINGS = frozenset({MOVED, WRONG, HAD_MOVED})
"""What stands above the evidence in a text, for those who set the evidence out in another way."""

_LEADS = {
    Tier.OBSERVE: "has changed a little. Nothing is expected of you; this is for the record.",
    Tier.INVESTIGATE: "has changed, and somebody should find out why.",
    Tier.ACT: "has changed so much that it needs action now.",
    Tier.BLIND: "cannot be watched at the moment: whatever happens to it now goes unseen.",
}


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a text is made of."""

    incident: Incident
    intent: Intent
    addressee: Addressee
    evidence: Sequence[Evidence]
    asks: Sequence[Clock]
    links: Sequence[tuple[str, str]]
    policy: Policy
    why: str = ""
    ending: str = ""


def title(parts: Parts) -> str:
    """One line: the tier (or that it is over), whose model, what moved most and how much else did."""
    incident, first, stream = parts.incident, parts.evidence[0], parts.incident.stream
    label = _label(parts)
    others = len(incident.members) + incident.unlisted - 1
    more = f" and {others:,} more" if others else ""
    return f"[{label}] {clean(stream.model)} {clean(stream.version)}: {clean(first.subject)} ({first.detector}){more}"


_ENDINGS = {"recovered": "RESOLVED", "closed": "CLOSED", "reassigned": "IN OTHER HANDS", "duplicate": "PART OF ANOTHER"}
_HELD = {"acked": "ACKNOWLEDGED", "silenced": "SILENCED"}


def _label(parts: Parts) -> str:
    if parts.intent == "resolve":
        return _ENDINGS[parts.ending]
    tier = str(parts.incident.tier).upper()
    if parts.intent == "remind":
        return f"{tier}, REMINDER"
    held = _HELD.get(parts.incident.handling) if parts.intent == "update" else None
    return f"{tier}, {held}" if held else tier


def text(parts: Parts) -> str:
    """The whole notice, at most 60 lines."""
    return "\n".join(_resolved(parts) if parts.intent == "resolve" else _changed(parts)) + "\n"


def clean(name: str, chars_max: int = NAME_CHARS_MAX) -> str:
    r"""Make a name fit to be quoted on one line.

    >>> clean("income\nIGNORE THIS")
    'income IGNORE THIS'
    """
    printable = "".join(c if c.isprintable() else " " for c in name[: chars_max + 1])
    return printable if len(printable) <= chars_max else printable[: chars_max - 1] + "…"


def _changed(parts: Parts) -> Iterator[str]:
    incident = parts.incident
    if parts.why:
        yield from (parts.why, "")
    yield f"{_whose(incident.stream)} {_LEADS[incident.tier]}"
    if parts.intent == "raise":
        yield f"You have been told before; the tier is now {incident.tier}."
    yield ""
    yield MOVED if incident.tier is not Tier.BLIND else WRONG
    yield from _moved(parts)
    yield from _began(incident)
    yield ""
    yield "Why this tier"
    yield f"  {_why_tier(parts)}"
    yield ""
    yield "Who is told"
    yield from _who(parts)
    advice = steps(incident.tier, parts.evidence[0].detector)
    if advice:
        yield ""
        yield "What to do first"
        yield from (f"  {line}" for line in advice)
    if parts.asks:
        yield ""
        yield EXPECTED
        yield from (f"  {clock.what} by {_when(clock.by, parts.addressee.tz)}" for clock in parts.asks)
    yield ""
    if parts.evidence[0].budget:
        yield parts.evidence[0].budget
    yield from _links(parts)


def _resolved(parts: Parts) -> Iterator[str]:
    incident = parts.incident
    if parts.ending == "recovered":
        assert incident.resolved_at is not None, f"{incident.id} is told to have recovered, and is open"
        left = "say what it was when you close it" if parts.asks else "nothing more is expected of you"
        yield f"{_whose(incident.stream)} is back within its bounds; {left}."
        lasted = f"from {_utc(incident.opened_at)} to {_utc(incident.resolved_at)}"
        yield f"It lasted {lasted} and reached tier {incident.tier}."
    else:
        yield f"{_whose(incident.stream)} {_OVER[parts.ending]}; nothing more is expected of you."
        yield parts.why
    yield ""
    yield HAD_MOVED
    for item in parts.evidence:
        cleared = f"; clear since {_utc(item.cleared_at)}" if item.cleared_at else ""
        yield f"  {_place(item)}: {_effect(item, parts.policy)}{cleared}"
    yield from _rest(parts)
    yield ""
    yield "Who is told"
    yield from _who(parts)
    yield ""
    if parts.asks:
        yield "What is expected"
        by = _when(parts.asks[0].by, parts.addressee.tz)
        yield f"  Close it as {_DISPOSITIONS}, with a note, by {by}"
        yield ""
    if parts.ending == "recovered":
        yield "A repair does not show why it broke: note the cause where the next person will look."
    yield from _links(parts)


_DISPOSITIONS = "real drift, data bug, expected change, false alarm or duplicate"
_OVER = {
    "closed": "was looked into, and this is closed",
    "reassigned": "is in other hands",
    "duplicate": "is told of as part of something larger",
}


def _moved(parts: Parts) -> Iterator[str]:
    for rank, item in enumerate(parts.evidence, start=1):
        yield f"  {rank}. {_place(item)}: {_effect(item, parts.policy)}"
        if rank > DETAILED:
            continue
        against = f" against {item.reference_n:,} in the reference" if item.reference_n else ""
        yield f"     n = {item.n:,}{against}; window {item.window}, {_utc(item.since)} to {_utc(item.at)}"
        if item.reason:
            yield f"     {clean(item.reason, REASON_CHARS_MAX)}"
        if item.e_value is not None and item.e_needed is not None:
            yield f"     evidence {_power(item.e_value)} that it is no chance; this tier takes {_power(item.e_needed)}"
        if item.moves:
            bins = (f"{clean(m.label, 60)}: {m.expected:.1%} -> {m.observed:.1%}" for m in item.moves[:BINS_SHOWN])
            yield f"     share of events, reference -> now: {'; '.join(bins)}"
    yield from _rest(parts)


def _began(incident: Incident) -> Iterator[str]:
    first = min(member.since for member in incident.members)
    later = f"; first seen in a window that began {_utc(first)}" if first > began(incident) else ""
    if any(member.peak.onset for member in incident.members):
        yield f"  It began at about {_utc(began(incident))}, going back through the evidence{later}."
    else:
        yield f"  First seen in a window that began {_utc(first)}."
    if incident.tier is not Tier.BLIND:
        yield ""
        yield "What changed shortly before"
        yield from (
            f"  {clean(line, LINE_CHARS_MAX)}" for line in candidate.lines(incident.candidates, began(incident))
        )


def _rest(parts: Parts) -> Iterator[str]:
    rest = len(parts.incident.members) + parts.incident.unlisted - len(parts.evidence)
    if rest:
        yield f"  ... and {rest:,} more monitors, all with the same cause: one model version."


def _whose(stream: Stream) -> str:
    what = "Feature view" if stream.kind == "feature" else "Model"
    return f"{what} {clean(stream.model)}, version {clean(stream.version)},"


def _place(item: Evidence) -> str:
    where = f"segment {clean(item.segment)}" if item.segment else "all events"
    return f"{clean(item.subject)} in {where}"


def _effect(item: Evidence, policy: Policy) -> str:
    value = f" {item.value:.3g}" if item.value is not None else ""
    if item.low is None or item.high is None:
        return f"{item.detector}{value}"
    what = "change " if item.detector in QUALITY else ""
    return f"{item.detector}{value}, {what}{item.low:.3g} to {item.high:.3g} at {policy.confidence:.4g} confidence"


def _why_tier(parts: Parts) -> str:
    first, tier = parts.evidence[0], parts.incident.tier
    name = str(tier).capitalize()
    bound = parts.policy.ladder.bound(first.detector, tier)
    if first.detector in SELF_WATCH:
        return "Blind: the watcher itself is in trouble, which says nothing about the model, good or bad."
    if first.tier is not tier:
        return f"{name}: it was reached earlier in this incident, and a tier does not fall before the end."
    if first.detector in FLOW:
        return f"{name}: its events stopped or are not as many as they were; this tier is fixed."
    if parts.policy.ladder.by_value and first.detector in ("psi", "ks"):
        return (
            f"{name}: {first.detector} passed its fixed threshold; under that policy no budget of false alarms holds."
        )
    if bound is None or first.low is None:
        return f"{name}: {first.detector} gives no interval, so it earns no higher tier."
    return f"{name}: even the lower bound of {first.detector}, {first.low:.3g}, reached {bound:g}."


def _who(parts: Parts) -> Iterator[str]:
    addressee, stream = parts.addressee, parts.incident.stream
    role = addressee.role.replace("_", " ")
    if parts.incident.tier is Tier.BLIND:
        yield f"  {addressee.party}, who looks after this service."
        return
    if not addressee.fallback:
        inherited = f", taken over from the {addressee.inherited_from}" if addressee.inherited_from else ""
        yield f"  {addressee.party}, as {role} by rule {addressee.rule}{inherited}."
        return
    field = "feature_view" if stream.kind == "feature" else "model"
    name = json.dumps(clean(stream.model), ensure_ascii=False)
    yield f"  {addressee.party}, as the fallback: no rule names {_a(role)} for {clean(stream.model)}."
    yield f"  To mend this, add to the rules in {parts.policy.owners_file}, with the right party:"
    yield f"  - {{id: {name}, match: {{{field}: {name}}}, assign: {{{addressee.role}: PARTY}}}}"


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _links(parts: Parts) -> Iterator[str]:
    yield from (f"{name}: {url}" for name, url in parts.links)
    yield f"Incident id: {parts.incident.id}, episode {parts.incident.episode} of this cause"


def _power(exponent: float) -> str:
    return f"10^{exponent:.1f}"


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _when(at: datetime, tz: str) -> str:
    if tz == "UTC":
        return f"{at:%a %Y-%m-%d %H:%M} UTC"
    return f"{at:%a %Y-%m-%d %H:%M} UTC ({at.astimezone(ZoneInfo(tz)):%a %H:%M} {tz})"
