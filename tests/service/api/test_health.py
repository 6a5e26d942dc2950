"""Probes and the page of metrics."""

import gzip

import httpx2
import pytest

from service.api.app import build_api
from service.progress import POLL_SECONDS_MAX
from tests.service.api.seed import empty, get, shared


async def livez(polled_at: float, now: float) -> httpx2.Response:
    """Ask at `now` an app that was built at 1,000."""
    clock = [1_000.0]
    made = empty()
    made.monotonic = lambda: clock[0]
    made.progress.polled(polled_at)
    app = build_api(made.dependencies())
    clock[0] = now
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1") as client:
        return await client.get("/livez")


async def test_it_is_live_while_sources_are_polled() -> None:
    assert (await livez(2_000.0, 2_000.0 + POLL_SECONDS_MAX)).status_code == 200


async def test_it_is_not_live_when_polls_stop() -> None:
    assert (await livez(2_000.0, 2_000.5 + POLL_SECONDS_MAX)).status_code == 503


async def test_a_dead_probe_names_the_loop() -> None:
    answer = await livez(2_000.0, 2_100.0)
    assert answer.json()["detail"] == "The watch loop last polled a source: 100 s without a poll, 30 allowed."


async def test_a_new_process_has_time_for_its_first_poll() -> None:
    assert (await livez(0.0, 1_000.0 + POLL_SECONDS_MAX)).status_code == 200


async def test_a_process_that_never_polls_is_not_live() -> None:
    assert (await livez(0.0, 1_001.0 + POLL_SECONDS_MAX)).json()["status"] == 503


async def test_it_is_ready_when_nobody_objects() -> None:
    assert (await get(empty(), "/readyz")).json() == {"status": "ready"}


async def test_it_says_all_reasons_why_it_is_not_ready() -> None:
    made = empty()
    made.reasons = ("kafka has no partitions yet", "the log is full")
    answer = await get(made, "/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (
        503, "Not ready: kafka has no partitions yet; the log is full.",
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/models", "/v1/ledger", "/metrics", "/"])
async def test_a_store_that_cannot_be_read_is_a_503(path: str) -> None:
    made = empty()
    dependencies = made.dependencies()
    with made.store.write() as connection:
        for table in ("model_version", "source_partition"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    transport = httpx2.ASGITransport(app=build_api(dependencies))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get(path)).status_code == 503


async def test_metrics_are_text_unless_asked_otherwise() -> None:
    assert (await get(shared(), "/metrics")).headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_metrics_are_openmetrics_when_asked() -> None:
    async with shared().client() as client:
        answer = await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.text.splitlines()[-1] == "# EOF"


async def test_metrics_are_packed_when_the_scraper_can_unpack() -> None:
    async with (
        shared().client() as client,
        client.stream("GET", "/metrics", headers={"Accept-Encoding": "gzip"}) as answer,
    ):
        body = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert b"driftwarden_build_info" in gzip.decompress(body)


async def test_metrics_are_plain_for_a_scraper_that_cannot_unpack() -> None:
    async with shared().client() as client:
        answer = await client.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
