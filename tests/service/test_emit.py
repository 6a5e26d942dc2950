"""The client that model services import: it never blocks them, keeps to its limit, and counts what it drops."""

import json
import threading

import httpx2
import msgspec
import pytest

from service.emit import Emitter


class _Service:
    """Answers as told, then 200; keeps bodies and keys. `gate` holds answers back until it is set."""

    def __init__(self, *answers: int | Exception, always: int = 200) -> None:
        self._answers = list(answers)
        self._always = always
        self.bodies: list[bytes] = []
        self.keys: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.gate.wait(10)
        self.bodies.append(request.read())
        self.keys.append(request.headers["idempotency-key"])
        answer = self._answers.pop(0) if self._answers else self._always
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer)


def _emitter(service: _Service, *, queue_events_max: int = 1_000, batch_events_max: int = 500) -> Emitter:
    return Emitter(
        "http://service", transport=httpx2.MockTransport(service), wait=_pause, linger_seconds=0.01,
        queue_events_max=queue_events_max, batch_events_max=batch_events_max,
    )  # fmt: skip


def _pause(seconds: float) -> None:
    """Wait much less than asked."""
    threading.Event().wait(min(seconds, 0.001))


def test_a_batch_is_tried_again_under_the_same_key_until_it_is_taken() -> None:
    service = _Service(503, httpx2.ConnectError("down"), 500, 429)
    with _emitter(service) as emitter:
        emitter.prediction("m", "1", features={"x": 1.0}, prediction=0.5)
        flushed = emitter.flush()

    assert (flushed, emitter.sent, len(service.keys), len(set(service.keys))) == (True, 1, 5, 1)


def test_what_the_service_refuses_is_counted_and_not_tried_again() -> None:
    service = _Service(413)
    with _emitter(service) as emitter:
        emitter.prediction("m", "1", features={}, prediction=0.5)
        emitter.flush()

    assert (emitter.refused, emitter.sent, len(service.bodies)) == (1, 0, 1)


def test_a_full_queue_drops_and_counts_instead_of_blocking() -> None:
    service = _Service()
    service.gate.clear()
    emitter = _emitter(service, queue_events_max=10, batch_events_max=1)
    for _ in range(50):
        emitter.prediction("m", "1", features={}, prediction=0.5)
    dropped = emitter.dropped
    service.gate.set()
    emitter.close()

    assert dropped >= 39
    assert emitter.sent + emitter.dropped == 50


@pytest.mark.parametrize("answer", [503, 308])
def test_closing_gives_up_on_a_service_that_never_takes_it(answer: int) -> None:
    service = _Service(always=answer)
    emitter = _emitter(service, batch_events_max=1)
    for _ in range(5):
        emitter.prediction("m", "1", features={}, prediction=0.5)
    emitter.close()

    assert (emitter.sent, emitter.dropped) == (0, 5)


def test_nan_is_sent_as_nan_and_not_as_missing() -> None:
    service = _Service()
    with _emitter(service) as emitter:
        emitter.prediction("m", "1", features={"x": float("nan")}, prediction=float("inf"))
        emitter.flush()

    (sent,) = (json.loads(body) for body in service.bodies)
    assert (str(sent["features"]["x"]), sent["prediction"]) == ("nan", float("inf"))


def test_a_label_names_its_prediction_and_every_event_its_time() -> None:
    service = _Service()
    transport = httpx2.MockTransport(service)
    with Emitter("http://service", transport=transport, wait=_pause, wall=lambda: 1_700_000_000.5) as emitter:
        name = emitter.prediction("m", "1", features={"x": True}, prediction=None, segment="s", latency_ms=2.5)
        emitter.label(name, "m", 1)
        emitter.flush()

    events = [msgspec.json.decode(line) for body in service.bodies for line in body.splitlines()]
    assert [event["event_id"] for event in events] == [name, name]
    assert {event["time"] for event in events} == {1_700_000_000_500}
    assert (events[0]["segment"], events[0]["latency_ms"], events[1]["label"]) == ("s", 2.5, 1)
