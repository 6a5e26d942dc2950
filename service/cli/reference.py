"""The commands as Markdown, made from the commands themselves; docs/cli.md is this text."""

from collections.abc import Iterator

import typer
from typer.main import get_command

from service.cli import app


def markdown() -> str:
    """Describe every command with its arguments and options."""
    root = get_command(app)
    lines = ["# Commands", "", "Made by `python -m service.cli.reference`; a test holds it equal to the commands.", ""]
    lines += [
        "Exit codes: 0 done, 1 the answer is no (books do not balance, nobody was told), 2 something to mend.",
        "",
    ]
    lines.extend(_describe(root, "driftwarden"))
    return "\n".join(lines).rstrip() + "\n"


def _describe(command: typer.core.TyperCommand | object, path: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if children is not None:
        for name in sorted(children):
            yield from _describe(children[name], f"{path} {name}")
        return
    arguments = [p for p in command.params if p.param_type_name == "argument"]  # type: ignore[attr-defined]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]  # type: ignore[attr-defined]
    usage = " ".join([path, *(str(p.name).upper() for p in arguments)])
    yield f"## `{usage}`"
    yield ""
    yield str(command.help).strip()  # type: ignore[attr-defined]
    yield ""
    if options:
        yield "| option | default | meaning |"
        yield "|---|---|---|"
        for option in options:
            default = "required" if option.required else _default(option.default)
            yield f"| `{'`, `'.join(option.opts)}` | {default} | {option.help or ''} |"
        yield ""


def _default(value: object) -> str:
    return "" if value in (None, "", False) else f"`{value}`"


if __name__ == "__main__":
    print(markdown(), end="")
