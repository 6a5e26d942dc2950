"""What can be wrong with a store that is not our own bug."""


class StoreMismatch(Exception):
    """The store and the settings contradict each other; the message says how, and the way out."""


class LedgerMismatch(AssertionError):
    """A delta does not account for every record of its range: our own bug, so nothing of it is written."""
