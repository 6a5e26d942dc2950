"""Which findings are one incident: those that have one cause."""

from alerting.finding import Finding, Stream
from alerting.tiers import SELF_WATCH


def cause_of(stream: Stream) -> str:
    """Name the cause that findings of a stream share: for now, its model version.

    All segments, subjects and detectors of a model version that break together are one incident, so that "the score
    moved because a feature broke" is told once. The name begins with its rule, which leaves room for narrower and wider
    ones (`view:` for a shared feature view, `deploy:` for one deployment, `onset:` for changes that began together)
    without a change to incidents that are already open.

    >>> cause_of(Stream("prediction", "credit", "3", "country=NO"))
    'version:prediction/credit@3'
    """
    return f"version:{stream.kind}/{_escaped(stream.model)}@{_escaped(stream.version)}"


def cause_of_finding(finding: Finding) -> str:
    """Name the cause of a finding; what the service says about its own sight is never mixed with what it saw."""
    cause = cause_of(finding.stream)
    return f"sight:{cause.removeprefix('version:')}" if finding.detector in SELF_WATCH else cause


def _escaped(name: str) -> str:
    """Keep `a/b` @ `c` and `a` @ `b@c` apart: the separators are written as %2F and %40 inside a name."""
    return name.replace("%", "%25").replace("/", "%2F").replace("@", "%40")
