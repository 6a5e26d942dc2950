"""A notice as it lies in a delivery, read back for whoever sets it out for people: mail and chat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from alerting.audit import Json
from alerting.outbox import Delivery
from alerting.tiers import QUALITY
from alerting.wording import REASON_CHARS_MAX, clean

URL_CHARS_MAX = 2_000
TITLE_CHARS_MAX = 500
SHARES_MAX = 3

_HANDLED = {"new": "not acknowledged yet", "notified": "not acknowledged yet", "acked": "acknowledged"}
_ENDED = {"recovered": "resolved", "reassigned": "in other hands", "duplicate": "part of another incident"}


@dataclass(frozen=True, slots=True)
class Moved:
    """One row of evidence in words: names are cut and cleaned, and escaped for no markup yet."""

    place: str
    effect: str
    counts: str
    reason: str = ""
    shares: str = ""
    evidence: str = ""
    cleared: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that is expected, and by when (UTC)."""

    what: str
    by: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What a delivery tells. `lead` is the first line of `text`; `others` counts members that are no row of `moved`.

    `actions` are signed links, which do something for whoever follows them; they are not among `links`.
    `handling`, `by`, `until` and `ending` are those of the notice's standing; `picture_svg` is "" where there is none.
    """

    intent: str
    incident: str
    tier: str
    title: str
    text: str
    lead: str
    party: str
    role: str
    moved: tuple[Moved, ...]
    others: int
    asks: tuple[Ask, ...]
    links: tuple[tuple[str, str], ...]
    at: datetime | None
    opened_at: datetime | None
    episode: int
    condition: str
    handling: str
    by: str
    until: datetime | None
    ending: str
    picture_svg: str
    actions: tuple[tuple[str, str], ...] = ()

    @property
    def over(self) -> bool:
        """True for the last notice of an incident."""
        return self.intent == "resolve"

    @property
    def standing(self) -> str:
        """Say in a few words what people have done about it, without the time until which it holds."""
        if self.over:
            said = _ENDED.get(self.ending, self.ending or "over")
        else:
            said = _HANDLED.get(self.handling, self.handling or "not acknowledged yet")
        return f"{said} by {self.by}" if self.by else said


def told(delivery: Delivery) -> Told:
    """Read a delivery's payload; what an older version did not write is empty."""
    about = _mapping(delivery.payload.get("data"))
    standing = _mapping(about.get("standing"))
    rows = [_mapping(item) for item in _items(about.get("evidence"))]
    text = _text(about, "text")
    return Told(
        intent=delivery.intent, incident=delivery.incident_id, tier=_text(about, "tier"),
        title=clean(_text(about, "title"), TITLE_CHARS_MAX), text=text, lead=text.partition("\n")[0],
        party=clean(_text(about, "party")), role=_text(about, "role").replace("_", " "),
        moved=tuple(_moved(row) for row in rows), others=max(0, _count(about, "members") - len(rows)),
        asks=tuple(_asks(about)), links=tuple(_links(about, signed=False)), at=_time(delivery.payload.get("timestamp")),
        opened_at=_time(standing.get("opened_at")), episode=_count(standing, "episode"),
        condition=clean(_text(standing, "condition")), handling=clean(_text(standing, "handling")),
        by=clean(_text(standing, "by")), until=_time(standing.get("until")),
        ending=clean(_text(standing, "ending")), picture_svg=_text(about, "picture_svg"),
        actions=tuple(_links(about, signed=True)),
    )  # fmt: skip


def utc(at: datetime) -> str:
    """Write a time as notices do."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _moved(row: Mapping[str, Json]) -> Moved:
    segment = _text(row, "segment")
    where = f"segment {clean(segment)}" if segment else "all events"
    since, at = _time(row.get("since")), _time(row.get("at"))
    window = f"; window {_text(row, 'window')}, {utc(since)} to {utc(at)}" if since and at else ""
    reference = _count(row, "reference_n")
    against = f" against {reference:,} in the reference" if reference else ""
    e, needed = _number(row, "e_value"), _number(row, "e_needed")
    cleared = _time(row.get("cleared_at"))
    return Moved(
        place=f"{clean(_text(row, 'subject'))} in {where}",
        effect=_effect(row),
        counts=f"n = {_count(row, 'n'):,}{against}{window}",
        reason=clean(_text(row, "reason"), REASON_CHARS_MAX),
        shares="; ".join(_shares(row)),
        evidence=f"evidence 10^{e:.1f}, and this tier takes 10^{needed:.1f}" if e and needed else "",
        cleared=f"clear since {utc(cleared)}" if cleared else "",
    )


def _effect(row: Mapping[str, Json]) -> str:
    detector = _text(row, "detector")
    value, low, high = (_number(row, name) for name in ("value", "low", "high"))
    said = f"{detector} {value:.3g}" if value is not None else detector
    if low is None or high is None:
        return said
    return f"{said}, {'change ' if detector in QUALITY else ''}{low:.3g} to {high:.3g}"


def _shares(row: Mapping[str, Json]) -> Sequence[str]:
    moves = [_mapping(move) for move in _items(row.get("moves"))][:SHARES_MAX]
    return [
        f"{clean(_text(move, 'label'), 60)}: {_share(move, 'expected')} → {_share(move, 'observed')}" for move in moves
    ]


def _share(move: Mapping[str, Json], name: str) -> str:
    value = _number(move, name)
    return f"{value:.1%}" if value is not None else "?"


def _asks(about: Mapping[str, Json]) -> Sequence[Ask]:
    asks = [_mapping(ask) for ask in _items(about.get("asks"))]
    return [Ask(clean(_text(ask, "what")), by) for ask in asks if (by := _time(ask.get("by"))) is not None]


def _links(about: Mapping[str, Json], *, signed: bool) -> Sequence[tuple[str, str]]:
    """Give the links that a browser opens and that fit a message; a longer one would be cut, and lead nowhere."""
    links = [_mapping(link) for link in _items(about.get("links"))]
    found = [
        (clean(_text(link, "text")), _text(link, "url")) for link in links if bool(_text(link, "action")) is signed
    ]
    return [
        (text, url)
        for text, url in found
        if url.startswith(("https://", "http://")) and len(url) <= URL_CHARS_MAX and clean(url, URL_CHARS_MAX) == url
    ]


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _items(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()


def _text(place: Mapping[str, Json], name: str) -> str:
    value = place.get(name)
    return value if isinstance(value, str) else ""


def _number(place: Mapping[str, Json], name: str) -> float | None:
    value = place.get(name)
    return float(value) if isinstance(value, int | float) else None


def _count(place: Mapping[str, Json], name: str) -> int:
    value = place.get(name)
    return value if isinstance(value, int) else 0


def _time(value: Json) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value[:1].isdigit() else None
