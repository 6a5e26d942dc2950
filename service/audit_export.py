"""The audit as a file: one row per line, with all that is needed to verify it where there is no database.

A line is `{"seq", "previous", "hash", "entry"}`; the hash is SHA-256(0x00 | previous as 32 bytes | RFC 8785 JSON of
the entry with its seq among its fields).
"""

import json
from collections.abc import Iterator
from pathlib import Path

from alerting.audit_proof import StoredRow

LINE_BYTES_MAX = 4_194_304


class ExportError(ValueError):
    """A file is not an export, or a row cannot be exported; the message names the line or entry, and the way out."""


def line_of(row: StoredRow) -> str:
    """Write a row as one line; raises ExportError when what is stored is no JSON object."""
    try:
        entry = json.loads(row.content)
    except (ValueError, RecursionError) as fault:
        raise ExportError(f"entry {row.seq} is not JSON, so it was changed: see `driftwarden audit verify`") from fault
    return json.dumps(
        {"seq": row.seq, "previous": row.previous, "hash": row.hash, "entry": entry}, ensure_ascii=False
    )  # fmt: skip


def rows_in(path: Path) -> Iterator[StoredRow]:
    """Read an export line by line; raises ExportError at the first line that is none, OSError without the file."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_BYTES_MAX + 1):
            number += 1
            if len(line) > LINE_BYTES_MAX:
                raise ExportError(f"{path}:{number}: the line is longer than {LINE_BYTES_MAX} bytes")
            yield _row(line, f"{path}:{number}")


def _row(line: bytes, where: str) -> StoredRow:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as fault:
        raise ExportError(f"{where}: not JSON ({fault}); the file was cut or edited, export again") from fault
    if not isinstance(value, dict) or set(value) != {"seq", "previous", "hash", "entry"}:
        raise ExportError(f"{where}: not an exported row, which has seq, previous, hash and entry")
    seq, previous, digest = value["seq"], value["previous"], value["hash"]
    if (
        not isinstance(seq, int)
        or isinstance(seq, bool)
        or not isinstance(previous, str)
        or not isinstance(digest, str)
    ):
        raise ExportError(f"{where}: seq must be a whole number, previous and hash must be text")
    return StoredRow(seq, json.dumps(value["entry"]), previous, digest)
