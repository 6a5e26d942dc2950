import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.detection import report
from benchmarks.detection.report import Request
from benchmarks.detection.results import Result, as_json, joined, read
from benchmarks.detection.section import Goal, Scale, Section, Tell, Value

SECTION = Section(
    "alpha", [{"events": 1_000, "delay": None}], [Goal("<= 1", "2 [in all]", False), Goal("0", "0", True)]
)


def _alpha(scale: Scale, tell: Tell, folder: Path) -> Section:
    tell(f"{scale.of(10)} {folder}")
    return SECTION


@pytest.fixture
def sections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "SECTIONS", {"alpha": _alpha, "labelled": _alpha})


def _printed(results: list[Result]) -> str:
    console = Console(file=io.StringIO(), width=120)
    report.show(results, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_goal_that_is_missed_says_so_and_the_last_line_counts() -> None:
    lines = _printed([Result("alpha", SECTION.rows, SECTION.goals)]).splitlines()

    assert "NOT MET <= 1: 2 [in all]" in lines
    assert "met     0: 0" in lines
    assert lines[-1] == "1 of 2 goals met"


def test_goals_of_a_part_of_the_scale_decide_nothing() -> None:
    last = _printed([Result("alpha", SECTION.rows, SECTION.goals, "", {"share": 0.05})]).splitlines()[-1]

    assert last == "1 of 2 goals met (not at full scale, which alone decides)"


def test_a_table_has_every_column_and_leaves_out_what_is_not_known() -> None:
    printed = _printed([Result("alpha", SECTION.rows, [])])

    assert "events" in printed
    assert "1,000" in printed
    assert "None" not in printed


def test_sentences_stand_under_a_wide_table() -> None:
    figures: dict[str, Value] = {f"f{number}": number for number in range(9)}
    rows = [{"set": "one", **figures, "remark": "a sentence " * 9}, {"set": "two", **figures, "remark": None}]
    lines = _printed([Result("alpha", rows, [])]).splitlines()

    assert not any("f8" in line and "remark" in line for line in lines)
    assert [line for line in lines if line.startswith("  one: remark: a sentence")]
    assert not [line for line in lines if line.startswith("  two: remark")]


@pytest.mark.usefixtures("sections")
def test_sections_on_public_sets_are_skipped_without_a_folder_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report.run(Request([], Scale(0.5), json=True))
    out, err = capsys.readouterr()

    assert [section["name"] for section in json.loads(out)["sections"]] == ["alpha"]
    assert "skipped: labelled" in err
    assert "--data" in err


@pytest.mark.usefixtures("sections")
def test_the_json_says_what_was_run_and_on_what(capsys: pytest.CaptureFixture[str]) -> None:
    report.run(Request(["alpha"], Scale(0.5, 7), json=True))
    section = json.loads(capsys.readouterr().out)["sections"][0]

    assert section["rows"] == [{"events": 1_000, "delay": None}]
    assert {"driftwarden", "numpy", "python", "cores", "seed", "share", "seconds"} <= set(section["run"])
    assert (section["run"]["seed"], section["run"]["share"]) == (7, 0.5)


def test_results_are_read_again_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    result = Result("alpha", SECTION.rows, SECTION.goals, "a note", {"seed": 7})
    file.write_bytes(as_json([result]))

    assert read(file) == [result]


def test_a_row_is_a_line_of_the_json() -> None:
    rows = [{"events": events, "delay": None} for events in (30, 100)]

    lines = as_json([Result("alpha", rows, SECTION.goals)]).splitlines()

    assert b'{"events":30,"delay":null},' in lines
    assert b'{"events":100,"delay":null}' in lines


def test_of_a_section_in_several_files_the_last_counts_and_the_order_is_the_benchmarks(tmp_path: Path) -> None:
    first, last = tmp_path / "first.json", tmp_path / "last.json"
    first.write_bytes(as_json([Result("beta", [], []), Result("alpha", [], [], "old")]))
    last.write_bytes(as_json([Result("alpha", [], [], "new")]))

    assert [(one.name, one.note) for one in joined([first, last], ["alpha", "beta"])] == [
        ("alpha", "new"),
        ("beta", ""),
    ]


def test_a_file_of_one_section_is_named_for_it(tmp_path: Path) -> None:
    file = tmp_path / "gamma.json"
    file.write_text('{"rows": [], "goals": [], "seconds": 3.5}')

    assert read(file) == [Result("gamma", [], [], "", {"seconds": 3.5})]


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--section", "omega"], "there is no 'omega'"), (["--from", "absent.json"], "absent.json")],
)
def test_an_option_that_cannot_be_used_is_named(options: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["detection", *options])

    assert result.exit_code == 2
    assert words in result.stderr


def test_a_file_that_holds_something_else_is_named(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text("[1, 2]")

    with pytest.raises(ValueError, match=r"other\.json: not a result"):
        read(file)
