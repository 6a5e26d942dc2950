"""Asking the ownership table, and what another one would change."""

from dataclasses import replace
from pathlib import Path

import pytest

from alerting.errors import OwnershipError
from service.app import build_app
from service.config import load
from service.store.engine import open_store
from service.store.records import put_incident
from tests.alerting.examples import OWNERS, finding, opened, owners
from tests.cli.command import Command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service's folder: its table, its settings, and a store in which an incident is open."""
    (tmp_path / "owners.yaml").write_text(OWNERS, encoding="utf-8")
    (tmp_path / "driftwarden.yaml").write_text('store: {url: "sqlite:///store.db"}\n', encoding="utf-8")
    incident = opened([finding()])
    store = open_store(f"sqlite:///{tmp_path}/store.db", tick_seconds=60)
    with store.write() as connection:
        put_incident(connection, replace(incident, route=owners().route(incident.stream, incident.lead.subject)), 1)
    store.close()
    return tmp_path


def test_what_another_table_would_change_is_said_with_the_open_incidents(command: Command, folder: Path) -> None:
    text = OWNERS.replace("{owner: credit-ds,", "{owner: on-call,").replace("tz: Europe/Berlin", "tz: Europe/Oslo")
    (folder / "new.yaml").write_text(text, encoding="utf-8")
    ended = command("owners", "diff", "new.yaml")

    first, *lines = ended.out.splitlines()
    assert (ended.code, first) == (0, f"new.yaml instead of {folder}/owners.yaml")
    assert lines[:2] == ["  parties: ~credit-ds", "  rules: ~credit"]
    assert lines[2].startswith("  open incident inc_")
    assert lines[2].endswith("owner would be on-call, stays credit-ds")


def test_the_same_table_would_change_nothing(command: Command, folder: Path) -> None:
    ended = command("owners", "diff", "owners.yaml")

    assert ended.out.splitlines()[1:] == ["  nothing that anybody would be told differently by"]


def test_a_broken_table_is_a_mistake_with_its_line(command: Command, folder: Path) -> None:
    (folder / "new.yaml").write_text(OWNERS.replace("owner: credit-ds", "owner: nobody"), encoding="utf-8")
    ended = command("owners", "diff", "new.yaml")

    assert ended.code == 2
    assert "new.yaml:" in ended.err
    assert "'nobody' is not known" in ended.err


def test_the_winner_is_said_with_its_rule(command: Command, folder: Path) -> None:
    ended = command("owners", "resolve", "--model", "credit-score", "--role", "owner")

    assert ended.out == "owner: credit-ds (by rule credit)\n"


def test_a_check_says_which_reviews_are_overdue(command: Command, folder: Path) -> None:
    text = OWNERS.replace("responder: on-call}}", 'responder: on-call}, review_by: "2026-01-31"}')
    (folder / "owners.yaml").write_text(text, encoding="utf-8")
    ended = command("owners", "check")

    assert ended.code == 0
    assert "warning: rule credit was to be reviewed by 2026-01-31" in ended.out


MAILED = OWNERS.replace("platform: {contacts: [log]}", "platform: {contacts: [log, {email: team@mail.example}]}")
FAULT = "party 'platform' is to be told by mail, and alerting.smtp.host is empty in the settings"


def test_a_contact_by_mail_without_a_mail_server_is_a_mistake_with_its_line(command: Command, folder: Path) -> None:
    (folder / "owners.yaml").write_text(MAILED, encoding="utf-8")
    ended = command("owners", "check")

    assert (ended.code, f"owners.yaml:6:38: {FAULT}" in ended.err) == (2, True)


def test_a_contact_by_mail_is_good_with_a_mail_server(command: Command, folder: Path) -> None:
    (folder / "owners.yaml").write_text(MAILED, encoding="utf-8")
    with (folder / "driftwarden.yaml").open("a") as settings:
        settings.write("alerting: {smtp: {host: mail.example, sender: drift@mail.example}}\n")
    ended = command("owners", "check")

    assert (ended.code, "by mail" in ended.out) == (0, False)


def test_a_table_checked_by_itself_is_warned_of_mail(command: Command, folder: Path) -> None:
    (folder / "owners.yaml").write_text(MAILED, encoding="utf-8")
    (folder / "driftwarden.yaml").unlink()
    ended = command("owners", "check", "owners.yaml")

    assert (ended.code, "warning: party platform is told by mail: set alerting.smtp.host" in ended.out) == (0, True)


def test_the_service_does_not_start_with_mail_that_nobody_takes(folder: Path) -> None:
    (folder / "owners.yaml").write_text(MAILED, encoding="utf-8")

    with pytest.raises(OwnershipError, match=FAULT):
        build_app(load(folder / "driftwarden.yaml", {}))
