"""Which findings are one incident: those that have one cause. A cause is named for the rule that found it."""

from alerting.finding import Finding, Stream
from alerting.tiers import SELF_WATCH


def cause_of(stream: Stream) -> str:
    """Name the cause that findings of a stream share when nothing else is known: its model version.

    All segments, subjects and detectors of a model version that break together are one incident, so that "the score
    moved because a feature broke" is told once.

    >>> cause_of(Stream("prediction", "credit", "3", "country=NO"))
    'version:prediction/credit@3'
    """
    return f"version:{stream.kind}/{_escaped(stream.model)}@{_escaped(stream.version)}"


def cause_of_finding(finding: Finding) -> str:
    """Name the cause of a finding; what the service says about its own sight is never mixed with what it saw."""
    cause = cause_of(finding.stream)
    return f"sight:{cause.removeprefix('version:')}" if finding.detector in SELF_WATCH else cause


def cause_of_view(name: str) -> str:
    """Name the cause of what broke because a feature view did.

    >>> cause_of_view("orders/v2")
    'view:orders%2Fv2'
    """
    return f"view:{_escaped(name)}"


def view_of_cause(cause: str) -> str:
    """Give the feature view a cause is named for; "" when it is named for something else.

    >>> view_of_cause("view:orders%2Fv2"), view_of_cause("version:prediction/credit@3")
    ('orders/v2', '')
    """
    rule, _, name = cause.partition(":")
    return name.replace("%40", "@").replace("%2F", "/").replace("%25", "%") if rule == "view" else ""


def is_view(cause: str) -> bool:
    """Say whether a cause is a feature view's."""
    return cause.startswith("view:")


def _escaped(name: str) -> str:
    """Keep `a/b` @ `c` and `a` @ `b@c` apart: the separators are written as %2F and %40 inside a name."""
    return name.replace("%", "%25").replace("/", "%2F").replace("@", "%40")
