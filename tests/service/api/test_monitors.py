"""Readings, newest and past."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.service.api.seed import TICK, get, shared

END = datetime.fromtimestamp((TICK + 1) * 60, UTC)


async def items(path: str, **query: object) -> list[dict[str, object]]:
    answer = await get(shared(), path, **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["items"]
    return found


async def readings(**query: object) -> list[dict[str, object]]:
    return await items("/v1/readings", model="credit", version="3", **query)


async def test_what_drifts_comes_first() -> None:
    states = [item["state"] for item in await items("/v1/monitors", limit=1_000)]
    assert states == sorted(states, key=lambda state: state != "drifting")


async def test_a_monitor_says_what_was_seen_and_against_what() -> None:
    (found,) = await items(
        "/v1/monitors", kind="prediction", model="credit", segment="", subject="income", detector="psi", window="1h"
    )
    assert (found["state"], found["n"], found["threshold"], found["reference_n"]) == ("drifting", 1_200, 0.02, 3_000)


async def test_a_drifting_monitor_shows_the_bins_that_moved() -> None:
    (found,) = await items(
        "/v1/monitors", kind="prediction", model="credit", segment="", subject="income", detector="psi", window="1h"
    )
    assert {"label", "expected", "observed"} == set(found["moves"][0])  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "value"),
    [("kind", "feature"), ("model", "churn/eu"), ("version", "2026.1"), ("segment", "country=NO"), ("subject", "age"),
     ("detector", "ks"), ("window", "1d"), ("state", "insufficient")],
)  # fmt: skip
async def test_every_filter_picks(name: str, value: str) -> None:
    assert {item[name] for item in await items("/v1/monitors", limit=1_000, **{name: value})} == {value}


async def test_a_filter_that_nothing_fits_gives_an_empty_list() -> None:
    assert await items("/v1/monitors", model="nobody") == []


async def test_readings_are_newest_first() -> None:
    times = [str(item["at"]) for item in await readings(subject="income", detector="psi")]
    assert times == sorted(times, reverse=True)


async def test_readings_go_back_as_far_as_they_were_made() -> None:
    assert len(await readings(subject="income", detector="psi", window="5m")) == 14


async def test_from_takes_the_window_that_ends_right_then() -> None:
    since = (END - timedelta(minutes=10)).isoformat()
    times = [item["at"] for item in await readings(subject="income", detector="psi", window="5m", **{"from": since})]
    assert times == [f"{END - timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}" for m in (0, 5, 10)]


async def test_from_leaves_out_the_window_that_ended_a_second_earlier() -> None:
    since = (END - timedelta(minutes=10, seconds=-1)).isoformat()
    times = [item["at"] for item in await readings(subject="income", detector="psi", window="5m", **{"from": since})]
    assert times == [f"{END - timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}" for m in (0, 5)]


async def test_to_takes_the_window_that_ends_right_then() -> None:
    found = await readings(subject="income", detector="psi", window="5m", to=(END - timedelta(minutes=60)).isoformat())
    assert found[0]["at"] == f"{END - timedelta(minutes=60):%Y-%m-%dT%H:%M:%SZ}"


async def test_a_time_without_an_offset_is_refused() -> None:
    answer = await get(shared(), "/v1/readings", model="credit", version="3", **{"from": "2026-01-01T00:00:00"})
    assert answer.status_code == 422


async def test_the_limit_holds_for_readings_too() -> None:
    assert len(await readings(limit=7)) == 7


async def test_a_cut_list_of_readings_says_so() -> None:
    assert (await get(shared(), "/v1/readings", model="credit", version="3", limit=7)).json()["more"] is True


async def test_a_segment_has_its_own_readings() -> None:
    assert {item["segment"] for item in await readings(segment="country=DE")} == {"country=DE"}


async def test_an_unknown_window_is_a_404_that_names_those_there_are() -> None:
    answer = await get(shared(), "/v1/readings", model="credit", version="3", window="7d")
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no window '7d'; there are: 5m, 1h, 1d.")


async def test_readings_of_an_unknown_model_are_a_404() -> None:
    assert (await get(shared(), "/v1/readings", model="x", version="3")).status_code == 404
