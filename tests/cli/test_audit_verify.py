"""`driftwarden audit verify`: good for what was left alone, and a sentence and exit 1 for everything else."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alerting.checkpoint import Signed, pem
from alerting.policy import Policy
from alerting.remark import Remark
from alerting.respond import Actor, note
from service.store.decisions import put_response
from tests.alerting.examples import NOON, finding
from tests.alerting.responding import decided
from tests.cli.audited import CONFIG, KEY, anchored, audited, forged, opened, written
from tests.cli.command import Command, golden

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """The public half of the service's key."""
    path = tmp_path / "audit.pub"
    path.write_text(pem(KEY)[1], encoding="utf-8")
    return path


def test_an_audit_without_entries_is_whole(command: Command, tmp_path: Path) -> None:
    audited(tmp_path, 0)
    ended = command("audit", "verify", "-c", "c.yaml")

    assert (ended.code, ended.out.splitlines()[0]) == (0, "0 audit entries: the chain is whole")


def test_what_was_left_alone_is_proved_and_what_is_not_proved_is_said(
    command: Command, tmp_path: Path, public: Path
) -> None:
    audited(tmp_path)
    anchored(tmp_path, 2, 5, 8)
    alone = command("audit", "verify", "-c", "c.yaml")
    unsigned = command("audit", "verify", "-c", "c.yaml", "--anchor", "anchors.ndjson")
    whole = command("audit", "verify", "-c", "c.yaml", "--anchor", "anchors.ndjson", "--public-key", public)
    said = "\n".join([alone.out, unsigned.out, whole.out])

    assert (alone.code, unsigned.code, whole.code) == (0, 0, 0)
    assert said == golden("audit_verify.txt", said)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit SET content = replace(content, 'anna', 'eve') WHERE seq = 4", "entry 4 is not what was hashed"),
        ("UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 4", "the column at_ms was changed"),
        ("UPDATE audit SET hash = previous WHERE seq = 4", "entry 4 is not what was hashed"),
        ("UPDATE audit SET previous = hash WHERE seq = 4", "entry 4 does not follow"),
        ("UPDATE audit SET seq = 40 WHERE seq = 4", "entry 4 is missing"),
        ("DELETE FROM audit WHERE seq = 4", "entry 4 is missing"),
        ("UPDATE remark SET content = replace(content, 'words 1', 'no word')", "remark rmk_1 is not what was written"),
        (
            'UPDATE audit SET content = \'{"actor": "mallory", \' || substr(content, 2) WHERE seq = 3',
            "entry 3 cannot be read (a key is in it twice)",
        ),
        ("DELETE FROM audit_about WHERE seq = 4", "entry 4 is not found by its subject"),
        ("UPDATE audit_about SET subject = 'inc_1' WHERE seq = 4", "entry 4 is not found by its subject"),
        (
            "INSERT INTO checkpoint VALUES ('vault', 12, 'x', 0)",
            "entry 12 was published to vault and is not there now; the chain ends with entry 9",
        ),
        ("UPDATE remark SET incident = 'inc_9' WHERE id = 'rmk_1'", "remark rmk_1 is filed under another"),
        ("UPDATE remark SET at_ms = 0 WHERE id = 'rmk_1'", "remark rmk_1 is filed under another"),
        ("UPDATE remark SET content = NULL WHERE id = 'rmk_1'", "remark rmk_1 is gone, and no entry says who"),
        ("UPDATE remark SET content = 'x' WHERE id = 'rmk_1'", "remark rmk_1 cannot be read"),
        ("DELETE FROM remark WHERE id = 'rmk_1'", "remark rmk_1 is not there, not even as an erased one"),
        ("INSERT INTO remark SELECT 'rmk_9', incident, at_ms, content, 0, '' FROM remark", "named by no entry"),
    ],
)
def test_a_forgery_in_the_database_is_named(command: Command, tmp_path: Path, statement: str, said: str) -> None:
    remarks = 1 if "rmk_9" in statement else 2
    audited(tmp_path, remarks=remarks)
    forged(tmp_path, statement)
    ended = command("audit", "verify", "-c", "c.yaml")

    assert ended.code == 1
    assert said in ended.out
    assert "FAULTS" in ended.out


