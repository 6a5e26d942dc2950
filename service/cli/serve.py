"""`driftwarden serve`."""

import errno
import logging
from pathlib import Path

from service.app import build_app, run_until_signal
from service.cli.mistakes import Mistake, store_named
from service.cli.settings import settings_of


def run(config: Path | None) -> int:
    """Run the service until it is told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = settings_of(config)
    api = settings.api
    with store_named(settings.store.url):
        app = build_app(settings)
    sources = [name for name, on in (("http", settings.http.enabled), ("kafka", settings.kafka.bootstrap)) if on]
    logging.getLogger("driftwarden").info(
        "listening on http://%s:%d, reading from %s", api.host, api.port, ", ".join(sources)
    )
    try:
        return run_until_signal(app)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
            raise
        raise Mistake(
            f"api.port: {api.host}:{api.port} cannot be listened on ({(error.strerror or 'unusable').lower()}); "
            "stop what listens there, or choose another api.host or api.port"
        ) from error
