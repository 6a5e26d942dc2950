"""`driftwarden demo`: the whole service on this machine, with a simulated model that breaks while you watch."""

import asyncio
import errno
import itertools
import logging
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from service.app import build_app
from service.demo import MODEL, VERSION, Scene, events
from service.running import App
from service.settings import Settings
from service.store.queries import model_states
from service.store.verify import verify_ledger
from service.store.views import Told, incidents_newest_first, told_of

OWNERS = """\
version: 1
parties:
  credit-risk: {contacts: [{log: credit-risk}], tz: Europe/Berlin}
  ml-platform: {contacts: [{log: ml-platform}]}
fallback:
  owner: ml-platform
  technical_lead: ml-platform
  data_steward: ml-platform
  responder: ml-platform
  compliance: ml-platform
  executive: ml-platform
rules:
  - {id: loans, match: {model: "loan-*"}, assign: {owner: credit-risk, data_steward: credit-risk}}
"""

TOPIC = "driftwarden-demo"
BATCH_EVENTS = 300


def run(*, exit_after_notice: bool, timeout: float, port: int, kafka: str, seed: int) -> int:
    """Play the scene; 0 when the owner was told within the timeout, 1 when not."""
    console = Console()
    # The log destination would print the notice a second time, beside the panel below.
    logging.getLogger("driftwarden.notices").propagate = False
    logging.getLogger("driftwarden.notices").addHandler(logging.NullHandler())
    # Its parties have a log only, and know it.
    logging.getLogger("service.ownership_table").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="driftwarden-demo-") as folder:
        settings = _settings(Path(folder), _free(port), kafka)
        return asyncio.run(_play(settings, console, exit_after_notice=exit_after_notice, seconds=timeout, seed=seed))


async def _play(settings: Settings, console: Console, *, exit_after_notice: bool, seconds: float, seed: int) -> int:
    if settings.kafka.bootstrap:
        from service.sources.kafka_demo import make_topic

        # Made before the service looks for it, so that it need not look twice.
        await make_topic(settings.kafka.bootstrap, TOPIC, partitions=2)
    app = build_app(settings)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, app.stop.set)
    running = asyncio.create_task(app.run())
    try:
        await app.ready.wait()
        url = f"http://127.0.0.1:{app.port}"
        console.print(
            f"Driftwarden is running at [bold]{url}[/bold]; a simulated bank now streams loan applications.",
            soft_wrap=True,
        )
        playing = asyncio.create_task(_stream(app, url, seed, console))
        told = await _wait_for_notice(app, playing, running, seconds)
        if told is None and app.stop.is_set():
            playing.cancel()
            console.print("Stopped before anybody was told.")
            return 1 if exit_after_notice else 0
        if told is None:
            console.print(f"Nobody was told within {seconds:.0f} s: the demo failed.", style="bold red")
            return 1
        playing.cancel()
        _show(app, told, url, console)
        if not exit_after_notice:
            console.print("The service goes on until you press Ctrl-C.")
            await app.stop.wait()
        return 0
    finally:
        app.stop.set()
        await asyncio.gather(running, return_exceptions=False)


async def _stream(app: App, url: str, seed: int, console: Console) -> None:
    """Send the events as a model service would, a few minutes of event time per second."""
    scene = Scene()
    begin_ms = round(time.time() * 1000) - scene.ticks * 60_000
    played = events(scene, seed=seed, begin_ms=begin_ms, tick_ms=60_000)
    columns = (TextColumn("{task.description:<46}"), BarColumn(), TimeElapsedColumn())
    async with _sender(app, url) as send:
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("learning what is normal", total=scene.ticks * scene.events_per_tick)
            for number, batch in enumerate(iter(lambda: list(itertools.islice(played, BATCH_EVENTS)), [])):
                await send(batch)
                progress.update(task, advance=len(batch), description=_stage(app, scene, number * BATCH_EVENTS))
                await asyncio.sleep(0.25)


def _stage(app: App, scene: Scene, sent: int) -> str:
    if "watched" not in model_states(app.store):
        return "learning what is normal"
    if sent < scene.calm_ticks * scene.events_per_tick:
        return "watching; all is well"
    return "half the salaries now arrive in thousands"


@asynccontextmanager
async def _sender(app: App, url: str) -> AsyncIterator[Callable[[list[dict[str, Any]]], Awaitable[None]]]:
    """Give what a model service would send its events with: a Kafka producer, or POST /v1/events."""
    if app.settings.kafka.bootstrap:
        from service.sources.kafka_demo import producer, send

        async with producer(app.settings.kafka.bootstrap) as to:
            yield lambda batch: send(to, TOPIC, batch)
        return
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:

        async def post(batch: list[dict[str, Any]]) -> None:
            answer = await client.post(
                "/v1/events", content=msgspec.json.encode(batch), headers={"content-type": "application/json"}
            )
            answer.raise_for_status()

        yield post


async def _wait_for_notice(
    app: App, playing: "asyncio.Task[None]", running: "asyncio.Task[None]", seconds: float
) -> Told | None:
    """The first incident whose notice was accepted by a destination."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not app.stop.is_set():
        for task in (playing, running):
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise task.exception()  # type: ignore[misc]
        for incident in await asyncio.to_thread(incidents_newest_first, app.store, limit=10):
            told = await asyncio.to_thread(told_of, app.store, incident.id)
            if told is not None and any(delivery.state == "sent" for delivery in told.deliveries):
                return told
        await asyncio.sleep(0.2)
    return None


def _show(app: App, told: Told, url: str, console: Console) -> None:
    notice = told.notices[0]
    console.print(Panel(notice.text, title=f"Notice to {notice.party}: {notice.title}", title_align="left"))
    console.print(
        f"What moved:       {url}/model?kind=prediction&model={MODEL}&version={VERSION}", markup=False, soft_wrap=True
    )
    console.print(f"This incident:    {url}/incidents/{told.incident.id}", markup=False, soft_wrap=True)
    verdicts = verify_ledger(app.store)
    records = sum(verdict.records for verdict in verdicts)
    balanced = all(not verdict.faults for verdict in verdicts)
    console.print(
        f"The books:        {records:,} records in, {'every one accounted for' if balanced else 'NOT balanced'}"
    )


def _settings(folder: Path, port: int, kafka: str) -> Settings:
    owners = folder / "owners.yaml"
    owners.write_text(OWNERS, encoding="utf-8")
    return Settings.model_validate(
        {
            "store": {"url": f"sqlite:///{folder}/store.db", "commit_seconds_max": 0.1},
            "http": {"directory": str(folder / "log")},
            "kafka": {"bootstrap": kafka, "topics": [TOPIC]},
            "api": {"port": port, "public_url": f"http://127.0.0.1:{port}"},
            "time": {"lateness_seconds": 0},
            "baseline": {"learn_events": Scene().learn_events},
            "alerting": {"owners": str(owners)},
        }
    )


def _free(port: int) -> int:
    """The port asked for when it is free, else any free one."""
    for candidate in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
            return int(probe.getsockname()[1])
    print("driftwarden demo: no free port", file=sys.stderr)
    raise SystemExit(1)
