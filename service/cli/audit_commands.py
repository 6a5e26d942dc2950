"""The `driftwarden audit` commands, as Typer sees them; what they do is imported only when they are used."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from service.cli.options import Config

audit_app = typer.Typer(help="Who decided what.", no_args_is_help=True)

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


@audit_app.command("verify")
def audit_verify(
    anchor: Annotated[
        list[Path] | None,
        typer.Option(help="File or folder of checkpoints that was kept elsewhere; may be given several times."),
    ] = None,
    public_key: Annotated[
        list[Path] | None, typer.Option(help="Public key that checkpoints must be signed with; several after a change.")
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Verify this exported file instead of the store.")] = None,
    part: Annotated[
        bool, typer.Option("--part", help="The export was made with --since or --until: it lacks the rest on purpose.")
    ] = False,
    config: Config = None,
) -> None:
    """Prove that the audit's chain is whole and agrees with checkpoints, and say what is not proved (exit 1 if not)."""
    from service.cli.audit import Proof, verify

    raise typer.Exit(verify(Proof(anchor or (), public_key or (), export, part), config))


@audit_app.command("export")
def audit_export(
    file: Annotated[Path, typer.Argument(help="File to write, one row per line; - for standard output.")],
    since: Annotated[
        datetime | None, typer.Option(formats=_TIMES, help="Only from this time on; UTC unless it says otherwise.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=_TIMES, help="Only what was before this time.")] = None,
    config: Config = None,
) -> None:
    """Write the audit as NDJSON, with all that is needed to verify it elsewhere."""
    from service.cli.audit_files import export

    raise typer.Exit(export(file, since=since, until=until, config=config))


@audit_app.command("key")
def audit_key(
    file: Annotated[Path, typer.Argument(help="File for the private key; it must not be there yet.")],
    public: Annotated[Path | None, typer.Option(help="File for the public key; default: FILE.pub.")] = None,
) -> None:
    """Make the key pair that checkpoints are signed with."""
    from service.cli.audit_files import key

    raise typer.Exit(key(file, public))


@audit_app.command("erase")
def audit_erase(
    remark_id: Annotated[str, typer.Argument(help="Id of the remark, as the audit entry names it.")],
    why: Annotated[str, typer.Option(help="Why; goes into the audit.")],
    actor: Annotated[str, typer.Option(help="Who erases it, by role or pseudonym; goes into the audit.")],
    config: Config = None,
) -> None:
    """Erase what somebody wrote; the chain stays whole and says who erased it, when and why."""
    from service.cli.audit_files import erase

    raise typer.Exit(erase(remark_id, why=why, actor=actor, config=config))
