"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="DRIFTWARDEN_CONFIG", help="Settings file; default driftwarden.yaml if it is there."
    ),
]
Model = Annotated[str, typer.Option(help="Model name, as events carry it.")]
