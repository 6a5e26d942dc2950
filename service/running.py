"""The running service: its loops and its server in one group, from the listening socket to the last commit."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field

import uvicorn
from fastapi import FastAPI

from service.build import Line
from service.checkpoint import Checkpoints
from service.config import ConfigError
from service.config_faults import Fault
from service.settings import Settings
from service.sources.errors import KafkaUnusable, SourceFailed
from service.sources.event_log import EventLog
from service.sources.source import Source
from service.store.engine import Store

log = logging.getLogger(__name__)

DRAIN_SECONDS = 10
"""How long requests that are under way may take when the service ends."""


@dataclass(slots=True)
class App:
    """The running service: `service.app.build_app` builds it, run it with `run`."""

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
