"""What other tools document that they compute, each said again in a few lines of our own: nothing of theirs is here.

Evidently: docs.evidentlyai.com, "Data drift algorithm" (which method, which threshold); binning and zeros as its
`legacy/calculations/stattests` behave. NannyML: its page "Presenting univariate drift detection methods". frouros and
radicalbit: the PSI of their references. Each takes the reference's values, then the window's, unless it says counts.
"""

import sys

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon

from tests.detectors.conformance.inputs import Floats


def evidently_shares(reference: Floats, window: Floats) -> tuple[Floats, Floats]:
    """Bin edges by Sturges' rule over both samples together; 20 distinct reference values or fewer are bins each."""
    if len(np.unique(reference)) > 20:
        edges = np.histogram_bin_edges(np.concatenate([reference, window]), bins="sturges")
        counts = [np.histogram(side, bins=edges)[0] for side in (reference, window)]
    else:
        points = np.unique(np.concatenate([reference, window]))
        counts = [np.array([np.sum(side == point) for point in points]) for side in (reference, window)]
    return counts[0] / len(reference), counts[1] / len(window)


def evidently_filled(shares: Floats) -> Floats:
    """Replace each 0 by 0.0001, or by a millionth of the side's least share when that is 0.0001 or less."""
    least = shares[shares > 0].min()
    return np.where(shares > 0, shares, 1e-4 if least > 1e-4 else least / 1e6)


def evidently_psi(reference: Floats, window: Floats) -> float:
    """Sum of (q - p) ln(q / p); drift from 0.1 on."""
    q, p = map(evidently_filled, evidently_shares(reference, window))
    return float(np.sum((q - p) * np.log(q / p)))


def evidently_jensen_shannon(reference: Floats, window: Floats) -> float:
    """Distance with the natural logarithm, zeros left as they are; drift from 0.1 on."""
    return float(jensenshannon(*evidently_shares(reference, window)))


def evidently_wasserstein(reference: Floats, window: Floats) -> float:
    """Distance over the reference's (population) standard deviation, at least 0.001; drift from 0.1 on."""
    return float(stats.wasserstein_distance(reference, window) / max(float(np.std(reference)), 0.001))


def evidently_ks(reference: Floats, window: Floats) -> float:
    """p-value of scipy's two-sample test as it comes; drift up to 0.05."""
    return float(stats.ks_2samp(reference, window).pvalue)


def evidently_chi_square(reference: Floats, window: Floats) -> float:
    """p-value of the window's category counts against the reference's, scaled to the window; both are counts."""
    with np.errstate(divide="ignore"):
        return float(stats.chisquare(window, reference * (window.sum() / reference.sum())).pvalue)


def evidently_z(reference: Floats, window: Floats) -> float:
    """Two-sided p-value of the pooled z of two proportions, for a binary feature; both are counts of two categories."""
    n, m = window.sum(), reference.sum()
    pooled = (window[0] + reference[0]) / (n + m)
    z = (window[0] / n - reference[0] / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float(2 * stats.norm.sf(abs(z)))


def nannyml_shares(reference: Floats, window: Floats) -> tuple[Floats, Floats]:
    """Bin edges by Doane's rule over the reference, and a bin for what lies outside, if there is any.

    Distinct values are bins each when there are at most 50 and they are at most a tenth of the reference's size.
    """
    points = np.unique(reference)
    if len(points) > 50 or len(points) > len(reference) / 10:
        edges = np.histogram_bin_edges(reference, bins="doane")
        q, p = (np.histogram(side, bins=edges)[0] / len(side) for side in (reference, window))
    else:
        q, p = (np.array([np.mean(side == point) for point in points]) for side in (reference, window))
    outside = 1 - p.sum()
    return (np.append(q, 0), np.append(p, outside)) if outside > 1e-12 else (q, p)


def nannyml_jensen_shannon(reference: Floats, window: Floats) -> float:
    """Distance with the logarithm to base 2."""
    return float(jensenshannon(*nannyml_shares(reference, window), base=2))


def nannyml_hellinger(reference: Floats, window: Floats) -> float:
    """Root of half the sum of squared differences of root shares."""
    q, p = nannyml_shares(reference, window)
    return float(np.linalg.norm(np.sqrt(q) - np.sqrt(p)) / np.sqrt(2))


def nannyml_ks(reference: Floats, window: Floats) -> float:
    """The statistic D, exact for references below 10,000 rows."""
    return float(stats.ks_2samp(reference, window, method="asymp").statistic)


def nannyml_chi_square(reference: Floats, window: Floats) -> float:
    """p-value of the contingency table, with scipy's default: Yates' correction of two categories; both are counts."""
    table = np.array([reference, window])
    return float(stats.chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue)


def nannyml_l_infinity(reference: Floats, window: Floats) -> float:
    """Largest difference of a category's share; both are counts."""
    return float(np.abs(reference / reference.sum() - window / window.sum()).max())


def frouros_psi(reference: Floats, window: Floats) -> float:
    """Ten bins of equal width over both samples; zeros become the smallest normal float."""
    edges = np.histogram_bin_edges(np.concatenate([reference, window]), bins=10)
    q, p = (np.maximum(np.histogram(side, edges)[0] / len(side), sys.float_info.min) for side in (reference, window))
    return float(np.sum((q - p) * np.log(q / p)))


def radicalbit_psi(reference: Floats, window: Floats) -> float:
    """Ten bins of equal width over both samples; zeros become 0.0001."""
    edges = np.histogram_bin_edges(np.concatenate([reference, window]), bins=10)
    q, p = (np.histogram(side, edges)[0] / len(side) for side in (reference, window))
    q, p = np.where(q > 0, q, 1e-4), np.where(p > 0, p, 1e-4)
    return float(np.sum((q - p) * np.log(q / p)))
