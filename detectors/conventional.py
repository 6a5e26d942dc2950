"""The field's plain statistics of two rows of counts, as other tools define them: to compare with, and to keep.

Nothing here is smoothed, debiased, discounted or bounded, as psi.py and ks.py are; docs/statistics.md says how much
that matters. Every function takes counts (S, B), one row per subject, in bins that both sides share (`value_bins` or
`fine_cells` of a pane); bins that are empty on both sides change nothing. A row without a value on one side gives NaN,
never 0: nothing was compared. Whoever sets a fixed threshold decides how few values are too few.
"""

from collections.abc import Sequence

import numpy as np
from scipy import special

from detectors.layout import Floats, Layout
from detectors.subject import Counts, Subject

STANDARD_DEVIATION_MIN = 0.001
"""Least standard deviation that Evidently divides a Wasserstein distance by."""


def value_bins(layout: Layout, counts: Counts) -> Floats:
    """Counts per PSI bin (S, width) of usable values only: other tools drop missing values, `psi` has a bin of them."""
    bins = layout.bins(counts)
    bins[np.arange(len(bins)), layout.unusable] = 0
    return bins


def fine_cells(layout: Layout, counts: Counts) -> Floats:
    """Counts per fine cell, one row per numeric subject in the order of `Layout.numeric`, then 0s."""
    sizes = np.diff(np.append(layout.rank_begins, len(layout.ranks)))
    cells = np.zeros((len(sizes), int(sizes.max(initial=0))))
    cells[np.arange(cells.shape[1]) < sizes[:, None]] = counts[layout.ranks]
    return cells


def cell_centres(subjects: Sequence[Subject]) -> Floats:
    """Centres of the cells of `fine_cells`: the middle between edges.

    The two open cells stand at the reference's minimum and maximum, so no wild value can be a distance by itself.

    >>> cell_centres([Subject("age", "numeric", 4, edges=(18.0, 40.0, 90.0), coarse=(0, 0, 1, 1))])
    array([[18., 29., 65., 90.]])
    """
    numeric = [subject for subject in subjects if subject.kind == "numeric"]
    centres = np.zeros((len(numeric), max((subject.value_cells for subject in numeric), default=0)))
    for row, subject in zip(centres, numeric, strict=True):
        edges = np.array([subject.edges[0], *subject.edges, subject.edges[-1]])
        row[:] = edges[-1]
        # Halved before they are added: the sum of two of the largest floats is infinite.
        row[: subject.value_cells] = edges[:-1] / 2 + edges[1:] / 2
    return centres


def psi(reference: Floats, window: Floats, zero: float = 1e-4) -> Floats:
    """Population stability index: sum of (p - q) ln(p / q), p the window's shares and q the reference's.

    A share of 0 is replaced by `zero` and nothing is scaled back to 1, as radicalbit documents it, and Evidently where
    no share of that side is 1e-4 or less. The index is from Siddiqi 2006, Credit risk scorecards.

    >>> psi(np.array([[50.0, 50.0, 0.0]]), np.array([[40.0, 50.0, 10.0]])).round(4)
    array([0.7124])
    """
    p, q = (np.where(shares == 0, zero, shares) for shares in (_shares(window), _shares(reference)))
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=-1))


def chi_square(reference: Floats, window: Floats, *, yates: bool = False) -> tuple[Floats, Floats]:
    """Pearson's chi-square of the 2 x B table and its p-value: both rows are samples.

    Sum over all cells of (observed - expected)^2 / expected, expected from the margins: scipy's
    `chi2_contingency(correction=False)`; for two bins the square of the pooled z of two proportions, by which Evidently
    reads binary features. NannyML leaves scipy's default on, Yates' correction of two bins: `yates`.

    >>> [part.round(4) for part in chi_square(np.array([[60.0, 40.0]]), np.array([[45.0, 55.0]]))]
    [array([4.5113]), array([0.0337])]
    """
    n, m, both = window.sum(axis=-1), reference.sum(axis=-1), reference + window
    pairs = np.count_nonzero(both, axis=-1) == 2
    # The distance of a count from its expectation is the same on both sides.
    distance = np.abs(_shares(window) - _shares(reference)) * (n * m / np.maximum(n + m, 1))[..., None]
    distance = np.where((pairs & yates)[..., None], np.maximum(distance - 0.5, 0), distance)
    scale = (n + m) ** 2 / np.maximum(n * m, 1)
    statistic = (distance**2 / np.where(both > 0, both, 1)).sum(axis=-1) * scale
    return np.asarray(statistic), _chi_square_tail(statistic, both)


def chi_square_one_sample(reference: Floats, window: Floats) -> tuple[Floats, Floats]:
    """Pearson's chi-square of the window against the reference's shares, taken as exact, and its p-value.

    Sum of (observed - expected)^2 / expected, expected the reference's counts scaled to the window's total, as
    Evidently documents it (scipy's `chisquare`). The reference's own sampling error is left out: without a change it is
    1 + n / m times `chi_square` on average. One value in a bin that the reference never filled makes it infinite.

    >>> [part.round(4) for part in chi_square_one_sample(np.array([[60.0, 40.0]]), np.array([[45.0, 55.0]]))]
    [array([9.375]), array([0.0022])]
    """
    expected = _shares(reference) * window.sum(axis=-1, keepdims=True)
    new = np.where(window > 0, np.inf, 0.0)
    terms = np.where(expected == 0, new, (window - expected) ** 2 / np.where(expected == 0, 1, expected))
    statistic = np.where(window.sum(axis=-1) > 0, terms.sum(axis=-1), np.nan)
    return np.asarray(statistic), _chi_square_tail(statistic, reference + window)


