"""docs/events.md says what the code does: its examples are events, its tables are run."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from detectors.fit import fit
from detectors.fold import fold
from service.events.decode import DecodeLimits, Decoder, Event
from service.events.record import Record
from service.events.rejected import Reason
from service.events.schema import json_schema
from tests.service.events.events import LIMITS, PREDICTION, accepted

PAGE = (Path(__file__).parents[3] / "docs" / "events.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
BASELINE = fit(
    {
        "numeric": [float(n) for n in range(200)],
        "boolean": [True, False] * 100,
        "category": ["north", "south"] * 100,
        "category of whole numbers": [n % 9 for n in range(200)],
        "opaque": [f"text {n}" for n in range(200)],
    },
    categorical=frozenset({"category of whole numbers"}),
    categories_max=10,
    segments_max=0,
)


def table(heading: str) -> list[list[str]]:
    """Read the first table below a heading, its first row the names of its columns."""
    lines = PAGE.partition(f"\n## {heading}\n")[2].split("\n")
    begin = next(place for place, line in enumerate(lines) if line.startswith("|"))
    rows = [line for line in lines[begin:] if line.startswith("|") or not line]
    rows = rows[: rows.index("")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if not row.startswith("|---")]


HEAD, *MEANINGS = table("What a value counts as")


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_an_event(text: str) -> None:
    assert isinstance(Decoder(DecodeLimits(100_000, 500, 256)).decode(Record(0, text.encode())), Event)


@pytest.mark.parametrize("text", [text for text in EXAMPLES if "specversion" not in text])
def test_an_example_keeps_to_the_schema(text: str) -> None:
    assert list(Draft202012Validator(json_schema()).iter_errors(json.loads(text))) == []


def test_every_kind_of_event_has_an_example() -> None:
    kinds = {json.loads(text)["type"] for text in EXAMPLES}

    assert kinds == {"prediction", "feature", "label", "health", "com.example.prediction"}


def test_every_reason_is_explained() -> None:
    explained = [row[0].strip("`") for row in table("Where a bad record ends")[1:]]

    assert explained == list(get_args(Reason))


@pytest.mark.parametrize("row", MEANINGS, ids=lambda row: row[0])
def test_a_value_counts_as_the_table_says(row: list[str]) -> None:
    sent = row[0].strip("`")
    pairs = "" if sent == "nothing" else ", ".join(f'"{kind}": {sent}' for kind in HEAD[1:])
    text = json.dumps({**PREDICTION, "features": {}}).replace("{}", "{" + pairs + "}")
    counts = fold(BASELINE, Decoder(LIMITS).columns(BASELINE, [accepted(text.encode())]))

    counted = {}
    for subject in BASELINE.subjects:
        ends = counts[subject.missing : subject.missing + 3].tolist()
        counted[subject.name] = "value" if sum(ends) == 0 else ("missing", "not_finite", "wrong_type")[ends.index(1)]

    assert counted == dict(zip(HEAD[1:], row[1:], strict=True))
