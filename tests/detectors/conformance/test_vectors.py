"""Our plain statistics are those of scipy and of the documented formulas, on every golden vector."""

import json
from typing import Any

import numpy as np
import pytest

from detectors import conventional
from detectors.adwin import AdwinState, step
from tests.detectors.conformance.inputs import COUNTS, VALUES, Floats, by_value, rows
from tests.detectors.conformance.vectors import golden, of_counts, of_values, ours, river_cuts, streams

GOLDEN = golden()
BY_NAME = {part: {vector["name"]: vector for vector in GOLDEN[part]} for part in ("counts", "values", "adwin")}


def same(expected: Any) -> Any:
    """Compare to the digits of the file, less what libraries differ by, however small the figure is."""
    if isinstance(expected, dict):
        return {name: same(part) for name, part in expected.items()}
    if isinstance(expected, list):
        return [same(number) for number in expected]
    number = np.inf if expected == "infinite" else expected
    return pytest.approx(number, rel=1e-9, abs=0 if number else 1e-12)


def plain(reference: Floats, window: Floats) -> dict[str, Any]:
    """Give everything that `conventional` says of one row of counts, in the names of the vectors."""
    single = {
        "psi": conventional.psi(reference, window),
        "jensen_shannon": conventional.jensen_shannon(reference, window),
        "jensen_shannon_base_2": conventional.jensen_shannon(reference, window, base=2),
        "hellinger": conventional.hellinger(reference, window),
        "l_infinity": conventional.l_infinity(reference, window),
    }
    pairs = {
        "chi_square": conventional.chi_square(reference, window),
        "chi_square_yates": conventional.chi_square(reference, window, yates=True),
        "chi_square_one_sample": conventional.chi_square_one_sample(reference, window),
    }
    return {name: float(part[0]) for name, part in single.items()} | {
        name: [float(part[0]) for part in pair] for name, pair in pairs.items()
    }


def test_the_file_holds_every_input_as_it_is() -> None:
    held = {
        part: {name: (v["reference"], v["window"]) for name, v in BY_NAME[part].items()}
        for part in ("counts", "values")
    }
    assert held == {
        "counts": {n: tuple(v) for n, v in COUNTS.items()},
        "values": {n: tuple(v) for n, v in VALUES.items()},
    }


@pytest.mark.parametrize("name", COUNTS)
def test_what_is_expected_of_counts_is_what_the_libraries_say_today(name: str) -> None:
    vector = BY_NAME["counts"][name]
    assert json.loads(json.dumps(of_counts(*COUNTS[name])).replace('"infinite"', "Infinity")) == same(
        vector["expected"]
    )


@pytest.mark.parametrize("name", VALUES)
def test_what_is_expected_of_values_is_what_the_libraries_say_today(name: str) -> None:
    vector = BY_NAME["values"][name]
    assert of_values(*VALUES[name]) == same(vector["expected"])


@pytest.mark.parametrize("name", COUNTS)
def test_every_statistic_of_counts_is_the_documented_one(name: str) -> None:
    expected = {part: figure for part, figure in BY_NAME["counts"][name]["expected"].items() if part != "driftwarden"}
    assert plain(*rows(*COUNTS[name])) == same(expected)


@pytest.mark.parametrize("name", COUNTS)
def test_our_own_readings_of_counts_are_those_of_the_file(name: str) -> None:
    assert ours(*COUNTS[name]) == same(BY_NAME["counts"][name]["expected"]["driftwarden"])


@pytest.mark.parametrize("name", VALUES)
def test_distances_of_values_that_are_cells_each_are_exact(name: str) -> None:
    reference, window, points = by_value(*VALUES[name])
    expected = BY_NAME["values"][name]["expected"]
    found = {
        "wasserstein": float(conventional.wasserstein(reference, window, points)[0]),
        "wasserstein_normed": float(conventional.wasserstein_normed(reference, window, points)[0]),
        "ks": float(conventional.ks(reference, window)[0][0]),
    }
    assert found == same({name: expected[name] for name in found} | {"ks": expected["ks"][0]})


@pytest.mark.parametrize("name", streams())
def test_a_stream_of_the_file_is_cut_where_river_cuts_it(name: str) -> None:
    vector = BY_NAME["adwin"][name]
    state, found = AdwinState(), []
    for place, value in enumerate(vector["values"]):
        state, reading = step(state, value / 4_095, subject="x", delta=vector["delta"])
        if reading.state == "drifting":
            found.append(place)
    assert (found, river_cuts(vector["values"], vector["delta"])) == (vector["cuts"], vector["cuts"])
