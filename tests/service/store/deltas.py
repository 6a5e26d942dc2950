"""Small deltas for store tests: one partition, one model, counts made by the real fold."""

from dataclasses import replace

from alerting.finding import Stream
from detectors.baseline import Baseline
from detectors.columns import columns_of
from detectors.fit import fit
from detectors.fold import fold
from service.store.changes import DeadLetter, ModelKey, Outcomes, PaneDelta, PartitionDelta
from service.store.engine import Store
from service.store.learning import put_baseline

KEY = ModelKey("prediction", "loans", "1")
STREAM = Stream("prediction", "loans", "1")
BASELINE: Baseline = fit({"income": [float(i % 97) for i in range(500)]}, categories_max=10, segments_max=2)


def watch(store: Store) -> None:
    """Put the baseline in force."""
    with store.write() as connection:
        put_baseline(connection, KEY, BASELINE, "test", 0)


def delta(lo: int, hi: int, *, tick: int = 7, partition: str = "t/0", ids: tuple[int, ...] = ()) -> PartitionDelta:
    """Offsets lo..hi, all accepted in one tick, their values being their offsets."""
    counts = fold(BASELINE, columns_of(BASELINE, [{"income": float(offset % 97)} for offset in range(lo, hi)]))
    return PartitionDelta(
        source="kafka", partition=partition, lo=lo, hi=hi, outcomes=Outcomes(accepted=hi - lo),
        time_max_ms=tick * 60_000, end=hi, closed=None,
        panes={(STREAM, tick): PaneDelta(hi - lo, hi - 1, counts, BASELINE.id)},
        seen={tick: ids} if ids else {}, baselines={KEY: BASELINE.id},
    )  # fmt: skip


def with_dead(base: PartitionDelta, *offsets: int) -> PartitionDelta:
    """The same delta, reaching further by some dead letters."""
    letters = [DeadLetter(offset, "not_json", "it is not", b"{", [("h", b"v")]) for offset in offsets]
    outcomes = replace(base.outcomes, dead=len(offsets))
    return replace(base, hi=base.hi + len(offsets), outcomes=outcomes, dead_letters=letters)
