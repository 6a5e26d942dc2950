"""The commands as Markdown, made from the commands themselves; docs/cli.md is this text."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from service.cli import app


def markdown() -> str:
    """Describe every command with its arguments and options."""
    root = get_command(app)
    lines = ["# Commands", "", "Made by `python -m service.cli.reference`; a test holds it equal to the commands.", ""]
    lines += [
        "Exit codes: 0 done, 1 the answer is no (books do not balance, nobody was told), 2 something to mend, which",
        "one sentence on standard error names, 130 stopped by Ctrl-C.",
        "",
    ]
    lines.extend(_describe(root, "driftwarden"))
    return "\n".join(lines).rstrip() + "\n"


def _describe(command: Any, path: str) -> Iterator[str]:
    # Typer's command classes say little to a type checker, hence Any.
    if getattr(command, "commands", None) is not None:
        for name in sorted(command.commands):
            yield from _describe(command.commands[name], f"{path} {name}")
        return
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    yield f"## `{' '.join([path, *map(_placeholder, arguments)])}`"
    yield ""
    yield str(command.help).strip()
    yield ""
    if options:
        yield "| option | default | meaning |"
        yield "|---|---|---|"
        for option in options:
            default = "required" if option.required else _default(option)
            yield f"| `{'`, `'.join(option.opts)}` | {default} | {option.help or ''} |"
        yield ""


def _placeholder(argument: Any) -> str:
    name = str(argument.name).upper()
    name = f"{name.removesuffix('S')}…" if argument.nargs == -1 else name
    return name if argument.required else f"[{name}]"


def _default(option: Any) -> str:
    if option.is_flag:
        return "off"
    return "none" if option.default in (None, "") else f"`{option.default}`"


if __name__ == "__main__":
    print(markdown(), end="")
