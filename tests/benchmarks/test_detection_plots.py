from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from benchmarks.detection import dependence, plots
from benchmarks.detection.plot_style import plain
from benchmarks.detection.results import Result
from benchmarks.detection.section import Value

FLEETS: Sequence[Mapping[str, Value]] = [
    {"events": events, "reference": reference, "detector": detector, "per 1,000": rate}
    for events in (30, 100)
    for reference in (1_000, 10_000)
    for detector, rate in (("e-SR", 0.0), ("PSI > .2", 54.0))
]

DEPENDENCE: Sequence[Mapping[str, Value]] = [
    {"process": "AR .9, .03 σ", "detector": detector, "false alarms": alarms, "delay": 17.0, "limit": 9.6}
    for detector, alarms in ((dependence.TEMPERED, 0), (dependence.UNTEMPERED, 1_866))
]

FRIEDMAN: Sequence[Mapping[str, Value]] = [
    {"variant": variant, "detector": detector, "TPR %": found, "FPR %": false, "delay": delay}
    for variant in ("GRA", "LEA")
    for detector, found, false, delay in (
        ("e-SR, histogram", 99.3, 0.7, 12.0), ("ADWIN .05", 86.0, 14.0, 27.0), ("Page-Hinkley", 0.0, 100.0, None),
    )
]  # fmt: skip

DELAYS: Sequence[Mapping[str, Value]] = [
    {
        "change": "shift .25 σ", "events": 100, "reference": 10_000, "detector": detector, "delay": delay,
        "per 1,000": false,
    }
    for detector, delay, false in (("e-SR", 9.0, 0.0), ("PSI > .2", None, 35.0), ("KS p < .05", 1.0, 17.0))
]  # fmt: skip

TRADEOFF: Sequence[Mapping[str, Value]] = [
    {"detector": "e-SR", "setting": "10 in 30 days", "stated": 10.0, "in 30 days": 0.0, "delay": 8.0},
    {"detector": "PSI", "setting": "> 0.2", "stated": None, "in 30 days": 307_600.0, "delay": 3.0},
    {"detector": "KS", "setting": "p < 1e-06", "stated": None, "in 30 days": 0.0, "delay": 958.0},
    {"detector": "KS", "setting": "p < 1e-09", "stated": None, "in 30 days": 0.0, "delay": None},
]

RUNLENGTH: Sequence[Mapping[str, Value]] = [
    {"null": "error rate 0.1", "stated": stated, "real": 1.25 * stated, "standard error": 3.0}
    for stated in (100, 1_000)
] + [{"null": "1,667 events a tick", "stated": 100, "real": 1_200.0, "standard error": 0.0}]

RESULTS = [
    Result("delays", DELAYS, []), Result("tradeoff", TRADEOFF, []), Result("runlength", RUNLENGTH, []),
    Result("fleets", FLEETS, []), Result("dependence", DEPENDENCE, []), Result("friedman", FRIEDMAN, []),
]  # fmt: skip


def _words(made: Figure) -> str:
    return "\n".join(text.get_text() for text in made.findobj(match=lambda part: hasattr(part, "get_text")))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return plots.draw(RESULTS, tmp_path_factory.mktemp("pictures"))


def test_two_drawings_of_the_same_results_are_the_same_bytes(drawn: list[Path], tmp_path: Path) -> None:
    again = plots.draw(RESULTS, tmp_path)

    assert [file.name for file in again] == [file.name for file in drawn]
    assert [file.read_bytes() for file in again] == [file.read_bytes() for file in drawn]


def test_a_picture_is_drawn_where_there_are_results_for_it(tmp_path: Path) -> None:
    some = [Result("friedman", FRIEDMAN, []), Result("unheard of", [{"a": 1}], []), Result("fleets", [], [])]

    assert [file.name for file in plots.draw(some, tmp_path / "new")] == ["friedman.svg"]


def test_pictures_are_800_px_wide(drawn: list[Path]) -> None:
    assert {ElementTree.parse(file).getroot().get("width") for file in drawn} == {"600pt"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("delay-against-false-alarms", ["of 1,000 monitors in 30 days", "KS: p < 1e-06", "none\nseen", "PSI: > 0.2"]),
        (
            "delays",
            ["windows from the change", "100 events a window", "shift .25 σ", "never", "PSI > .2: ≤ 10,080", "e-SR: 0"],
        ),
        ("run-length", ["ticks stated", "stated: 1,000 ticks", "1.25", "12"]),
        ("false-alarms", ["per 1,000 monitor-windows", "events in the reference", "100 events in a window", "54"]),
        ("dependence", ["false alarms", "windows until .25 σ is found (median)", "1,866", "17"]),
        ("friedman", ["events from the change", "ADWIN .05   14.0 %", "27 (86 %)", "none left to find it"]),
    ],
)
def test_a_picture_says_what_is_measured_in_which_unit(name: str, words: list[str]) -> None:
    section, picture = plots.PICTURES[name]
    made = picture(next(result.rows for result in RESULTS if result.name == section))

    written = _words(made)
    assert [word for word in words if word not in written] == []


def test_figures_are_written_as_one_reads_them() -> None:
    assert [plain(value) for value in (0, 0.0004, 0.021, 4.84, 120.4, 12_000)] == [
        "0", "< .001", "0.021", "4.8", "120", "12,000",
    ]  # fmt: skip
