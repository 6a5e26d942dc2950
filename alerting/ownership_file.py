"""Reading `owners.yaml`: everything that is wrong with it is said in one go, each with line, column and the way out."""

import difflib
import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path as FilePath
from typing import TypeVar

from pydantic import TypeAdapter

from alerting.allowance import Allowance
from alerting.contact import destination
from alerting.errors import Fault, OwnershipError
from alerting.escalation_wire import BUILT_IN, WirePolicy, policies_of
from alerting.marked_yaml import Marked, Path, Value, read
from alerting.ownership import Ownership, Party
from alerting.ownership_faults import said, validated
from alerting.ownership_rules import check_contradictions, rules_of, without_lapsed
from alerting.ownership_warnings import warnings_of
from alerting.ownership_wire import WireFallback, WireFamily, WireParty
from alerting.route import Destination, Role
from alerting.unowned import NOBODY

SECTIONS = ("version", "parties", "fallback", "rules", "families", "policies")

_NONE_EXAMPLE = '{none: "the reason", until: 2027-03-31}'

T = TypeVar("T")


def load_ownership(path: FilePath, today: date | None = None, *, mail: bool = True) -> Ownership:
    """Read the table from a file; raises OwnershipError with every fault, also when it cannot be read at all.

    What is nobody's only until `today` is given up; None: no date is held against it. `mail` says whether there is a
    mail server; without one, a contact by mail is a fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        fault = Fault(1, 1, f"the file cannot be read ({error.strerror})", "Create it, or point alerting.owners at it")
        raise OwnershipError(str(path), (fault,)) from error
    except UnicodeDecodeError as error:
        raise OwnershipError(str(path), (Fault(1, 1, "the file is not UTF-8", "Save it as UTF-8"),)) from error
    return parse_ownership(text, str(path), today, mail=mail)


def parse_ownership(text: str, file: str = "owners.yaml", today: date | None = None, *, mail: bool = True) -> Ownership:
    """Read the table from text as `load_ownership` does; `file` is the name that errors show."""
    marked = read(text)
    table = marked.value if isinstance(marked.value, dict) else {}
    if not table and not marked.faults:
        marked.fault((), "the file holds no table", 'Begin with "version: 1", then parties and fallback')
    if table:
        _check_sections(table, marked)
    parties = {name: _party(name, wire) for name, wire in _each(table, "parties", WireParty, marked).items()}
    families = {n: tuple(w.models) for n, w in _each(_listed(table), "families", WireFamily, marked).items()}
    fallback = _fallback(table, marked)
    policies = policies_of(_each(table, "policies", WirePolicy, marked), marked)
    rules = rules_of(table, today, marked)
    _check_names(table, fallback, marked)
    if not mail:
        _check_mail(table, marked)
    if not marked.faults:
        check_contradictions(rules, families, marked)
    if marked.faults:
        raise OwnershipError(file, tuple(sorted(set(marked.faults))))
    rules, lapsed = without_lapsed(rules, today) if today is not None else (rules, ())
    if any(rule.unowned for rule in rules):
        parties[NOBODY] = Party(NOBODY, ())
    # A table in which something has lapsed is another one to whoever remembers what it said.
    sha = hashlib.sha256("\n".join((text, *lapsed)).encode()).hexdigest()
    warnings = (*lapsed, *warnings_of(parties, fallback, rules, policies))
    return Ownership(parties, fallback, rules, families, sha, warnings, policies)


def _check_sections(table: Mapping[str, Value], marked: Marked) -> None:
    for name in table:
        if name not in SECTIONS:
            marked.fault((name,), f"unknown section {name!r}", f"Use {', '.join(SECTIONS)}", at_key=True)
    if "version" not in table:
        marked.fault((), "the version is missing", 'Write "version: 1" in the first line')
    elif table["version"] != 1 or isinstance(table["version"], bool):
        marked.fault(("version",), f"version {table['version']!r} is unknown", "This program reads version 1")
    if not table.get("parties"):
        marked.fault(("parties",), "there are no parties", "Name at least one party with its contacts")


def _each(table: Mapping[str, Value], section: str, kind: type[T], marked: Marked) -> dict[str, T]:
    """Validate the entries of a section one by one, so that a broken one does not hide the others."""
    entries = table.get(section)
    if entries is None:
        return {}
    if not isinstance(entries, dict):
        marked.fault((section,), f"{section} is {said(entries)}", "Write one `name: ...` per line below it")
        return {}
    adapter = TypeAdapter(kind)
    found = {name: validated(adapter, entry, (section, name), marked) for name, entry in entries.items()}
    return {name: entry for name, entry in found.items() if entry is not None}


def _listed(table: Mapping[str, Value]) -> dict[str, Value]:
    families = table.get("families")
    if not isinstance(families, dict):
        return dict(table)
    return {"families": {name: {"models": v} if isinstance(v, list) else v for name, v in families.items()}}


def _party(name: str, wire: WireParty) -> Party:
    destinations: dict[str, Destination] = {}
    for contact in wire.contacts:
        found = destination(name, contact)
        destinations[found.name] = found
    accepts = wire.false_alarms
    allowance = Allowance(accepts.pages, accepts.tickets, accepts.digests)
    return Party(name, tuple(destinations.values()), wire.tz, wire.hours, allowance, wire.quiet or "")


def _fallback(table: Mapping[str, Value], marked: Marked) -> dict[Role, str]:
    fallback = table.get("fallback")
    if isinstance(fallback, dict) and "owner" in fallback:
        return validated(TypeAdapter(WireFallback), fallback, ("fallback",), marked) or {}
    if table:
        fix = 'Write "fallback: {owner: some-party}": it is told about everything that no rule covers'
        marked.fault(("fallback",), "the fallback names no owner", fix)
    return {}


def _check_names(
    table: Mapping[str, Value],
    fallback: Mapping[Role, str],
    marked: Marked,
) -> None:
    """Look up every name in the section it points to; a party that is there but broken is known all the same."""
    if NOBODY in (_names(table, "parties") or ()):
        fix = f"Name it otherwise; what nobody has is written {_NONE_EXAMPLE}"
        marked.fault(("parties", NOBODY), f"a party cannot be called {NOBODY!r}", fix, at_key=True)
    named_parties, named_families = _names(table, "parties") or None, _names(table, "families")
    for role, party in fallback.items():
        _look_up("party", party, named_parties, ("fallback", role), marked)
    entries = table.get("rules")
    seen: dict[str, int] = {}
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if not isinstance(entry, dict):
            continue
        name, match, assign = entry.get("id"), entry.get("match"), entry.get("assign")
        if isinstance(name, str) and seen.setdefault(name, index) != index:
            line = marked.values[("rules", seen[name], "id")][0]
            marked.fault(("rules", index, "id"), f"the id {name!r} is that of the rule in line {line}", "Rename it")
        if isinstance(match, dict):
            _look_up("family", match.get("family"), named_families, ("rules", index, "match", "family"), marked)
        policies = _names(table, "policies")
        known = [*policies, *sorted(BUILT_IN)] if policies is not None else None
        _look_up("policy", entry.get("policy"), known, ("rules", index, "policy"), marked)
        for role_name, party_name in assign.items() if isinstance(assign, dict) else ():
            _look_up("party", party_name, named_parties, ("rules", index, "assign", role_name), marked)


def _check_mail(table: Mapping[str, Value], marked: Marked) -> None:
    """Find the contacts that nothing could ever reach."""
    parties = table.get("parties")
    for name, party in parties.items() if isinstance(parties, dict) else ():
        contacts = party.get("contacts") if isinstance(party, dict) else None
        for index, contact in enumerate(contacts if isinstance(contacts, list) else ()):
            if isinstance(contact, dict) and "email" in contact:
                problem = f"party {name!r} is to be told by mail, and alerting.smtp.host is empty in the settings"
                fix = "Set alerting.smtp.host and alerting.smtp.sender there, or write another contact here"
                marked.fault(("parties", name, "contacts", index, "email"), problem, fix)


def _names(table: Mapping[str, Value], section: str) -> list[str] | None:
    """Give the names in a section; None when it is no mapping, which is a fault of its own."""
    entries = table.get(section, {})
    return list(entries) if isinstance(entries, dict) else None


def _look_up(what: str, name: Value, known: list[str] | None, path: Path, marked: Marked) -> None:
    if not isinstance(name, str) or known is None or name in known:
        return
    if name == NOBODY and what == "party":
        marked.fault(path, f"the role is left to {name!r} without a reason", f"Write {_NONE_EXAMPLE} in a rule")
        return
    near = difflib.get_close_matches(name, known, 1)
    section = {"party": "parties", "family": "families", "policy": "policies"}[what]
    fix = f"Did you mean {near[0]!r}? If not, add it under {section}" if near else f"Add it under {section}"
    marked.fault(path, f"the {what} {name!r} is not known", fix)
