"""The seeded service on a real port, for whoever asks it over a socket."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from service.api.app import build_api
from tests.service.api.seed import Seeded


@contextmanager
def serving(made: Seeded) -> Iterator[str]:
    """Serve it until the block ends; gives its address."""
    server = uvicorn.Server(uvicorn.Config(build_api(made.dependencies()), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
