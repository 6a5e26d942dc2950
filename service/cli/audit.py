"""`driftwarden audit verify`: the chain, checkpoints kept elsewhere, and remarks."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.progress import Progress

from alerting.audit import AuditEntry
from alerting.audit_proof import Anchor, ChainProof, Faults, StoredRow
from alerting.checkpoint import CheckpointError, public_keys
from service.audit_anchors import anchors_of
from service.audit_export import ExportError, rows_in
from service.cli.mistakes import Mistake
from service.cli.screen import screen
from service.cli.settings import settings_of, store_of
from service.store.audit_beside import check_beside
from service.store.chain import BATCH, stored_rows, stretch
from service.store.remark_proof import RemarkProof


@dataclass(frozen=True, slots=True)
class Proof:
    """What is held against what: checkpoints and keys from files, an export in place of the store."""

    anchors: Sequence[Path] = ()
    public_keys: Sequence[Path] = ()
    export: Path | None = None
    part: bool = False


def verify(proof: Proof, config: Path | None) -> int:
    """Print what was proved, what was not, and every fault; 0 when there is none, else 1."""
    if proof.part and proof.export is None:
        raise Mistake("--part: a store holds the whole chain; give it with --export")
    faults = Faults()
    keys = _keys(proof.public_keys)
    try:
        anchors = anchors_of(proof.anchors, keys, faults)
    except CheckpointError as error:
        raise Mistake(f"--anchor: {error}") from error
    chained = ChainProof(anchors, faults, part=proof.part)
    remarks: RemarkProof | None = None
    if proof.export is not None:
        _exported(proof.export, chained)
    else:
        remarks = _stored(config, chained, faults)
    chained.end()
    _say(chained, faults)
    _say_anchors(chained, anchors, keys, proof)
    _say_remarks(remarks)
    for sentence in faults.spelled:
        print(f"FAULT: {sentence}")
    if faults.count > len(faults.spelled):
        print(f"FAULT: and {faults.count - len(faults.spelled):,} more")
    return 1 if faults.count else 0


@contextmanager
def counted(total: int | None, what: str) -> Iterator[Progress]:
    """Show a bar on standard error while somebody looks at it."""
    console = screen(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task(what, total=total)
        yield progress


def _keys(paths: Sequence[Path]) -> dict[str, Ed25519PublicKey]:
    keys: dict[str, Ed25519PublicKey] = {}
    for path in paths:
        try:
            keys |= public_keys([path.read_text(encoding="utf-8")])
        except (CheckpointError, UnicodeDecodeError) as error:
            raise Mistake(f"--public-key: {path}: {error}") from error
    return keys


def _stored(config: Path | None, chained: ChainProof, faults: Faults) -> RemarkProof:
    settings = settings_of(config)
    with store_of(settings, read_only=True) as store, store.read() as connection:
        remarks = RemarkProof(connection, faults)
        wanted = stretch(connection)
        with counted(wanted.last, "entries") as progress:
            for batch in stored_rows(connection, wanted):
                remarks.take(_taken(chained, batch))
                progress.advance(progress.task_ids[0], len(batch))
        remarks.end()
        check_beside(connection, faults)
    return remarks


def _exported(path: Path, chained: ChainProof) -> None:
    with counted(None, "entries") as progress:
        try:
            for row in rows_in(path):
                chained.take(row)
                if chained.rows % BATCH == 0:
                    progress.advance(progress.task_ids[0], BATCH)
        except ExportError as error:
            raise Mistake(f"--export: {error}") from error


def _taken(chained: ChainProof, rows: Iterable[StoredRow]) -> list[AuditEntry]:
    return [entry for entry in map(chained.take, rows) if entry is not None]


def _say(chained: ChainProof, faults: Faults) -> None:
    noun = "entry" if chained.rows == 1 else "entries"
    when = f", {_time(chained.first_at)} to {_time(chained.last_at)}" if chained.first_at and chained.last_at else ""
    verdict = "the chain is whole" if not faults.count else f"{faults.count:,} FAULTS"
    print(f"{chained.rows:,} audit {noun}{when}: {verdict}")


def _say_anchors(
    chained: ChainProof, anchors: Sequence[Anchor], keys: dict[str, Ed25519PublicKey], proof: Proof
) -> None:
    if chained.newest is not None:
        print(
            f"{chained.agreeing:,} of {len(anchors):,} checkpoints agree with it; the newest is of entry "
            f"{chained.newest.seq:,} at {_time(chained.newest.at)}"
        )
        if keys:
            print(f"signed by {', '.join(sorted({anchor.checkpoint.key for anchor in anchors}))}")
        if chained.last_seq > chained.newest.seq:
            print(f"not proved: that nothing after entry {chained.newest.seq:,} was changed or cut off since")
    if not proof.anchors:
        print("not proved: that the whole chain was not written anew, nor its end cut off: give --anchor")
    elif not keys:
        print("not proved: who made the checkpoints: give --public-key, and see that it is the service's own")
    if chained.left_over:
        print(f"not proved: {chained.left_over:,} checkpoints of entries outside this part")
    if chained.first_seq > 1 and proof.part:
        print(f"not proved: entries 1 to {chained.first_seq - 1:,}, which are not in this part")


def _say_remarks(remarks: RemarkProof | None) -> None:
    if remarks is None:
        print("not proved: remarks, whose words are in the store and not in an export")
    elif remarks.whole or remarks.erased:
        print(f"remarks: {remarks.whole:,} still there, {remarks.erased:,} erased")


def _time(at: datetime | None) -> str:
    return at.isoformat(sep=" ", timespec="seconds") if at is not None else "?"