def wasserstein(reference: Floats, window: Floats, centres: Floats) -> Floats:
    """First Wasserstein distance of the two rows, all values of a bin at its centre, in the unit of the values.

    Sum over neighbouring centres of |difference of cumulative shares| times the step between them (Vallender 1974):
    scipy's `wasserstein_distance` of weighted centres. Centres ascend; both sides must use the same.

    >>> wasserstein(np.array([[50.0, 50.0, 0.0]]), np.array([[0.0, 50.0, 50.0]]), np.array([[0.0, 1.0, 3.0]]))
    array([1.5])
    """
    distance, _, unit = _transport(reference, window, centres)
    with np.errstate(over="ignore"):
        return np.asarray(distance * unit)


def wasserstein_normed(reference: Floats, window: Floats, centres: Floats) -> Floats:
    """`wasserstein` over the reference's standard deviation, at least 0.001, as Evidently documents it.

    >>> wasserstein_normed(np.array([[50.0, 50.0]]), np.array([[40.0, 60.0]]), np.array([[0.0, 1.0]])).round(3)
    array([0.2])
    """
    distance, deviation, unit = _transport(reference, window, centres)
    with np.errstate(over="ignore"):
        return np.asarray(distance / np.maximum(deviation, STANDARD_DEVIATION_MIN / unit))


def jensen_shannon(reference: Floats, window: Floats, base: float = np.e) -> Floats:
    """Jensen-Shannon distance: root of the mean divergence of both rows from their mixture (Lin 1991).

    The logarithm is to `base`: e in scipy's `jensenshannon` and Evidently, at most 0.833; 2 in NannyML, at most 1.

    >>> rows = np.array([[50.0, 50.0]]), np.array([[40.0, 60.0]])
    >>> jensen_shannon(*rows).round(4), jensen_shannon(*rows, base=2).round(4)
    (array([0.0711]), array([0.0854]))
    """
    p, q = _shares(window), _shares(reference)
    middle = (p + q) / 2
    divergence = (special.rel_entr(p, middle) + special.rel_entr(q, middle)).sum(axis=-1) / 2
    return np.asarray(np.sqrt(np.maximum(divergence, 0) / np.log(base)))


def hellinger(reference: Floats, window: Floats) -> Floats:
    """Hellinger distance: root of half the sum of (sqrt(p) - sqrt(q))^2, as NannyML and whylogs document it.

    >>> hellinger(np.array([[50.0, 50.0]]), np.array([[0.0, 100.0]])).round(4)
    array([0.5412])
    """
    return np.asarray(np.sqrt(((np.sqrt(_shares(window)) - np.sqrt(_shares(reference))) ** 2).sum(axis=-1) / 2))


def l_infinity(reference: Floats, window: Floats) -> Floats:
    """Largest change of a share, as NannyML and TensorFlow Data Validation document it.

    >>> l_infinity(np.array([[50.0, 50.0]]), np.array([[40.0, 60.0]])).round(3)
    array([0.1])
    """
    return np.asarray(np.abs(_shares(window) - _shares(reference)).max(axis=-1, initial=0))


def ks(reference: Floats, window: Floats) -> tuple[Floats, Floats]:
    """Kolmogorov-Smirnov distance over the bins' edges and its asymptotic p-value.

    D is the largest difference of cumulative shares. The p-value is Kolmogorov's limit law at Vrbik's argument for
    finite samples (2018, Small-sample corrections to Kolmogorov-Smirnov test statistic), within 2 % of scipy's
    `ks_2samp(method="asymp")` from p = 1 to 0.01 where 1 / (1/n + 1/m) is 50 or more.

    >>> [part.round(3) for part in ks(np.array([[50.0, 50.0]]), np.array([[30.0, 70.0]]))]
    [array([0.2]), array([0.032])]
    """
    n, m = window.sum(axis=-1), reference.sum(axis=-1)
    distance = np.abs(np.cumsum(_shares(window) - _shares(reference), axis=-1)).max(axis=-1, initial=0)
    size = np.maximum(n * m / np.maximum(n + m, 1), 0.5)
    x = distance * np.sqrt(size)
    return distance, np.asarray(special.kolmogorov(x + 1 / (6 * np.sqrt(size)) + (x - 1) / (4 * size)))


def _shares(counts: Floats) -> Floats:
    total = counts.sum(axis=-1, keepdims=True)
    return np.asarray(np.where(total > 0, counts / np.where(total > 0, total, 1), np.nan))


def _chi_square_tail(statistic: Floats, both: Floats) -> Floats:
    """Upper tail at one degree of freedom less than there are bins in use; one bin alone cannot differ."""
    df = np.count_nonzero(both, axis=-1) - 1
    p = np.where(df > 0, special.chdtrc(np.maximum(df, 1), statistic), 1.0)
    return np.asarray(np.where(np.isnan(statistic), np.nan, p))


def _transport(reference: Floats, window: Floats, centres: Floats) -> tuple[Floats, Floats, Floats]:
    """Give distance and the reference's standard deviation in a unit in which no float overflows, and that unit."""
    largest = np.abs(centres).max(axis=-1, initial=0)
    unit = np.where(largest > 0, largest, 1.0)
    places = centres / unit[..., None]
    p, q = _shares(window), _shares(reference)
    distance = (np.abs(np.cumsum(p - q, axis=-1))[..., :-1] * np.diff(places, axis=-1)).sum(axis=-1)
    mean = (q * places).sum(axis=-1, keepdims=True)
    return distance, np.sqrt((q * (places - mean) ** 2).sum(axis=-1)), unit
