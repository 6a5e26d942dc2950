"""Owners out of a CODEOWNERS file, where each model has a directory below one root.

There the last line that fits wins, a line without owners clears, and a broken line is skipped without a word. Here the
most specific rule wins and nothing is silent, so that each line becomes a rule, or is left out with the reason.
Format: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

import re
from dataclasses import dataclass

from alerting.globs import is_glob, matches, overlap
from alerting.mail_address import is_mail_address
from alerting.owners_import import Found, OwnerFound
from alerting.ownership_wire import NAME_CHARS_MAX

LINES_MAX = 10_000

_HANDLE = re.compile(r"@[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    model: str
    owner: OwnerFound


class _Left(Exception):
    """A line that becomes no rule, and why."""


def owners_of_codeowners(text: str, root: str, file: str = "CODEOWNERS") -> Found:
    """Give the owner of each model: `root` is the directory in which every model has one of its own.

    Lines about other places say nothing of models; every other line that is left out is named with the reason.
    """
    left: list[tuple[int, str]] = []
    lines: list[_Line] = []
    for number, line in enumerate(text.splitlines()[:LINES_MAX], 1):
        words = _words(line)
        if not words:
            continue
        try:
            model = _model(words[0], root.strip("/"))
            if not model:
                continue
            lines.append(_Line(number, model, _owner(model, words[1:], f"{file}:{number}")))
        except _Left as why:
            left.append((number, str(why)))
        else:
            if len(words) > 2:
                left.append((number, f"{model} has {len(words) - 1} owners, of which one is told: {words[1]} stays"))
    kept = _in_force(lines, left)
    return Found(tuple(line.owner for line in kept), tuple(f"{file}:{number}: {why}" for number, why in sorted(left)))


def _words(line: str) -> list[str]:
    """Split a line at blanks that are not escaped, up to a comment."""
    return [word.replace("\\ ", " ") for word in re.findall(r"(?:\\ |\S)+", re.sub(r"(^|(?<=\s))#.*", "", line))]


def _model(pattern: str, root: str) -> str:
    """Give the models that a pattern is about; "" when it is about other places."""
    if pattern.startswith(("!", "[", "^[", "\\#")) or "[" in pattern:
        raise _Left(f"{pattern!r} is not a pattern of CODEOWNERS (no !, no [ ], no sections): write it out")
    whole = pattern.strip("/")
    if whole in ("*", "**"):
        return "*"
    if "/" not in whole and not pattern.startswith("/"):
        raise _Left(f"{pattern!r} fits at any depth, so that it names no model: write /{root}/NAME/ if it means one")
    parts, roots = whole.split("/"), root.split("/")
    below = parts[len(roots) :]
    if parts[: len(roots)] != roots:
        if len(parts) < len(roots) and parts == roots[: len(parts)]:
            return "*"  # A directory above the root.
        if any(is_glob(part) for part in parts[: len(roots)]):
            raise _Left(f"{pattern!r} may or may not be about {root}/: write it out")
        return ""
    if not below or below == ["**"] or (below == ["*"] and pattern.endswith("/")):
        return "*"
    if below[1:] not in ([], ["**"]) or below[0] in ("*", "**"):
        raise _Left(f"{pattern!r} is about files within models, not about a model: give it a rule by hand")
    if len(below[0]) > NAME_CHARS_MAX:
        raise _Left(f"{below[0][:20]!r} and so on has over {NAME_CHARS_MAX} characters: no model is called so")
    return below[0]


def _owner(model: str, owners: list[str], where: str) -> OwnerFound:
    for owner in owners:
        if len(owner) > NAME_CHARS_MAX or not (_HANDLE.fullmatch(owner) or is_mail_address(owner)):
            raise _Left(f"{owner!r} is neither @name, @organisation/team nor a mail address: mend the line")
    if not owners:
        return OwnerFound(model, "", "", where)
    mail = "" if owners[0].startswith("@") else owners[0]
    return OwnerFound(model, owners[0].removeprefix("@").lower(), mail, where)


def _in_force(lines: list[_Line], left: list[tuple[int, str]]) -> list[_Line]:
    """Leave out what a later line overrides, and a later line that takes a part of a pattern: no rule can say that."""
    kept: list[_Line] = []
    for line in lines:
        party = line.owner.party
        crossed = next((one for one in kept if _crosses(one.model, line.model) and one.owner.party != party), None)
        if crossed is not None:
            why = (
                f"{line.model} takes a part of {crossed.model} in line {crossed.number}, and of two patterns neither "
                "is more specific here: give it a rule by hand"
            )
            left.append((line.number, why))
            continue
        over = [one for one in kept if _covers(line.model, one.model)]
        left += [(one.number, f"{one.model} is overridden by {line.model} in line {line.number}") for one in over]
        kept = [one for one in kept if one not in over]
        kept.append(line)
    return kept


def _crosses(one: str, other: str) -> bool:
    """Say whether two patterns share names and would be equally specific; "*" is less specific than any."""
    return (
        is_glob(one) and is_glob(other) and "*" not in (one, other) and not _covers(other, one) and overlap(one, other)
    )


def _covers(later: str, earlier: str) -> bool:
    """Say whether every name that fits the earlier pattern fits the later one; with ? only where they are equal."""
    return later == earlier or ("?" not in later and matches(later, earlier))
