"""Asking the ownership table, and what another one would change."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from alerting.errors import OwnershipError
from service.app import build_app
from service.config import load
from service.store.engine import open_store
from service.store.records import put_incident
from service.store.schema import model_version
from tests.alerting.examples import OWNERS, finding, opened, owners
from tests.cli.command import Command, golden


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


def test_without_a_store_the_tables_alone_are_compared(command: Command, folder: Path) -> None:
    (folder / "driftwarden.yaml").write_text('store: {url: "sqlite:///none.db"}\n', encoding="utf-8")
    (folder / "new.yaml").write_text(OWNERS.replace("{owner: credit-ds,", "{owner: on-call,"), encoding="utf-8")
    ended = command("owners", "diff", "new.yaml")

    assert (ended.code, ended.out.splitlines()[1:]) == (0, ["  rules: ~credit"])
    assert "no open incidents are looked at" in ended.err
    assert not (folder / "none.db").exists()


def test_a_broken_table_is_a_mistake_with_its_line(command: Command, folder: Path) -> None:
    (folder / "new.yaml").write_text(OWNERS.replace("owner: credit-ds", "owner: somebody"), encoding="utf-8")
    ended = command("owners", "diff", "new.yaml")

    assert ended.code == 2
    assert "new.yaml:" in ended.err
    assert "'somebody' is not known" in ended.err


def test_the_winner_is_said_with_its_rule(command: Command, folder: Path) -> None:
    ended = command("owners", "resolve", "--model", "credit-score", "--role", "owner")

    assert ended.out.splitlines()[1].split() == [
        "owner",
        "credit-ds",
        "rule",
        "credit",
        "(a",
        "family)",
        "log:credit-ds",
    ]


OWNED = """\
version: 1
parties:
  everyone: {contacts: [log]}
  ds: {contacts: [{pagerduty: "env:PD"}, {slack: {channel: C0123DS, token: "env:SLACK"}}]}
  risk: {contacts: [{slack: {channel: C0456RISK, token: "env:SLACK"}}]}
fallback: {owner: everyone}
policies: {regulated: {act: {ack: 10 min}}}
rules:
  - {id: all, match: {}, assign: {owner: everyone}}
  - {id: credit, match: {model: "credit-*"}, policy: regulated, assign: {owner: ds, compliance: risk}}
  - {id: age, match: {model: credit-score, feature: age}, assign: {owner: {none: "not used", until: 2030-01-01}}}
"""


@pytest.fixture
def owned(tmp_path: Path) -> Path:
    """A table with a policy, and a feature that is left to nobody for the better part of a year."""
    text = OWNED.replace("2030-01-01", str(datetime.now(UTC).date() + timedelta(days=300)))
    (tmp_path / "owners.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_all_roles_are_shown_with_their_rules_contacts_and_the_policy(command: Command, owned: Path) -> None:
    ended = command("owners", "resolve", "--model", "credit-score", "--feature", "income")

    assert ended.out == golden("owners_resolve_policy.txt", ended.out)


VIEWED = """\
version: 1
parties:
  ds: {contacts: [log]}
  desk: {contacts: [log]}
  platform: {contacts: [log]}
policies:
  default: {blind: {ack: 45 minutes}}
  strict: {blind: {ack: 5 minutes}}
fallback: {owner: platform}
rules:
  - {id: credit, match: {model: credit}, assign: {owner: ds}, policy: strict}
  - {id: orders, match: {feature_view: orders}, assign: {data_steward: desk}}
"""


def test_the_view_that_the_settings_declare_decides_who_the_steward_is(command: Command, tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").write_text(VIEWED)
    (tmp_path / "driftwarden.yaml").write_text("lineage: {views: [{name: orders, features: [amount]}]}\n")
    asked = ("owners", "resolve", "--model", "credit", "--role", "data_steward", "--config", "driftwarden.yaml")

    declared = command(*asked, "--feature", "amount").out.splitlines()
    assert (declared[0], declared[3].split()[1]) == ("read from the feature view orders", "desk")
    assert command(*asked, "--feature", "age").out.splitlines()[1].split()[1] == "ds"
    assert command(*asked, "--feature", "age", "--view", "orders").out.splitlines()[3].split()[1] == "desk"


def test_blindness_is_under_the_policy_of_the_table_since_it_is_no_models(command: Command, tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").write_text(VIEWED)

    last = command("owners", "resolve", "--model", "credit").out.splitlines()[-1]
    assert last.split()[:4] == ["blind", "responder", "45", "min"]


def test_the_whole_answer_can_be_had_as_json(command: Command, owned: Path) -> None:
    (found,) = command("owners", "resolve", "--model", "credit-score", "--role", "compliance", "--json").lines

    assert found["roles"] == [{
        "role": "compliance", "party": "risk", "rule": "credit", "fallback": False, "inherited_from": None,
        "specificity": "models by pattern", "contacts": ["slack:risk:f7b1ab7d"], "unowned": "", "losers": [],
    }]  # fmt: skip
    assert (found["policy"], found["policy_rule"], found["tiers"][0]["ack"]) == ("regulated", "credit", "10 min")
    assert found["asked"]["model"] == "credit-score"


def test_what_is_left_to_nobody_is_shown_with_its_reason(command: Command, owned: Path) -> None:
    ended = command("owners", "resolve", "--model", "credit-score", "--feature", "age", "--role", "owner")

    first = ended.out.splitlines()[1]
    assert first.startswith("owner  nobody  rule age (one model, one feature)  nobody until ")
    assert first.endswith(": not used")


def test_a_check_counts_the_parties_that_are_written(command: Command, owned: Path) -> None:
    assert command("owners", "check").out.splitlines()[0] == "owners.yaml: 3 parties, 3 rules, all good"


def test_a_check_says_which_rules_no_known_model_fits(command: Command, owned: Path) -> None:
    (owned / "models.txt").write_text("credit-score\n\ncredit-x\n", encoding="utf-8")
    (owned / "others.txt").write_text("fraud\n", encoding="utf-8")

    assert "no model fits" not in command("owners", "check", "--models", "models.txt").out
    assert "rule credit: no model fits 'credit-*' among the 1 known" in (
        command("owners", "check", "--models", "others.txt").out
    )


def test_a_check_can_take_the_models_from_the_store(command: Command, folder: Path) -> None:
    seen = {"kind": "prediction", "version": "1", "state": "learning", "baseline": "", "learned": 0, "first_ms": 0}
    store = open_store(f"sqlite:///{folder}/store.db", tick_seconds=60)
    with store.write() as connection:
        connection.execute(insert(model_version).values(model="fraud", last_ms=0, **seen))
    store.close()

    assert "family credit: no model fits 'credit-*'" in command("owners", "check", "--stored-models").out
    assert "no model fits" not in command("owners", "check").out


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


def test_the_schema_for_editors_is_written_where_it_is_wanted(command: Command, tmp_path: Path) -> None:
    ended = command("owners", "schema", "--out", "owners.schema.json")

    assert (ended.code, ended.out) == (0, "")
    assert json.loads((tmp_path / "owners.schema.json").read_text(encoding="utf-8"))["title"] == "Ownership table"
