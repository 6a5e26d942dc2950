"""`driftwarden audit export`, `audit key` and `audit erase`."""

import json
import stat
from pathlib import Path

import pytest

from alerting.checkpoint import key_id, private_key, public_keys
from tests.cli.audited import anchored, audited, forged
from tests.cli.command import Command


def test_an_export_is_verified_without_a_database(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    anchored(tmp_path, 5, 8)
    made = command("audit", "export", "out.ndjson", "-c", "c.yaml")
    (tmp_path / "s.db").unlink()
    ended = command("audit", "verify", "--export", "out.ndjson", "--anchor", "anchors.ndjson")

    assert made.out == "out.ndjson: 9 entries; check it with: driftwarden audit verify --export out.ndjson\n"
    assert ended.code == 0
    assert "9 audit entries, 2026-11-20 12:01:00+00:00 to 2026-11-20 12:09:00+00:00: the chain is whole" in ended.out
    assert "2 of 2 checkpoints agree" in ended.out
    assert "not proved: remarks" in ended.out


def test_an_export_goes_to_standard_output_a_row_per_line(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    ended = command("audit", "export", "-", "-c", "c.yaml")

    assert [sorted(line) for line in ended.lines] == [["entry", "hash", "previous", "seq"]] * 9
    assert ended.lines[3]["entry"]["actor"] == "anna"


@pytest.mark.parametrize("edit", ["change", "remove", "swap", "add"])
def test_an_export_that_was_edited_shows(command: Command, tmp_path: Path, edit: str) -> None:
    audited(tmp_path)
    command("audit", "export", "out.ndjson", "-c", "c.yaml")
    path = tmp_path / "out.ndjson"
    lines = path.read_text(encoding="utf-8").splitlines()
    if edit == "change":
        lines[3] = lines[3].replace("anna", "eve")
    elif edit == "remove":
        del lines[3]
    elif edit == "swap":
        lines[3], lines[4] = lines[4], lines[3]
    else:
        lines.append(lines[-1])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    assert command("audit", "verify", "--export", "out.ndjson").code == 1


def test_a_stretch_of_time_is_exported_and_verified_as_the_part_it_is(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    anchored(tmp_path, 2, 5, 9)
    command(
        "audit", "export", "out.ndjson", "--since", "2026-11-20T12:04:00", "--until", "2026-11-20T12:07:00+0000",
        "-c", "c.yaml",
    )  # fmt: skip
    whole = command("audit", "verify", "--export", "out.ndjson")
    part = command("audit", "verify", "--export", "out.ndjson", "--part", "--anchor", "anchors.ndjson")

    assert (whole.code, "entries 1 to 3 are missing" in whole.out) == (1, True)
    assert part.code == 0
    assert "3 audit entries" in part.out
    assert "not proved: entries 1 to 3, which are not in this part" in part.out
    assert "not proved: 2 checkpoints of entries outside this part" in part.out


def test_what_cannot_be_exported_is_named(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    forged(tmp_path, "UPDATE audit SET content = 'x' WHERE seq = 4")
    ended = command("audit", "export", "out.ndjson", "-c", "c.yaml")

    assert (ended.code, "entry 4 is not JSON, so it was changed" in ended.err) == (2, True)


def test_a_key_pair_is_made_that_only_its_owner_can_read(command: Command, tmp_path: Path) -> None:
    ended = command("audit", "key", "audit.key")
    private, public = tmp_path / "audit.key", tmp_path / "audit.key.pub"
    made = key_id(private_key(private.read_text()).public_key())

    assert (ended.code, f"id: {made}" in ended.out) == (0, True)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert set(public_keys([public.read_text()])) == {made}
    assert private.read_text().splitlines()[1] not in ended.out


@pytest.mark.parametrize("there", ["audit.key", "audit.key.pub"])
def test_a_key_is_never_overwritten(command: Command, tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("precious", encoding="utf-8")
    ended = command("audit", "key", "audit.key")

    assert (ended.code, "never overwritten" in ended.err) == (2, True)
    assert (tmp_path / there).read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_erasing_what_is_not_there_says_where_ids_are_found(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    ended = command("audit", "erase", "rmk_99", "--why", "asked", "--actor", "privacy", "-c", "c.yaml")

    assert (ended.code, "no remark 'rmk_99'" in ended.err) == (2, True)


def test_erasing_without_a_reason_is_refused(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    ended = command("audit", "erase", "rmk_1", "--why", " ", "--actor", "privacy", "-c", "c.yaml")

    assert (ended.code, "why: 1 characters" in ended.err) == (2, True)
    assert json.loads(command("audit", "export", "-", "-c", "c.yaml").out.splitlines()[-1])["seq"] == 9
