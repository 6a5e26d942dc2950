"""Sorting findings by their cause: by declared lineage where enough of a view broke, else by model version."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from alerting.cause import cause_of_finding, cause_of_view, is_view
from alerting.finding import Finding, Stream
from alerting.incident import Incident
from alerting.lineage import SCORE, Lineage
from alerting.member import Key, key_of
from alerting.tiers import FLOW, SELF_WATCH, Ladder


def by_cause(
    findings: Sequence[Finding], incidents: Mapping[str, Incident], lineage: Lineage, ladder: Ladder
) -> dict[str, list[Finding]]:
    """Sort the findings of one evaluation by their cause.

    A monitor that an incident holds stays with it. A feature goes to its view where enough features of the view are
    broken at a time, or where the view has an incident already, and so does the score of a model of which nothing else
    is broken; everything else goes to its own model version.
    """
    together = broken_together(lineage, findings, incidents, ladder)
    merged = {incident.cause for found in swallowed(incidents, lineage, together).values() for incident in found}
    held: dict[Key, str] = {
        member.key: cause for cause, incident in incidents.items() if cause not in merged for member in incident.held
    }
    scores = _views_of_scores(findings, incidents, lineage, ladder)
    sorted_out: dict[str, list[Finding]] = {}
    for finding in findings:
        cause = held.get(key_of(finding)) or _own(finding, incidents, lineage, together, scores)
        sorted_out.setdefault(cause, []).append(finding)
    return sorted_out


def broken_together(
    lineage: Lineage, findings: Sequence[Finding], incidents: Mapping[str, Incident], ladder: Ladder
) -> set[str]:
    """Name the views of which enough features are broken now: those found just now, and those held already.

    A feature that several models or segments read counts once.
    """
    if not lineage.views:
        return set()
    broken: dict[str, set[str]] = {}
    held: set[Key] = {m.key for incident in incidents.values() for m in incident.loud if incident.open}
    fresh = {key_of(finding) for finding in findings if ladder.tier(finding) is not None}
    for stream, subject, detector in held | fresh:
        if detector in FLOW or detector in SELF_WATCH:
            continue
        view = lineage.view_of(stream, subject)
        if view is not None:
            broken.setdefault(view.name, set()).add(subject)
    return {name for name, subjects in broken.items() if len(subjects) >= lineage.together_min}


def swallowed(incidents: Mapping[str, Incident], lineage: Lineage, together: set[str]) -> dict[str, list[Incident]]:
    """Give the open incidents of model versions that turn out to be about nothing but a view, by the view's cause."""
    found: dict[str, list[Incident]] = {}
    for incident in incidents.values():
        if not incident.open or is_view(incident.cause) or not incident.loud:
            continue
        views = _views_behind((member.key for member in incident.loud), lineage)
        if len(views) == 1 and views <= together:
            found.setdefault(cause_of_view(views.pop()), []).append(incident)
    return found


def may_be_of_a_view(incident: Incident, lineage: Lineage) -> bool:
    """Say whether all that speaks in an incident of a model version is read from one and the same view."""
    views = _views_behind((member.key for member in incident.loud), lineage)
    return not is_view(incident.cause) and len(views) == 1 and "" not in views


def _views_of_scores(
    findings: Sequence[Finding], incidents: Mapping[str, Incident], lineage: Lineage, ladder: Ladder
) -> dict[Stream, str]:
    """Name the one view behind all that is broken of a model version, by its stream without a segment."""
    if not lineage.views:
        return {}
    broken: dict[Stream, set[Key]] = {}
    held = {m.key for incident in incidents.values() if incident.open for m in incident.loud}
    for key in held | {key_of(finding) for finding in findings if ladder.tier(finding) is not None}:
        broken.setdefault(replace(key[0], segment=""), set()).add(key)
    behind = {stream: _views_behind(keys, lineage) for stream, keys in broken.items()}
    return {stream: next(iter(views)) for stream, views in behind.items() if len(views) == 1}


def _views_behind(keys: Iterable[Key], lineage: Lineage) -> set[str]:
    """Name the views that features are read from, "" for none; a score follows from features, where any is there."""
    named = list(keys)
    features = [key for key in named if not _is_score(key)]
    return {_view(key, lineage) for key in features or named}


def _is_score(key: Key) -> bool:
    stream, subject, detector = key
    return stream.kind == "prediction" and subject == SCORE and detector not in FLOW | SELF_WATCH


def _own(
    finding: Finding,
    incidents: Mapping[str, Incident],
    lineage: Lineage,
    together: set[str],
    scores: Mapping[Stream, str],
) -> str:
    key = key_of(finding)
    view = scores.get(replace(finding.stream, segment=""), "") if _is_score(key) else _view(key, lineage)
    if view:
        cause = cause_of_view(view)
        known = incidents.get(cause)
        if view in together or (known is not None and known.open):
            return cause
    return cause_of_finding(finding)


def _view(key: Key, lineage: Lineage) -> str:
    stream, subject, detector = key
    if detector in FLOW or detector in SELF_WATCH:
        return ""
    return lineage.name_of(stream, subject) or ""
