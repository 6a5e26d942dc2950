"""What every benchmark of the line begins with: a durable store with a baseline, and an ownership table."""

from pathlib import Path

from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from benchmarks.simulated import MODEL, VERSION, baseline
from service.cli.backtest import OWNERS
from service.settings import Settings
from service.store.changes import ModelKey
from service.store.engine import Store, open_store
from service.store.learning import put_baseline

BEGIN_MS = 1_704_067_200_000
"""2024-01-01 00:00 UTC, when the simulated events begin."""


def prepared(folder: Path, **sections: dict[str, object]) -> tuple[Settings, Store]:
    """A durable store in a folder, with the simulated model's baseline in force; `sections` are further settings."""
    settings = Settings.model_validate({"store": {"url": f"sqlite:///{folder}/store.db"}, **sections})
    store = open_store(settings.store.url, tick_seconds=settings.time.tick_seconds)
    with store.write() as connection:
        put_baseline(connection, ModelKey("prediction", MODEL, VERSION), baseline(), "benchmark", BEGIN_MS)
    return settings, store


def owners() -> Ownership:
    """An ownership table in which everything belongs to one party."""
    return parse_ownership(OWNERS, "benchmark")
