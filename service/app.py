"""The composition root: every real thing is chosen here once and handed over; `service.running` runs them."""

import os
import random
import socket
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import httpx2

from alerting.errors import SecretError
from alerting.links import key_of
from alerting.outbox import RetryRules
from alerting.ownership_file import load_ownership
from alerting.sinks.alertmanager import AlertmanagerSink
from alerting.sinks.call import Call
from service.api.app import build_api
from service.api.dependencies import ApiDependencies
from service.api.intake import intake_routes
from service.build import line, policy
from service.canary import canary_of
from service.checkpoint import checkpoints_of
from service.config import ConfigError, secret
from service.config_faults import Fault
from service.deliver import LEASE_SECONDS, Deliver
from service.heartbeat import Heartbeat
from service.lineage import lineage
from service.links import Links
from service.mail_server import mail_server
from service.metrics.exposition import Metrics
from service.ownership_table import OwnershipTable, TableWatch
from service.pulse import Pulse
from service.resend import Resend
from service.running import App
from service.settings import Settings
from service.sinks import earlier_in, sinks
from service.sources.event_log import EventLog
from service.sources.kafka import KafkaSource
from service.sources.log import LogSource
from service.sources.source import Source
from service.store.engine import open_store
from service.timekeeper import Timekeeper
from service.upkeep import Upkeep


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
    table = TableWatch(
        ownership, settings.alerting.owners, store, utc_now, parts.progress, bool(server.host), lineage(settings)
    )
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
        Upkeep(store, settings, lambda: parts.closer.closed, wall_ms).run,
    )
    return App(settings, store, parts, loops, checkpoints, api, _sources(settings, event_log, worker), event_log)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def wall_ms() -> int:
    """Milliseconds since 1970."""
    return round(time.time() * 1000)


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
