"""The usual detectors behind one call, as River ships them: they are told a number and say whether they alarm."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Protocol, TypeAlias

from river.drift import ADWIN, KSWIN, PageHinkley
from river.drift.binary import DDM, HDDMA, HDDMW

from benchmarks.detection.window_rules import Rule, window_rules

ADWIN_TUNED = 0.05
"""A delta at which ADWIN's run length without change is some tens of thousands of events; 0.002, River's, is for
millions, and nothing in its name says so."""


WINDOW_RULES: Mapping[str, Rule] = window_rules()
"""The usual rules on windows, for a process that watches one fleet; where there are more, `window_rules` makes them."""


class Rival(Protocol):
    """What is used of River's detectors, which have no types of their own."""

    @property
    def drift_detected(self) -> bool: ...

    def update(self, x: float) -> object: ...


Fresh: TypeAlias = Callable[[], Rival]
"""Makes a detector that has seen nothing."""


def on_numbers(*, adwin_delta: float = ADWIN_TUNED, seed: int = 1) -> Mapping[str, Fresh]:
    """Detectors of streams of numbers; `seed` is for KSWIN, which draws its comparison at random."""
    return {
        "ADWIN .002": partial(ADWIN, delta=0.002),
        f"ADWIN {adwin_delta:g}".replace("0.", "."): partial(ADWIN, delta=adwin_delta),
        "Page-Hinkley": PageHinkley,
        "KSWIN": partial(KSWIN, seed=seed),
    }


def on_errors(*, adwin_delta: float = ADWIN_TUNED) -> Mapping[str, Fresh]:
    """Detectors of streams of errors, 0 or 1: those made for nothing else, and of the others those that fit."""
    numbers = on_numbers(adwin_delta=adwin_delta)
    return {
        **{name: fresh for name, fresh in numbers.items() if name != "KSWIN"},
        **made_for_errors(),
    }


def made_for_errors() -> Mapping[str, Fresh]:
    """Detectors that know streams of 0 and 1 only."""
    return {"DDM": DDM, "HDDM_A": HDDMA, "HDDM_W": HDDMW}


def alarms(fresh: Fresh, values: Iterable[float], limit: int | None = None) -> list[int]:
    """Find the places at which a detector alarms, the first `limit` of them; it begins anew after each."""
    found: list[int] = []
    detector = fresh()
    for place, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            found.append(place)
            if limit is not None and len(found) >= limit:
                break
            detector = fresh()
    return found
