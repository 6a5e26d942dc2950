"""The history of a reference as JSON, checked like everything of a baseline that comes from outside."""

from collections.abc import Mapping, Sequence

import numpy as np

from detectors.curves import SCORES
from detectors.history import LENGTHS, RATES, History
from detectors.layout import Floats, Layout
from detectors.seasons import DAY, WEEK
from detectors.subject import Subject


def history_content(history: Mapping[str, History]) -> dict[str, object]:
    """Give the JSON content."""
    return {
        segment: {
            "ticks": of.ticks,
            "tick_seconds": of.tick_seconds,
            "days_seen": of.days_seen,
            "events_per_tick": of.events_per_tick.tolist(),
            "usable_per_tick": of.usable_per_tick.tolist(),
            "effects": of.effects.tolist(),
            "rate_effects": of.rate_effects.tolist(),
            "seasonal": of.seasonal.tolist(),
            "slots": of.slots.tolist(),
        }
        for segment, of in history.items()
    }


def history_from(
    content: Mapping[str, Mapping[str, object]], subjects: Sequence[Subject], cells: int
) -> dict[str, History]:
    """Read and check what `history_content` made; raises ValueError or TypeError with what is wrong."""
    width = Layout.of(subjects).width
    return {
        segment: _history(f"history[{segment!r}]", of, len(subjects), width, cells) for segment, of in content.items()
    }


def _history(where: str, of: Mapping[str, object], subjects: int, width: int, cells: int) -> History:
    ticks, seconds, days = (_count(f"{where}.{name}", of[name]) for name in ("ticks", "tick_seconds", "days_seen"))

    def numbers(name: str, *shape: int) -> Floats:
        read = np.asarray(of[name], np.float64).reshape(shape)
        least = 1 if name.endswith("effects") else np.nextafter(0, 1)
        if not (np.isfinite(read).all() and (read >= least).all()):
            raise ValueError(f"{where}.{name}: every one is a number {'of at least 1' if least == 1 else 'above 0'}")
        return read

    seasonal = np.asarray(of["seasonal"], bool).reshape(subjects)
    slots = np.asarray(of["slots"], np.int64)
    if len(slots) not in (0, DAY, WEEK) or (len(slots) and slots.shape != (len(slots), cells)):
        raise ValueError(f"{where}.slots: {slots.shape}, expected none, {DAY} or {WEEK} of {cells} counts each")
    return History(
        ticks=ticks,
        tick_seconds=seconds,
        days_seen=days,
        events_per_tick=numbers("events_per_tick", len(LENGTHS)),
        usable_per_tick=numbers("usable_per_tick", len(LENGTHS), subjects),
        effects=numbers("effects", subjects, SCORES + width),
        rate_effects=numbers("rate_effects", subjects, RATES),
        slots=slots.reshape(-1, cells),
        seasonal=seasonal,
    )


def _count(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TypeError(f"{name}: {value!r} is not a whole number above 0")
    return value
