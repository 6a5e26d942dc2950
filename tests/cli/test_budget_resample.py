"""The resampled rate of false alarms beside the guaranteed one, and when none is printed."""

import csv
import json
import math
import random
from pathlib import Path

import pytest

from service.cli.budget_report import Resampled, Tally, as_text, bounds
from service.gating import Budget
from tests.cli.command import Command, golden

BEGIN_S, TICK_S, EVENTS = 1_704_067_200, 600, 8
RESAMPLE = ("budget", "resample", "week.csv", "--model", "fraud", "--version", 3, "--config", "c.yaml")
TIME = ("--time", "at")
WHOSE = ("--model", "fraud", "--version", 3, *TIME, "--config", "c.yaml")
FIT = ("baseline", "fit", "week.csv", *WHOSE, "--out", "b.json")
MONTH = (*RESAMPLE, *TIME, "--days", 30)

OWNERS = """\
version: 1
parties:
  fraud-ds: {contacts: [{log: a}], false_alarms: {pages: 1 per 60 days}}
  data-platform: {contacts: [{log: b}]}
fallback: {owner: data-platform}
rules:
  - {id: fraud, match: {model: "fraud*"}, assign: {owner: fraud-ds, data_steward: data-platform}}
"""


def _write(path: Path, days: float, step: float = 0.0) -> None:
    chance = random.Random(11)
    level = 0.0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["at", "amount", "country", "prediction", "shop"])
        for tick in range(round(days * 86_400 / TICK_S)):
            level = 0.95 * level + step * chance.gauss(0, 1)
            for row in range(EVENTS):
                at = BEGIN_S + tick * TICK_S + row * TICK_S // EVENTS
                amount, country = f"{chance.gauss(level, 1):.4f}", chance.choice(["NO", "SE", "DK"])
                writer.writerow([at, amount, country, f"{chance.random():.4f}", chance.choice(["web", "shop"])])


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """Eight days and six days of rows, settings with ticks of ten minutes, and an ownership table."""
    _write(tmp_path / "week.csv", 8, step=0.1)
    _write(tmp_path / "short.csv", 6)
    (tmp_path / "c.yaml").write_text(f"time: {{tick_seconds: {TICK_S}}}\n", encoding="utf-8")
    (tmp_path / "owners.yaml").write_text(OWNERS, encoding="utf-8")


def test_guaranteed_and_resampled_stand_side_by_side(command: Command) -> None:
    ended = command(*MONTH)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == golden("budget_resample.txt", ended.out)


def test_the_object_holds_the_same_numbers(command: Command) -> None:
    told = json.loads(command(*MONTH, "--json").out)
    owner = told["parties"][0]

    assert (told["days"], told["season"], told["reference_days"]) == (30, "none", 8.0)
    assert (owner["party"], owner["monitors"], owner["pages"]["guaranteed"]) == ("fraud-ds", 4, 0.5)
    assert owner["pages"]["at_most"] == pytest.approx(bounds(owner["pages"]["alarms"], 30)[1])


def test_segments_are_monitors_of_their_own(command: Command) -> None:
    told = json.loads(command(*MONTH, "--json", "--segment", "shop").out)

    assert told["parties"][0]["monitors"] == 9


def test_a_baseline_from_a_file_gives_what_fitting_it_gives(command: Command) -> None:
    command(*FIT)
    fitted, read = command(*MONTH).out, command(*MONTH, "--baseline", "b.json").out

    assert fitted == read


def test_without_an_ownership_table_one_party_owns_everything(command: Command, tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").unlink()
    told = json.loads(command(*MONTH, "--json").out)

    assert [party["party"] for party in told["parties"]] == ["owner"]


def test_no_rate_is_printed_for_less_than_a_week(command: Command) -> None:
    ended = command(
        "budget", "resample", "short.csv", "--model", "fraud", "--version", 3, *TIME, "--config", "c.yaml"
    )  # fmt: skip

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "driftwarden: short.csv: no rate is given, guaranteed or resampled, since the baseline spans 6.0 days of the 7 "
        "days it takes; give rows of at least 7 days\n"
    )


def test_a_long_baseline_does_not_make_up_for_a_short_file(command: Command) -> None:
    command(*FIT)
    ended = command("budget", "resample", "short.csv", *WHOSE, "--baseline", "b.json")

    assert ended.code == 2
    assert "short.csv: its rows span 6.0 days, and days to draw from take 7; give more" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*RESAMPLE, "--time", "when"), "--time: week.csv has no column 'when'; the columns are at, amount"),
        ((*RESAMPLE, "--time", "country"), "--time: row 0 of week.csv has "),
        ((*RESAMPLE, "--time", ""), "--time: the name is empty; give the column of the rows' times"),
        ((*MONTH, "--model", " "), "--model: the name is empty; give the one that events carry"),
        ((*MONTH, "--ignore", "nope"), "--ignore: week.csv has no column 'nope'"),
        ((*MONTH, "--baseline", "none.json"), "--baseline: none.json cannot be read (no such file or directory)"),
        ((*MONTH, "--baseline", "b.json", "--ignore", "amount"), "--baseline: b.json watches 'amount', which week.csv"),
    ],
)
def test_a_mistake_is_said_in_words(command: Command, arguments: tuple[object, ...], words: str) -> None:
    command(*FIT)
    ended = command(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


def test_more_alarms_than_are_guaranteed_are_named() -> None:
    budget = Budget("fraud-ds", (30.0, 4.0, 1.0), 12)
    days = tuple(f"2024-01-0{day}" for day in range(1, 8))
    tallies = (Tally(400, days, "age (values)"), Tally(60, days, "age (values)"), Tally(19, days, "age (missing)"))
    result = Resampled("fraud", "3", "b", "fixed", 8.0, 24, 300, 1, (budget,), (tallies,))
    text = "\n".join(as_text(result))

    assert text == golden("budget_resample_more.txt", text)


def test_what_comes_from_one_day_of_the_reference_does_not_break_the_guarantee() -> None:
    budget = Budget("fraud-ds", (30.0, 4.0, 1.0), 12)
    tallies = (Tally(0), Tally(0), Tally(19, ("2024-01-01",), "age (values)"))
    result = Resampled("fraud", "3", "b", "budget", 8.0, 24, 300, 1, (budget,), (tallies,))

    assert not any("MORE THAN" in line for line in as_text(result))


def test_the_upper_bound_is_the_rate_at_which_so_few_alarms_have_one_chance_in_twenty() -> None:
    for alarms in range(4):
        mean = bounds(alarms, 300)[1] * 10
        chance = sum(math.exp(-mean) * mean**few / math.factorial(few) for few in range(alarms + 1))

        assert chance == pytest.approx(0.05)