def test_remarks_that_changed_places_show(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    moves = [("rmk_1", "x"), ("rmk_2", "rmk_1"), ("x", "rmk_2")]
    forged(tmp_path, *(f"UPDATE remark SET id = '{to}' WHERE id = '{was}'" for was, to in moves))
    ended = command("audit", "verify", "-c", "c.yaml")

    assert (ended.code, ended.out.count("is not what was written")) == (1, 2)


def test_an_erased_remark_is_told_of_and_is_no_fault(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    erased = command("audit", "erase", "rmk_1", "--why", "asked by the person", "--actor", "privacy", "-c", "c.yaml")
    ended = command("audit", "verify", "-c", "c.yaml")

    assert erased.code == 0
    assert erased.out.startswith("rmk_1: erased by privacy at ")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "remarks: 1 still there, 1 erased")
    assert ended.out.startswith("10 audit entries")


def test_what_a_responder_wrote_is_proved_and_can_be_erased(command: Command, tmp_path: Path) -> None:
    audited(tmp_path, 1, remarks=0)
    incident = decided([finding(high=0.5)])
    said = Remark("rmk_7", incident.id, NOON, "Ms Okafor's file was loaded twice.", bytes(16), "responder-1")
    store = opened(tmp_path)
    with store.write() as connection:
        put_response(connection, note(incident, Actor("responder-1", NOON, said), Policy()), NOON)
    store.close()
    before = command("audit", "verify", "-c", "c.yaml")
    command("audit", "erase", "rmk_7", "--why", "asked", "--actor", "privacy", "-c", "c.yaml")
    after = command("audit", "verify", "-c", "c.yaml")

    assert (before.code, before.out.splitlines()[-1]) == (0, "remarks: 1 still there, 0 erased")
    assert (after.code, after.out.splitlines()[-1]) == (0, "remarks: 0 still there, 1 erased")


def test_an_erased_remark_that_is_there_again_is_a_fault(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    command("audit", "erase", "rmk_1", "--why", "asked", "--actor", "privacy", "-c", "c.yaml")
    forged(tmp_path, f"UPDATE remark SET content = '{written(1).to_json()}' WHERE id = 'rmk_1'")
    ended = command("audit", "verify", "-c", "c.yaml")

    assert (ended.code, "remark rmk_1 was erased and is there again" in ended.out) == (1, True)


def test_a_tail_cut_off_shows_by_the_checkpoint_alone(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    anchored(tmp_path, 5, 8)
    forged(tmp_path, "DELETE FROM audit WHERE seq > 6")
    alone = command("audit", "verify", "-c", "c.yaml")
    held = command("audit", "verify", "-c", "c.yaml", "--anchor", "anchors.ndjson")

    assert (alone.code, held.code) == (0, 1)
    assert "anchors.ndjson:2: entry 8 was on record" in held.out


def test_a_chain_written_anew_shows_by_the_checkpoint_alone(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    anchored(tmp_path, 5, 8)
    (tmp_path / "s.db").unlink()
    audited(tmp_path, actor="eve")
    alone = command("audit", "verify", "-c", "c.yaml")
    held = command("audit", "verify", "-c", "c.yaml", "--anchor", "anchors.ndjson")

    assert (alone.code, held.code) == (0, 1)
    assert held.out.count("had another hash") == 2


def test_a_checkpoint_edited_or_by_another_key_is_named(command: Command, tmp_path: Path, public: Path) -> None:
    audited(tmp_path)
    path = anchored(tmp_path, 2, 5, 8)
    lines = path.read_text().splitlines()
    late = Signed.from_line(lines[1])
    lines[1] = replace(late, checkpoint=replace(late.checkpoint, seq=6)).to_line()
    theirs = anchored(tmp_path, 9, key=OTHER, name="theirs.ndjson")
    path.write_text("\n".join([*lines, lines[2][:-20]]) + "\n", encoding="utf-8")
    ended = command(
        "audit", "verify", "-c", "c.yaml", "--anchor", path, "--anchor", theirs, "--public-key", public
    )  # fmt: skip

    assert ended.code == 1
    assert "anchors.ndjson:2: its signature is not that of key" in ended.out
    assert "anchors.ndjson:4: this is no checkpoint" in ended.out
    assert "theirs.ndjson:1: it is signed with key" in ended.out


def test_lines_of_checkpoints_that_were_moved_are_named(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    path = anchored(tmp_path, 2, 5, 8)
    first, second, third = path.read_text().splitlines()
    path.write_text("\n".join([first, third, second]) + "\n", encoding="utf-8")
    ended = command("audit", "verify", "-c", "c.yaml", "--anchor", path)

    assert (ended.code, ended.out.count("FAULT: ")) == (1, 1)
    assert "anchors.ndjson:3: entry 5 at 2026-11-20 14:00:00+00:00 comes after entry 8" in ended.out


def test_after_a_change_of_keys_old_and_new_checkpoints_are_good_together(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    anchored(tmp_path, 2, 5, name="old.ndjson")
    anchored(tmp_path, 7, key=OTHER, name="new.ndjson")
    (tmp_path / "keys.pub").write_text(pem(KEY)[1] + pem(OTHER)[1], encoding="utf-8")
    anchors = ["--anchor", "old.ndjson", "--anchor", "new.ndjson"]
    ended = command("audit", "verify", "-c", "c.yaml", *anchors, "--public-key", "keys.pub")

    assert (ended.code, "3 of 3 checkpoints agree" in ended.out) == (0, True)


def test_a_folder_of_checkpoints_is_read_as_one_place(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    lines = anchored(tmp_path, 2, 8).read_text().splitlines()
    (tmp_path / "kept").mkdir()
    for number, line in enumerate(lines):
        (tmp_path / "kept" / f"{number}.json").write_text(line + "\n", encoding="utf-8")
    ended = command("audit", "verify", "-c", "c.yaml", "--anchor", "kept")

    assert (ended.code, "2 of 2 checkpoints agree" in ended.out) == (0, True)


def test_a_place_without_a_checkpoint_proves_nothing(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    (tmp_path / "empty.ndjson").write_text("", encoding="utf-8")
    ended = command("audit", "verify", "-c", "c.yaml", "--anchor", "empty.ndjson")

    assert (ended.code, "empty.ndjson: it holds no good checkpoint" in ended.out) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--anchor", "none.ndjson"], "none.ndjson: no such file"),
        (["--public-key", "c.yaml"], "--public-key: c.yaml: it holds no public key"),
        (["--export", "none.ndjson"], "none.ndjson: no such file"),
        (["--export", "c.yaml"], "--export: c.yaml:1: not JSON"),
        (["--part"], "--part: a store holds the whole chain"),
    ],
)
def test_a_mistake_in_the_command_is_said_in_one_sentence(
    command: Command, tmp_path: Path, arguments: list[str], said: str
) -> None:
    audited(tmp_path)
    ended = command("audit", "verify", "-c", "c.yaml", *arguments)

    assert (ended.code, said in ended.err) == (2, True), ended


def test_a_store_that_is_not_there_is_not_whole(command: Command, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")

    assert command("audit", "verify", "-c", "c.yaml").code == 2


def test_verifying_changes_nothing_in_the_store(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    before = (tmp_path / "s.db").read_bytes()
    command("audit", "verify", "-c", "c.yaml")
    opened(tmp_path).close()

    assert (tmp_path / "s.db").read_bytes() == before
