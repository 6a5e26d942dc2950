"""The golden vectors: inputs and what scipy, river and the documented formulas make of them, none of it by our code.

Only `driftwarden` is ours: what our own PSI and KS say of the same counts, so that nobody changes them unawares.
DRIFTWARDEN_UPDATE_GOLDEN=1 writes the file anew, to be read before committing.
"""

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from river.drift import ADWIN
from scipy import stats
from scipy.spatial.distance import jensenshannon

from detectors.ks import ks
from detectors.psi import psi
from detectors.reading import Reading
from tests.detectors.conformance import documented
from tests.detectors.conformance.inputs import COUNTS, VALUES, Floats, panes

FILE = Path(__file__).parent / "vectors.json"

SOURCES = {
    "psi": "sum of (p - q) ln(p / q) of shares, a share of 0 replaced by 0.0001, nothing scaled back to 1",
    "chi_square": "scipy.stats.chi2_contingency(correction=False), bins empty on both sides left out: statistic, p",
    "chi_square_yates": "scipy.stats.chi2_contingency(), as NannyML documents it: statistic, p",
    "chi_square_one_sample": "scipy.stats.chisquare(window, scaled reference), as Evidently documents it: statistic, p",
    "jensen_shannon": "scipy.spatial.distance.jensenshannon, natural logarithm (Evidently)",
    "jensen_shannon_base_2": "the same with base=2 (NannyML)",
    "hellinger": "norm of sqrt(p) - sqrt(q) over sqrt(2) (NannyML)",
    "l_infinity": "largest |p - q| (NannyML)",
    "driftwarden": "this project's own reading at confidence 0.99: value, low, high, p; absent below 50 events",
    "ks": "scipy.stats.ks_2samp(method='asymp'): D, p",
    "wasserstein": "scipy.stats.wasserstein_distance",
    "wasserstein_normed": "the same over the reference's population standard deviation, at least 0.001 (Evidently)",
    "evidently_psi": "bins by Sturges over both samples, or distinct values up to 20; 0 as 0.0001",
    "nannyml_jensen_shannon": "bins by Doane over the reference, or distinct values, and one bin for what lies outside",
    "nannyml_hellinger": "the same bins",
    "adwin": "river.drift.ADWIN(delta, clock=1) fed values / 4095, one after the other: places at which drift_detected",
}


def of_counts(reference: list[int], window: list[int]) -> dict[str, Any]:
    """Give what is expected of counts."""
    r, c = np.array(reference, np.float64), np.array(window, np.float64)
    q, p = r / r.sum(), c / c.sum()
    q_filled, p_filled = np.where(q > 0, q, 1e-4), np.where(p > 0, p, 1e-4)
    table = np.array([r, c])[:, r + c > 0]
    plain, yates = (stats.chi2_contingency(table, correction=correction) for correction in (False, True))
    expected: dict[str, Any] = {
        "psi": np.sum((p_filled - q_filled) * np.log(p_filled / q_filled)),
        "chi_square": [plain.statistic, plain.pvalue],
        "chi_square_yates": [yates.statistic, yates.pvalue],
        "chi_square_one_sample": _one_sample(*table),
        "jensen_shannon": jensenshannon(q, p),
        "jensen_shannon_base_2": jensenshannon(q, p, base=2),
        "hellinger": np.linalg.norm(np.sqrt(q) - np.sqrt(p)) / np.sqrt(2),
        "l_infinity": documented.nannyml_l_infinity(r, c),
        "driftwarden": ours(reference, window),
    }
    return _rounded(expected)


def of_values(reference: list[float], window: list[float]) -> dict[str, Any]:
    """Give what is expected of single values."""
    r, c = np.array(reference, np.float64), np.array(window, np.float64)
    distance = stats.ks_2samp(r, c, method="asymp")
    expected: dict[str, Any] = {
        "ks": [distance.statistic, distance.pvalue],
        "wasserstein": stats.wasserstein_distance(r, c),
        "wasserstein_normed": documented.evidently_wasserstein(r, c),
        "evidently_psi": documented.evidently_psi(r, c),
        "nannyml_jensen_shannon": documented.nannyml_jensen_shannon(r, c),
        "nannyml_hellinger": documented.nannyml_hellinger(r, c),
    }
    return _rounded(expected)


