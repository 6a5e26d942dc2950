"""Every request that docs/api.md shows, sent as it is written there."""

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from service.store.views import incidents_newest_first
from tests.service.api.seed import NOW, Seeded, seeded, tokens

PAGE = Path(__file__).resolve().parents[3] / "docs" / "api.md"
REQUESTS = re.findall(r"^curl .*?(?=^```)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
FILES = {
    "reference.csv": b"customer_id,income,branch\n" + b"".join(b"%d,%d,b%d\n" % (n, n % 97, n % 3) for n in range(300))
}


async def sent(made: Seeded, command: str) -> httpx2.Response:
    """Send what curl would."""
    words = shlex.split(command.replace("\\\n", " "))[1:]
    method, headers, url, body = "GET", {}, "", b""
    while words:
        match words.pop(0):
            case "-X":
                method = words.pop(0)
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-d":
                body = words.pop(0).encode()
            case "--data-binary":
                body = FILES[words.pop(0).removeprefix("@")]
            case word:
                assert word.startswith("http://127.0.0.1:8350/"), f"{word} is not what this test knows of curl"
                url = word
    async with made.client() as client:
        return await client.request(method, url, headers=headers, content=body)


def filled(command: str, incident: str) -> str:
    """Put in what the reader has of their own; times are those of the store."""
    command = command.replace("$TOKEN", "admin").replace("$INCIDENT", incident)
    day = re.compile(r"2026-01-05T\d\d:00:00Z")
    return day.sub(NOW.strftime("%Y-%m-%dT00:00:00Z"), command)


@pytest.mark.parametrize(
    "command", REQUESTS, ids=[urlsplit(re.findall(r"http://[^\s\"]+", r)[0]).path for r in REQUESTS]
)
async def test_a_request_on_the_page_does_what_the_page_says(command: str) -> None:
    made = seeded(tokens() if "$TOKEN" in command else None)
    answer = await sent(made, filled(command, incidents_newest_first(made.store, limit=1)[0].id))

    assert answer.is_success, answer.text
    if "readings" in command:
        assert answer.json()["items"]
    if "/close" in command:
        assert incidents_newest_first(made.store, limit=1)[0].handling == "closed"


def test_the_page_shows_requests() -> None:
    assert len(REQUESTS) >= 4
