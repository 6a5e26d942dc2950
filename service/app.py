"""The composition root: every real thing is chosen here once and handed over; the loops run in one group."""

import asyncio
import contextlib
import gc
import logging
import os
import random
import signal
import socket
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import httpx2
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from alerting.errors import SecretError
from alerting.links import key_of
from alerting.outbox import RetryRules
from alerting.ownership_file import load_ownership
from alerting.sinks.alertmanager import AlertmanagerSink
from alerting.sinks.call import Call
from service.api.app import build_api
from service.api.dependencies import ApiDependencies
from service.api.intake import intake_routes
from service.build import Line, line, policy
from service.canary import canary_of
from service.checkpoint import Checkpoints, checkpoints_of
from service.config import ConfigError, secret
from service.config_faults import Fault
from service.deliver import LEASE_SECONDS, Deliver
from service.heartbeat import Heartbeat
from service.links import Links
from service.mail_server import mail_server
from service.metrics.exposition import Metrics
from service.ownership_table import OwnershipTable, TableWatch
from service.pulse import Pulse
from service.resend import Resend
from service.settings import Settings
from service.sinks import earlier_in, sinks
from service.sources.errors import KafkaUnusable, SourceFailed
from service.sources.event_log import EventLog
from service.sources.kafka import KafkaSource
from service.sources.log import LogSource
from service.sources.source import Source
from service.store.engine import Store, open_store
from service.store.errors import passes
from service.store.partitions import release
from service.store.retention import Keep, retire
from service.timekeeper import Timekeeper

log = logging.getLogger(__name__)

RETIRE_SECONDS = 600.0

DRAIN_SECONDS = 10
"""How long requests that are under way may take when the service ends."""


@dataclass(slots=True)
class App:
    """The running service: build it with `build_app`, run it with `run`."""

    settings: Settings
    store: Store
    parts: Line
    loops: Sequence[Callable[[asyncio.Event], Coroutine[None, None, None]]]
    checkpoints: Checkpoints
    api: FastAPI
    sources: list[Callable[[], Source]]
    event_log: EventLog | None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def run(self) -> None:
        """Run until `stop` is set; an error of our own in any loop ends all of them and is raised."""
        listener = _listen(self.settings.api.host, self.settings.api.port)
        self.port = listener.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(
                self.api, log_level="warning", lifespan="off", access_log=False, timeout_graceful_shutdown=DRAIN_SECONDS
            )
        )
        try:
            async with asyncio.TaskGroup() as group:
                for build in self.sources:
                    group.create_task(self.parts.watch(build).run(self.stop))
                for run in self.loops:
                    group.create_task(run(self.stop))
                group.create_task(self._retire())
                group.create_task(self._serve(server, listener))
                self.ready.set()
                await self.stop.wait()
                server.should_exit = True
            await self.checkpoints.finish()
        finally:
            listener.close()
            if self.event_log is not None:
                self.event_log.close()
            self.store.close()

    async def _serve(self, server: uvicorn.Server, listener: socket.socket) -> None:
        await server.serve(sockets=[listener])
        # A signal ends uvicorn first; the loops then commit what they hold and end too.
        self.stop.set()

    async def _retire(self) -> None:
        while not self.stop.is_set():
            try:
                await asyncio.to_thread(self._retire_once)
            except OperationalError as failure:
                if not passes(failure):
                    raise
                log.error("old rows stay for now, because the store cannot be used: %s", failure.orig)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), RETIRE_SECONDS)

    def _retire_once(self) -> None:
        self._release()
        closed = self.parts.closer.closed
        if closed is None:
            return
        store, tick = self.settings.store, self.settings.time.tick_seconds
        keep = Keep(
            panes_from_tick=closed - store.panes_hours * 3600 // tick,
            history_from_tick=closed - store.history_days * 86_400 // tick,
            ledger_from_ms=self.parts.wall_ms() - store.panes_hours * 3_600_000,
            dead_letters_max=store.dead_letters_max,
        )
        retire(self.store, keep)

    def _release(self) -> None:
        """Let go of partitions that an earlier configuration read: their clocks stand still for ever."""
        now = self.parts.wall_ms()
        silent_since = now - round(self.settings.time.idle_seconds * 1000)
        for name in release(self.store, self._reads, silent_since_ms=silent_since, now_ms=now):
            log.warning("%s is no longer read by these settings and no longer holds the clock", name)

    def _reads(self, source: str, partition: str) -> bool:
        kafka = self.settings.kafka
        if source == "log":
            return self.event_log is not None
        return source == "kafka" and bool(kafka.bootstrap) and partition.rpartition("/")[0] in kafka.topics


