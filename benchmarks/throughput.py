"""Events per second from bytes to a durable store: decode, columns, fold, commit; one process.

Stages are measured on the same events in the same run, in CPU time, so that their ratios mean something on a noisy
machine.
"""

import asyncio
import gc
import json as jsonlib
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.prepared import BEGIN_MS, owners, prepared
from benchmarks.simulated import records
from service.build import accountant, line
from service.events.record import Batch, Record
from service.sources.list import ListSource
from service.store.partitions import Memory
from service.store.verify import verify_ledger
from service.watchlist import Watchlist


@dataclass(frozen=True, slots=True)
class Result:
    """One path: seconds of CPU and of wall clock per run, and the events of a run."""

    path: str
    events: int
    cpu: tuple[float, ...]
    wall: tuple[float, ...]

    def summary(self) -> dict[str, object]:
        """Medians, with the spread of the rate."""
        cpu = statistics.median(self.cpu)
        rates = [self.events / seconds for seconds in self.wall]
        return {
            "path": self.path,
            "events": self.events,
            "cpu_us_per_event": round(cpu / self.events * 1e6, 2),
            "events_per_cpu_second": round(self.events / cpu),
            "events_per_second": round(statistics.median(rates)),
            "events_per_second_min": round(min(rates)),
            "events_per_second_max": round(max(rates)),
        }


def run(*, events: int, runs: int, kafka: str, folder: Path | None, as_json: bool) -> None:
    """Measure every path and print a table, or JSON with the machine it ran on."""
    console = Console(stderr=True)
    # As `driftwarden serve` does.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    values = list(records(events, seed=11, begin_ms=BEGIN_MS, events_per_second=1_000))
    paths = {"decode and fold": _decode_and_fold, "memory to store": _memory_to_store}
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in paths}
    for _ in track(range(runs), "measuring", console=console, transient=True):
        for name, measure in paths.items():
            with tempfile.TemporaryDirectory(dir=folder) as place:
                measured[name].append(measure(values, Path(place)))
    results = [_result(name, events, times) for name, times in measured.items()]
    if kafka:
        from benchmarks.throughput_kafka import kafka_to_store

        results.append(_result("kafka to store", events, kafka_to_store(values, kafka, runs, folder)))
    summaries = [result.summary() for result in results]
    if as_json:
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        print(jsonlib.dumps({"benchmark": "throughput", "runs": runs, **machine, "results": summaries}))
        return
    table = Table("path", "CPU us/event", "events/s (median)", "min", "max")
    for summary in summaries:
        table.add_row(
            str(summary["path"]), str(summary["cpu_us_per_event"]),
            *(f"{summary[key]:,}" for key in ("events_per_second", "events_per_second_min", "events_per_second_max")),
        )  # fmt: skip
    Console().print(table)


def _result(name: str, events: int, times: Sequence[tuple[float, float]]) -> Result:
    return Result(name, events, tuple(cpu for cpu, _ in times), tuple(wall for _, wall in times))


def _decode_and_fold(values: Sequence[bytes], folder: Path) -> tuple[float, float]:
    """Everything up to the delta that a commit would write, without the commit."""
    settings, store = prepared(folder)
    watchlist = Watchlist(store, settings.limits.models_max, learn=True)
    watchlist.refresh()
    books = accountant(settings, watchlist)
    books.begin("memory", "0", Memory(None, None, {}, None))
    cpu, wall = time.process_time(), time.perf_counter()
    for lo in range(0, len(values), 500):
        chunk = [Record(lo + i, value) for i, value in enumerate(values[lo : lo + 500])]
        books.take(Batch("memory", "0", lo, lo + len(chunk), chunk))
        if books.pending() >= settings.store.commit_events_max:
            books.seal()
    books.seal()
    return time.process_time() - cpu, time.perf_counter() - wall


def _memory_to_store(values: Sequence[bytes], folder: Path) -> tuple[float, float]:
    """The whole line from a list of records to a durable store, windows and detectors included."""
    settings, store = prepared(folder)
    source = ListSource({"0": [Record(i, value) for i, value in enumerate(values)]})
    ownership = owners()
    parts = line(
        settings, store, lambda: ownership, wall_ms=lambda: round(time.time() * 1000), monotonic=time.monotonic
    )
    cpu, wall = time.process_time(), time.perf_counter()
    asyncio.run(parts.watch(lambda: source, live=False).run(asyncio.Event()))
    spent = time.process_time() - cpu, time.perf_counter() - wall
    assert [verdict.faults for verdict in verify_ledger(store)] == [()], "the books must balance, or the figure is void"
    store.close()
    return spent
