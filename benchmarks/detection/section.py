"""What one section of the benchmark gives back: rows for its table, and the goals it was measured against."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | None

Tell: TypeAlias = Callable[[str], None]
"""Called with a few words whenever a piece of a section is done."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One target: what was asked, what was measured on the seeds of this run, and whether that meets it."""

    asked: str
    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class Section:
    """The result of one section; all rows have the same columns."""

    name: str
    rows: Sequence[Mapping[str, Value]]
    goals: Sequence[Goal]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is run: `full` is what decides, less is for a look and for the tests. `seed` begins every stream."""

    share: float = 1.0
    seed: int = 20_261_125

    def of(self, count: int, least: int = 1) -> int:
        """Give so much of a count."""
        return max(least, round(count * self.share))
