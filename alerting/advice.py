"""What to do first, by what broke and how urgent it is, and where the runbook says more."""

from typing import Literal, TypeAlias

from alerting.tiers import FLOW, QUALITY, SELF_WATCH, UNBUDGETED, Tier

Trouble: TypeAlias = Literal["data", "stream", "flow", "drift", "sight", "ownership"]

ANCHORS: dict[str, str] = {
    "esr": "evidence-esr",
    "psi": "distributions-psi-ks",
    "ks": "distributions-psi-ks",
    "missing": "broken-values-missing-not_finite-wrong_type",
    "not_finite": "broken-values-missing-not_finite-wrong_type",
    "wrong_type": "broken-values-missing-not_finite-wrong_type",
    "unseen": "strange-values-unseen-out_of_range",
    "out_of_range": "strange-values-unseen-out_of_range",
    "unknown_features": "strange-events-unknown_features-duplicates",
    "duplicates": "strange-events-unknown_features-duplicates",
    "volume": "the-stream-itself-volume-freshness",
    "freshness": "the-stream-itself-volume-freshness",
    "adwin": "means-adwin",
}
"""By detector: the heading of docs/runbook.md that is about it, as a page names it in its address."""

_SIGHT = "when-we-are-the-problem"

_STEPS: dict[tuple[Trouble, Tier], tuple[str, ...]] = {
    ("data", Tier.ACT): (
        "Ask whoever fills it what changed at the source, and look at the last run of the pipeline.",
        "Roll the data back, or let the model fall back to a safe value, before its decisions are acted on.",
        "Do not fit a baseline to broken data: the break would become the new normal.",
    ),
    ("data", Tier.INVESTIGATE): (
        "Ask whoever fills it what changed at the source, and look at the last run of the pipeline.",
        "Repair it and fill in what was missed; the incident resolves by itself.",
        "Do not fit a baseline to broken data: the break would become the new normal.",
    ),
    ("stream", Tier.ACT): ("Look at what sends the events: a release of it, or a sender that runs twice.",),
    ("stream", Tier.INVESTIGATE): ("Look at what sends the events: a release of it, or a sender that runs twice.",),
    ("flow", Tier.ACT): (
        "Check that the model service runs and reaches us, before you look at the model.",
        "If it was stopped or its traffic moved on purpose, nothing more is to be done.",
    ),
    ("flow", Tier.INVESTIGATE): (
        "Check that the model service runs and reaches us, before you look at the model.",
        "If it was stopped or its traffic moved on purpose, nothing more is to be done.",
    ),
    ("drift", Tier.ACT): (
        "Take back what was deployed when it began; else fall back to a safe model, or hold its decisions.",
        "Compare the segments on the model's page: one that stands out names the source.",
        "Find out whether the inputs or the world changed before you retrain.",
    ),
    ("drift", Tier.INVESTIGATE): (
        "Compare the segments on the model's page: one that stands out names the source.",
        "Ask about the last deployment, and about whatever fills what moved.",
        "If the change is meant to stay, fit a new baseline, and say so where the next person will look.",
    ),
    ("sight", Tier.BLIND): (
        "Look at /readyz and at this service's log: they name what is in the way.",
        "Until it can see again, take nothing for granted about the model, good or bad.",
    ),
    ("ownership", Tier.BLIND): (
        "Mend the ownership table: `driftwarden owners check` names each fault with its line and the fix.",
    ),
}


def trouble(detector: str) -> Trouble:
    """Say what kind of trouble a detector reports."""
    if detector in SELF_WATCH:
        return "ownership" if detector == "ownership" else "sight"
    if detector in UNBUDGETED:
        return "stream"
    if detector in QUALITY:
        return "data"
    return "flow" if detector in FLOW else "drift"


def steps(tier: Tier, detector: str) -> tuple[str, ...]:
    """Give what to do first, at most three lines; observe expects nothing."""
    return _STEPS.get((trouble(detector), tier), ())


def section(runbook_url: str, detector: str) -> str:
    """Point a runbook's address to the section about a detector; one that already names a section stays as it is.

    >>> section("https://wiki.example/drift", "ks"), section("https://wiki.example/drift#ours", "ks")
    ('https://wiki.example/drift#distributions-psi-ks', 'https://wiki.example/drift#ours')
    """
    anchor = _SIGHT if detector in SELF_WATCH else ANCHORS.get(detector, "")
    return f"{runbook_url}#{anchor}" if anchor and "#" not in runbook_url else runbook_url
