"""What a delivery tells, in the few words that mail and chat share."""

from typing import Any

import pytest

from alerting.incident import Intent
from alerting.route import Destination
from alerting.sinks.told import told
from tests.alerting.sinks.notices import act, delivery, resolved

OPS = Destination("slack:ops:1", "slack", "C0123ABCD", "env:TOKEN")


@pytest.mark.parametrize(
    ("intent", "standing", "words"),
    [
        ("open", {}, "not acknowledged yet"),
        ("update", {"handling": "acked", "by": "anna"}, "acknowledged by anna"),
        ("update", {"handling": "silenced", "by": "anna"}, "silenced by anna"),
        ("resolve", {"ending": "recovered"}, "resolved"),
        ("resolve", {"ending": "closed", "by": "anna"}, "closed by anna"),
        ("resolve", {"ending": "reassigned"}, "in other hands"),
        ("resolve", {"ending": "duplicate"}, "part of another incident"),
    ],
)
def test_where_an_incident_stands_is_said_in_words(intent: Intent, standing: dict[str, Any], words: str) -> None:
    incident = resolved() if intent == "resolve" else act()

    assert told(delivery(incident, intent, OPS, **standing)).standing == words
