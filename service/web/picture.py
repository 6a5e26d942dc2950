"""The picture of an incident, drawn when it is asked for."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from alerting.evidence import Evidence, ranked
from alerting.incident import Incident
from alerting.picture import WIDTH, WIDTH_MAX, WIDTH_MIN, picture, titled
from service.api.dependencies import ApiDependencies, Dependencies
from service.api.incidents import find_incident
from service.build import policy
from service.rendering import drawn_or_none

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""The picture's own style lies in it; it may load nothing and run nothing."""

_SORRY = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="60" role="img"><title>No picture</title>'
    '<rect width="600" height="60" fill="#fff"/><text x="16" y="36" font-family="sans-serif" font-size="14" '
    'fill="#1b2529">The picture could not be drawn, by a fault of this service; its log says which.</text></svg>\n'
)


def incident_picture(
    dependencies: Dependencies,
    incident_id: str,
    width: Annotated[int, Query(ge=WIDTH_MIN, le=WIDTH_MAX, description="Pixels.")] = WIDTH,
) -> Response:
    """Draw an incident as it stands: what moved, before and after."""
    known = find_incident(dependencies, incident_id).incident
    title = titled(known.stream.model, known.stream.version)
    drawn = drawn_or_none(
        lambda: picture(_evidence(dependencies, known), title, width), dependencies.progress, known.id
    )
    return Response(drawn or _SORRY, 200 if drawn else 500, HEADERS, "image/svg+xml")


def _evidence(dependencies: ApiDependencies, incident: Incident) -> tuple[Evidence, ...]:
    return ranked(incident, policy(dependencies.settings))
