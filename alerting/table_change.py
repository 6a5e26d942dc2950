"""What another ownership table changes: parties, rules, policies, and whom incidents that are open would concern."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from alerting.incident import Incident
from alerting.lineage import Lineage
from alerting.ownership import ROLES, Ownership
from alerting.route import Role
from alerting.routing import route_for
from alerting.unowned import NOBODY

Name = TypeVar("Name", bound=str)

LISTED_MAX = 20
"""Lines of each kind that are said; how many more there are is said too."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A role of an open incident that the new table gives to another party; the incident keeps the one it has."""

    incident: str
    about: str
    role: Role
    was: str
    now: str

    def __str__(self) -> str:
        return f"incident {self.incident} ({self.about}): {self.role} would be {self.now}, stays {self.was}"


@dataclass(frozen=True, slots=True)
class TableChange:
    """Names of parties, rules and so on that are new, gone or other than before: "+name", "-name", "~name"."""

    parties: tuple[str, ...]
    rules: tuple[str, ...]
    fallback: tuple[str, ...]
    policies: tuple[str, ...]
    moved: tuple[Moved, ...]

    def lines(self) -> list[str]:
        """Say it in lines, at most LISTED_MAX of each kind; that nothing changed is a line too."""
        named = (
            ("parties", self.parties), ("rules", self.rules), ("fallback", self.fallback), ("policies", self.policies),
        )  # fmt: skip
        found = [f"{what}: {', '.join(_some(names))}" for what, names in named if names]
        found += [f"open {line}" for line in _some([str(one) for one in self.moved])]
        return found or ["nothing that anybody would be told differently by"]


def change_between(
    old: Ownership, new: Ownership, incidents: Iterable[Incident], lineage: Lineage | None = None
) -> TableChange:
    """Compare two tables, and the frozen route of each open incident with the one it would get from the new table."""
    lineage = lineage or Lineage()
    return TableChange(
        parties=_changed(old.parties, new.parties),
        rules=_changed({rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}),
        fallback=_changed(old.fallback, new.fallback),
        policies=_changed(old.policies, new.policies),
        moved=tuple(moved for incident in incidents if incident.open for moved in _moved(incident, new, lineage)),
    )


def _changed(old: Mapping[Name, object], new: Mapping[Name, object]) -> tuple[str, ...]:
    if NOBODY in old or NOBODY in new:  # Comes and goes with the rules that leave a role to nobody, which are said.
        old, new = ({name: one for name, one in table.items() if name != NOBODY} for table in (old, new))
    gone = [f"-{name}" for name in old if name not in new]
    other = [f"~{name}" for name in new if name in old and old[name] != new[name]]
    return (*(f"+{name}" for name in new if name not in old), *other, *gone)


def _moved(incident: Incident, new: Ownership, lineage: Lineage) -> Iterable[Moved]:
    if incident.route is None:
        return
    lead, stream = incident.lead, incident.stream
    then = route_for(incident, new, lineage)
    about = f"{stream.model} {stream.version} {lead.subject}"
    for role in ROLES:
        was, now = incident.route.of(role).party, then.of(role).party
        if was != now:
            yield Moved(incident.id, about, role, was, now)


def _some(lines: Iterable[str]) -> list[str]:
    lines = list(lines)
    more = [f"and {len(lines) - LISTED_MAX:,} more"] if len(lines) > LISTED_MAX else []
    return lines[:LISTED_MAX] + more
