"""A fault in words or pictures costs nobody the alert: it is counted, and the rest goes out."""

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from alerting.audit import Json
from alerting.decide import decide
from alerting.outbox import Delivery, RetryRules
from alerting.policy import Policy
from alerting.route import Destination
from alerting.sinks.recording import RecordingSink
from service.deliver import Deliver
from service.progress import Progress
from service.rendering import note_faults, pictured
from service.store.engine import open_store
from service.store.records import ms, put_delivery
from service.store.schema import delivery
from tests.alerting.examples import NOON, finding, owners
from tests.service.api.seed import get, seeded
from tests.service.lines import prepare

MAIL = Destination("email:data:1", "email", "data@example.org")


def _open(*, broken: bool = False) -> Delivery:
    """An open notice on its way to a mailbox; broken: its evidence is not what we compose."""
    (made, *_) = decide([finding()], {}, owners(), Policy(), NOON).deliveries
    about = made.payload["data"]
    assert isinstance(about, dict)
    changed: dict[str, Json] = {**about, "evidence": [{"subject": "income"}]} if broken else about
    return replace(made, target=MAIL, destination=MAIL.name, payload={**made.payload, "data": changed})


async def _sent(folder: Path, put: Delivery) -> tuple[Delivery, Delivery, Progress]:
    """Send it; gives what the sink got, what the store has, and what was counted."""
    store, sink, progress = (
        open_store(f"sqlite:///{folder}/s.db", tick_seconds=60, durable=False),
        RecordingSink(),
        Progress(),
    )
    with store.write() as connection:
        put_delivery(connection, put, ms(NOON))
    worker = Deliver(
        store, {"email": sink}, RetryRules(), "w", lambda: NOON + timedelta(minutes=1), random.Random(5), progress
    )  # fmt: skip
    await worker.once()
    with store.read() as connection:
        kept = Delivery.from_json(connection.execute(select(delivery.c.content)).scalar_one())
    store.close()
    return sink.delivered[0], kept, progress


def _picture(of: Delivery) -> str | None:
    about = of.payload["data"]
    assert isinstance(about, dict)
    drawn = about.get("picture_svg")
    return drawn if isinstance(drawn, str) else None


async def test_a_mail_gets_its_picture_when_it_is_sent_and_none_is_stored(tmp_path: Path) -> None:
    got, kept, progress = await _sent(tmp_path, _open())

    assert (_picture(got) or "").startswith("<svg ")
    assert (_picture(kept), kept.state, progress.render_failures["picture"]) == (None, "sent", 0)


async def test_a_picture_that_cannot_be_drawn_is_counted_and_the_words_go_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    got, kept, progress = await _sent(tmp_path, _open(broken=True))

    assert (_picture(got), kept.state, progress.render_failures) == (None, "sent", {"notice": 0, "picture": 1})
    assert f"no picture of incident {kept.incident_id}" in caplog.text
    assert "ValidationError" in caplog.text


def test_other_destinations_get_no_picture() -> None:
    chat = replace(_open(), target=Destination("log:x", "log"))

    assert pictured(chat, Progress()) is chat


def test_plain_words_are_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    broken = Policy(confidence="high")  # type: ignore[arg-type]  # What no number can be written of.
    progress = Progress()
    decisions = decide([finding()], {}, owners(), broken, NOON)

    note_faults(decisions.notices, progress)

    assert len(decisions.deliveries) > 0
    assert progress.render_failures == {"notice": len(decisions.notices), "picture": 0}
    assert "is sent in plain words, by a fault of this service: ValueError" in caplog.text


def test_the_line_counts_what_it_had_to_say_in_plain_words(tmp_path: Path) -> None:
    parts = prepare(tmp_path / "s").parts
    broken = Policy(confidence="high")  # type: ignore[arg-type]  # What no number can be written of.

    parts.closer.evaluator.on_decisions(decide([finding()], {}, owners(), broken, NOON))

    assert parts.progress.render_failures["notice"] > 0


async def test_a_page_without_its_picture_says_why() -> None:
    made = seeded()
    importance = dict.fromkeys(("income", "prediction"), "much")  # What nothing can be weighed by.
    made.settings = made.settings.model_copy(
        update={"detection": made.settings.detection.model_copy(update={"importance": importance})}
    )
    incident = (await get(made, "/v1/incidents")).json()["items"][0]["id"]
    page, answer = [await get(made, f"/incidents/{incident}{end}") for end in ("", "/picture.svg")]

    assert page.status_code == 200
    assert (answer.status_code, "The picture could not be drawn" in answer.text) == (500, True)
    assert made.progress.render_failures["picture"] == 1