def river_cuts(values: list[int], delta: float = 0.002, clock: int = 1) -> list[int]:
    """Give the places at which river's own object says drift."""
    window = ADWIN(delta=delta, clock=clock)  # type: ignore[no-untyped-call]
    found = []
    for place, value in enumerate(values):
        window.update(value / 4_095)  # type: ignore[no-untyped-call]
        if window.drift_detected:
            found.append(place)
    return found


def streams() -> dict[str, list[int]]:
    """Give streams for ADWIN, in 1/4095ths: noise around changing levels."""
    rng = np.random.default_rng(20_240_301)
    levels: dict[str, list[tuple[int, float]]] = {
        "level": [(240, 0.0)],
        "a step up": [(150, 0.0), (90, 2.0)],
        "up and down": [(100, 0), (80, 3), (80, -2)],
    }
    found = {}
    for name, parts in levels.items():
        values = np.concatenate([rng.normal(level, 1, ticks) for ticks, level in parts])
        found[name] = np.round(np.clip(values, -8, 8) * 4_095).astype(int).tolist()
    return found


def ours(reference: list[int], window: list[int]) -> dict[str, list[float | None]]:
    """Give our own readings of the counts: value, low, high and p."""
    baseline, r, c = panes(reference, window)
    common: dict[str, Any] = {"window_name": "1h", "alpha": 1e-6, "confidence": 0.99, "events_min": 50}
    readings = [*psi(baseline, r, c, floor=0.02, **common), *ks(baseline, r, c, distance_min=0.05, **common)]
    return {reading.detector: _figures(reading) for reading in readings if reading.value is not None}


def text() -> str:
    """Give the file as it ought to be, one vector a line."""
    parts: dict[str, list[dict[str, Any]]] = {
        "counts": [
            {"name": name, "reference": r, "window": c, "expected": of_counts(r, c)} for name, (r, c) in COUNTS.items()
        ],
        "values": [
            {"name": name, "reference": r, "window": c, "expected": of_values(r, c)} for name, (r, c) in VALUES.items()
        ],
        "adwin": [{"name": name, "delta": 0.002, "values": v, "cuts": river_cuts(v)} for name, v in streams().items()],
    }
    made_with = {name: version(name) for name in ("numpy", "scipy", "river")}
    lines = [f'  "made_with": {json.dumps(made_with)}', f'  "sources": {json.dumps(SOURCES, indent=4)[:-1]}  }}']
    for name, vectors in parts.items():
        lines.append(f'  "{name}": [\n' + ",\n".join(f"    {json.dumps(vector)}" for vector in vectors) + "\n  ]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def golden() -> dict[str, Any]:
    """Give what the file holds, after an update when one was asked for."""
    if os.environ.get("DRIFTWARDEN_UPDATE_GOLDEN") == "1":
        FILE.write_text(text(), encoding="utf-8")
    held: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return held


def _one_sample(reference: Floats, window: Floats) -> list[float]:
    if len(reference) == 1:
        # scipy has no p-value for a single category; there is nothing that could differ.
        return [0.0, 1.0]
    with np.errstate(divide="ignore"):
        found = stats.chisquare(window, reference * (window.sum() / reference.sum()))
    return [found.statistic, found.pvalue]


def _figures(reading: Reading) -> list[float | None]:
    return [reading.value, reading.low, reading.high, reading.p_value]


def _rounded(expected: dict[str, Any]) -> dict[str, Any]:
    return {name: _digits(part) for name, part in expected.items()}


def _digits(part: Any) -> Any:
    """Round to 12 digits; what is infinite becomes a word, since JSON has none."""
    if isinstance(part, dict):
        return _rounded(part)
    if isinstance(part, list):
        return [_digits(number) for number in part]
    return "infinite" if np.isinf(part) else float(f"{part:.12g}")
