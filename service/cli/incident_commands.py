"""The `driftwarden incident` commands, as Typer sees them; what they do is imported only when they are used."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from service.cli.options import Config

incident_app = typer.Typer(help="Incidents of a running service, and what you do about them.", no_args_is_help=True)

Incident = Annotated[str, typer.Argument(metavar="INCIDENT", help="Its id, as notices give it.")]
Note = Annotated[str, typer.Option(help="What you have to say; kept beside the audit.")]
Until = Annotated[str, typer.Option(help="A time from now such as 30min, 2h or 3d, or a date and time with its zone.")]
Url = Annotated[
    str, typer.Option(envvar="DRIFTWARDEN_URL", help="Address of the service; default: that of the settings.")
]
TokenFile = Annotated[
    Path | None, typer.Option(help="File with your token; without it DRIFTWARDEN_TOKEN is looked at.")
]
AsJson = Annotated[bool, typer.Option("--json", help="The service's answer on standard output.")]
Stage = Literal["new", "notified", "acked", "silenced", "closed"]
Tier = Literal["observe", "investigate", "act", "blind"]
Kind = Literal["note", "findings", "decision"]
What = Literal["real_drift", "data_bug", "expected_change", "false_alarm", "duplicate"]


@incident_app.command("list")
def incident_list(
    owed: Annotated[bool, typer.Option("--owed", help="Only those that wait for a person.")] = False,
    handling: Annotated[Stage | None, typer.Option(help="Only those that are handled like this.")] = None,
    tier: Annotated[Tier | None, typer.Option(help="Only those of this tier.")] = None,
    party: Annotated[str, typer.Option(help="Only those that this party was told of.")] = "",
    model: Annotated[str, typer.Option(help="Only those of this model.")] = "",
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """List incidents, newest first."""
    from service.cli.incident import Desk, listed

    desk = Desk(url, token_file, config, json)
    raise typer.Exit(
        listed(desk, owed="true" if owed else None, handling=handling, tier=tier, party=party, model=model)
    )


@incident_app.command("show")
def incident_show(
    incident: Incident, url: Url = "", token_file: TokenFile = None, config: Config = None, json: AsJson = False
) -> None:
    """Show one incident: how it stands, what is due next, and what was written."""
    from service.cli.incident import Desk, shown

    raise typer.Exit(shown(Desk(url, token_file, config, json), incident))


@incident_app.command("ack")
def incident_ack(
    incident: Incident, until: Until = "", note: Note = "", url: Url = "", token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:  # fmt: skip
    """Take it in hand; without --until until the next thing is due."""
    from service.cli.incident import Desk, done

    raise typer.Exit(done(Desk(url, token_file, config, json), incident, "ack", until=until, note=note))


@incident_app.command("release")
def incident_release(
    incident: Incident,
    note: Note = "",
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Give back what was acknowledged or silenced."""
    from service.cli.incident import Desk, done

    raise typer.Exit(done(Desk(url, token_file, config, json), incident, "release", note=note))


@incident_app.command("silence")
def incident_silence(
    incident: Incident,
    until: Until,
    note: Note,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask after showing what it hides.")] = False,
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Show what a silence hides, ask, and set it."""
    from service.cli.incident import Desk, silenced

    raise typer.Exit(silenced(Desk(url, token_file, config, json), incident, until=until, note=note, yes=yes))


@incident_app.command("note")
def incident_note(
    incident: Incident,
    note: Note,
    kind: Annotated[Kind, typer.Option(help="findings and decision meet their deadline.")] = "note",
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Write something down."""
    from service.cli.incident import Desk, done

    raise typer.Exit(done(Desk(url, token_file, config, json), incident, "note", note=note, kind=kind))


@incident_app.command("reassign")
def incident_reassign(
    incident: Incident,
    party: Annotated[str, typer.Option(help="Who has the role from now on.")],
    role: Annotated[str, typer.Option(help="The role.")] = "owner",
    note: Note = "",
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Give a role of the incident to another party."""
    from service.cli.incident import Desk, done

    desk = Desk(url, token_file, config, json)
    raise typer.Exit(done(desk, incident, "reassign", note=note, role=role, party=party))


@incident_app.command("close")
def incident_close(
    incident: Incident,
    what: Annotated[What | None, typer.Option("--as", help="What it was; asked for at investigate and act.")] = None,
    note: Note = "",
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """End it; what still drifts is accepted as it is until it rises or clears."""
    from service.cli.incident import Desk, done

    raise typer.Exit(done(Desk(url, token_file, config, json), incident, "close", note=note, disposition=what))
