"""What a delivery says, read out of its payload for destinations that want it in a form of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerting.audit import Json
from alerting.outbox import Delivery
from alerting.tiers import Tier


@dataclass(frozen=True, slots=True)
class Message:
    """The payload of `Notice.to_payload`, typed; times are aware.

    `links` holds (text, address) of what can be opened in a browser: others could cost the whole message at a
    destination that checks them. `asks` holds (what, by when).
    """

    tier: Tier
    at: datetime
    title: str
    text: str
    party: str
    role: str
    incident: str
    model: str
    version: str
    segment: str
    subject: str
    detector: str
    members: int
    episode: int
    opened_at: datetime
    condition: str
    handling: str
    by: str
    until: datetime | None
    ending: str
    evidence: tuple[Json, ...]
    asks: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]

    @property
    def page(self) -> str:
        """Address of the incident's own page, else of the first link, else ""."""
        named = dict(self.links)
        return named.get("Incident") or next(iter(named.values()), "")

    @property
    def runbook(self) -> str:
        """Address of what to do, "" when nobody has given one."""
        return dict(self.links).get("Runbook", "")

    @property
    def held_by(self) -> str:
        """Who holds the incident and how long, as a person reads it; "" while nobody does."""
        if self.handling not in ("acked", "silenced"):
            return ""
        what = "acknowledged" if self.handling == "acked" else "silenced"
        return f"{what}{f' by {self.by}' if self.by else ''}{f' until {self.until.isoformat()}' if self.until else ''}"


def message_of(delivery: Delivery) -> Message:
    """Read a payload; a field that is not there is a bug of ours and raises KeyError."""
    told = _mapping(delivery.payload["data"])
    standing = _mapping(told["standing"])
    at = datetime.fromisoformat(str(delivery.payload["timestamp"]))
    links = [_mapping(link) for link in _items(told["links"])]
    asks = [_mapping(ask) for ask in _items(told["asks"])]
    texts = ("title", "text", "party", "role", "incident", "model", "version", "segment", "subject", "detector")
    return Message(
        **{name: str(told[name]) for name in texts},
        **{name: str(standing[name]) for name in ("condition", "handling", "by", "ending")},
        tier=Tier(told["tier"]), at=at, members=_whole(told["members"]), episode=_whole(standing["episode"]),
        opened_at=_time(standing["opened_at"]) or at, until=_time(standing["until"]),
        evidence=tuple(_items(told["evidence"])),
        asks=tuple((str(ask["what"]), str(ask["by"])) for ask in asks),
        links=tuple((str(x["text"]), str(x["url"])) for x in links if _opens(str(x["url"]))),
    )  # fmt: skip


def cut(text: str, chars_max: int) -> str:
    """Shorten a text, and show that it was.

    >>> cut("a long story", 7)
    'a long…'
    """
    return text if len(text) <= chars_max else text[: chars_max - 1] + "…"


def _opens(url: str) -> bool:
    return url.startswith(("https://", "http://")) and not any(c.isspace() for c in url)


def _time(value: Json) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))


def _whole(value: Json) -> int:
    assert isinstance(value, int), f"{value!r} is not a whole number"
    return value


def _items(value: Json) -> list[Json]:
    assert isinstance(value, list), f"{value!r} is not a list"
    return value


def _mapping(value: Json) -> Mapping[str, Json]:
    assert isinstance(value, dict), f"{value!r} is not an object"
    return value
