"""Asking a service that runs, over its API, and saying in plain words why it does not answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from service.cli.mistakes import Mistake
from service.cli.settings import settings_of, token_in_environment
from service.settings import ApiSettings

SECONDS_MAX = 30.0
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # Listened on, not dialled.


class Refused(Exception):
    """The service understood and says no, as things stand; the message is its own."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where the service is, and the token to show it; "" where it has none."""

    url: str
    token: str = field(default="", repr=False)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Ask, and give the answer; raises Mistake with the way out, or Refused."""
        return self._ask("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Have something done, and give the answer; raises Mistake with the way out, or Refused."""
        return self._ask("POST", path, body=body)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            with httpx2.Client(base_url=self.url, headers=headers, timeout=SECONDS_MAX, trust_env=False) as client:
                answer = client.request(method, path, params=query, json=body)
        except httpx2.TransportError as fault:
            why = str(fault) or type(fault).__name__
            raise Mistake(f"--url: no service answers at {self.url} ({why}); start it, or give its address") from fault
        except httpx2.InvalidURL as fault:
            raise Mistake(f"--url: {self.url!r} is no address: give one such as http://127.0.0.1:8350") from fault
        except UnicodeEncodeError as fault:
            raise Mistake("the token holds characters that no token has; give it as it was made") from fault
        return self._read(answer)

    def _read(self, answer: httpx2.Response) -> Any:
        status = answer.status_code
        try:
            said = answer.json()
        except ValueError:
            said = None
        if answer.is_success and said is not None:
            return said
        detail = said.get("detail", "") if isinstance(said, dict) else ""
        if status == 401:
            lacking = "is not one it knows" if self.token else "is missing"
            raise Mistake(
                f"the token for {self.url} {lacking}: put it into DRIFTWARDEN_TOKEN, or into a file for --token-file"
            )
        if status == 409:
            raise Refused(detail)
        raise Mistake(
            detail or f"--url: what answers at {self.url} is no driftwarden (HTTP {status}); check the address"
        )


def running(url: str, token_file: Path | None, config: Path | None) -> Running:
    """Find the service: as named, else where the settings say that it is; the token comes from file or environment."""
    token = token_file.read_text(encoding="utf-8", errors="replace") if token_file else token_in_environment()
    return Running((url or _address(settings_of(config).api)).rstrip("/"), token.strip())


def _address(api: ApiSettings) -> str:
    if urlsplit(api.public_url).scheme in ("http", "https"):
        return api.public_url
    host = f"[{api.host}]" if ":" in api.host else api.host
    return f"http://{EVERY_ADDRESS.get(api.host, host)}:{api.port}"
