"""What is promised to every party and what every model version can see, gathered from the store and the table."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from alerting.ownership import Ownership
from detectors.baseline import Baseline
from detectors.history import RATE_DAYS_MIN
from detectors.monitors import Monitors
from detectors.sight import blind_subjects
from service.budget_words import too_short
from service.gating import Gating
from service.lineage import lineage
from service.sequential import SequenceState
from service.settings import Settings
from service.store.changes import ModelKey

SEASONS = {0: "none", 24: "daily", 168: "weekly"}


@dataclass(slots=True)
class PartyRow:
    """What a party accepts in 30 days, and the decimal logarithm of the evidence one monitor alone needs for a page.

    `refused` are those of its `versions` for which no rate can be stated.
    """

    party: str
    monitors: int
    digests: float
    tickets: float
    pages: float
    page_takes_log10: float
    versions: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shift:
    """The smallest lasting shift that is seen in a numeric subject, in standard deviations."""

    subject: str
    deviations: float


@dataclass(frozen=True, slots=True)
class VersionRow:
    """What the baseline of a model version knows: shifts and blind subjects are those of all its events together.

    `days`, `season` and `design_effect`, the largest, are None without an order in time; `most_dependent` is the
    subject that has it. `unseen_shifts` names numeric subjects of which single bins are watched, but whose location
    wanders so much that no shift of it is ever told from chance. `refusal` says why no rate can be stated.
    """

    kind: str
    model: str
    version: str
    baseline: str
    segments: int
    days: float | None
    season: str | None
    design_effect: float | None
    most_dependent: str
    best: Shift | None
    worst: Shift | None
    unseen_shifts: tuple[str, ...]
    blind: Mapping[str, str]
    refusal: str

    @property
    def name(self) -> str:
        """The model version in a sentence."""
        return f"{self.model} {self.version}" + (" (features)" if self.kind == "feature" else "")


def version_row(key: ModelKey, monitors: Monitors) -> VersionRow:
    """Read what one model version can see."""
    frozen = monitors.baseline
    history = frozen.history.get("")
    blind = blind_subjects(monitors)
    first = list(frozen.reference).index("") * len(frozen.subjects)
    numeric = [
        Shift(subject.name, round(monitors.reach(first + place), 4))
        for place, subject in enumerate(frozen.subjects)
        if subject.kind == "numeric" and subject.name not in blind and frozen.layout.unusable[place] > 1
    ]
    reaches = sorted((s for s in numeric if math.isfinite(s.deviations)), key=lambda s: (s.deviations, s.subject))
    return VersionRow(
        kind=key.kind, model=key.model, version=key.version, baseline=frozen.id, segments=len(frozen.reference) - 1,
        days=None if history is None else round(history.days, 2),
        season=None if history is None else SEASONS[len(history.slots)],
        design_effect=None if history is None else float(history.effects.max(initial=1.0)),
        most_dependent="" if history is None else frozen.subjects[int(history.effects.max(axis=1).argmax())].name,
        best=reaches[0] if reaches else None, worst=reaches[-1] if reaches else None,
        unseen_shifts=tuple(shift.subject for shift in numeric if math.isinf(shift.deviations)),
        blind=blind, refusal=refusal(frozen),
    )  # fmt: skip


def refusal(frozen: Baseline) -> str:
    """Say why no rate of false alarms can be stated for a baseline; "" when one can."""
    whole = frozen.history.get("")
    if whole is None or not whole.states_rate:
        return too_short(whole)
    short = [
        segment
        for segment in frozen.reference
        if (history := frozen.history.get(segment)) is not None and not history.states_rate
    ]
    if not short:
        return ""
    named = listed([f"{segment!r}" for segment in short])
    return f"segment{'s'[: len(short) > 1]} {named} of its baseline span less than {RATE_DAYS_MIN} days"


def party_rows(
    settings: Settings, ownership: Ownership, watched: Mapping[ModelKey, Baseline]
) -> tuple[list[PartyRow], list[VersionRow]]:
    """Share the budgets as the service does at an evaluation, before any evidence has come in."""
    gating = Gating(settings.detection, lambda: ownership, settings.time.tick_seconds, lineage(settings))
    gating.raise_levels(watched, {key: SequenceState() for key in watched}, 0)
    versions = []
    rows: dict[str, PartyRow] = {}
    for key in watched:
        versions.append(version_row(key, gating.monitors_of(key)))
        owners = gating.parties_of(key)
        for party in dict.fromkeys(owners):
            budget = gating.budgets[party]
            takes = math.log10(gating.gathered(key).needed(owners.index(party), len(budget.accepts)))
            row = rows.setdefault(party, PartyRow(party, budget.monitors, *budget.accepts, round(takes, 2)))
            row.versions.append(versions[-1].name)
            if versions[-1].refusal:
                row.refused.append(versions[-1].name)
    return sorted(rows.values(), key=lambda row: row.party), versions


def listed(names: Iterable[str], most: int = 5) -> str:
    """List names, the first few of many.

    >>> listed("abc"), listed("abcdefgh")
    ('a, b, c', 'a, b, c, d, e and 3 more')
    """
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
