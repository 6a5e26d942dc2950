"""`driftwarden owners resolve`: whom the table names for a model or a feature, why, and what is expected of them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from alerting.finding import EventKind, Stream
from alerting.ownership import ROLES
from alerting.ownership_answer import Answer, answer
from service.cli.mistakes import Mistake
from service.cli.settings import ownership_of, settings_of
from service.lineage import lineage


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about; `role` is "" for all of them."""

    kind: EventKind
    model: str
    version: str
    segment: str
    feature: str
    role: str
    view: str = ""


def resolve(file: Path | None, config: Path | None, asked: Question, *, as_json: bool) -> int:
    """Print the answer as tables, or as one JSON object."""
    if asked.role and asked.role not in ROLES:
        raise Mistake(f"--role: {asked.role!r} is not a role; choose from {', '.join(ROLES)}")
    settings = settings_of(config)
    table = ownership_of(file if file is not None else settings.alerting.owners)
    stream = Stream(asked.kind, asked.model, asked.version, asked.segment)
    view = asked.view or lineage(settings).name_of(stream, asked.feature)
    found = answer(table, stream, asked.feature, [role for role in ROLES if asked.role in ("", role)], view)
    if as_json:
        print(msgspec.json.encode({**asdict(found), "asked": asdict(asked)}).decode())
        return 0
    for line in as_text(found):
        print(line)
    return 0


def as_text(found: Answer) -> Iterator[str]:
    """Say it line by line: the roles, the rules that lost, and what the policy expects at each tier."""
    if found.view:
        yield f"read from the feature view {found.view}"
        yield ""
    rows = [
        (held.role, held.party, held.why, ", ".join(held.contacts) or held.unowned or "nowhere") for held in found.roles
    ]
    yield from _table(("role", "party", "by", "reached at"), rows)
    lost = [f"  {held.role}: not {loser}" for held in found.roles for loser in held.losers]
    if lost:
        yield ""
        yield from lost
    yield ""
    yield f"policy {found.policy}, " + (
        f"by rule {found.policy_rule}" if found.policy_rule else "since no rule names one"
    )
    expected = [
        (tier.tier, ", ".join(tier.told), tier.ack, tier.findings or "-", tier.decision or "-", ", ".join(tier.steps))
        for tier in found.tiers
    ]
    yield from _table(("tier", "told at once", "acknowledged", "findings", "decision", "if not, in turn"), expected)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
