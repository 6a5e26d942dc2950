"""`driftwarden owners ...`: its commands and their options; each is a module that is imported only when it is used."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from service.cli.options import Config, Model

owners_app = typer.Typer(help="The ownership table.", no_args_is_help=True)
import_app = typer.Typer(help="Owners that another system knows, as rules.", no_args_is_help=True)
owners_app.add_typer(import_app, name="import")

Table = Annotated[Path | None, typer.Option(help="Ownership table; default: the one the settings name.")]


@owners_app.command("check")
def owners_check(
    file: Annotated[Path | None, typer.Argument(help="Ownership table; default: the one the settings name.")] = None,
    models: Annotated[
        Path | None, typer.Option(help="Names of models, one a line: warn of rules that none of them fits.")
    ] = None,
    stored: Annotated[
        bool, typer.Option("--stored-models", help="Take the models that the service's store has seen as well.")
    ] = False,
    config: Config = None,
) -> None:
    """Check the ownership table and say what is wrong, with the line and the fix."""
    from service.cli.owners import check

    raise typer.Exit(check(file, config, models=models, stored=stored))


@owners_app.command("diff")
def owners_diff(
    file: Annotated[Path, typer.Argument(help="The ownership table that is to take the place of the one in force.")],
    config: Config = None,
) -> None:
    """Say what another ownership table would change, and whom open incidents would concern under it."""
    from service.cli.owners import diff

    raise typer.Exit(diff(file, config))


@owners_app.command("resolve")
def owners_resolve(
    model: Model,
    feature: Annotated[str, typer.Option(help="Feature, or another subject of the model.")] = "",
    version: Annotated[str, typer.Option(help="Model version.")] = "",
    segment: Annotated[str, typer.Option(help="Segment.")] = "",
    kind: Annotated[
        Literal["prediction", "feature"], typer.Option(help="Kind of event; with feature, MODEL is a feature view.")
    ] = "prediction",
    view: Annotated[str, typer.Option(help="Feature view it is read from; default: what lineage.views says.")] = "",
    role: Annotated[str, typer.Option(help="One role; default: all of them.")] = "",
    file: Table = None,
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Say who is told about a model or a feature, by which rule, where, by when, and which rules lost."""
    from service.cli.owners_resolve import Question, resolve

    asked = Question(kind, model, version, segment, feature, role, view)
    raise typer.Exit(resolve(file, config, asked, as_json=json))


Into = Annotated[
    Path | None, typer.Option(help="Add to this table, whose own rules stay, instead of printing a new one.")
]
Fallback = Annotated[str, typer.Option(help="Party that a new table falls back to; default: platform.")]


@import_app.command("backstage")
def import_backstage(
    catalogs: Annotated[list[Path], typer.Argument(help="Catalog files (catalog-info.yaml), also of groups.")],
    types: Annotated[str, typer.Option("--type", help="Comma-separated spec.type of a model.")] = "ml-model,model",
    into: Into = None,
    fallback: Fallback = "",
) -> None:
    """Make rules of what a Backstage catalog says of models: Component and Resource entities, and their spec.owner."""
    from service.cli.owners_import import backstage

    wanted = [name.strip() for name in types.split(",") if name.strip()]
    raise typer.Exit(backstage(catalogs, wanted, into=into, fallback=fallback))


@import_app.command("codeowners")
def import_codeowners(
    file: Annotated[Path, typer.Argument(help="The CODEOWNERS file.")],
    root: Annotated[str, typer.Option(help="Directory that holds a directory per model.")] = "models/",
    into: Into = None,
    fallback: Fallback = "",
) -> None:
    """Make rules of what CODEOWNERS says of directories of models; each line that cannot be one is named."""
    from service.cli.owners_import import codeowners

    raise typer.Exit(codeowners(file, root, into=into, fallback=fallback))


@owners_app.command("schema")
def owners_schema(
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
) -> None:
    """Print the JSON Schema of the ownership table, for editors."""
    from service.cli.documents import print_owners_schema

    print_owners_schema(out)
