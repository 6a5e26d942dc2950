"""Where the real programs are that some tests run against: `find("promtool")`.

A program is looked for in the cache that `make components` fills, then beside the running Python, then on PATH, then
where Debian keeps it.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

# The first name that is found serves; distributions disagree on what some programs are called.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "alertmanager": ("prometheus-alertmanager", "alertmanager"),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
}
_CACHED_BIN = ("prometheus/usr/bin",)
_DEBIAN_BIN = "/usr/lib/postgresql"


def cache(environment: Mapping[str, str] = os.environ) -> Path:
    """Give the folder that keeps fetched components: $DRIFTWARDEN_COMPONENTS, else ~/.cache/driftwarden."""
    chosen = environment.get("DRIFTWARDEN_COMPONENTS")
    return Path(chosen) if chosen else Path.home() / ".cache" / "driftwarden"


def find(name: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Give the program's path, or None when this machine does not have it."""
    folders = [str(cache(environment) / part) for part in _CACHED_BIN]
    folders.append(str(Path(sys.executable).parent))
    folders += environment.get("PATH", "").split(os.pathsep)
    folders += [str(path) for path in sorted(Path(_DEBIAN_BIN).glob("*/bin"), reverse=True)]
    for candidate in _NAMES.get(name, (name,)):
        found = shutil.which(candidate, path=os.pathsep.join(folder for folder in folders if folder))
        if found:
            return Path(found)
    return None
