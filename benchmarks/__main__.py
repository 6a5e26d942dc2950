"""`python -m benchmarks NAME`: one module per benchmark."""

import sys
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


@app.command()
def detection(
    section: Annotated[list[str] | None, typer.Option(help="Run only this section; may be repeated.")] = None,
    share: Annotated[float, typer.Option(help="Share of the full scale; only 1 decides.", min=0.001, max=1.0)] = 1.0,
    seed: Annotated[int, typer.Option(help="Begins every random stream.", min=0)] = 20_261_125,
    data: Annotated[Path | None, typer.Option(help="The folder of public sets, for labelled and backtests.")] = None,
    earlier: Annotated[
        list[Path] | None, typer.Option("--from", help="Read this JSON instead of running; may be repeated.")
    ] = None,
    pictures: Annotated[Path | None, typer.Option(help="Draw the pictures (SVG) into this folder.")] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON object to this file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """False alarms and delays of e-SR beside the usual detectors, held against the goals."""
    from benchmarks.detection.report import Request, run
    from benchmarks.detection.section import Scale

    request = Request(section or [], Scale(share, seed), data, earlier or [], pictures, out, json)
    try:
        run(request)
    except (OSError, ValueError) as error:
        print(f"benchmarks detection: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app()
