"""`driftwarden budget show`: what every party accepts, what that takes, and whether it is a guarantee."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from detectors.history import RATE_DAYS_MIN
from service.cli.budget_rows import PartyRow, Shift, VersionRow, listed, party_rows
from service.cli.mistakes import Mistake
from service.cli.screen import screen
from service.cli.settings import ownership_of, settings_of, store_of
from service.evaluate import WATCHED_KINDS
from service.settings import Settings
from service.store.learning import ModelVersion, model_versions
from service.watchlist import Watchlist


def show(config: Path | None, *, as_json: bool) -> int:
    """Print parties and model versions; nothing is changed in the store, which a service may be using."""
    settings = settings_of(config)
    ownership = ownership_of(settings.alerting.owners)
    with store_of(settings, read_only=True) as store:
        known = [version for version in model_versions(store) if version.key.kind in WATCHED_KINDS]
        watchlist = Watchlist(store, settings.limits.models_max, learn=False)
        watchlist.refresh()
    watched = {key: frozen for key, frozen in watchlist.watched().items() if key.kind in WATCHED_KINDS}
    learning = [version for version in known if version.key not in watched]
    if not watched:
        raise Mistake(_nothing(settings, learning))
    parties, versions = party_rows(settings, ownership, watched)
    if as_json:
        told = {
            "policy": settings.detection.policy,
            "parties": [_guaranteed(row, settings) for row in parties],
            "models": [asdict(row) for row in versions],
            "learning": [
                {"kind": one.key.kind, "model": one.key.model, "version": one.key.version, "learned": one.learned}
                for one in learning
            ],
        }
        print(msgspec.json.encode(told).decode())
        return 0
    console = screen()
    _print_parties(console, parties, gated=_gated(settings))
    _print_versions(console, versions)
    for sentence in _sentences(settings, versions, learning):
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    return 0


def _gated(settings: Settings) -> bool:
    return settings.detection.policy == "budget"


def _guaranteed(row: PartyRow, settings: Settings) -> dict[str, object]:
    return asdict(row) | {"guaranteed": _gated(settings) and not row.refused}


def _print_parties(console: Console, rows: Sequence[PartyRow], *, gated: bool) -> None:
    table = Table(title="False alarms accepted in 30 days", title_justify="left", title_style="bold")
    table.add_column("party", overflow="fold")
    for heading in ("monitors", "digests", "tickets", "pages", "one monitor alone\nneeds for a page"):
        table.add_column(heading, justify="right")
    table.add_column("guaranteed")
    for row in rows:
        accepts = [f"{rate:,.3g}" for rate in (row.digests, row.tickets, row.pages)]
        takes = f"10^{row.page_takes_log10:.1f}"
        table.add_row(row.party, f"{row.monitors:,}", *accepts, takes, _promise(row) if gated else "no")
    console.print(table)
    console.print()


def _promise(row: PartyRow) -> str:
    """Say for which model versions the accepted rate is a guarantee.

    >>> _promise(PartyRow("risk", 9, 30, 4, 1, 5.6, ["a 1", "b 1"], ["b 1"]))
    'no: not for 1 of 2 model versions (b 1)'
    """
    total = len(row.versions)
    of = f"{total:,} model version{'s' if total > 1 else ''}"
    if not row.refused:
        return f"yes, for {'all ' if total > 1 else ''}{of}"
    return f"no: not for {len(row.refused):,} of {of} ({listed(row.refused, 3)})"


def _print_versions(console: Console, rows: Sequence[VersionRow]) -> None:
    table = Table(title="What each baseline knows", title_justify="left", title_style="bold")
    for heading in ("kind", "model", "version", "baseline"):
        table.add_column(heading, overflow="fold")
    for heading in ("days", "season"):
        table.add_column(heading, justify="right" if heading == "days" else "left")
    table.add_column("largest\ndesign effect")
    table.add_column("smallest lasting shift seen\n(standard deviations)")
    table.add_column("blind")
    for row in rows:
        table.add_row(
            row.kind, row.model, row.version, row.baseline,
            "unknown" if row.days is None else f"{row.days:.1f}",
            row.season or "unknown",
            _effect(row),
            _shifts(row.best, row.worst, row.unseen_shifts),
            listed(row.blind) or "none",
        )  # fmt: skip
    console.print(table)


def _effect(row: VersionRow) -> str:
    if row.design_effect is None:
        return "unknown"
    return f"{row.design_effect:.3g} ({row.most_dependent})" if row.design_effect > 1 else "1"


def _shifts(best: Shift | None, worst: Shift | None, unseen: Sequence[str]) -> str:
    """Say what is seen soonest, what latest, and of what no shift is seen.

    >>> _shifts(Shift("income", 0.051), Shift("age", 0.2), ["score"])
    '0.05 (income) to 0.20 (age); never: score'
    >>> _shifts(Shift("income", 0.051), Shift("age", 0.052), []), _shifts(None, None, [])
    ('0.05', 'none')
    """
    said = []
    if best is not None and worst is not None:
        first, last = (f"{shift.deviations:.2f}" for shift in (best, worst))
        said.append(first if first == last else f"{first} ({best.subject}) to {last} ({worst.subject})")
    if unseen:
        said.append(f"never: {listed(unseen)}")
    return "; ".join(said) or "none"


def _sentences(settings: Settings, rows: Sequence[VersionRow], learning: Sequence[ModelVersion]) -> list[str]:
    said = []
    if not _gated(settings):
        said.append(
            "No budget is kept: detection.policy is 'fixed', so fixed thresholds decide what is told; "
            "set it to 'budget' to keep what the parties accept."
        )
    said += [
        f"No rate is guaranteed for {row.name}, since {row.refusal}; fit it to more rows with `driftwarden baseline "
        f"fit FILE --model {row.model} --version {row.version}{' --kind feature' if row.kind == 'feature' else ''} "
        f"--time COLUMN`, to at least {RATE_DAYS_MIN} days of them."
        for row in rows
        if row.refusal
    ]
    if learning:
        names = listed(f"{one.key.model} {one.key.version} ({one.learned:,} events)" for one in learning)
        said.append(
            f"Still learning, so that nobody is told of them yet: {names} of {settings.baseline.learn_events:,}."
        )
    return said


def _nothing(settings: Settings, learning: Sequence[ModelVersion]) -> str:
    fit = "`driftwarden baseline fit FILE --model MODEL --version VERSION --time COLUMN`"
    if not learning:
        return f"store.url: {settings.store.url} holds no model version yet; send events, or make a baseline with {fit}"
    names = listed(f"{one.key.model} {one.key.version} ({one.learned:,} events)" for one in learning)
    return (
        f"store.url: no model version in {settings.store.url} has a baseline yet; still learning: {names}, of "
        f"{settings.baseline.learn_events:,}; wait for them, or make a baseline with {fit}"
    )
