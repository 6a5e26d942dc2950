"""Who may do what: bearer tokens with roles, known by their hash; without tokens the API is open, on loopback only."""

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.api.dependencies import Dependencies
from service.api.problem import Problem
from service.settings import ApiSettings, Role, TokenSettings

GRANTS: dict[Role, frozenset[Role]] = {
    "ingest": frozenset({"ingest"}),
    "read": frozenset({"read"}),
    "respond": frozenset({"read", "respond"}),
    "admin": frozenset({"ingest", "read", "respond", "admin"}),
}
"""What the holder of a role may do."""

ANYBODY = "anonymous"
"""Who asks where there are no tokens."""

_REALM = 'realm="driftwarden"'
_scheme = HTTPBearer(auto_error=False, description="A token of the settings' `api.tokens`.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; the name is the token's and goes into the audit."""

    name: str
    role: Role


Check = Callable[..., Coroutine[None, None, Caller]]


def needs(*roles: Role, basic: bool = False) -> Check:
    """Make a dependency that lets callers with this right, or with one of these, through.

    With `basic` the token may also be the password of HTTP Basic (with any user name), which is what browsers and
    Prometheus can send; browsers send it along unasked, so what changes anything takes it only behind the checks of
    `service.web.forms`.
    """

    async def check(
        request: Request,
        dependencies: Dependencies,
        _bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)] = None,
    ) -> Caller:
        api = dependencies.settings.api
        if api.tokens:
            caller = admit(api.tokens, request.headers.get("authorization", ""), *roles, basic=basic)
        else:
            refuse_strange_host(api, request.headers.get("host", ""))
            caller = Caller(ANYBODY, "admin")
        if not basic:
            _refuse_strange_parameters(request)
        return caller

    return check


def admit(tokens: Sequence[TokenSettings], authorization: str, *roles: Role, basic: bool = False) -> Caller:
    """Find whose token an Authorization header carries; raises Problem 401 without a known one, 403 without the right.

    >>> digest = hashlib.sha256(b"s3cret").hexdigest()
    >>> admit([TokenSettings(name="grafana", role="read", sha256=digest)], "Bearer s3cret", "read")
    Caller(name='grafana', role='read')
    """
    sent = _token(authorization, basic=basic)
    digest = hashlib.sha256(sent).hexdigest()
    # Every hash is compared, in constant time each, so that the time taken tells nothing about any of them.
    held = [token for token in tokens if hmac.compare_digest(token.sha256, digest)] if sent else []
    if not held:
        challenge = f'Basic {_REALM}, charset="UTF-8"' if basic else f"Bearer {_REALM}"
        raise Problem(
            401,
            detail="No known token was sent; send `Authorization: Bearer TOKEN`"
            + (", or the token as the password of HTTP Basic." if basic else "."),
            headers={"WWW-Authenticate": challenge},
        )
    able = [token for token in held if GRANTS[token.role].intersection(roles)]
    if not able:
        needed = " or ".join(map(repr, roles))
        raise Problem(403, detail=f"The token {held[0].name!r} has the role {held[0].role!r}; this needs {needed}.")
    return Caller(able[0].name, able[0].role)


def refuse_strange_host(api: ApiSettings, host: str) -> None:
    """Refuse names that are not ours while the API is open: a web page elsewhere could point its own name at us."""
    name = _host_name(host)
    ours = urlsplit(api.public_url).hostname
    if name == "localhost" or (ours is not None and name == ours) or _loopback(name):
        return
    raise Problem(
        403,
        detail=f"Host {host[:100]!r} is not this service's own; use 127.0.0.1, set api.public_url to the name people "
        "use, or set api.tokens.",
    )


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _token(authorization: str, *, basic: bool) -> bytes:
    """Take the token out of the header; empty when there is none, which nobody is let in for."""
    scheme, _, rest = authorization.partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer":
        return rest.encode("latin-1", "replace")
    if basic and scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


def _refuse_strange_parameters(request: Request) -> None:
    """Raise Problem 422 for a query parameter that the route does not know: a misspelt filter would show everything."""
    route = request.scope.get("route")
    if not request.scope["query_string"] or not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    described = request.app.openapi()["paths"][route.path_format][request.method.lower()].get("parameters", ())
    known = {one["name"] for one in described if one["in"] == "query"}
    strange = sorted(set(request.query_params) - known)
    if strange:
        there = f"there are: {', '.join(sorted(known))}" if known else "there are none"
        raise Problem(422, detail=f"No query parameter {', '.join(map(repr, strange[:5]))[:200]} here; {there}.")
