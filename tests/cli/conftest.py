"""A command, and files such as users have."""

import csv
import random
from pathlib import Path

import pytest

from tests.cli.command import Command, command_in

ROWS, BROKEN_FROM = 3_600, 2_400
BEGIN_S = 1_704_067_200


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """`driftwarden`, run in an empty folder."""
    return command_in(tmp_path, capsys, monkeypatch)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """An hour of events, one a second, whose amounts are three deviations higher in the last twenty minutes."""
    chance = random.Random(11)
    path = tmp_path / "history.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["at", "amount", "country", "prediction", "segment"])
        for row in range(ROWS):
            amount = chance.gauss(3.0 if row >= BROKEN_FROM else 0.0, 1.0)
            country = chance.choice(["NO", "SE", "DK"])
            segment = chance.choice(["web", "shop"])
            writer.writerow([BEGIN_S + row, f"{amount:.4f}", country, f"{chance.random():.4f}", segment])
    return path
