"""`driftwarden audit export`, `driftwarden audit key` and `driftwarden audit erase`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alerting.checkpoint import key_id, pem
from service.audit_export import ExportError, line_of
from service.cli.audit import counted
from service.cli.mistakes import Mistake, check_out
from service.cli.settings import settings_of, store_of
from service.store.chain import stored_rows, stretch
from service.store.remarks import RemarkUnknown, erase_remark


def export(file: Path, *, since: datetime | None, until: datetime | None, config: Path | None) -> int:
    """Write the rows of a stretch of time, one per line; `-` is standard output."""
    check_out(None if file == Path("-") else file)
    since, until = _aware(since), _aware(until)
    with store_of(settings_of(config), read_only=True) as store, store.read() as connection:
        wanted = stretch(connection, since, until)
        with _written(file) as out, counted(wanted.last - wanted.first + 1, "entries") as progress:
            for batch in stored_rows(connection, wanted):
                try:
                    out.writelines(line_of(row) + "\n" for row in batch)
                except ExportError as error:
                    raise Mistake(f"the audit: {error}") from error
                progress.advance(progress.task_ids[0], len(batch))
    if file != Path("-"):
        count = max(0, wanted.last - wanted.first + 1)
        print(f"{file}: {count:,} entries; check it with: driftwarden audit verify --export {file}")
    return 0


def key(private: Path, public: Path | None) -> int:
    """Make a key pair; neither file may be there already, and only its owner may read the private one."""
    public = public if public is not None else private.with_name(private.name + ".pub")
    for path in (private, public):
        if path.exists():
            raise Mistake(f"{path}: there is a file already, and a key is never overwritten; name another")
    made = Ed25519PrivateKey.generate()
    secret_text, public_text = pem(made)
    for path, text, mode in ((private, secret_text, 0o600), (public, public_text, 0o644)):
        # O_EXCL: not even a file that appeared since then, nor what a link points to.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    print(f"{private}: the private key, for the setting audit.key: file:{private.absolute()}")
    print(f"{public}: the public key, for driftwarden audit verify --public-key; keep a copy where checkpoints go")
    print(f"id: {key_id(made.public_key())}")
    return 0


def erase(remark_id: str, *, why: str, actor: str, config: Path | None) -> int:
    """Erase the words of a remark and put on record who did it and why."""
    with store_of(settings_of(config), existing=True) as store:
        try:
            erased = erase_remark(store, remark_id, actor=actor, why=why, now=datetime.now(UTC))
        except (RemarkUnknown, ValueError) as error:
            raise Mistake(str(error.args[0])) from error
    at = datetime.fromtimestamp((erased.erased_ms or 0) / 1000, UTC)
    print(f"{remark_id}: erased by {erased.erased_by} at {at.isoformat(sep=' ', timespec='seconds')}")
    return 0


@contextmanager
def _written(file: Path) -> Iterator[TextIO]:
    if file == Path("-"):
        yield sys.stdout
        return
    with file.open("w", encoding="utf-8") as out:
        yield out


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
