"""What alerting raises; each message names the thing, its value and the way out."""

from dataclasses import dataclass
from typing import Literal


class AlertingError(Exception):
    """The root: everything below can be shown to a person as it stands."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in the ownership table; line and column count from 1."""

    line: int
    column: int
    problem: str
    fix: str


class OwnershipError(AlertingError):
    """The ownership table cannot be used; `faults` are all that were found, in the order of the file."""

    def __init__(self, file: str, faults: tuple[Fault, ...]) -> None:
        self.file = file
        self.faults = faults
        super().__init__("\n".join(f"{file}:{f.line}:{f.column}: {f.problem}. {f.fix}" for f in faults))


class SecretError(AlertingError):
    """A secret is not where its reference says; the value itself is never part of the message."""


class StoredStateError(AlertingError):
    """Stored state was written by a newer version of this program, or is damaged."""


class ResponseRefused(AlertingError):
    """What somebody wanted to do about an incident cannot be done as it stands; the message says what can."""


class LinkRefused(AlertingError):
    """A signed link does nothing; `incident` is the one it was for, "" where it does not prove to be for any."""

    def __init__(
        self, outcome: Literal["forged", "expired", "used", "outdated"], message: str, incident: str = ""
    ) -> None:
        self.outcome = outcome
        self.incident = incident
        super().__init__(message)
