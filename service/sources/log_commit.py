"""Group commit: appends that wait while one fsync runs share the next one."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeAlias

from service.sources.log_block import Entry
from service.sources.log_errors import LogUnavailable

GROUP_BYTES_MAX = 8_388_608
"""A group ends when it holds this much, so that a block fits memory; one larger append is a group of its own."""

WAITING_BYTES_MAX = 67_108_864
"""Bytes that may wait for the disk; further appends are refused at once."""

ENTRY_BYTES = 128
"""Rough cost of an append beside its records, so that empty ones are bounded too."""

BUSY_SECONDS = 1
CLOSED_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Appended:
    """Records first_offset <= offset < next_offset are durable; `repeated`: they were so before this request."""

    first_offset: int
    next_offset: int
    repeated: bool


Outcome: TypeAlias = Appended | Exception


@dataclass(slots=True)
class GroupCommit:
    """One thread that hands all waiting appends to `commit`, which gives an outcome for each, and answers them."""

    commit: Callable[[Sequence[Entry]], Sequence[Outcome]]
    _waiting: deque[tuple[Entry, int, "Future[Appended]"]] = field(default_factory=deque)
    _bytes: int = 0
    _closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    def submit(self, entry: Entry) -> "Future[Appended]":
        """Queue an append; LogUnavailable at once when too much waits already or the log is closed."""
        size = ENTRY_BYTES + sum(map(len, entry.values)) + 4 * len(entry.values)
        done: Future[Appended] = Future()
        with self._changed:
            if self._closed:
                raise LogUnavailable("the local log is closed", CLOSED_SECONDS)
            if self._waiting and self._bytes + size > WAITING_BYTES_MAX:
                raise LogUnavailable(f"{self._bytes} bytes wait for the disk already", BUSY_SECONDS)
            self._waiting.append((entry, size, done))
            self._bytes += size
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return done

    def close(self) -> None:
        """Refuse new appends, finish the waiting ones and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            try:
                outcomes = self.commit([entry for entry, _ in group])
            except Exception as bug:
                # A bug of ours reaches every caller; a thread that died of it would leave them waiting for ever.
                outcomes = [bug] * len(group)
            for (_, done), outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, Appended):
                    done.set_result(outcome)
                else:
                    done.set_exception(outcome)

    def _next_group(self) -> list[tuple[Entry, "Future[Appended]"]]:
        """Wait for appends and take as many as fit; empty when closed and nothing waits."""
        with self._changed:
            group: list[tuple[Entry, Future[Appended]]] = []
            while not group:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return []
                room = GROUP_BYTES_MAX
                while self._waiting and (not group or self._waiting[0][1] <= room):
                    entry, size, done = self._waiting.popleft()
                    self._bytes -= size
                    # A caller that went away before its turn has not been promised anything.
                    if done.set_running_or_notify_cancel():
                        group.append((entry, done))
                        room -= size
            return group
