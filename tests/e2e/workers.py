"""Real workers for end-to-end tests: `driftwarden serve` in processes of their own, ended by whoever began them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from service.store.engine import Store, open_store
from service.store.partitions import partitions
from service.store.schema import pane

OWNERS = """\
version: 1
parties:
  credit-risk: {contacts: [{log: credit-risk}]}
fallback:
  owner: credit-risk
  technical_lead: credit-risk
  data_steward: credit-risk
  responder: credit-risk
  compliance: credit-risk
  executive: credit-risk
rules:
  - {id: all, match: {model: "*"}, assign: {owner: credit-risk}}
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A folder with settings, an ownership table and a store that several workers share."""

    folder: Path
    store: Store


def site(folder: Path, settings: dict[str, dict[str, object]]) -> Site:
    """Lay a site out; `settings` is laid over what every test needs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "owners.yaml").write_text(OWNERS, encoding="utf-8")
    whole: dict[str, object] = {
        "version": 1,
        "store": {"url": f"sqlite:///{folder}/store.db"},
        "http": {"enabled": False},
        "api": {"port": 0},
        "alerting": {"owners": "owners.yaml"},
    }
    whole.update(settings)
    # JSON is YAML, so the settings file needs no writer of its own.
    (folder / "driftwarden.yaml").write_text(json.dumps(whole), encoding="utf-8")
    return Site(folder, open_store(f"sqlite:///{folder}/store.db", tick_seconds=60))


@contextmanager
def worker(at: Site, name: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run one worker; whatever is left of it at the end is killed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DRIFTWARDEN_")}
    with (at.folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve", "--config", str(at.folder / "driftwarden.yaml")],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


def until(met: Callable[[], bool], seconds: float, what: str) -> None:
    """Look every 50 ms whether something is so; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


def records_read(store: Store) -> int:
    """Records that all partitions have accounted for."""
    return sum(partition.next - partition.begin for partition in partitions(store))


def pane_rows(store: Store) -> dict[tuple[object, ...], tuple[int, int, bytes]]:
    """Every single-tick pane, bit for bit."""
    with store.read() as connection:
        rows = connection.execute(select(pane).where(pane.c.span == 1)).all()
    return {
        (row.tick, row.source, row.partition, row.kind, row.model, row.version, row.segment, row.baseline): (
            row.events,
            row.last_row,
            row.counts,
        )
        for row in rows
    }
