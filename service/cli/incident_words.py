"""Incidents as the command prints them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any


def listed(items: Sequence[Mapping[str, Any]], *, more: bool) -> Iterator[str]:
    """One line per incident, newest first."""
    for one in items:
        state = "resolved" if one["resolved_at"] else "open"
        yield (
            f"{one['id']}  {one['tier']:<11}  {one['handling']:<8}  {state:<8}  {utc(one['opened_at'])}  "
            f"{one['model']} {one['version']}: {one['lead']}"
        )
    if not items:
        yield "there is no such incident"
    if more:
        yield "there are more: narrow the filters, or raise --limit"


def shown(one: Mapping[str, Any]) -> Iterator[str]:
    """One incident: how it stands, what is due, who has it, what was written."""
    yield f"{one['id']}: {one['model']} {one['version']}, tier {one['tier']}"
    yield f"  {one['lead']}"
    until = f" to {utc(one['resolved_at'])}" if one["resolved_at"] else ""
    yield f"  data: {one['condition'].replace('_', ' ')}, since {utc(one['opened_at'])}{until}"
    yield f"  handling: {_handling(one)}"
    for deadline in one["deadlines"]:
        met = f"met {utc(deadline['met_at'])}" if deadline["met_at"] else f"by {utc(deadline['by'])}"
        yield f"  {deadline['name']}: {met} ({deadline['what']})"
    if one["next_timer"]:
        yield f"  next by itself: {one['next_timer']['kind'].replace('_', ' ')}, {utc(one['next_timer']['due_at'])}"
    for role in one["route"]:
        told = " (told)" if role["hears"] else ""
        yield f"  {role['role'].replace('_', ' ')}: {role['party']}{told}"
    for remark in one["remarks"]:
        written = remark["text"] if remark["text"] is not None else f"erased by {remark['erased_by']}"
        yield f"  {utc(remark['at'])} {remark['author']}: {' '.join(written.split())}"
    yield f"  monitors: {one['monitors_held']} held of {len(one['members']) + one['unlisted']}"
    yield f"  notices: {len(one['notices'])}"


def hidden(preview: Mapping[str, Any]) -> Iterator[str]:
    """What a silence would hide."""
    lines = preview["hides"]
    yield f"a silence of {preview['incident']} until {utc(preview['until'])} hides {len(lines)} monitors:"
    yield from (f"  {line}" for line in lines)


def utc(text: str) -> str:
    """A time of the API, as people read it."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"


def _handling(one: Mapping[str, Any]) -> str:
    hold, closing = one["hold"], one["closing"]
    if hold:
        return f"{one['handling']} by {hold['by']} until {utc(hold['until'])}"
    if closing:
        as_what = f" as {closing['disposition'].replace('_', ' ')}" if closing["disposition"] else ""
        return f"closed by {closing['by']}{as_what}, {utc(closing['at'])}"
    return str(one["handling"])
