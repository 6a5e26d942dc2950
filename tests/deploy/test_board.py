"""The Grafana board: as its script writes it, nothing overlapping, every query answered by a real Prometheus."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana.board import board
from service.metrics.catalog import ALL
from tests.components.prometheus import Prometheus, running
from tests.deploy.samples import openmetrics

GRAFANA = Path(__file__).resolve().parents[2] / "deploy" / "grafana"
BOARD: dict[str, Any] = json.loads((GRAFANA / "overview.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
VARIABLES: list[dict[str, Any]] = BOARD["templating"]["list"]


def _substituted(expression: str) -> str:
    """Fill in what Grafana would: every choice of every variable."""
    for name in [variable["name"] for variable in VARIABLES if variable["multi"]]:
        expression = expression.replace(f'"${name}"', '".*"')
    return expression.replace('"$subject"', '"salary"').replace("$__rate_interval", "1m")


@pytest.fixture(scope="module")
def prometheus(
    promtool: Path, prometheus_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A real Prometheus that holds an hour of everything the service exports."""
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "samples.txt").write_text(openmetrics(int(time.time())))
    (folder / "prometheus.yml").write_text("{}\n")
    fill = [
        str(promtool),
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        str(folder / "samples.txt"),
        str(folder / "tsdb"),
    ]
    subprocess.run(fill, check=True, capture_output=True, timeout=60)
    with running(prometheus_binary, folder / "prometheus.yml", folder / "tsdb") as server:
        yield server


def test_the_board_is_what_its_script_writes() -> None:
    built = board()

    assert json.loads(json.dumps(built)) == BOARD


def test_no_two_panels_overlap_and_none_leaves_the_grid() -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in BOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert (len(cells) - len(set(cells)), max(x for x, _ in cells) < 24) == (0, True)


def test_a_graph_is_wide_enough_to_be_read() -> None:
    narrow = [panel["title"] for panel in PANELS if panel["type"] != "stat" and panel["gridPos"]["w"] < 6]

    assert narrow == []


def test_every_panel_has_its_own_number() -> None:
    numbers = [panel["id"] for panel in BOARD["panels"]]

    assert len(numbers) == len(set(numbers))


def test_every_metric_of_the_service_is_on_the_board() -> None:
    shown = set(re.findall(r"driftwarden_[a-z_]+", " ".join(expression for _, expression in QUERIES)))

    assert {family.name for family in ALL} - {name.removesuffix("_bucket") for name in shown} == set()


@pytest.mark.component
@pytest.mark.parametrize(("title", "expression"), QUERIES)
def test_the_query_of_a_panel_has_an_answer(prometheus: Prometheus, title: str, expression: str) -> None:
    assert prometheus.query(_substituted(expression)) != []


@pytest.mark.component
@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: str(variable["name"]))
def test_a_variable_offers_values_of_a_series_that_exists(prometheus: Prometheus, variable: dict[str, Any]) -> None:
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
    assert found is not None

    assert [variable["name"] in row["metric"] for row in prometheus.query(_substituted(found[1]))][:1] == [True]


@pytest.mark.component
def test_the_timeline_tells_a_drifting_monitor_from_the_others(prometheus: Prometheus) -> None:
    (expression,) = [expression for title, expression in QUERIES if title == "State of each monitor"]

    values = {row["value"][1] for row in prometheus.query(_substituted(expression))}

    assert values == {"2"}
