"""Deliberately nobody: a role that a rule leaves empty on purpose, with the reason, until a day."""

from dataclasses import dataclass
from datetime import date, timedelta

NOBODY = "nobody"
"""The party of a role that is left empty on purpose: it is reached nowhere, and no table may call a party so."""

AHEAD_MAX = timedelta(days=366)
"""How far ahead a role may be left empty: whoever wrote it must look at it again."""


@dataclass(frozen=True, slots=True)
class Unowned:
    """Why nobody has a role; from the day `until` on it is as if the rule had not named the role."""

    reason: str
    until: date

    def over(self, today: date) -> bool:
        """Say whether it has run out."""
        return today >= self.until

    def __str__(self) -> str:
        return f"nobody until {self.until}: {self.reason}"
