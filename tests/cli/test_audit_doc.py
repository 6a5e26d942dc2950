"""Every command of docs/audit.md runs as it stands there, in its order, in one folder."""

import re
import shlex
from pathlib import Path

from alerting.checkpoint import private_key
from service.config import load
from tests.cli.audited import anchored, audited
from tests.cli.command import Command

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_page_does_what_it_says(command: Command, tmp_path: Path) -> None:
    audited(tmp_path)
    (tmp_path / "c.yaml").rename(tmp_path / "driftwarden.yaml")
    lines = [line for block in _blocks("sh") for line in block.splitlines()]
    for line in lines:
        program, *words = shlex.split(line)
        ended = command(*words)
        assert (program, ended.code, ended.err) == ("driftwarden", 0, ""), (line, ended)
        if words[1] == "key":
            key = private_key((tmp_path / "audit.key").read_text(encoding="utf-8"))
            anchored(tmp_path, 2, 5, 8, key=key, name="driftwarden.ndjson")

    assert len(lines) == 8


def test_the_page_never_calls_the_audit_what_it_is_not() -> None:
    assert "immutable" not in PAGE.lower()


def test_the_settings_of_the_page_are_settings(tmp_path: Path) -> None:
    (block,) = _blocks("yaml")
    (tmp_path / "driftwarden.yaml").write_text(block, encoding="utf-8")

    assert [place.name for place in load(tmp_path / "driftwarden.yaml", {}).audit.publish] == ["vault", "notary"]
