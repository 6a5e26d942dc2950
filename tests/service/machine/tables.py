"""Whom the machine's incidents go to: three tables that it changes between, and what its models read."""

from alerting.finding import Stream
from alerting.lineage import FeatureView, Lineage
from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from alerting.policy import Policy

PARTIES = """\
version: 1
parties:
  ds: {contacts: [log, {pagerduty: "env:DS"}], tz: Europe/Berlin, hours: "Mon-Fri 09:00-18:00"}
  fraud: {contacts: [log], quiet: "Mon-Sun 20:00-08:00"}
  desk: {contacts: [{webhook: {url: "https://hooks.example/desk", secret: "env:DESK"}}]}
  on-call: {contacts: [{pagerduty: "env:ON_CALL"}]}
  lead: {contacts: [log]}
  boss: {contacts: [log]}
  platform: {contacts: [log]}
fallback: {owner: platform, executive: boss}
rules:
"""
MANY = """\
  - id: credit
    match: {model: credit}
    assign: {owner: ds, responder: on-call, technical_lead: lead, executive: boss}
  - {id: fraud, match: {model: fraud}, assign: {owner: fraud, responder: ds, technical_lead: lead}}
  - {id: orders, match: {feature_view: orders}, assign: {data_steward: desk}}
"""
FEW = '  - {id: all, match: {model: "*"}, assign: {owner: lead, technical_lead: ds, data_steward: desk}}\n'
NOBODYS = """\
  - id: credit
    match: {model: credit}
    assign: {owner: ds, responder: ds, executive: {none: "small", until: 2027-05-01}}
  - {id: fraud, match: {model: fraud}, assign: {owner: {none: "on trial", until: 2027-05-01}, responder: fraud}}
"""


def table(rules: str) -> Ownership:
    """A table of all parties with these rules."""
    return parse_ownership(PARTIES + rules)


TABLES = tuple(table(rules) for rules in (MANY, FEW, NOBODYS))
NAMES = tuple(sorted(name for name in TABLES[0].parties))

STREAMS = (
    Stream("prediction", "credit", "1"), Stream("prediction", "fraud", "2"), Stream("feature", "orders", "1"),
)  # fmt: skip
SUBJECTS = ("income", "age", "tenure")
"""The first two are read from the view, the third is the models' own."""

LINEAGE = Lineage((FeatureView("orders", ("income", "age")),), together_min=2, wait_seconds=90)


def policy(notices_max: int) -> Policy:
    """What the machine's operator has chosen."""
    return Policy(lineage=LINEAGE, clear_evaluations=2, notices_max=notices_max)