def build_app(settings: Settings) -> App:
    """Choose every real thing and put the service together; opens the store and the log, starts nothing."""
    _check_link_key(settings)
    worker = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    server = mail_server(settings.alerting.smtp)
    ownership = OwnershipTable(load_ownership(settings.alerting.owners, utc_now().date(), mail=bool(server.host)))
    store = open_store(settings.store.url, tick_seconds=settings.time.tick_seconds)
    parts = line(settings, store, ownership, wall_ms=wall_ms, monotonic=time.monotonic)
    event_log = _event_log(settings)
    metrics = Metrics(store, settings, parts.progress, parts.watchlist, wall_ms)
    call = Call(httpx2.AsyncClient(trust_env=False), utc_now, settings.alerting.attempt_seconds_max)
    alertmanager = AlertmanagerSink(call, _secret, earlier_in(store))
    deliver = Deliver(
        store=store,
        sinks=sinks(call, _secret, server, store, alertmanager),
        rules=RetryRules(give_up_hours=settings.alerting.give_up_hours),
        worker=worker, wall=utc_now, rng=random.Random(), progress=parts.progress,
        lease_seconds=LEASE_SECONDS + settings.alerting.attempt_seconds_max,
        policy=policy(settings),
        linked=Links(settings.api, _secret),
        next_contact_minutes=settings.alerting.next_contact_minutes,
    )  # fmt: skip
    resend = Resend(store, alertmanager, worker, utc_now, parts.progress, deliver.lease_seconds)
    body_bytes = settings.api.body_bytes_max
    api = build_api(
        ApiDependencies(
            store=store,
            settings=settings,
            progress=parts.progress,
            watchlist=parts.watchlist,
            ownership=ownership,
            metrics=metrics.render,
            wall=utc_now,
            monotonic=time.monotonic,
            ready=lambda: list(parts.progress.troubles.copy().values()),
            intake=intake_routes(event_log, body_bytes, wall_ms=wall_ms) if event_log is not None else None,
            secret_of=_secret,
        )
    )
    table = TableWatch(ownership, settings.alerting.owners, store, utc_now, parts.progress, bool(server.host))
    checkpoints = checkpoints_of(settings.audit, store, call, _secret, worker, parts.progress)
    pulse = Pulse(store, settings, parts.progress, wall_ms, time.monotonic, deliver.lease_seconds)
    canary = canary_of(settings.canary, store, utc_now)
    loops = (
        deliver.run,
        Timekeeper(store, policy(settings), worker, utc_now, parts.progress, canary).run,
        Heartbeat(settings.heartbeat, call, _secret, pulse.faults, parts.progress).run,
        resend.run,
        deliver.unreached().run,
        partial(table.run, pause_seconds=settings.alerting.owners_seconds),
        checkpoints.run,
    )
    return App(settings, store, parts, loops, checkpoints, api, _sources(settings, event_log, worker), event_log)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def wall_ms() -> int:
    """Milliseconds since 1970."""
    return round(time.time() * 1000)


def run_until_signal(app: App) -> int:
    """Run the service until SIGTERM or SIGINT; 0 after a clean end, 1 when a source cannot be read."""

    def end(_signal: int, _frame: object) -> None:
        app.stop.set()

    # Uvicorn has handlers of its own while it serves and then raises the signal again, which must not end us before
    # the loops have committed; before and after that the signal finds these.
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    # Events live for one commit and have no cycles: a collector that looks less often finds just as much.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    code = 0
    try:
        asyncio.run(app.run())
    except* (SourceFailed, KafkaUnusable) as failures:
        # The world's fault, not ours: a sentence helps more than a stack of frames. Anything else is raised as it is.
        for failure in _leaves(failures):
            log.error("ending, because a source cannot be read: %s", failure)
        code = 1
    return code


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _leaves(one)
        else:
            yield one


def _secret(reference: str) -> str:
    try:
        return secret(reference, os.environ)
    except ConfigError as fault:
        raise SecretError(str(fault)) from fault


def _check_link_key(settings: Settings) -> None:
    """Say at the start what would otherwise show only in the first notice, which then had no links."""
    if settings.api.link_key is None:
        return
    try:
        key_of(secret(settings.api.link_key, os.environ))
    except SecretError as fault:
        raise ConfigError((Fault("api.link_key", str(fault), "Put a longer one where the reference says"),)) from fault


def _event_log(settings: Settings) -> EventLog | None:
    http = settings.http
    if not http.enabled:
        return None
    return EventLog(
        http.directory, bytes_max=http.bytes_max, segment_bytes=http.segment_bytes, producers_max=http.producers_max
    )


def _sources(settings: Settings, event_log: EventLog | None, worker: str) -> list[Callable[[], Source]]:
    sources: list[Callable[[], Source]] = []
    if event_log is not None:
        sources.append(lambda: LogSource(event_log))
    if settings.kafka.bootstrap:
        kafka = settings.kafka
        password = secret(kafka.sasl_password, os.environ) if kafka.sasl_password is not None else None
        sources.append(lambda: KafkaSource(kafka, password=password, monotonic=time.monotonic, worker=worker))
    return sources


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches delayed small packets off only where it is.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        fix = "Stop what listens there, or give another address or port."
        raise ConfigError((Fault("api.port", f"cannot listen on {host}:{port} ({fault.strerror})", fix),)) from fault
    listener.listen(1024)
    return listener
