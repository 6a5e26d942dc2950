import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from tests.kafka.cluster import Cluster


def _results(*words: str) -> list[dict[str, Any]]:
    answer = CliRunner().invoke(app, ["throughput", "--events", "2000", "--runs", "1", "--json", *words])
    assert answer.exit_code == 0, answer.output
    results: list[dict[str, Any]] = json.loads(answer.stdout)["results"]
    return results


def test_the_benchmark_runs_and_gives_a_rate_for_every_path(tmp_path: Path) -> None:
    results = _results("--folder", str(tmp_path))

    assert [result["path"] for result in results] == ["decode and fold", "memory to store"]
    assert all(result["events_per_second"] > 0 and result["events"] == 2_000 for result in results)


@pytest.mark.kafka
def test_the_benchmark_reads_the_same_events_from_a_broker(kafka: Cluster, tmp_path: Path) -> None:
    results = _results("--folder", str(tmp_path), "--kafka", kafka.bootstrap)

    assert [result["path"] for result in results][-1] == "kafka to store"
