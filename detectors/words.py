"""The words of readings: labels of bins and plain numbers."""

from itertools import pairwise

from detectors.subject import Subject

UNUSABLE = "missing or unusable"
"""Label of the PSI bin of missing, not_finite and wrong_type values."""


def bin_labels(subject: Subject) -> list[str]:
    """Name the PSI bins of a subject, in the order of `Layout.bins`.

    >>> bin_labels(Subject("age", "numeric", 4, edges=(17.9, 18.0, 40.0, 65.0), coarse=(0, 0, 1, 2, 2)))
    ['<= 18', '18 to 40', '> 40', 'missing or unusable']
    >>> bin_labels(Subject("country", "categorical", 4, categories=("DE", "FR")))
    ["'DE'", "'FR'", 'other', 'unseen', 'missing or unusable']
    """
    if subject.kind == "opaque":
        return ["present", UNUSABLE]
    if subject.kind != "numeric":
        return [*(f"{category!r}" for category in subject.categories), "other", "unseen", UNUSABLE]
    borders = [subject.edges[cell] for cell, last in enumerate(_last_of_bin(subject)) if last]
    if not borders:
        return ["present", UNUSABLE]
    middle = [_between(low, high) for low, high in pairwise(borders)]
    return [f"<= {number(borders[0])}", *middle, f"> {number(borders[-1])}", UNUSABLE]


def too_few(what: str, n: int, m: int, least: int) -> str:
    """Say why a window or its reference cannot support a verdict; empty when both can.

    >>> too_few("events", 12, 5_000, 50)
    'only 12 of the 50 events it takes'
    >>> too_few("usable values", 5_000, 12, 50)
    'the reference has only 12 of the 50 usable values it takes'
    >>> too_few("events", 50, 50, 50)
    ''
    """
    if n < least:
        return f"only {n:,} of the {least:,} {what} it takes"
    return f"the reference has only {m:,} of the {least:,} {what} it takes" if m < least else ""


def number(value: float) -> str:
    """Write a number as people read it.

    >>> [number(value) for value in (0.1234567, 12_345_678.9, 3.0, 1e-9)]
    ['0.1235', '1.235e+07', '3', '1e-09']
    """
    return f"{value:.4g}"


def percent(share: float) -> str:
    """Write a share, with more digits where it is small.

    >>> [percent(share) for share in (0.0, 0.00042, 0.031, 0.5, 1.0)]
    ['0%', '0.042%', '3.1%', '50%', '100%']
    """
    return f"{100 * share:.2g}%" if share < 0.995 else "100%"


def probability(p: float) -> str:
    """Write a p-value, which is never 0.

    >>> [probability(p) for p in (0.0, 3e-9, 0.25)]
    ['below 1e-300', '3e-09', '0.25']
    """
    return "below 1e-300" if p < 1e-300 else f"{p:.2g}"


def _last_of_bin(subject: Subject) -> list[bool]:
    """Tell which cells end a bin that is followed by another."""
    return [a != b for a, b in pairwise(subject.coarse)]


def _between(low: float, high: float) -> str:
    """Name a bin; two borders that read the same hold one value between them."""
    return f"= {number(high)}" if number(low) == number(high) else f"{number(low)} to {number(high)}"
