"""Owners out of a Backstage catalog: entities of kind Component or Resource, and the groups that own them.

Format: https://backstage.io/docs/features/software-catalog/descriptor-format
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from alerting.mail_address import is_mail_address
from alerting.owners_import import Found, OwnerFound

TYPES = ("ml-model", "model")
"""What spec.type of a model is, unless said otherwise."""

CHARS_MAX = 20_000_000

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,63}")


def owners_of_catalog(files: Mapping[str, str], types: Collection[str] = TYPES) -> Found:
    """Read catalog files (name to text, several documents each) and give the owner of each entity of these types.

    What cannot be read, names no owner, or is described twice with different owners is left out with the reason.
    """
    left: list[str] = []
    entities = [(name, entity) for name, text in files.items() for entity in _documents(name, text, left)]
    mails = _mails([entity for _, entity in entities])
    owners: dict[str, OwnerFound] = {}
    for file, entity in entities:
        if _text(entity, "kind").lower() not in ("component", "resource") or _text(entity, "spec", "type") not in types:
            continue
        found = _owner(file, entity, mails, left)
        if found is None:
            continue
        first = owners.setdefault(found.model, found)
        if first.party != found.party:
            left.append(
                f"{found.where}: its owner is {found.party} here and {first.party} in {first.where}: the first stays"
            )
    return Found(tuple(owners.values()), tuple(left))


def _documents(file: str, text: str, left: list[str]) -> Iterator[Mapping[str, Any]]:
    if len(text) > CHARS_MAX:
        left.append(f"{file}: has {len(text):,} characters, over {CHARS_MAX:,}: split it")
        return
    try:
        for document in YAML(typ="safe", pure=True).load_all(text):
            if isinstance(document, dict):
                yield document
            elif document is not None:
                left.append(f"{file}: a document is no entity but a {type(document).__name__}: mend it")
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        left.append(f"{file}:{line}: this is not YAML ({error.problem}): nothing after it was read")
    except (YAMLError, RecursionError, ValueError) as error:
        left.append(f"{file}: this is not YAML ({type(error).__name__}): nothing after it was read")


def _mails(entities: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Give the addresses of groups and users, by party."""
    found = {}
    for entity in entities:
        kind, mail = _text(entity, "kind").lower(), _text(entity, "spec", "profile", "email")
        if kind in ("group", "user") and is_mail_address(mail):
            found[_party(kind, _text(entity, "metadata", "namespace"), _text(entity, "metadata", "name"))] = mail
    return found


def _owner(file: str, entity: Mapping[str, Any], mails: Mapping[str, str], left: list[str]) -> OwnerFound | None:
    name, reference = _text(entity, "metadata", "name"), _text(entity, "spec", "owner")
    where = f"{file} ({name})"
    if not _NAME.fullmatch(name):
        left.append(f"{file}: an entity has the name {name!r}, which the catalog takes for none: mend metadata.name")
        return None
    kind, colon, rest = reference.rpartition(":")
    namespace, slash, owner = rest.rpartition("/")
    kind = kind.lower() if colon else "group"
    names = [owner, namespace] if slash else [owner]
    if kind not in ("group", "user") or not all(map(_NAME.fullmatch, names)):
        left.append(f"{where}: spec.owner {reference!r} names no group or user: write it like group:default/team")
        return None
    party = _party(kind, namespace or _text(entity, "metadata", "namespace"), owner)
    return OwnerFound(name, party, mails.get(party, ""), where)


def _party(kind: str, namespace: str, name: str) -> str:
    """Name a party: references are not case-sensitive, and what is usual is left out."""
    prefix = "user:" if kind == "user" else ""
    within = "" if namespace.lower() in ("", "default") else f"{namespace}/"
    return f"{prefix}{within}{name}".lower()


def _text(entity: Mapping[str, Any], *path: str) -> str:
    value: Any = entity
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
