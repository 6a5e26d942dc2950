"""Options that many commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="DRIFTWARDEN_CONFIG", help="Settings file; default driftwarden.yaml if it is there."
    ),
]
