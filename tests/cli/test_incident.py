"""`driftwarden incident` against a service that answers on a real socket."""

import asyncio
import io
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn

from service.api.app import build_api
from service.cli.incident import Desk, _print
from tests.cli.command import Command
from tests.service.api.seed import NOW, seeded, tokens

SOON = (NOW + timedelta(hours=2)).isoformat()
"""The service of these tests lives at another time than we do."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where it listens, and the id of the incident it has."""

    url: str
    incident: str


@pytest.fixture(name="service")
def _service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    made = seeded(tokens(), f"sqlite:///{tmp_path}/store.db")
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build_api(made.dependencies()), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    with made.store.read() as connection:
        (incident,) = [row[0] for row in connection.exec_driver_sql("SELECT id FROM incident")]
    monkeypatch.setenv("DRIFTWARDEN_TOKEN", "respond")
    monkeypatch.setenv("DRIFTWARDEN_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
    yield Service(f"http://127.0.0.1:{listener.getsockname()[1]}", incident)
    server.should_exit = True
    thread.join(20)
    listener.close()


@pytest.fixture(name="run")
def _run(command: Command, service: Service, monkeypatch: pytest.MonkeyPatch) -> Command:
    # The command's own fixture takes all variables of this name away.
    monkeypatch.setenv("DRIFTWARDEN_TOKEN", "respond")
    monkeypatch.setenv("DRIFTWARDEN_URL", service.url)
    return command


def test_what_waits_for_a_person_is_listed(run: Command, service: Service) -> None:
    ended = run("incident", "list", "--owed")

    assert (ended.code, ended.out.split()[:4]) == (0, [service.incident, "act", "firing", "notified"])


def test_from_the_acknowledgement_to_the_close(run: Command, service: Service) -> None:
    acked = run("incident", "ack", service.incident, "--until", SOON)
    noted = run("incident", "note", service.incident, "--kind", "findings", "--note", "the feed sends cents")
    closed = run("incident", "close", service.incident, "--as", "data_bug", "--note", "mended")

    assert [one.code for one in (acked, noted, closed)] == [0, 0, 0], acked.err + noted.err + closed.err
    assert "held by respond-holder until" in acked.out
    assert "respond-holder: the feed sends cents" in noted.out
    assert "closed by respond-holder as data_bug" in closed.out


def test_a_silence_shows_what_it_hides_before_it_is_set(run: Command, service: Service) -> None:
    ended = run("incident", "silence", service.incident, "--until", SOON, "--note", "migration", "--yes")

    assert ended.code == 0, ended.err
    assert ("income" in ended.err, "people: silenced" in ended.out) == (True, True)


@pytest.mark.parametrize(("said", "code"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_a_silence_is_set_when_somebody_agrees(
    run: Command, service: Service, monkeypatch: pytest.MonkeyPatch, said: str, code: int
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    ended = run("incident", "silence", service.incident, "--until", SOON, "--note", "migration")

    assert (ended.code, "silence it?" in ended.err, bool(ended.out)) == (code, True, code == 0)


def test_a_silence_that_would_be_refused_is_not_asked_about(run: Command, service: Service) -> None:
    late = (NOW + timedelta(days=2)).isoformat()
    ended = run("incident", "silence", service.incident, "--until", late, "--note", "migration")

    assert (ended.code, "within 24 hours" in ended.err, "hides" in ended.err) == (1, True, False)


def test_the_service_s_answer_can_be_had_as_json(run: Command, service: Service) -> None:
    listed, shown = run("incident", "list", "--json"), run("incident", "show", service.incident, "--json")
    acked = run("incident", "ack", service.incident, "--json")

    assert [one["id"] for one in json.loads(listed.out)["items"]] == [service.incident]
    assert [json.loads(one.out)["handling"] for one in (shown, acked)] == ["notified", "acked"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (("--party", "platform"), 0),
        (("--party", "credit-risk"), 1),
        (("--tier", "act"), 1),
        (("--handling", "acked"), 0),
    ],
)  # fmt: skip
def test_what_is_listed_can_be_narrowed(run: Command, service: Service, asked: tuple[str, ...], found: int) -> None:
    assert run("incident", "list", *asked).out.count(service.incident) == found


def test_a_token_that_may_not_act_is_said(run: Command, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWARDEN_TOKEN", "read")
    ended = run("incident", "ack", service.incident)

    assert (ended.code, "this needs 'respond'" in ended.err) == (2, True)


def test_an_incident_that_is_not_there_is_said(run: Command, service: Service) -> None:
    ended = run("incident", "show", "inc_0/../x")

    assert (ended.code, f"the newest are: {service.incident}" in ended.err or "nothing at" in ended.err) == (2, True)


def test_what_the_service_refuses_is_said_as_it_says_it(run: Command, service: Service) -> None:
    ended = run("incident", "close", service.incident, "--note", "done")

    assert (ended.code, "cannot be closed without a disposition" in ended.err) == (1, True)


def test_without_a_token_it_says_how_to_give_one(
    run: Command, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRIFTWARDEN_TOKEN")
    ended = run("incident", "ack", service.incident)

    assert (ended.code, "Set DRIFTWARDEN_TOKEN, or give --token-file." in ended.err) == (2, True)


def test_a_token_may_come_from_a_file(
    run: Command, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRIFTWARDEN_TOKEN")
    (tmp_path / "token").write_text("respond\n", encoding="utf-8")

    assert run("incident", "ack", service.incident, "--token-file", str(tmp_path / "token")).code == 0


def test_a_service_that_is_not_there_is_named(run: Command, service: Service) -> None:
    ended = run("incident", "list", "--url", "http://127.0.0.1:9")

    assert (ended.code, "the service at http://127.0.0.1:9 does not answer" in ended.err) == (2, True)


@pytest.mark.parametrize("until", ["soon", "2026-03-31T09:00"])
def test_a_time_that_cannot_be_read_is_refused_with_the_way_out(run: Command, service: Service, until: str) -> None:
    ended = run("incident", "ack", service.incident, "--until", until)

    assert (ended.code, "write it like" in ended.err) == (2, True)


def test_what_is_in_a_name_cannot_begin_a_line_or_colour_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    known = json.loads(json.dumps(KNOWN).replace("credit", r"cre\u001b[31m\ndit\u202e"))

    _print(Desk("", None, None), known)

    assert all(line.isprintable() for line in capsys.readouterr().out.split("\n"))


KNOWN = {
    "id": "inc_1", "model": "credit", "version": "3", "tier": "act", "condition": "firing", "handling": "acked",
    "lead": "income of credit", "monitors_held": 2,
    "people": {
        "hold": {"by": "credit", "until": "2026-01-05T10:00:00Z"}, "listening": ["credit"],
        "parties": {"owner": "credit", "responder": "credit"}, "deadlines": [], "timers": [], "closing": None,
        "remarks": [{"at": "2026-01-05T10:00:00Z", "author": "credit", "text": "one credit\ntwo"}],
    },
}  # fmt: skip
"""As the service answers, with one word wherever somebody chose the words."""


def test_who_has_it_is_shown_with_times_as_people_write_them(capsys: pytest.CaptureFixture[str]) -> None:
    _print(Desk("", None, None), KNOWN)

    assert capsys.readouterr().out.splitlines()[3:] == [
        "  2 monitors in all", "for: credit (owner and responder)", "told, and not of its end yet: credit",
        "held by credit until 2026-01-05 10:00 UTC", "2026-01-05 10:00 UTC credit: one credit", "  two",
    ]  # fmt: skip
