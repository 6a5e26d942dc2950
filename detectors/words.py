"""The words of readings: labels of bins and plain numbers."""

from bisect import bisect_left, bisect_right

from detectors.curves import CURVE_SIZES, CURVES
from detectors.single_bins import BIN_DOWN_SIZES, BIN_UP_SIZES
from detectors.subject import Subject

UNUSABLE = "missing or unusable"
"""Label of the PSI bin of missing, not_finite and wrong_type values."""


def bin_label(subject: Subject, place: int) -> str:
    """Name a PSI bin of a subject, by its place in `Layout.bins`.

    >>> age = Subject("age", "numeric", 4, edges=(17.9, 18.0, 40.0, 65.0), coarse=(0, 0, 1, 2, 2))
    >>> [bin_label(age, place) for place in range(4)]
    ['<= 18', '18 to 40', '> 40', 'missing or unusable']
    >>> country = Subject("country", "categorical", 4, categories=("DE", "FR"))
    >>> [bin_label(country, place) for place in range(5)]
    ["'DE'", "'FR'", 'other', 'unseen', 'missing or unusable']
    """
    if subject.kind == "numeric":
        return _range(subject, place)
    if subject.kind == "opaque":
        return "present" if place == 0 else UNUSABLE
    names = len(subject.categories)
    return repr(subject.categories[place]) if place < names else ("other", "unseen", UNUSABLE)[place - names]


def describe(subject: Subject, alternative: int) -> str:
    """Name the alternative of a histogram that holds most evidence, by its place among all.

    >>> country = Subject("country", "categorical", 4, categories=("DE", "FR"))
    >>> [describe(country, place) for place in (0, 4, 8, 24, 26, 36)]
    ['location up', 'location down', 'scale up', "bin 'DE' up", "bin 'DE' down", "bin 'missing or unusable' up"]
    """
    along = 2 * len(CURVE_SIZES)
    if alternative < along * len(CURVES):
        return f"{CURVES[alternative // along]} {'up' if alternative % along < len(CURVE_SIZES) else 'down'}"
    sizes = len(BIN_UP_SIZES) + len(BIN_DOWN_SIZES)
    place, size = divmod(alternative - along * len(CURVES), sizes)
    label = bin_label(subject, place)
    quoted = label if label.startswith("'") else f"'{label}'"
    return f"bin {quoted} {'up' if size < len(BIN_UP_SIZES) else 'down'}"


def too_few(what: str, n: int, m: int, least: int) -> str:
    """Say why a window or its reference cannot support a verdict: one of the two is below `least`.

    >>> too_few("events", 12, 5_000, 50)
    'only 12 of the 50 events it takes'
    >>> too_few("usable values", 5_000, 12, 50)
    'the reference has only 12 of the 50 usable values it takes'
    """
    if n < least:
        return f"only {n:,} of the {least:,} {what} it takes"
    return f"the reference has only {m:,} of the {least:,} {what} it takes"


def number(value: float) -> str:
    """Write a number as people read it: four digits, and no powers of ten where a plain number is short enough.

    >>> [number(value) for value in (0.1234567, 20_561.4, 12_345_678.9, 3.0, 1e-9)]
    ['0.1235', '20,560', '1.235e+07', '3', '1e-09']
    """
    if 10_000 <= abs(value) < 9_999_500:
        return f"{float(f'{value:.4g}'):,.0f}"
    return f"{value:.4g}"


def percent(share: float) -> str:
    """Write a share, with more digits where it is small.

    >>> [percent(share) for share in (0.0, 0.00042, 0.031, 0.5, 1.0)]
    ['0%', '0.042%', '3.1%', '50%', '100%']
    """
    if not share:
        return "0%"
    return f"{100 * share:.2g}%" if share < 0.995 else "100%"


def probability(p: float) -> str:
    """Write a p-value, which is never 0.

    >>> [probability(p) for p in (0.0, 3e-9, 0.25)]
    ['below 1e-300', '3e-09', '0.25']
    """
    return "below 1e-300" if p < 1e-300 else f"{p:.2g}"


def _range(subject: Subject, place: int) -> str:
    """Name a bin by its borders; two borders that read the same hold one value between them."""
    last = subject.coarse[-1]
    if place > last:
        return UNUSABLE
    if last == 0:
        return "present"
    # The border after a bin is the upper edge of its last cell; cells of a bin lie side by side.
    high = number(subject.edges[bisect_right(subject.coarse, place) - 1]) if place < last else ""
    low = number(subject.edges[bisect_left(subject.coarse, place) - 1]) if place > 0 else ""
    if not low:
        return f"<= {high}"
    if not high:
        return f"> {low}"
    return f"= {high}" if low == high else f"{low} to {high}"
