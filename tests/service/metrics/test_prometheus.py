"""A real Prometheus reads what a real server serves."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from service.api.app import build_api
from tests.components.prometheus import Prometheus, running
from tests.service.api.seed import seeded, tokens

pytestmark = [pytest.mark.component, pytest.mark.slow]

SECONDS_MAX = 30.0


@pytest.fixture(scope="module")
def prometheus(prometheus_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    made = seeded(tokens(), f"sqlite:///{folder / 'store.db'}")
    server = uvicorn.Server(uvicorn.Config(build_api(made.dependencies()), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs:\n"
        "- job_name: driftwarden\n"
        "  basic_auth: {username: prometheus, password: read}\n"
        f"  static_configs: [{{targets: ['127.0.0.1:{_port(server)}']}}]\n"
    )
    with running(prometheus_binary, config, folder / "tsdb") as found:
        _await_scrape(found)
        yield found
    server.should_exit = True
    thread.join(10)


def test_it_scrapes_us_with_the_token_as_its_password(prometheus: Prometheus) -> None:
    assert _values(prometheus, "up") == ["1"]


def test_it_knows_what_drifts(prometheus: Prometheus) -> None:
    found = prometheus.query(
        'driftwarden_monitor_state{subject="income",detector="psi",window="1h",state="drifting"} == 1'
    )
    assert [result["metric"]["model"] for result in found] == ["credit"]


def test_it_can_divide_the_commit_histogram(prometheus: Prometheus) -> None:
    (quantile,) = _values(prometheus, "histogram_quantile(0.4, driftwarden_store_commit_seconds_bucket)")
    assert float(quantile) == pytest.approx(0.0045)


def test_no_sample_was_refused_as_a_repeat_or_out_of_order(prometheus: Prometheus) -> None:
    scraped = _values(prometheus, "scrape_samples_scraped")
    assert _values(prometheus, "scrape_samples_post_metric_relabeling") == scraped


def _values(prometheus: Prometheus, expression: str) -> list[str]:
    return [str(result["value"][1]) for result in prometheus.query(expression)]


def _port(server: uvicorn.Server) -> int:
    deadline = time.monotonic() + SECONDS_MAX
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


def _await_scrape(prometheus: Prometheus) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not _values(prometheus, "driftwarden_ledger_balanced"):
        assert time.monotonic() < deadline, f"no scrape in {SECONDS_MAX} s: up is {_values(prometheus, 'up')}"
        time.sleep(0.2)
