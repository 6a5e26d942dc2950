"""Responders at a command line, against a service on a real port."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.cli.mistakes import Mistake
from service.cli.moments import moment
from service.store.views import incidents_newest_first
from tests.cli.command import Command
from tests.service.api.seed import NOW, Seeded, seeded, tokens
from tests.service.api.serving_seed import serving

SOON = (NOW + timedelta(hours=2)).isoformat()


@pytest.fixture
def made(tmp_path: Path) -> Seeded:
    return seeded(tokens(), f"sqlite:///{tmp_path / 'seed.db'}")


@pytest.fixture
def url(made: Seeded) -> Iterator[str]:
    with serving(made) as address:
        yield address


@pytest.fixture
def one(made: Seeded) -> str:
    return incidents_newest_first(made.store, limit=1)[0].id


@pytest.fixture
def respond(command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`driftwarden` with a responder's token in its environment."""
    monkeypatch.setenv("DRIFTWARDEN_TOKEN", "respond")
    return command


def test_an_incident_goes_from_the_list_to_its_end(respond: Command, url: str, one: str) -> None:
    listed = respond("incident", "list", "--waiting", "--url", url)
    acked = respond("incident", "ack", one, "--until", SOON, "--note", "On it.", "--url", url)
    noted = respond("incident", "note", one, "Cents.", "--kind", "findings", "--url", url)
    given = respond("incident", "reassign", one, "--role", "owner", "--party", "platform", "--url", url)
    closed = respond("incident", "close", one, "--as", "data_bug", "--note", "Mended.", "--url", url)
    waiting = respond("incident", "list", "--waiting", "--url", url)

    assert [ended.code for ended in (listed, acked, noted, given, closed, waiting)] == [0] * 6
    assert listed.out.startswith(f"{one}  act          notified  open")
    assert "handling: acked by respond-holder until 2025-11-24" in acked.out
    assert "respond-holder: On it." in acked.out
    assert "findings: met" in noted.out
    assert "owner: platform (told)" in given.out
    assert "handling: closed by respond-holder as data bug" in closed.out
    assert waiting.out == "there is no such incident\n"


def test_the_answer_of_the_service_is_given_as_json(respond: Command, url: str, one: str) -> None:
    shown = json.loads(respond("incident", "show", one, "--json", "--url", url).out)
    assert (shown["id"], shown["handling"]) == (one, "notified")


def test_a_silence_shows_what_it_hides_and_asks(
    respond: Command, url: str, one: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("typer.confirm", lambda words, **_: asked.append(words))
    no = respond("incident", "silence", one, "--until", SOON, "--note", "Planned.", "--url", url)
    yes = respond("incident", "silence", one, "--until", SOON, "--note", "Planned.", "--yes", "--url", url)

    assert (no.code, "hides" in no.err, "income (psi) at act" in no.err) == (1, True, True)
    assert (asked, no.out) == (["Silence it?"], "")
    assert (yes.code, "handling: silenced by respond-holder" in yes.out) == (0, True)


def test_what_the_service_refuses_is_said_with_exit_code_1(respond: Command, url: str, one: str) -> None:
    late = (NOW + timedelta(days=2)).isoformat()
    ended = [
        respond("incident", "close", one, "--url", url),
        respond("incident", "silence", one, "--until", late, "--note", "x", "--yes", "--url", url),
        respond("incident", "ack", one, "--expect-notices", "9", "--url", url),
    ]
    assert [(end.code, end.err.startswith("driftwarden: ")) for end in ended] == [(1, True)] * 3
    assert "cannot be closed without a disposition" in ended[0].err
    assert "within 24 hours" in ended[1].err
    assert "you saw 9" in ended[2].err


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "token"),
        ("guess", "is not one it knows"),
        ("read", "'read-holder' has the role 'read'; this needs 'respond'"),
    ],
)
def test_a_token_that_does_not_do_is_said(
    command: Command, url: str, one: str, monkeypatch: pytest.MonkeyPatch, token: str, said: str
) -> None:
    monkeypatch.setenv("DRIFTWARDEN_TOKEN", token)
    ended = command("incident", "ack", one, "--url", url)

    assert (ended.code, said in ended.err, "DRIFTWARDEN_TOKEN" in ended.err or token == "read") == (2, True, True)
    assert not token or token == "read" or token not in ended.err


def test_the_token_may_be_in_a_file(command: Command, url: str, one: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("respond\n", encoding="utf-8")
    assert command("incident", "ack", one, "--token-file", "token", "--url", url).code == 0


def test_a_service_that_is_down_is_said_with_its_address(respond: Command) -> None:
    ended = respond("incident", "list", "--url", "http://127.0.0.1:9")
    assert (ended.code, "no service answers at http://127.0.0.1:9" in ended.err) == (2, True)


def test_the_address_comes_from_the_settings(respond: Command, url: str, tmp_path: Path) -> None:
    (tmp_path / "driftwarden.yaml").write_text(f"api: {{port: {url.rpartition(':')[2]}}}\n", encoding="utf-8")
    assert respond("incident", "list").code == 0


@pytest.mark.parametrize("address", ["nowhere", "http://[", "ftp://127.0.0.1"])
def test_what_is_no_address_is_said(respond: Command, address: str) -> None:
    ended = respond("incident", "list", "--url", address)
    assert (ended.code, "--url" in ended.err) == (2, True)


def test_an_unknown_incident_is_said_with_the_newest(respond: Command, url: str, one: str) -> None:
    ended = respond("incident", "show", "inc_0", "--url", url)
    assert (ended.code, f"the newest are: {one}" in ended.err) == (2, True)


@pytest.mark.parametrize(("text", "hours"), [("30m", 0.5), ("2h", 2), ("3d", 72)])
def test_a_length_counts_from_now(text: str, hours: float) -> None:
    assert moment("--until", text, NOW) == NOW + timedelta(hours=hours)


def test_a_time_is_utc_unless_it_says_otherwise() -> None:
    assert moment("--until", "2026-01-05T16:00", NOW) == datetime(2026, 1, 5, 16, tzinfo=UTC)
    assert moment("--until", "2026-01-05T16:00+01:00", NOW) == datetime(2026, 1, 5, 15, tzinfo=UTC)


@pytest.mark.parametrize("text", ["soon", "2 weeks", "99999999d", ""])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(Mistake, match="--until"):
        moment("--until", text, NOW)
