"""Texts that people read, kept as files; DRIFTWARDEN_UPDATE_GOLDEN=1 writes them anew, to be read before committing."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def golden(name: str, actual: str) -> str:
    """Give what the file of that name holds, after an update when one was asked for."""
    file = FOLDER / name
    if os.environ.get("DRIFTWARDEN_UPDATE_GOLDEN") == "1":
        file.write_text(actual, encoding="utf-8")
    return file.read_text(encoding="utf-8")
