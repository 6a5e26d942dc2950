from benchmarks.detection import cost, runlength
from benchmarks.detection.section import Scale


def _quiet(_: str) -> None:
    return None


def test_the_wait_of_a_known_null_is_about_what_is_stated() -> None:
    mean, error = runlength.waited(runlength.NULLS[0], 50, 300, seed=3)

    assert 50 - 2 * error <= mean <= 50 * 1.4 + 2 * error


def test_cost_says_time_state_and_their_ratio_to_a_product() -> None:
    section = cost.run(Scale(0.01), _quiet)

    assert [goal.asked for goal in section.goals] == [
        "10,000 monitors per tick <= 15 ms", "sequential state <= 300 B per monitor",
    ]  # fmt: skip
    assert section.goals[1].met
    assert section.rows[1]["x one product"] == 1
