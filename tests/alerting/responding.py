"""Incidents as decide makes them, with everybody told."""

from alerting.decide import Decisions, decide
from alerting.finding import Finding
from alerting.incident import Incident
from alerting.ownership import Ownership
from alerting.policy import Policy
from tests.alerting.examples import NOON, owners


def decisions(
    *evaluations: list[Finding],
    incident: Incident | None = None,
    policy: Policy | None = None,
    table: Ownership | None = None,
) -> Decisions:
    """What is decided of all of them at noon, under the table of the examples."""
    held = {incident.cause: incident} if incident is not None else {}
    return decide([f for e in evaluations for f in e], held, table or owners(), policy or Policy(), NOON)


def decided(*evaluations: list[Finding], incident: Incident | None = None, table: Ownership | None = None) -> Incident:
    """The newest incident after these evaluations."""
    changed = decisions(*evaluations, incident=incident, table=table).incidents
    found = changed[-1] if changed else incident
    assert found is not None, "no incident was opened"
    return found
