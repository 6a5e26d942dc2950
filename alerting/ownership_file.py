"""Reading `owners.yaml`: everything that is wrong with it is said in one go, each with line, column and the way out."""

import difflib
import hashlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path as FilePath
from typing import TypeVar

from pydantic import TypeAdapter

from alerting.allowance import Allowance
from alerting.contact import destination
from alerting.errors import Fault, OwnershipError
from alerting.escalation_wire import BUILT_IN, WirePolicy, policies_of
from alerting.marked_yaml import FAULTS_MAX, Marked, Path, Value, read
from alerting.ownership import Match, Ownership, Party, Rule, segment_pairs
from alerting.ownership_checks import ambiguous, ambiguous_policies, idle_parties
from alerting.ownership_faults import validated
from alerting.ownership_wire import WireFallback, WireFamily, WireParty, WireRule
from alerting.route import Destination, Role

SECTIONS = ("version", "parties", "fallback", "rules", "families", "policies")
RULES_MAX = 1_000

T = TypeVar("T")


def load_ownership(path: FilePath, *, mail: bool = True) -> Ownership:
    """Read the table from a file; raises OwnershipError with every fault, also when it cannot be read at all.

    `mail` says whether there is a mail server; without one, a contact by mail is a fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        fault = Fault(1, 1, f"the file cannot be read ({error.strerror})", "Create it, or point alerting.owners at it")
        raise OwnershipError(str(path), (fault,)) from error
    except UnicodeDecodeError as error:
        raise OwnershipError(str(path), (Fault(1, 1, "the file is not UTF-8", "Save it as UTF-8"),)) from error
    return parse_ownership(text, str(path), mail=mail)


def parse_ownership(text: str, file: str = "owners.yaml", *, mail: bool = True) -> Ownership:
    """Read the table from text; raises OwnershipError, in which `file` is the name that is shown."""
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
    rules = _rules(table, marked)
    _check_names(table, fallback, marked)
    if not mail:
        _check_mail(table, marked)
    if not marked.faults:
        _check_contradictions(rules, families, marked)
    if marked.faults:
        raise OwnershipError(file, tuple(sorted(set(marked.faults))))
    sha = hashlib.sha256(text.encode()).hexdigest()
    return Ownership(parties, fallback, rules, families, sha, idle_parties(parties, fallback, rules), policies)


def _check_contradictions(rules: tuple[Rule, ...], families: Mapping[str, tuple[str, ...]], marked: Marked) -> None:
    for one, other, role in islice(ambiguous(rules, families), FAULTS_MAX):
        problem = (
            f"rule {other.id!r} gives the role {role} to {other.assign[role]!r}, and rule {one.id!r}, which is as "
            f"specific and covers some of the same, to {one.assign[role]!r}"
        )
        path: Path = ("rules", rules.index(other), "assign", role)
        marked.fault(path, problem, "Make one of the two narrower, or name the same party")
    for one, other in islice(ambiguous_policies(rules, families), FAULTS_MAX):
        problem = (
            f"rule {other.id!r} names the policy {other.policy!r}, and rule {one.id!r}, which is as specific and "
            f"covers some of the same, {one.policy!r}"
        )
        path = ("rules", rules.index(other), "policy")
        marked.fault(path, problem, "Make one of the two narrower, or name the same policy")


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
        marked.fault((section,), f"{section} is {_said(entries)}", "Write one `name: ...` per line below it")
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


def _rules(table: Mapping[str, Value], marked: Marked) -> tuple[Rule, ...]:
    entries = table.get("rules")
    if entries is None:
        return ()
    if not isinstance(entries, list):
        marked.fault(("rules",), f"rules is {_said(entries)}", 'Write each rule as "- {id: ..., match: ...}"')
        return ()
    if len(entries) > RULES_MAX:
        marked.fault(("rules",), f"there are {len(entries)} rules, over {RULES_MAX}", "Use globs and families")
        return ()
    adapter = TypeAdapter(WireRule)
    wires = [validated(adapter, entry, ("rules", index), marked) for index, entry in enumerate(entries)]
    return tuple(_rule(wire) for wire in wires if wire is not None)


def _rule(wire: WireRule) -> Rule:
    match = wire.match
    segment = segment_pairs(match.segment) if isinstance(match.segment, str) else match.segment
    return Rule(
        wire.id,
        Match(match.family, match.model, match.version, segment, match.feature, match.feature_view),
        wire.assign,
        wire.review_by,
        wire.policy or "",
    )


def _check_names(
    table: Mapping[str, Value],
    fallback: Mapping[Role, str],
    marked: Marked,
) -> None:
    """Look up every name in the section it points to; a party that is there but broken is known all the same."""
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
    near = difflib.get_close_matches(name, known, 1)
    section = {"party": "parties", "family": "families", "policy": "policies"}[what]
    fix = f"Did you mean {near[0]!r}? If not, add it under {section}" if near else f"Add it under {section}"
    marked.fault(path, f"the {what} {name!r} is not known", fix)


def _said(value: Value) -> str:
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else repr(value)
