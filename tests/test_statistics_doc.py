"""The page on statistics says what the code computes: its examples run, and its figures are the code's."""

import doctest
import re
from pathlib import Path

from alerting.tiers import Ladder
from service.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "statistics.md"


def test_every_example_of_the_page_runs() -> None:
    failures, examples = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")

    assert (failures, examples > 30) == (0, True)


def test_the_table_of_tiers_is_the_one_in_force() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (PSI|KS D|change of a rate) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", text, re.MULTILINE)
    ladder = Ladder()
    table = {name: tuple(map(float, rungs)) for name, *rungs in rows}

    assert table == {"PSI": ladder.psi, "KS D": ladder.ks, "change of a rate": ladder.rate}


def test_the_ladder_of_the_page_is_the_default_of_the_settings() -> None:
    alerting, ladder = Settings().alerting, Ladder()

    assert (alerting.psi_tiers, alerting.ks_tiers, alerting.rate_tiers) == (ladder.psi, ladder.ks, ladder.rate)


def test_the_defaults_named_on_the_page_are_those_of_the_settings() -> None:
    detection = Settings().detection

    assert (detection.events_min, detection.confidence, detection.pages_per_30_days) == (50, 0.99, 1.0)
