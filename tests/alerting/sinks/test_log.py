"""Notices in the log: a line for machines, then the text for people."""

import json
import logging

import pytest

from alerting.decide import Policy, decide
from alerting.outbox import Delivery
from alerting.sinks.log import LogSink
from tests.alerting.examples import at, finding, owners


def delivery(low: float = 0.3) -> Delivery:
    """The first delivery of an incident."""
    return decide([finding(low=low)], {}, owners(), Policy(), at(0)).deliveries[0]


async def records(caplog: pytest.LogCaptureFixture, sent: Delivery) -> list[logging.LogRecord]:
    """What sending writes."""
    with caplog.at_level(logging.INFO, logger="driftwarden.notices"):
        assert (await LogSink().send(sent)).kind == "delivered"
    return caplog.records


async def test_the_first_record_is_one_line_of_json(caplog: pytest.LogCaptureFixture) -> None:
    line = (await records(caplog, delivery()))[0].getMessage()

    assert {k: json.loads(line)[k] for k in ("type", "tier", "model", "destination", "party")} == {
        "type": "incident.open", "tier": "act", "model": "credit-score", "destination": "log:credit-ds",
        "party": "credit-ds",
    }  # fmt: skip


async def test_the_second_record_is_the_notice_as_it_is_read(caplog: pytest.LogCaptureFixture) -> None:
    text = (await records(caplog, delivery()))[1].getMessage()

    assert text.startswith("[ACT] credit-score 31: income (psi)\n\nModel credit-score, version 31, has changed")


async def test_act_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert {record.levelname for record in await records(caplog, delivery())} == {"WARNING"}


async def test_investigate_is_not_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert {record.levelname for record in await records(caplog, delivery(low=0.15))} == {"INFO"}
