"""The `driftwarden incident` commands, as Typer sees them; what they do is imported only when they are used."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.cli.options import Config

if TYPE_CHECKING:
    from service.cli.incident import Desk

incident_app = typer.Typer(
    help="Incidents of the service that runs. The token comes from DRIFTWARDEN_TOKEN or --token-file.",
    no_args_is_help=True,
)

Id = Annotated[str, typer.Argument(metavar="INCIDENT", help="Id of the incident, as notices name it.")]
Url = Annotated[str, typer.Option(help="Address of the service; default: api.public_url, else api.host and api.port.")]
TokenFile = Annotated[Path | None, typer.Option(help="File with the token; default: DRIFTWARDEN_TOKEN.")]
AsJson = Annotated[bool, typer.Option("--json", help="The service's answer on standard output.")]
Note = Annotated[str | None, typer.Option(help="What you have to say; kept beside the audit, and erasable.")]
Expect = Annotated[
    int | None, typer.Option("--expect-notices", help="Refuse when there are not so many notices any more.", min=0)
]
Until = typer.Option(help="30m, 2h, 3d from now, or a time of ISO 8601.")


@incident_app.command("list")
def incident_list(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait for a person.")] = False,
    handling: Annotated[
        Literal["new", "notified", "acked", "silenced", "closed"] | None, typer.Option(help="How they are handled.")
    ] = None,
    tier: Annotated[Literal["observe", "investigate", "act", "blind"] | None, typer.Option(help="Their tier.")] = None,
    party: Annotated[str | None, typer.Option(help="Only those that this party was told of.")] = None,
    model: Annotated[str | None, typer.Option(help="Only those of this model.")] = None,
    limit: Annotated[int, typer.Option(help="Most incidents to list.", min=1, max=1000)] = 100,
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """List incidents, newest first."""
    query = {"handling": handling, "tier": tier, "party": party, "model": model, "limit": str(limit)}
    raise typer.Exit(_desk(url, token_file, config, json).list(query, waiting=waiting))


@incident_app.command("show")
def incident_show(
    incident: Id, url: Url = "", token_file: TokenFile = None, config: Config = None, json: AsJson = False
) -> None:
    """Show how an incident stands, what is due, who has it, and what was written."""
    raise typer.Exit(_desk(url, token_file, config, json).show(incident))


@incident_app.command("ack")
def incident_ack(
    incident: Id,
    until: Annotated[str, Until] = "",
    note: Note = None,
    expect: Expect = None,
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Take an incident in hand, without --until until findings are due."""
    raise typer.Exit(_desk(url, token_file, config, json).ack(incident, until, note, expect))


@incident_app.command("release")
def incident_release(
    incident: Id,
    note: Note = None,
    expect: Expect = None,
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Give back what was acknowledged or silenced."""
    desk = _desk(url, token_file, config, json)
    raise typer.Exit(desk.act(incident, "release", note=note, expect_notices=expect))


@incident_app.command("silence")
def incident_silence(
    incident: Id,
    until: Annotated[str, Until],
    note: Annotated[str, typer.Option(help="Why; kept beside the audit, and erasable.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    expect: Expect = None,
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Show what a silence hides, ask, and tell nobody anything until then, unless it rises or ends."""
    desk = _desk(url, token_file, config, json)
    raise typer.Exit(desk.silence(incident, until, note, lambda words: yes or typer.confirm(words, err=True), expect))


@incident_app.command("note")
def incident_note(
    incident: Id,
    text: Annotated[str, typer.Argument(help="What to write down.")],
    kind: Annotated[
        Literal["note", "findings", "decision"], typer.Option(help="Findings and decision meet that deadline.")
    ] = "note",
    expect: Expect = None,
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Write something down about an incident."""
    desk = _desk(url, token_file, config, json)
    raise typer.Exit(desk.act(incident, "note", text=text, kind=kind, expect_notices=expect))


@incident_app.command("reassign")
def incident_reassign(
    incident: Id,
    role: Annotated[
        Literal["owner", "technical_lead", "data_steward", "responder", "compliance", "executive"],
        typer.Option(help="The role to give away."),
    ],
    party: Annotated[str, typer.Option(help="The party of the ownership table that gets it.")],
    note: Note = None,
    expect: Expect = None,
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Give a role to another party; both are told."""
    desk = _desk(url, token_file, config, json)
    raise typer.Exit(desk.act(incident, "reassign", role=role, party=party, note=note, expect_notices=expect))


@incident_app.command("close")
def incident_close(
    incident: Id,
    disposition: Annotated[
        Literal["real_drift", "data_bug", "expected_change", "false_alarm", "duplicate"] | None,
        typer.Option("--as", help="What it was; required at investigate and act, with a note."),
    ] = None,
    note: Note = None,
    expect: Expect = None,
    url: Url = "",
    token_file: TokenFile = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """End an incident for people; what still drifts is accepted until it rises or clears."""
    desk = _desk(url, token_file, config, json)
    raise typer.Exit(desk.act(incident, "close", disposition=disposition, note=note, expect_notices=expect))


def _desk(url: str, token_file: Path | None, config: Path | None, as_json: bool) -> "Desk":
    from service.cli.incident import Desk

    return Desk(url, token_file, config, as_json=as_json)
