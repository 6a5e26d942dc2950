"""The list of incidents: all, or those that wait for whoever looks."""

from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from service.api.dependencies import Dependencies
from service.api.gate import ANYBODY, Caller, needs
from service.store.incident_list import Which, find_incidents, place_of
from service.web.page import page

PAGE_INCIDENTS = 50

Show = Literal["waiting", "open", "all"]


def incidents(
    request: Request,
    dependencies: Dependencies,
    caller: Annotated[Caller, Depends(needs("read", basic=True))],
    show: Show = "waiting",
    after: Annotated[str, Query(max_length=200, pattern=r"^(\d{1,15}-[A-Za-z0-9_]{1,100})?$")] = "",
) -> Response:
    """Incidents, newest first, a page at a time; the next one begins after the last of this one."""
    opened_ms, _, incident_id = after.partition("-")
    which = Which(
        open=True if show == "open" else None,
        waiting_for=caller.name if show == "waiting" else None,
        after=(int(opened_ms), incident_id) if after else None,
    )
    found = find_incidents(dependencies.store, which, limit=PAGE_INCIDENTS + 1)
    here = found[:PAGE_INCIDENTS]
    facts: dict[str, object] = {
        "incidents": here,
        "show": show,
        "shows": {"waiting": "Waiting for you", "open": "Open", "all": "All"},
        "next": "{}-{}".format(*place_of(here[-1])) if len(found) > PAGE_INCIDENTS else "",
        "first": not after,
        "caller": "" if caller.name == ANYBODY else caller.name,
    }
    return page(request, dependencies, "incidents.html", facts)
