from pathlib import Path

import numpy as np
import pytest

from benchmarks.detection import labelled, labelled_features
from benchmarks.detection.section import Scale


def _quiet(_: str) -> None:
    return None


def _file(folder: Path, name: str, seed: int, *, changes: bool) -> None:
    rng = np.random.default_rng(seed)
    features = rng.random((16_000, 2))
    truth = features.sum(axis=1) > 1
    if changes:
        truth[10_000:] = ~truth[10_000:]
    table = np.column_stack([features, truth])
    np.savetxt(folder / name, table, delimiter=",", header="X1,X2,class", comments="", fmt="%.6f")


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    (tmp_path / "harvard_synth").mkdir()
    return tmp_path


def test_a_reversed_concept_is_found_in_a_few_rows_and_its_features_stay_silent(annotated: Path) -> None:
    _file(annotated / "harvard_synth", "mine_abrupto.csv", 1, changes=True)

    section = labelled.run(Scale(1 / 3), _quiet, annotated)

    assert [goal.met for goal in section.goals] == [True] * 4
    ours = section.rows[0]
    assert (ours["streams"], ours["detector"], ours["changes"], ours["found"]) == ("abrupt", "e-SR", 1, 1)
    assert len({tuple(row) for row in section.rows}) == 1


def test_a_concept_that_stays_is_not_found_by_esr_and_named_in_the_note(annotated: Path) -> None:
    _file(annotated / "harvard_synth", "mine_abrupto.csv", 2, changes=False)

    section = labelled.run(Scale(1 / 3), _quiet, annotated)

    ours = section.rows[0]
    assert (ours["found"], ours["delay"], ours["false alarms"]) == (0, None, 0)
    assert not section.goals[0].met
    assert "Not found by e-SR, with the errors in the holdout, before and after: mine_abrupto 1 (" in section.note


def test_a_feature_that_changes_with_the_concept_is_told_apart_from_one_that_stays() -> None:
    rng = np.random.default_rng(3)
    features = rng.random((12_000, 2))
    features[6_000:, 1] += 0.3

    stays, changes = labelled_features.watched(features, [(6_000, 6_000)], known=3_000, after=2_000, threshold=1e5)

    assert (stays.stays, stays.alarms, stays.false, stays.rows) == (True, (), 0, 5_000)
    assert (changes.stays, changes.false, changes.rows) == (False, 0, 3_000)
    assert changes.delay is not None
    assert changes.delay < 200


def test_an_alarm_is_false_wherever_a_feature_stays_and_before_a_change_of_one_that_does_not() -> None:
    stays = labelled_features.Watched(0, p=0.5, alarms=(10, 150), before=100, after=100)
    changes = labelled_features.Watched(0, p=1e-9, alarms=(10, 150), before=100, after=100)

    assert (stays.false, stays.delay) == (2, None)
    assert (changes.false, changes.delay) == (1, 50)


def test_the_two_sample_test_is_for_continuous_values_and_for_few() -> None:
    rng = np.random.default_rng(4)
    few = rng.integers(0, 3, 5_000).astype(float)
    many = rng.random(5_000)

    assert labelled_features.two_sample_p(few[:2_500], few[2_500:]) > 0.001
    assert labelled_features.two_sample_p(many[:2_500], many[2_500:]) > 0.001
    assert labelled_features.two_sample_p(many[:2_500], many[2_500:] ** 2) < 0.001
    assert labelled_features.two_sample_p(few[:2_500], np.minimum(few[2_500:], 1)) < 0.001
    assert labelled_features.two_sample_p(np.ones(9), np.ones(9)) == 1


def test_a_folder_without_the_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match="harvard_synth: no CSV files; give the folder that holds harvard_synth"
    ):
        labelled.run(Scale(), _quiet, tmp_path)
