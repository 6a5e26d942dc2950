"""The `driftwarden` command; each sub-command is a module that is imported only when it is used."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from service.cli.audit_commands import audit_app
from service.cli.incident_commands import incident_app
from service.cli.options import Config, Model
from service.cli.owners_commands import owners_app

app = typer.Typer(
    name="driftwarden",
    help="Watches machine-learning models in production and tells the person who owns one when it is really changing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
baseline_app = typer.Typer(
    help="Baselines: the frozen reference a model version is watched against.", no_args_is_help=True
)
budget_app = typer.Typer(help="The budget of false alarms: what is accepted, and what is kept.", no_args_is_help=True)
ledger_app = typer.Typer(help="The books: records in = records accounted.", no_args_is_help=True)
config_app = typer.Typer(help="The configuration file.", no_args_is_help=True)
app.add_typer(baseline_app, name="baseline")
app.add_typer(owners_app, name="owners")
app.add_typer(budget_app, name="budget")
app.add_typer(ledger_app, name="ledger")
app.add_typer(incident_app, name="incident")
app.add_typer(audit_app, name="audit")
app.add_typer(config_app, name="config")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; what a user can mend is said in plain words with exit code 2, never as a traceback."""
    from service.cli.mistakes import in_words

    try:
        app(arguments)
    except Exception as error:
        words = in_words(error)
        if not words:
            raise
        print(f"driftwarden: {words}", file=sys.stderr)
        sys.exit(2)


@app.command()
def serve(config: Config = None) -> None:
    """Run the service: sources, detectors, notices, API, metrics and pages."""
    from service.cli.serve import run

    raise typer.Exit(run(config))


@app.command()
def demo(
    exit_after_notice: Annotated[bool, typer.Option(help="Exit 0 once the owner has been told.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the notice before giving up.", min=1)] = 120.0,
    port: Annotated[int, typer.Option(help="Port of the service; 0 takes any free one.", min=0, max=65535)] = 8350,
    kafka: Annotated[
        str, typer.Option(help="Send the events through this Kafka broker (host:port) instead of HTTP.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of the simulated events.")] = 7,
) -> None:
    """Watch a simulated credit model break, and see the notice its owner gets."""
    from service.cli.demo import run

    raise typer.Exit(run(exit_after_notice=exit_after_notice, timeout=timeout, port=port, kafka=kafka, seed=seed))


@app.command()
def backtest(
    files: Annotated[list[Path], typer.Argument(help="History, oldest first: CSV, Parquet or NDJSON.")],
    model: Model,
    baseline: Annotated[Path | None, typer.Option(help="Baseline made by `driftwarden baseline fit --out`.")] = None,
    baseline_rows: Annotated[
        int | None, typer.Option(help="Learn the baseline from the first N rows (at least 100) instead.")
    ] = None,
    time: Annotated[str, typer.Option(help="Column that holds the event time.")] = "",
    events_per_second: Annotated[float | None, typer.Option(help="Give rows times at this rate instead.")] = None,
    prediction: Annotated[str, typer.Option(help="Column of the model's output.")] = "prediction",
    label: Annotated[str, typer.Option(help="Column of the truth.")] = "label",
    segment: Annotated[str, typer.Option(help="Column of the segment.")] = "segment",
    version: Annotated[str, typer.Option(help="Model version to report under.")] = "backtest",
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line on standard output.")] = False,
) -> None:
    """Run history through the very same pipeline, delivering nothing, and print what would have been said."""
    from service.cli.backtest import run
    from service.cli.backtest_request import Columns, Request

    columns = Columns(time=time, prediction=prediction, label=label, segment=segment)
    request = Request(tuple(files), model, version, baseline, baseline_rows, events_per_second, columns)
    raise typer.Exit(run(request, config=config, as_json=json))


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
) -> None:
    """Print the JSON Schema of the events a model service sends."""
    from service.cli.documents import print_schema

    print_schema(out)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    print(installed("driftwarden"))


