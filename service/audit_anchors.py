"""Reading checkpoints back from where they were published."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from alerting.audit_proof import Anchor, Faults, in_order
from alerting.checkpoint import LINE_CHARS_MAX, CheckpointError, Signed, is_signed

ANCHORS_MAX = 1_000_000
"""Checkpoints of one verification: more than a hundred years of hourly ones."""


def anchors_of(paths: Iterable[Path], keys: Mapping[str, Ed25519PublicKey], faults: Faults) -> list[Anchor]:
    """Read files of checkpoints, a line each, and folders of such files; note what is wrong with any of them.

    Signatures are checked when there are keys. A checkpoint with a fault is not given back. Raises OSError.
    """
    found: list[Anchor] = []
    for path in paths:
        here: list[Anchor] = []
        for where, line in _lines(path):
            try:
                signed = Signed.from_line(line)
            except CheckpointError as fault:
                faults.add(f"{where}: this is no checkpoint: {fault}")
                continue
            if keys and signed.checkpoint.key not in keys:
                faults.add(f"{where}: it is signed with key {signed.checkpoint.key}, which is none of those given")
            elif keys and not is_signed(signed, keys):
                faults.add(
                    f"{where}: its signature is not that of key {signed.checkpoint.key}: it was edited or forged"
                )
            else:
                here.append(Anchor(signed.checkpoint, where))
            if len(found) + len(here) > ANCHORS_MAX:
                raise CheckpointError(f"{path}: there are more than {ANCHORS_MAX:,} checkpoints; give fewer at a time")
        in_order(here, faults)
        if not here:
            faults.add(f"{path}: it holds no good checkpoint, so it shows nothing")
        found += here
    return found


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as lines:
            number = 0
            while line := lines.readline(LINE_CHARS_MAX + 2):
                number += 1
                if line.strip():
                    yield f"{file}:{number}", line.strip()
