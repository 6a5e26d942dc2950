"""`driftwarden incident`: what responders do, over the API of the service that runs."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from service.cli.incident_words import hidden, listed, shown
from service.cli.moments import moment
from service.cli.running import Refused, Running, running


class Desk:
    """Prints what the service answers; an act that it refuses ends with exit code 1."""

    def __init__(self, url: str, token_file: Path | None, config: Path | None, *, as_json: bool) -> None:
        """Find the service and the token."""
        self.service: Running = running(url, token_file, config)
        self.as_json = as_json

    def list(self, query: Mapping[str, str | None], *, waiting: bool) -> int:
        """Print the incidents that fit."""
        wanted = {name: value for name, value in query.items() if value} | ({"owed": "true"} if waiting else {})
        answer = self.service.get("/v1/incidents", wanted)
        self._print(answer, listed(answer["items"], more=answer["more"]))
        return 0

    def show(self, incident: str) -> int:
        """Print one incident."""
        answer = self.service.get(_path(incident))
        self._print(answer, shown(answer))
        return 0

    def act(self, incident: str, name: str, **fields: object) -> int:
        """Have something done, and print the incident as it is then; 1 when it is refused."""
        body = {field: value for field, value in fields.items() if value is not None}
        try:
            answer = self.service.post(f"{_path(incident)}/{name}", body)
        except Refused as refusal:
            print(f"driftwarden: {refusal}", file=sys.stderr)
            return 1
        self._print(answer, shown(answer))
        return 0

    def ack(self, incident: str, until: str, note: str | None, expect: int | None) -> int:
        """Take it in hand."""
        end = _until(until) if until else None
        return self.act(incident, "ack", until=end, note=note, expect_notices=expect)

    def silence(self, incident: str, until: str, note: str, confirm: Callable[[str], bool], expect: int | None) -> int:
        """Show what a silence hides, ask, and begin it; 1 when it is refused or not wanted."""
        end = _until(until)
        preview = self.service.get(f"{_path(incident)}/silence", {"until": end})
        if preview["refused"]:
            print(f"driftwarden: {preview['refused']}", file=sys.stderr)
            return 1
        for line in hidden(preview):
            print(line, file=sys.stderr)
        if not confirm("Silence it?"):
            print("driftwarden: nothing was silenced", file=sys.stderr)
            return 1
        return self.act(incident, "silence", until=end, note=note, expect_notices=expect)

    def _print(self, answer: Any, lines: Iterable[str]) -> None:
        if self.as_json:
            print(json.dumps(answer, ensure_ascii=False))
            return
        for line in lines:
            print(line)


def _until(text: str) -> str:
    return moment("--until", text, datetime.now(UTC)).isoformat()


def _path(incident: str) -> str:
    return f"/v1/incidents/{quote(incident, safe='')}"
