"""Running the command as a user does, in this process."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest

from service.cli import main

FOLDER = Path(__file__).parent / "golden"
UPDATE = os.environ.get("DRIFTWARDEN_UPDATE_GOLDEN") == "1"


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON objects on standard output."""
        return [msgspec.json.decode(line) for line in self.out.splitlines()]


Command: TypeAlias = Callable[..., Ended]


def command_in(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Give a function that runs `driftwarden` in a folder."""
    monkeypatch.chdir(folder)
    # A variable of this name that is no setting is a mistake to the command.
    for name in [name for name in os.environ if name.startswith("DRIFTWARDEN_")]:
        monkeypatch.delenv(name)

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        code = end.value.code
        return Ended(code if isinstance(code, int) else 0, printed.out, printed.err)

    return run


def golden(name: str, actual: str) -> str:
    """Give what the file of that name holds, after an update when DRIFTWARDEN_UPDATE_GOLDEN=1 asks for one."""
    file = FOLDER / name
    if UPDATE:
        file.write_text(actual, encoding="utf-8")
    return file.read_text(encoding="utf-8")
