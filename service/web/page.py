"""What every page shares: its headers, when it was made, and how far event time has come."""

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from service.api.dependencies import ApiDependencies
from service.store.views import last_close
from service.web.templates import Templates

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # With no referrer at all a browser would not say either where a form that it sends us came from.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page(
    request: Request, dependencies: ApiDependencies, name: str, facts: dict[str, object], status: int = 200
) -> Response:
    """Render one page."""
    templates = request.app.state.templates
    assert isinstance(templates, Templates), "build_api puts them there"
    close = last_close(dependencies.store)
    html = templates.render(name, {**facts, "now": dependencies.wall(), "close": close})
    return HTMLResponse(html, status, HEADERS)


def missing(request: Request, dependencies: ApiDependencies, what: str) -> Response:
    """Say that there is no such thing."""
    return page(request, dependencies, "missing.html", {"what": what}, status=404)
