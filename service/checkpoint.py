"""The checkpoint loop: where the audit stands, signed, and published outside its database."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy.exc import OperationalError

from alerting.checkpoint import Signed, private_key, sign
from alerting.errors import SecretError
from alerting.sinks.call import Call
from service.checkpoint_places import Place, place_of
from service.progress import Progress
from service.settings import AuditSettings
from service.store.checkpoints import ChainEnd, Published, chain_end, published, put_published, still_there
from service.store.engine import Store
from service.store.errors import passes
from service.store.lease import hold, let_go
from service.store.records import ms

log = logging.getLogger(__name__)

LEASE = "checkpoint"
LEASE_SECONDS = 120.0
"""Longer than one attempt at every place, which are made together, may take."""

RETRY_SECONDS = 60.0
"""How long a place that did not take a checkpoint is left alone."""


@dataclass(slots=True)
class Checkpoints:
    """Publishes to every place that is due: the chain has moved since, and the last checkpoint is old enough.

    `key` gives the private key's text and is asked at each checkpoint.
    """

    store: Store
    places: Sequence[Place]
    key: Callable[[], str]
    worker: str
    wall: Callable[[], datetime]
    progress: Progress
    every_seconds: float
    _retry_at: dict[str, datetime] = field(default_factory=dict)
    _reported: set[Published] = field(default_factory=set)

    async def run(self, stop: asyncio.Event, pause_seconds: float = 5.0) -> None:
        """Publish until `stop` is set; what was added until the end is published by `finish`."""
        while self.places and not stop.is_set():
            await self._turn(last=False)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_seconds)

    async def finish(self) -> None:
        """Publish what the chain has gained since the last checkpoint, once, whenever that was."""
        if self.places:
            await self._turn(last=True)

    async def once(self, *, last: bool = False) -> int:
        """Publish to every place that is due, with `last` to all that lack something; say how many were tried."""
        if not (await asyncio.to_thread(self._due, last))[1]:
            return 0
        now_ms = ms(self.wall())
        if not await asyncio.to_thread(hold, self.store, LEASE, self.worker, now_ms, LEASE_SECONDS):
            return 0
        # Another worker may have published between the first look and the lease.
        end, places = await asyncio.to_thread(self._due, last)
        if end is not None and places:
            signed = await asyncio.to_thread(self._signed, end, places)
            if signed is not None:
                await asyncio.gather(*(self._publish(place, signed) for place in places))
        await asyncio.to_thread(let_go, self.store, LEASE, self.worker)
        return len(places)

    async def _turn(self, *, last: bool) -> None:
        try:
            await self.once(last=last)
        except OperationalError as failure:
            if not passes(failure):
                raise
            log.error("checkpoints of the audit wait, because the store cannot be used: %s", failure.orig)

    def _due(self, last: bool) -> tuple[ChainEnd | None, list[Place]]:
        now = self.wall()
        with self.store.read() as connection:
            end, held = chain_end(connection), published(connection)
            gone = [made for made in held.values() if made not in self._reported and not still_there(connection, made)]
        for made in gone:
            self._reported.add(made)
            log.error(
                "the audit no longer holds entry %d as it was published to %s: an older copy of the store was brought "
                "back, or the audit was rewritten; run `driftwarden audit verify` with the published checkpoints",
                made.seq, made.place,
            )  # fmt: skip
        if end is None:
            return None, []
        moved = [place for place in self.places if _moved(held.get(place.name), end)]
        return end, [place for place in moved if last or self._waited(held.get(place.name), place.name, now)]

    def _waited(self, made: Published | None, name: str, now: datetime) -> bool:
        if now < self._retry_at.get(name, now):
            return False
        return made is None or ms(now) - made.at_ms >= self.every_seconds * 1000

    def _signed(self, end: ChainEnd, places: Sequence[Place]) -> Signed | None:
        try:
            return sign(end.chain, end.seq, end.hash, self._time(), private_key(self.key()))
        except SecretError as fault:
            for place in places:
                self._failed(place.name, str(fault))
            return None

    def _time(self) -> datetime:
        """The time of a checkpoint, never before that of an earlier one, which would look like a moved line."""
        now = self.wall()
        with self.store.read() as connection:
            held = [datetime.fromtimestamp(made.at_ms / 1000, UTC) for made in published(connection).values()]
        return max([now, *held])

    async def _publish(self, place: Place, signed: Signed) -> None:
        why = await place.publish(signed)
        if why:
            self._failed(place.name, why)
            return
        made = signed.checkpoint
        await asyncio.to_thread(self._note, Published(place.name, made.seq, made.hash, ms(made.at)))
        self._count(place.name, "published")

    def _note(self, made: Published) -> None:
        with self.store.write() as connection:
            put_published(connection, made)

    def _failed(self, place: str, why: str) -> None:
        wait = min(RETRY_SECONDS, self.every_seconds)
        self._retry_at[place] = self.wall() + timedelta(seconds=wait)
        self._count(place, "failed")
        log.error("no checkpoint of the audit was published to %s, next try in %g s: %s", place, wait, why)

    def _count(self, place: str, outcome: str) -> None:
        counts = self.progress.checkpoints
        counts[(place, outcome)] = counts.get((place, outcome), 0) + 1


def checkpoints_of(
    audit: AuditSettings, store: Store, call: Call, secret_of: Callable[[str], str], worker: str, progress: Progress
) -> Checkpoints:
    """Make the loop that the settings describe; without places it does nothing."""
    places = [place_of(place, call, secret_of) for place in audit.publish]
    key = partial(secret_of, audit.key or "")
    return Checkpoints(store, places, key, worker, call.wall, progress, audit.checkpoint_seconds)


def _moved(made: Published | None, end: ChainEnd) -> bool:
    return made is None or (made.seq, made.hash) != (end.seq, end.hash)
