"""`driftwarden owners import`: owners that another system knows, as rules of the table. Never read when it matters."""

import os
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerting.owners_import import Found, fresh, merged
from alerting.owners_import_backstage import CHARS_MAX, owners_of_catalog
from alerting.owners_import_codeowners import owners_of_codeowners
from service.cli.mistakes import Mistake

UNOWNED_DAYS = 90
"""How long what nobody owns by CODEOWNERS is left at that."""


def backstage(files: Sequence[Path], types: Sequence[str], *, into: Path | None, fallback: str) -> int:
    """Import the owners of models in catalog files."""
    found = owners_of_catalog({str(file): _text(file) for file in files}, types)
    return _give(found, "backstage", into, fallback)


def codeowners(file: Path, root: str, *, into: Path | None, fallback: str) -> int:
    """Import the owners of the directories below a root."""
    if not root.strip("/"):
        raise Mistake(f'--root: {root!r} names no directory; name the one that holds a directory per model, "models/"')
    return _give(owners_of_codeowners(_text(file), root, str(file)), "codeowners", into, fallback)


def _give(found: Found, source: str, into: Path | None, fallback: str) -> int:
    """Print the table, or write it in one move where it is to be; what was left out is said on standard error."""
    there = into is not None and into.exists()
    if there and fallback:
        raise Mistake(f"--fallback: {into} has one already; leave the option out")
    text = _text(into) if there and into is not None else fresh(fallback or "platform")
    until = datetime.now(UTC).date() + timedelta(days=UNOWNED_DAYS)
    made = merged(text, str(into or "owners.yaml"), found, source, until)
    for line in (*found.left, *made.conflicts):
        print(line, file=sys.stderr)
    if into is None:
        print(made.text, end="")
    else:
        _put(made.text, into.resolve())
    if any(owner.mail for owner in found.owners):
        print("parties that are told by mail need alerting.smtp.host in the settings of the service", file=sys.stderr)
    known = len(found.owners)
    print(
        f"{into or 'printed'}: {made.rules} rules and {made.parties} parties new, of {known} owners found; "
        f"{len(found.left) + len(made.conflicts)} not taken over, as said above",
        file=sys.stderr,
    )
    return 0


def _put(text: str, file: Path) -> None:
    """Write it beside the file and move it there: a service that looks at the file finds the one or the other."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text, encoding="utf-8")
    if file.exists():
        shutil.copymode(file, beside)
    os.replace(beside, file)


def _text(file: Path) -> str:
    if file.stat().st_size > CHARS_MAX:
        raise Mistake(f"{file}: is over {CHARS_MAX:,} bytes; split it")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        raise Mistake(f"{file}: is not UTF-8; save it as UTF-8") from fault
