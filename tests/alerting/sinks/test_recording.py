"""The sink that remembers."""

from alerting.outbox import Outcome
from alerting.sinks.recording import RecordingSink
from alerting.sinks.sink import Sink
from tests.alerting.sinks.test_log import delivery


async def test_it_fails_as_told_and_then_delivers() -> None:
    sink = RecordingSink()
    sink.fail(Outcome("retry", 503), Outcome("refused", 404))

    outcomes = [await sink.send(delivery()) for _ in range(3)]

    assert [o.kind for o in outcomes] == ["retry", "refused", "delivered"]


async def test_what_failed_was_attempted_but_not_delivered() -> None:
    sink = RecordingSink()
    sink.fail(Outcome("retry", 503))
    for _ in range(2):
        await sink.send(delivery())

    assert (len(sink.attempts), len(sink.delivered)) == (2, 1)


async def test_it_remembers_the_titles() -> None:
    sink: RecordingSink = RecordingSink()
    seam: Sink = sink
    await seam.send(delivery())

    assert list(sink.texts()) == ["[ACT] credit-score 31: income (psi)"]
