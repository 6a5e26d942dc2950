import numpy as np
import pytest

from benchmarks.detection import friedman
from benchmarks.detection.polynomials import Polynomial
from benchmarks.detection.section import Scale, Section


def _quiet(_: str) -> None:
    return None


@pytest.fixture(scope="module")
def friedman_look() -> Section:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(friedman, "DELAYS", {"GRA": 12})
        return friedman.run(Scale(1 / friedman.TRIALS), _quiet)


def test_friedman_has_one_row_per_variant_and_detector(friedman_look: Section) -> None:
    columns = {tuple(row) for row in friedman_look.rows}

    assert columns == {("variant", "detector", "TPR %", "FPR %", "delay", "delay p90")}
    assert len({(row["variant"], row["detector"]) for row in friedman_look.rows}) == len(friedman_look.rows)


def test_friedman_measures_a_variant_with_and_without_what_the_product_lacks(friedman_look: Section) -> None:
    asked = [goal.asked.split(":")[0] for goal in friedman_look.goals]

    assert asked == [f"GRA, {name}" for name in (friedman.PRODUCT, friedman.BETS)]
    assert "not of the product" in friedman_look.note


def test_friedman_finds_a_global_change_with_the_monitors_of_the_product(friedman_look: Section) -> None:
    met = {goal.asked.split(":")[0]: goal.met for goal in friedman_look.goals}

    assert met[f"GRA, {friedman.PRODUCT}"]


def test_friedman_streams_are_equal_until_the_change_and_differ_after_it() -> None:
    gra, lea = (friedman.simulated(variant, 1, seed=3).watched[:, 0] for variant in ("GRA", "LEA"))

    assert gra[: friedman.BEFORE].tolist() == lea[: friedman.BEFORE].tolist()
    assert np.abs(gra[friedman.BEFORE :]).mean() > 2 * np.abs(lea[friedman.BEFORE :]).mean()


def test_a_polynomial_is_recovered() -> None:
    rng = np.random.default_rng(1)
    features = rng.random((500, 3))
    target = 3 * features[:, 0] * features[:, 1] - features[:, 2] ** 2

    errors = Polynomial.fit(features, target, 2).predict(features) - target

    assert np.abs(errors).max() < 0.05
