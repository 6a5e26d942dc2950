"""The budget in a sentence: what is promised to whom, what this baseline can see, or why no rate can be stated."""

from detectors.history import RATE_DAYS_MIN, History
from detectors.monitor_counts import MonitorName
from detectors.words import number
from service.gating import Budget, Gating
from service.store.changes import ModelKey


def budget_words(gating: Gating, key: ModelKey, name: MonitorName) -> str:
    """Say what the false-alarm budget behind a finding of a monitor is worth."""
    monitors = gating.monitors_of(key)
    place = monitors.names.index(name)
    budget = gating.budget_of(key, place)
    segment = name[0]
    history = monitors.baseline.history.get(segment, monitors.baseline.history.get(""))
    sentences = [promise(budget, history)]
    if place < monitors.histograms.monitors:
        sentences.append(sight(monitors.reach(place)))
    return " ".join(sentence for sentence in sentences if sentence)


def promise(budget: Budget, history: History | None) -> str:
    """Say how many false alarms are expected, or that no rate can be stated and why.

    >>> promise(Budget("fraud-ds", (30.0, 4.0, 1.0), 120), None)[:86]
    'No rate of false alarms is stated, since the baseline was fitted to rows without times'
    """
    names = ("digest", "ticket", "false page")
    digests, tickets, pages = (_count(rate, name) for rate, name in zip(budget.accepts, names, strict=True))
    rates = (
        f"at most {pages}, {tickets} and {digests} in 30 days for {budget.party}, over its "
        f"{_count(budget.monitors, 'monitor')}"
    )
    if history is not None and history.states_rate:
        return f"Expected at this setting: {rates}."
    return (
        f"No rate of false alarms is stated, since {too_short(history)}: how its events depend on each other is not "
        f"known. Were they independent: {rates}."
    )


def sight(reach: float) -> str:
    """Say the smallest shift of location that can ever be told from chance.

    >>> sight(0.0751), sight(float("inf"))
    ('The smallest lasting shift this baseline can see is 0.08 standard deviations.', 'This baseline can see no shift.')
    """
    if reach == float("inf"):
        return "This baseline can see no shift."
    return f"The smallest lasting shift this baseline can see is {reach:.2f} standard deviations."


def _count(amount: float, what: str) -> str:
    return f"{number(amount) if amount % 1 else f'{amount:,.0f}'} {what}{'' if amount == 1 else 's'}"


def too_short(history: History | None) -> str:
    """Say why the order in time that a baseline knows is not enough for a rate of false alarms.

    >>> too_short(None)
    'the baseline was fitted to rows without times'
    """
    if history is None:
        return "the baseline was fitted to rows without times"
    span = f"{history.days:.1f} days" if history.days >= 1 else f"{number(round(history.days * 1_440))} minutes"
    return f"the baseline spans {span} of the {RATE_DAYS_MIN} days it takes"
