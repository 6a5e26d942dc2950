"""What `driftwarden incident` does: it asks a running service over HTTP, in the name of your token."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from alerting.handling import HAPPENS
from service.cli.settings import settings_of, token_of_environment
from service.config import ConfigError
from service.printable import on_one_line

SECONDS_MAX = 30.0
FAILED, UNUSABLE = 1, 2
CONFLICT = 409

_SPAN = re.compile(r"(\d{1,5})\s*(min|m|h|d)")
_UNITS = {"min": timedelta(minutes=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Refused(Exception):
    """It was not done, as the incident stands or since nobody wanted it; the message is for a person."""


class Unusable(Exception):
    """The service could not be asked, or not like this; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the service is, and whose token is sent."""

    url: str
    token_file: Path | None
    config: Path | None
    as_json: bool = False

    def ask(self, method: str, path: str, **sent: Any) -> Any:
        """Ask once; raises Refused with what the service says, Unusable with why it could not be asked."""
        address = (self.url or self._configured()).rstrip("/")
        token = self._token()
        headers = {"authorization": f"Bearer {token}"} if token else {}
        try:
            with httpx2.Client(base_url=address, headers=headers, timeout=SECONDS_MAX, trust_env=False) as client:
                answer = client.request(method, path, **sent)
        except (httpx2.TransportError, httpx2.InvalidURL) as fault:
            raise Unusable(
                f"the service at {address} does not answer ({type(fault).__name__}): start it, or give --url"
            ) from fault
        if answer.is_success:
            return answer.json()
        raise (Refused if answer.status_code == CONFLICT else Unusable)(_said(answer))

    def _configured(self) -> str:
        api = settings_of(self.config).api
        host = f"[{api.host}]" if ":" in api.host else api.host
        return api.public_url or f"http://{'127.0.0.1' if api.host in ('0.0.0.0', '::') else host}:{api.port}"

    def _token(self) -> str:
        if self.token_file is None:
            return token_of_environment()
        try:
            return self.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as fault:
            raise Unusable(f"the token file {self.token_file} cannot be read ({type(fault).__name__})") from fault


def listed(desk: Desk, **wanted: str | None) -> int:
    """Print incidents, one line each; only those that fit what is wanted."""

    def run() -> None:
        query = {name: value for name, value in wanted.items() if value}
        found = desk.ask("GET", "/v1/incidents", params=query)
        if desk.as_json:
            print(json.dumps(found, ensure_ascii=False))
            return
        for one in found["items"]:
            print(on_one_line(f"{one['id']}  {one['tier']:<11} {one['condition']:<10} {one['handling']:<8} "
                              f"{one['model']} {one['version']}: {one['lead']}"))  # fmt: skip
        if not found["items"]:
            print("there is none like this" if query else "there has been no incident")
        if found["more"]:
            print("there are more: narrow what is listed")

    return _run(run)


def shown(desk: Desk, incident: str) -> int:
    """Print how an incident stands."""
    return _run(lambda: _print(desk, desk.ask("GET", _path(incident))))


def done(desk: Desk, incident: str, action: str, *, until: str = "", **fields: object) -> int:
    """Do one thing about an incident and print how it stands then."""

    def run() -> None:
        body = {name: value for name, value in fields.items() if value not in ("", None)}
        if until:
            body["until"] = when(until, datetime.now(UTC)).isoformat()
        _print(desk, desk.ask("POST", f"{_path(incident)}/{action}", json=body))

    return _run(run)


def silenced(desk: Desk, incident: str, *, until: str, note: str, yes: bool) -> int:
    """Show what would be hidden, ask unless told not to, and silence it."""

    def run() -> None:
        end = when(until, datetime.now(UTC)).astimezone(UTC)
        shown = desk.ask("GET", f"{_path(incident)}/silence", params={"until": end.isoformat()})
        if shown["refused"]:
            raise Refused(shown["refused"])
        # Beside the answer, so that --json stays JSON.
        print(f"this hides, until {end:%Y-%m-%d %H:%M} UTC:", file=sys.stderr)
        print("\n".join(f"  {line}" for line in shown["hides"]) or "  nothing that speaks just now", file=sys.stderr)
        if not yes and not _agreed():
            raise Refused("nothing was done")

    code = _run(run)
    return code or done(desk, incident, "silence", until=until, note=note)


def when(text: str, now: datetime) -> datetime:
    """Read a time from now, or a date and time with its zone; raises Unusable with the way out.

    >>> when("2h", datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
    '2026-01-01T02:00:00+00:00'
    """
    span = _SPAN.fullmatch(text.strip())
    if span is not None:
        return now + int(span[1]) * _UNITS[span[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError as fault:
        raise Unusable(f"--until {text!r} cannot be read: write it like 2h, 3d or 2026-03-31T09:00+02:00") from fault
    if at.tzinfo is None:
        raise Unusable(f"--until {text!r} has no time zone: write it like {text}+00:00")
    return at


def _print(desk: Desk, known: dict[str, Any]) -> None:
    if desk.as_json:
        print(json.dumps(known, ensure_ascii=False))
        return
    for line in _lines(known, known["people"]):
        print(on_one_line(line))


def _lines(known: dict[str, Any], people: dict[str, Any]) -> Iterator[str]:
    yield f"{known['id']}  {known['model']} {known['version']}  tier {known['tier']}"
    yield f"the data: {known['condition']}; people: {known['handling']}"
    yield f"  {known['lead']}"
    if known["monitors_held"] > 1:
        yield f"  {known['monitors_held']} monitors in all"
    if people["parties"]:
        yield "for: " + ", ".join(f"{party} ({' and '.join(roles)})" for party, roles in _roles(people["parties"]))
        yield f"told, and not of its end yet: {', '.join(people['listening']) or 'nobody'}"
    if people["hold"]:
        yield f"held by {people['hold']['by']} until {_utc(people['hold']['until'])}"
    for deadline in people["deadlines"]:
        state = f"done {_utc(deadline['met_at'])}" if deadline["met_at"] else f"due {_utc(deadline['by'])}"
        yield f"  {deadline['what']}: {state}"
    if people["timers"]:
        yield f"next by itself: {HAPPENS[people['timers'][0]['kind']]}, {_utc(people['timers'][0]['due_at'])}"
    if people["closing"]:
        yield f"closed by {people['closing']['by']} as {people['closing']['disposition'] or 'over'}"
    for remark in people["remarks"]:
        first, *more = (remark["text"] or "erased").splitlines()
        yield f"{_utc(remark['at'])} {remark['author']}: {first}"
        yield from (f"  {line}" for line in more)


def _roles(parties: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    for party in dict.fromkeys(parties.values()):
        yield party, [role.replace("_", " ") for role, who in parties.items() if who == party]


def _utc(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _path(incident: str) -> str:
    return f"/v1/incidents/{quote(incident, safe='')}"


def _agreed() -> bool:
    print("silence it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _run(what: Any) -> int:
    try:
        what()
    except (ConfigError, Unusable) as fault:
        print(fault, file=sys.stderr)
        return UNUSABLE
    except Refused as refused:
        print(refused, file=sys.stderr)
        return FAILED
    return 0


def _said(answer: httpx2.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"the service answered {answer.status_code} without saying why: is {answer.url.host} a driftwarden?"
    hint = " Set DRIFTWARDEN_TOKEN, or give --token-file." if answer.status_code == 401 else ""
    return f"{detail}{hint}"
