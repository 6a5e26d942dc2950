"""`driftwarden serve`."""

import logging
from pathlib import Path

from service.app import build_app
from service.cli.mistakes import store_named
from service.cli.settings import settings_of
from service.printable import OneLine
from service.running import run_until_signal


def run(config: Path | None) -> int:
    """Run the service until it is told to stop."""
    log_on_standard_error()
    # The client writes every address that it calls, and many of ours are secrets.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    settings = settings_of(config)
    api = settings.api
    with store_named(settings.store.url):
        app = build_app(settings)
    sources = [name for name, on in (("http", settings.http.enabled), ("kafka", settings.kafka.bootstrap)) if on]
    logging.getLogger("driftwarden").info(
        "listening on http://%s:%d, reading from %s", api.host, api.port, ", ".join(sources)
    )
    return run_until_signal(app)


def log_on_standard_error() -> None:
    """Write the log line by line to standard error."""
    out = logging.StreamHandler()
    out.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[out])
