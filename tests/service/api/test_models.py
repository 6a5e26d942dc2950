"""What is watched, and what cannot be."""

from detectors.fit import fit
from service.settings import BaselineSettings, Settings
from service.store.changes import ModelKey
from service.store.learning import put_baseline
from tests.service.api.seed import empty, get, shared

CREDIT = "/v1/models/credit/versions/3"


async def test_every_model_version_is_listed() -> None:
    items = (await get(shared(), "/v1/models")).json()["items"]
    assert [(i["kind"], i["model"], i["version"]) for i in items] == [
        ("feature", "credit", "3"), ("prediction", "churn/eu", "2026.1"), ("prediction", "credit", "3"),
        ("prediction", "fraud", "1"),
    ]  # fmt: skip


async def test_a_kind_can_be_picked() -> None:
    items = (await get(shared(), "/v1/models", kind="feature")).json()["items"]
    assert [item["model"] for item in items] == ["credit"]


async def test_a_list_says_when_there_is_more() -> None:
    assert (await get(shared(), "/v1/models", limit=3)).json()["more"] is True


async def test_a_list_says_when_that_is_all() -> None:
    assert (await get(shared(), "/v1/models", limit=4)).json()["more"] is False


async def test_a_model_drifts_when_one_of_its_monitors_does() -> None:
    assert (await get(shared(), CREDIT)).json()["state"] == "drifting"


async def test_a_model_without_readings_is_insufficient_and_never_ok() -> None:
    assert (await get(shared(), "/v1/models/fraud/versions/1")).json()["state"] == "insufficient"


async def test_a_learning_model_says_how_far_it_is() -> None:
    found = (await get(shared(), "/v1/models/fraud/versions/1")).json()
    assert (found["watch"], found["learned"], found["learn_events"]) == ("learning", 1_250, 5_000)


async def test_the_baseline_is_summed_up_by_subject() -> None:
    subjects = (await get(shared(), CREDIT)).json()["subjects"]
    kinds = {subject["name"]: subject["kind"] for subject in subjects}
    assert (kinds["income"], kinds["purpose"]) == ("numeric", "categorical")


async def test_the_baseline_gives_its_rows_by_segment() -> None:
    segments = (await get(shared(), CREDIT)).json()["segments"]
    assert {segment["segment"] for segment in segments} == {"", "country=NO", "country=DE"}


async def test_a_slash_in_a_model_s_name_is_part_of_it() -> None:
    assert (await get(shared(), "/v1/models/churn/eu/versions/2026.1")).json()["model"] == "churn/eu"


async def test_a_subject_that_cannot_be_watched_says_why() -> None:
    made = empty(Settings(baseline=BaselineSettings(categories_max=5)))
    rows = "id,x\n" + "".join(f"u-{i},{i % 7}.5\n" for i in range(600))
    async with made.client() as client:
        await client.put("/v1/models/m/versions/1/baseline", content=rows, headers={"Content-Type": "text/csv"})
        found = (await client.get("/v1/models/m/versions/1")).json()
    (note,) = [subject["note"] for subject in found["subjects"] if subject["name"] == "id"]
    assert note != ""


async def test_an_unknown_model_is_a_404_that_names_those_there_are() -> None:
    answer = await get(shared(), "/v1/models/credti/versions/3")
    assert answer.json()["detail"] == (
        "There is no prediction stream 'credti' '3'; there are: feature 'credit' '3', prediction 'churn/eu' '2026.1', "
        "prediction 'credit' '3', prediction 'fraud' '1'."
    )


async def test_a_404_names_no_more_than_a_screenful() -> None:
    made = empty()
    baseline = fit({"x": [float(i) for i in range(100)]}, categories_max=5, segments_max=0)
    with made.store.write() as connection:
        for number in range(50):
            put_baseline(connection, ModelKey("prediction", f"m{number:02}", "1"), baseline, "test", 0)
    detail = (await get(made, "/v1/models/x/versions/1")).json()["detail"]
    assert detail.endswith("prediction 'm19' '1' and 30 more (GET /v1/models).")


async def test_without_any_model_a_404_says_how_to_begin() -> None:
    detail = (await get(empty(), "/v1/models/x/versions/1")).json()["detail"]
    assert detail.endswith("no model version has been seen yet: send events, or put a baseline.")
