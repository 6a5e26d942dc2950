"""The names of metrics are a promise: dashboards and rules of other people are built on them."""

import os
from pathlib import Path

from service.metrics.catalog import ALL, markdown

GOLDEN = Path(__file__).parent / "golden" / "catalog.txt"
DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_names_types_labels_and_help_are_those_of_the_golden_file() -> None:
    text = "".join(f"{f.name} {f.kind} {{{','.join(f.labels)}}}\n    {f.meaning}\n" for f in ALL)
    if os.environ.get("DRIFTWARDEN_UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_no_name_is_used_twice() -> None:
    assert len({family.name for family in ALL}) == len(ALL)


def test_counters_end_in_total_and_nothing_else_does() -> None:
    assert [f.name for f in ALL if f.name.endswith("_total")] == [f.name for f in ALL if f.kind == "counter"]


def test_the_page_of_metrics_holds_the_catalog() -> None:
    assert markdown() in DOCS.read_text(encoding="utf-8")
