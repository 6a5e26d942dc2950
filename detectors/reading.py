"""A reading: what one detector saw in one window of one monitor, with its uncertainty."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "drifting", "insufficient"]
"""Never two: `insufficient` says that the window or the reference cannot support a verdict; it is not `ok`."""

Detector: TypeAlias = Literal[
    "esr", "psi", "ks", "adwin", "missing", "unseen", "out_of_range", "wrong_type", "not_finite",
    "unknown_features", "duplicates", "volume", "freshness",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class BinMove:
    """One bin's share of the reference and of the window; `place` is its own among its subject's bins, -1 for none."""

    label: str
    expected: float
    observed: float
    place: int = -1


@dataclass(frozen=True, slots=True)
class Reading:
    """One statistic of one monitor over one window.

    `low` and `high` bound the true value at the stated confidence; `p_value` is None where the statistic has no
    calibrated null; `threshold` is what `low` was held against. `why` is one plain sentence, also when insufficient.
    """

    subject: str
    detector: Detector
    window: str
    state: State
    n: int
    reference_n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    threshold: float | None = None
    why: str = ""
    moves: tuple[BinMove, ...] = ()
