"""The Makefile explains itself, and what it says it does it would do."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _make(*words: str) -> "subprocess.CompletedProcess[str]":
    # Under `make test` this is a make within a make; it shall not take over the outer one's flags.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def _phony() -> set[str]:
    line = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:"))
    return set(line.removeprefix(".PHONY:").split())


def test_make_alone_explains_every_word_it_knows() -> None:
    explained = set(re.findall(r"^  make ([a-z-]+) ", _make().stdout, flags=re.MULTILINE))

    assert explained == _phony()


@pytest.mark.parametrize("word", sorted(_phony()))
def test_every_word_can_be_planned(word: str) -> None:
    assert _make("--dry-run", word).returncode == 0


def test_an_old_python_is_refused_with_the_way_out(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text('#!/bin/sh\nexec python3 -c "import sys; sys.version_info = (3, 10); $2"\n')
    old.chmod(0o755)

    refused = _make(f"PY={old}", f"VENV={tmp_path}/venv", "venv")

    assert "is Python 3.10; Driftwarden needs 3.11 or later: make PY=" in refused.stderr
