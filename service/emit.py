"""What a model service imports to send its events: never blocks it, never grows past its limit, counts what it drops.

>>> with Emitter("http://127.0.0.1:8350", transport=accept_all()) as emitter:
...     _ = emitter.prediction("loan-risk", "7", features={"income": 51_000.0, "region": "north"}, prediction=0.12)
...     emitter.flush()
True
>>> emitter.sent, emitter.dropped
(1, 0)
"""

import json
import math
import queue
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import httpx2
import msgspec

Scalar = float | int | str | bool | None


class Emitter:
    """Sends events in batches from a thread of its own; a batch is retried under the same key until it is taken."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        queue_events_max: int = 100_000,
        batch_events_max: int = 500,
        linger_seconds: float = 0.2,
        transport: httpx2.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
        wall: Callable[[], float] = time.time,
        close_seconds: float = 30.0,
    ) -> None:
        self.sent = 0
        self.dropped = 0
        self.refused = 0
        self._wait = wait
        self._wall = wall
        self._batch_events_max = batch_events_max
        self._linger_seconds = linger_seconds
        headers = {"content-type": "application/x-ndjson"} | ({"authorization": f"Bearer {token}"} if token else {})
        self._client = httpx2.Client(base_url=url, headers=headers, timeout=30, transport=transport, trust_env=False)
        self._queue: queue.Queue[bytes | None] = queue.Queue(queue_events_max)
        self._stopping = False
        self._close_seconds_left = close_seconds
        self._thread = threading.Thread(target=self._run, name="driftwarden-emitter", daemon=True)
        self._thread.start()

    def prediction(
        self,
        model: str,
        version: str,
        *,
        features: Mapping[str, Scalar],
        prediction: Scalar,
        event_id: str | None = None,
        time_ms: int | None = None,
        segment: str | None = None,
        latency_ms: float | None = None,
    ) -> str:
        """Queue one prediction event and return its id, which a later label names."""
        event: dict[str, Any] = {
            "type": "prediction", "event_id": event_id or str(uuid.uuid4()), "model": model, "version": version,
            "time": time_ms if time_ms is not None else round(self._wall() * 1000),
            "features": features, "prediction": prediction,
        }  # fmt: skip
        if segment is not None:
            event["segment"] = segment
        if latency_ms is not None:
            event["latency_ms"] = latency_ms
        self._put(event)
        return str(event["event_id"])

    def label(self, event_id: str, model: str, label: Scalar, *, time_ms: int | None = None) -> None:
        """Queue the label of an earlier prediction."""
        at = time_ms if time_ms is not None else round(self._wall() * 1000)
        self._put({"type": "label", "event_id": event_id, "model": model, "time": at, "label": label})

    def flush(self, timeout_seconds: float = 30.0) -> bool:
        """Wait until everything queued has been taken or dropped; False when that took too long."""
        waited = 0.0
        while self._queue.unfinished_tasks and waited < timeout_seconds:
            self._wait(0.01)
            waited += 0.01
        return not self._queue.unfinished_tasks

    def close(self) -> None:
        """Send what is queued and stop; what a service that answers 5xx has not taken in `close_seconds` is dropped."""
        self._stopping = True
        self._queue.put(None)
        self._thread.join()
        self._client.close()

    def __enter__(self) -> "Emitter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, event: dict[str, Any]) -> None:
        try:
            self._queue.put_nowait(_encode(event))
        except queue.Full:
            self.dropped += 1

    def _run(self) -> None:
        while True:
            batch, ended = self._gather()
            if batch:
                self._send(batch)
            for _ in range(len(batch) + (1 if ended else 0)):
                self._queue.task_done()
            if ended:
                return

    def _gather(self) -> tuple[list[bytes], bool]:
        first = self._queue.get()
        if first is None:
            return [], True
        batch = [first]
        while len(batch) < self._batch_events_max:
            try:
                event = self._queue.get(timeout=self._linger_seconds)
            except queue.Empty:
                return batch, False
            if event is None:
                return batch, True
            batch.append(event)
        return batch, False

    def _send(self, batch: list[bytes]) -> None:
        """Post one batch until it is taken; only a 4xx, or a service that stops while nobody answers, gives it up."""
        key = str(uuid.uuid4())
        body = b"\n".join(batch)
        pause = 0.1
        while True:
            try:
                answer = self._client.post("/v1/events", content=body, headers={"idempotency-key": key})
            except httpx2.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 200:
                self.sent += len(batch)
                return
            if answer is not None and 400 <= answer.status_code < 500 and answer.status_code != 429:
                self.refused += len(batch)
                return
            if self._stopping and (answer is None or self._close_seconds_left <= 0):
                self.dropped += len(batch)
                return
            self._wait(pause)
            if self._stopping:
                self._close_seconds_left -= pause
            pause = min(10.0, pause * 2)


def _encode(event: dict[str, Any]) -> bytes:
    """Write JSON in which NaN and the infinities stay what they are: they are counted, and must not become null."""
    values = [*event.get("features", {}).values(), event.get("prediction"), event.get("label"), event.get("latency_ms")]
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        return json.dumps(event).encode()
    return msgspec.json.encode(event)


def accept_all() -> httpx2.MockTransport:
    """A stand-in for a service that takes every batch, for tests and examples."""
    return httpx2.MockTransport(lambda request: httpx2.Response(200, json={}))
