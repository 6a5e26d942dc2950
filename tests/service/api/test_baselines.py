"""Replacing what a model version is watched against."""

import json

import httpx2
import pytest

from detectors.baseline import Baseline
from service.settings import ApiSettings, BaselineSettings, LimitSettings, Settings
from service.store.changes import ModelKey
from service.store.learning import baseline_of
from service.store.queries import audit_entries
from tests.service.api.seed import Seeded, empty, get, shared, tokens

PATH = "/v1/models/m/versions/1/baseline"
CSV = "age,income,prediction,label,segment\n" + "".join(
    f"{20 + i % 50},{i * 1.5},{i % 10 / 10},1,no\n" for i in range(400)
)
KEY = ModelKey("prediction", "m", "1")


async def put(
    made: Seeded, content: str | bytes, content_type: str, *, token: str = "", path: str = PATH, **query: str
) -> httpx2.Response:
    async with made.client(token) as client:
        return await client.put(path, content=content, headers={"Content-Type": content_type}, params=query)


def held(made: Seeded) -> Baseline:
    found = baseline_of(made.store, KEY)
    assert found is not None
    return found


async def fitted() -> str:
    made = empty()
    await put(made, CSV, "text/csv")
    return held(made).to_json()


async def test_a_fitted_baseline_comes_back_as_it_was_put() -> None:
    text = await fitted()
    made = empty()
    await put(made, text, "application/json")
    assert (await get(made, PATH)).text == text


async def test_rows_as_csv_are_fitted_without_label_and_segment() -> None:
    made = empty()
    await put(made, CSV, "text/csv")
    assert {subject.name for subject in held(made).subjects} == {"age", "income", "prediction"}


async def test_rows_as_ndjson_are_fitted() -> None:
    made = empty()
    rows = "".join(json.dumps({"age": 20 + i % 50}) + "\n" for i in range(400))
    await put(made, rows, "application/x-ndjson")
    assert [subject.name for subject in held(made).subjects] == ["age"]


async def test_columns_can_be_left_out_and_made_categories() -> None:
    made = empty()
    await put(made, CSV, "text/csv", ignore="income", categorical="age")
    assert {s.name: s.kind for s in held(made).subjects} == {"age": "categorical", "prediction": "numeric"}


async def test_the_answer_is_the_model_version_as_it_now_is() -> None:
    answer = await put(empty(), CSV, "text/csv")
    assert (answer.status_code, answer.json()["watch"]) == (200, "watched")


async def test_who_put_it_is_in_the_audit() -> None:
    made = empty(tokens())
    await put(made, CSV, "text/csv", token="admin")
    entry = audit_entries(made.store)[0]
    assert (entry["actor"], entry["action"], entry["subject"]) == ("admin-holder", "baseline.put", "prediction/m@1")


async def test_the_audit_names_the_baseline_before_and_after() -> None:
    made = empty()
    await put(made, CSV, "text/csv")
    before = held(made).id
    await put(made, CSV, "text/csv", ignore="income")
    entry = audit_entries(made.store)[0]
    assert (entry["before"], entry["after"]["baseline"]) == ({"baseline": before}, held(made).id)


async def test_a_learning_model_has_no_baseline_yet() -> None:
    answer = await get(shared(), "/v1/models/fraud/versions/1/baseline")
    assert answer.json()["detail"] == "'fraud' '1' is still learning: 1250 of 5000 events."


@pytest.mark.parametrize(
    ("content", "content_type", "status", "words"),
    [
        (CSV, "application/xml", 415, "'application/xml' is not read here"),
        (CSV, "", 415, "(none)"),
        ("{", "application/json", 422, "no baseline"),
        ("[]", "application/json", 422, "no baseline"),
        ('{"version": 99}', "application/json", 422, "99"),
        ("[" * 100_000, "application/json", 422, "no baseline"),
        (b"\xff\xfe", "application/json", 422, "not UTF-8"),
        ("", "text/csv", 422, "No baseline can be fitted"),
        ("age,income\n", "text/csv", 422, "No baseline can be fitted"),
        ("segment\nno\nno\n", "text/csv", 422, "No baseline can be fitted"),
        (b"\xff\xfe\x00\x01", "application/x-ndjson", 422, "not UTF-8"),
    ],
)
async def test_a_body_that_is_no_baseline_is_refused_with_its_reason(
    content: str | bytes, content_type: str, status: int, words: str
) -> None:
    answer = await put(empty(), content, content_type)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.json()


async def test_a_refusal_does_not_tell_where_the_body_was_kept() -> None:
    detail = (await put(empty(), "", "text/csv")).json()["detail"]
    assert detail.startswith("No baseline can be fitted to these rows: the body: there is no header line")


async def test_a_refused_body_changes_nothing() -> None:
    made = empty()
    await put(made, "{", "application/json")
    assert (baseline_of(made.store, KEY), audit_entries(made.store)) == (None, [])


async def test_half_a_character_in_a_name_is_refused() -> None:
    text = (await fitted()).replace('"age"', '"\\ud800"')
    assert (await put(empty(), text, "application/json")).status_code == 422


async def test_a_body_over_the_limit_is_refused() -> None:
    made = empty(Settings(api=ApiSettings(body_bytes_max=1_024)))
    assert (await put(made, CSV, "text/csv")).status_code == 413


async def test_a_model_over_the_limit_is_refused() -> None:
    made = empty(Settings(limits=LimitSettings(models_max=1)))
    await put(made, CSV, "text/csv")
    assert (await put(made, CSV, "text/csv", path="/v1/models/n/versions/1/baseline")).status_code == 409


async def test_a_known_model_is_taken_at_the_limit() -> None:
    made = empty(Settings(limits=LimitSettings(models_max=1)))
    await put(made, CSV, "text/csv")
    assert (await put(made, CSV, "text/csv")).status_code == 200


async def test_more_features_than_the_limit_are_refused() -> None:
    made = empty(Settings(limits=LimitSettings(features_max=1), baseline=BaselineSettings(categories_max=5)))
    rows = "a,b,c,d\n" + "1,2,3,4\n" * 200
    assert (await put(made, rows, "text/csv")).status_code == 422


async def test_a_name_longer_than_events_may_have_is_refused() -> None:
    answer = await put(empty(), CSV, "text/csv", path=f"/v1/models/{'m' * 300}/versions/1/baseline")
    assert answer.json()["detail"] == "model has 300 characters; give 1 to 256."


async def test_a_label_stream_cannot_have_one() -> None:
    assert (await put(empty(), CSV, "text/csv", kind="label")).status_code == 422
