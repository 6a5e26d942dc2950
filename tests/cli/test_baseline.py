"""Fitting a baseline: every kind of column works, and what cannot be watched is said."""

import random
from pathlib import Path

import pytest

from detectors.baseline import Baseline
from service.cli.baseline import describe
from service.cli.screen import screen
from service.store.changes import ModelKey
from service.store.engine import open_store
from service.store.learning import baseline_of
from tests.cli.command import Command, golden

ROWS = 1_000


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """One column of every kind that a baseline has to cope with."""
    chance = random.Random(5)
    lines = ["number,zero_inflated,constant,absent,flag,category,ident,row,code,prediction"]
    for row in range(ROWS):
        zero_inflated = 0 if chance.random() < 0.9 else round(chance.expovariate(1), 4)
        flag, category = chance.choice(["true", "false"]), chance.choice("ABC")
        number, score = f"{chance.gauss(0, 1):.4f}", f"{chance.random():.4f}"
        code, ident = chance.randrange(5), f"user-{chance.getrandbits(40):x}"
        lines.append(f"{number},{zero_inflated},7,,{flag},{category},{ident},{row},{code},{score}")
    path = tmp_path / "train.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_is_watched_and_what_cannot_be_is_said(command: Command, odd: Path) -> None:
    ended = command(
        "baseline", "fit", odd, "--model", "m", "--version", 1, "--categorical", "code", "--out", "b.json"
    )  # fmt: skip

    assert (ended.code, ended.out) == (0, "")
    assert ended.err == golden("baseline.txt", ended.err)


def test_the_file_holds_the_baseline(command: Command, odd: Path, tmp_path: Path) -> None:
    command("baseline", "fit", odd, "--model", "m", "--version", 1, "--out", "b.json")
    frozen = Baseline.from_json((tmp_path / "b.json").read_text(encoding="utf-8"))

    assert {subject.name: subject.kind for subject in frozen.subjects} == {
        "absent": "opaque",
        "category": "categorical",
        "code": "numeric",
        "constant": "numeric",
        "flag": "boolean",
        "ident": "opaque",
        "number": "numeric",
        "prediction": "numeric",
        "row": "numeric",
        "zero_inflated": "numeric",
    }


def test_columns_to_ignore_are_left_out(command: Command, odd: Path, tmp_path: Path) -> None:
    command("baseline", "fit", odd, "--model", "m", "--version", 1, "--ignore", "row, ident", "--out", "b.json")
    frozen = Baseline.from_json((tmp_path / "b.json").read_text(encoding="utf-8"))

    assert {subject.name for subject in frozen.subjects} & {"row", "ident"} == set()


def test_without_a_file_the_baseline_is_in_force_in_the_store(command: Command, odd: Path, tmp_path: Path) -> None:
    ended = command("baseline", "fit", odd, "--model", "m", "--version", "1")
    store = open_store(f"sqlite:///{tmp_path}/driftwarden.db", tick_seconds=60)
    frozen = baseline_of(store, ModelKey("prediction", "m", "1"))
    store.close()

    assert frozen is not None
    assert ended.err.splitlines()[-1] == f"baseline {frozen.id} is now in force for m 1"


def test_the_same_rows_give_the_same_file(command: Command, odd: Path, tmp_path: Path) -> None:
    for name in ("one.json", "two.json"):
        command("baseline", "fit", odd, "--model", "m", "--version", 1, "--out", name)

    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_table_keeps_its_width_where_nobody_looks_at_it(capsys: pytest.CaptureFixture[str]) -> None:
    describe(Baseline((), {}), {}, screen())

    assert screen().width == 160