@baseline_app.command("fit")
def baseline_fit(
    file: Annotated[Path, typer.Argument(help="Reference rows: CSV, Parquet or NDJSON.")],
    model: Model,
    version: Annotated[str, typer.Option(help="Model version.")],
    out: Annotated[Path | None, typer.Option(help="Write the baseline to this file instead of into the store.")] = None,
    kind: Annotated[Literal["prediction", "feature"], typer.Option(help="Kind of event it is for.")] = "prediction",
    categorical: Annotated[str, typer.Option(help="Comma-separated columns of numbers that are categories.")] = "",
    ignore: Annotated[str, typer.Option(help="Comma-separated columns to leave out (time, ids).")] = "",
    prediction: Annotated[str, typer.Option(help="Column of the model's output.")] = "prediction",
    label: Annotated[str, typer.Option(help="Column of the truth, which is not watched here.")] = "label",
    segment: Annotated[str, typer.Option(help="Column of the segment.")] = "segment",
    time: Annotated[str, typer.Option(help="Column of the time, which tells how dependent the rows are.")] = "",
    config: Config = None,
) -> None:
    """Fit a baseline to reference rows and say what it can and cannot watch."""
    from service.cli.baseline import Whose, run
    from service.reference import ReferenceColumns

    roles = ReferenceColumns(prediction, label, segment, time, _names(categorical), _names(ignore))
    raise typer.Exit(run(file, Whose(kind, model, version), roles, out=out, config=config))


@budget_app.command("show")
def budget_show(
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Say how many false alarms each party accepts, what that takes, and whether the rate is guaranteed."""
    from service.cli.budget import show

    raise typer.Exit(show(config, as_json=json))


@budget_app.command("resample")
def budget_resample(
    file: Annotated[Path, typer.Argument(help="Reference rows: CSV, Parquet or NDJSON.")],
    model: Model,
    version: Annotated[str, typer.Option(help="Model version.")],
    time: Annotated[str, typer.Option(help="Column of the time.")],
    baseline: Annotated[
        Path | None, typer.Option(help="Baseline made by `driftwarden baseline fit --out`; default: fitted to FILE.")
    ] = None,
    days: Annotated[int, typer.Option(help="Days to draw and play.", min=30, max=10_000)] = 300,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.", min=0)] = 1,
    kind: Annotated[Literal["prediction", "feature"], typer.Option(help="Kind of event it is for.")] = "prediction",
    categorical: Annotated[str, typer.Option(help="Comma-separated columns of numbers that are categories.")] = "",
    ignore: Annotated[str, typer.Option(help="Comma-separated columns to leave out (ids).")] = "",
    prediction: Annotated[str, typer.Option(help="Column of the model's output.")] = "prediction",
    label: Annotated[str, typer.Option(help="Column of the truth, which is not watched here.")] = "label",
    segment: Annotated[str, typer.Option(help="Column of the segment.")] = "segment",
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Draw days from the reference again and again, and count the false alarms beside the rate that is guaranteed."""
    from service.cli.budget_resample import Drawn, run
    from service.reference import ReferenceColumns
    from service.store.changes import ModelKey

    roles = ReferenceColumns(prediction, label, segment, time, _names(categorical), _names(ignore))
    drawn = Drawn(file, ModelKey(kind, model, version), roles, baseline, days, seed)
    raise typer.Exit(run(drawn, config=config, as_json=json))


@ledger_app.command("verify")
def ledger_verify(config: Config = None) -> None:
    """Prove per source partition: records = accepted + duplicate + late + dead + filtered + gap (exit 1 if not)."""
    from service.cli.proofs import ledger

    raise typer.Exit(ledger(config))


@config_app.command("check")
def config_check(config: Config = None) -> None:
    """Check the settings file and the environment, and print what is in force where it differs from the default."""
    from service.cli.documents import check_config

    raise typer.Exit(check_config(config))


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())
