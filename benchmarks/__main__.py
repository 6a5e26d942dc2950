"""`python -m benchmarks NAME`: one module per benchmark."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Measurements of the project.")


@app.callback()
def benchmarks() -> None:
    """Measurements of the project, each with its seeds, its machine and its spread."""


@app.command()
def throughput(
    events: Annotated[int, typer.Option(help="Events of one run.", min=1_000)] = 200_000,
    runs: Annotated[int, typer.Option(help="Counted runs; the median is what counts.", min=1, max=20)] = 3,
    kafka: Annotated[str, typer.Option(help="Also read the same events from this broker (host:port).")] = "",
    folder: Annotated[Path | None, typer.Option(help="Where the stores are made; default: a temporary folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Events per second through decode, fold and store, from memory and from Kafka."""
    from benchmarks.throughput import run

    run(events=events, runs=runs, kafka=kafka, folder=folder, as_json=json)


if __name__ == "__main__":
    app()
