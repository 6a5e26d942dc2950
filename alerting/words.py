"""The words of one notice, with plain ones ready: a fault in how we write must never cost anybody the message."""

import traceback
from dataclasses import dataclass

from alerting import wording
from alerting.wording import Parts, clean


@dataclass(frozen=True, slots=True)
class Words:
    """Title and text; `fault` says what went wrong where the plain ones had to be taken, and is "" otherwise."""

    title: str
    text: str
    fault: str = ""


def words(parts: Parts) -> Words:
    """Find the words; whatever goes wrong in that is a bug of ours, and is told to whoever counts such."""
    try:
        return Words(wording.title(parts), wording.text(parts))
    except Exception as bug:  # Whatever the bug is, the alert goes out.
        return Words(*_plain(parts), fault_of(bug))


def fault_of(bug: Exception) -> str:
    """Say what a bug was and where, in one line."""
    frames = traceback.extract_tb(bug.__traceback__)
    where = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return clean(f"{type(bug).__name__}: {bug}{where}", 300)


def _plain(parts: Parts) -> tuple[str, str]:
    """Say the least that must be said, of facts that need no arithmetic."""
    incident, over = parts.incident, parts.intent == "resolve"
    of = f"{clean(incident.stream.model)} {clean(incident.stream.version)}"
    facts = (
        f"{of}: this incident is {'over' if over else 'open'}.",
        f"Tier: {incident.tier}. Monitors in it: {len(incident.members) + incident.unlisted}.",
        f"It speaks through {clean(incident.lead.subject)}: {clean(incident.lead.peak.reason, 300)}",
        *(f"{clock.what} by {clock.by.isoformat()}" for clock in parts.asks),
        *(f"{text}: {url}" for text, url in parts.links),
        "The full words could not be written, which is a fault of this service; its log says which.",
        f"Incident id: {incident.id}",
    )
    return f"[{'RESOLVED' if over else str(incident.tier).upper()}] {of}", "\n".join(facts) + "\n"
