"""Laying what another system knows about owners into an ownership table: what the table says already stays."""

import re
from dataclasses import dataclass
from datetime import date
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from alerting.globs import WILDCARDS
from alerting.ownership import Match, Ownership, Rule
from alerting.ownership_checks import may_meet
from alerting.ownership_file import parse_ownership
from alerting.route import Role
from alerting.unowned import NOBODY, Unowned

_EMPTY = """\
# Made by `driftwarden owners import`. Parties without an address have a log only: give them contacts.
version: 1
parties:
  {fallback}: {{contacts: [log]}}
fallback: {{owner: {fallback}}}
"""

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*")


@dataclass(frozen=True, slots=True)
class OwnerFound:
    """That a model, or all that fit a pattern ("*": every model), has an owner; `where` is the place that says so.

    `party` "" says that nobody owns it on purpose; `mail` is "" where no address is known.
    """

    model: str
    party: str
    mail: str
    where: str


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: owners, one per model or pattern, and what was left out with the reason."""

    owners: tuple[OwnerFound, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """The table with what was found: its text, the rules and parties that are new, and what the table knew better."""

    text: str
    rules: int
    parties: int
    conflicts: tuple[str, ...]


def fresh(fallback: str) -> str:
    """Give the text of a table that names a fallback and nothing else."""
    return _EMPTY.format(fallback=fallback)


def merged(text: str, file: str, found: Found, source: str, until: date) -> Merged:
    """Add what was found to a table, whose comments stay; raises OwnershipError when the table is broken.

    A rule that would contradict one of the table is not added, and neither are contacts of a party that is there.
    `source` begins the ids of new rules; `until` is when what nobody owns must be looked at again.
    """
    table = parse_ownership(text, file)
    yaml = YAML()  # Round trip: comments and order are kept.
    yaml.preserve_quotes, yaml.width, yaml.brace_single_entry_mapping_in_flow_sequence = True, 4_096, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree = yaml.load(text)
    draft = _Draft(
        table, list(table.rules), {rule.id for rule in table.rules}, [], [], dict.fromkeys(table.parties, "")
    )
    for owner in found.owners:
        draft.take(owner, source, until)
    _add(tree, draft)
    out = StringIO()
    yaml.dump(tree, out)
    made = parse_ownership(out.getvalue(), file)
    return Merged(
        out.getvalue(), len(made.rules) - len(table.rules), len(draft.parties) - len(table.parties),
        tuple(draft.conflicts),
    )  # fmt: skip


@dataclass(slots=True)
class _Draft:
    """Rules and parties, those of the table first."""

    table: Ownership
    rules: list[Rule]
    ids: set[str]
    added: list[Rule]
    conflicts: list[str]
    parties: dict[str, str]

    def take(self, owner: OwnerFound, source: str, until: date) -> None:
        """Add one owner, unless a rule says otherwise or the same already."""
        match = Match() if owner.model == "*" else Match(model=owner.model)
        party = owner.party or NOBODY
        alike = [
            rule for rule in self.rules
            if "owner" in rule.assign and rule.match.specificity == match.specificity
            and may_meet(rule.match, match, self.table.families)
        ]  # fmt: skip
        if any(rule.match == match and rule.assign["owner"] == party for rule in alike):
            return
        other = next((rule for rule in (*alike, *self._wider(match)) if rule.assign["owner"] != party), None)
        if other is not None:
            self.conflicts.append(
                f"{owner.where}: the owner of {owner.model} would be {party}, but rule {other.id} gives it to "
                f"{other.assign['owner']}: the rule stays"
            )
            return
        if owner.party == NOBODY:
            self.conflicts.append(f"{owner.where}: no party can be called {NOBODY}: give {owner.model} a rule by hand")
            return
        self._party(owner)
        unowned: dict[Role, Unowned] = (
            {} if owner.party else {"owner": Unowned(f"{owner.where[-200:]} names nobody", until)}
        )
        rule = Rule(self._id(f"{source}-{_plain(owner.model)}"), match, {"owner": party}, unowned=unowned)
        self.rules.append(rule)
        self.added.append(rule)

    def _wider(self, match: Match) -> list[Rule]:
        """Give the table's own rules that the new one would go before; one about everything is a last resort."""
        return [
            rule for rule in self.table.rules
            if "owner" in rule.assign and Match().specificity < rule.match.specificity < match.specificity
            and may_meet(rule.match, match, self.table.families)
        ]  # fmt: skip

    def _party(self, owner: OwnerFound) -> None:
        known = self.table.parties.get(owner.party)
        if known is None and owner.party:
            self.parties[owner.party] = self.parties.get(owner.party) or owner.mail
        elif known is not None and owner.mail and owner.mail not in {one.address for one in known.destinations}:
            said = f"{owner.where}: party {owner.party} has the address {owner.mail}, which the table does not: add it"
            if said not in self.conflicts:
                self.conflicts.append(said)

    def _id(self, wanted: str) -> str:
        number, name = 1, wanted
        while name in self.ids:
            number += 1
            name = f"{wanted}-{number}"
        self.ids.add(name)
        return name


def _add(tree: CommentedMap, draft: _Draft) -> None:
    for name, mail in draft.parties.items():
        if name not in draft.table.parties:
            contacts = CommentedSeq([_flow({"email": _text(mail)}) if mail else "log"])
            tree["parties"][_text(name)] = _flow({"contacts": contacts})
    if draft.added and not tree.get("rules"):
        tree["rules"] = CommentedSeq()
    for rule in draft.added:
        unowned = rule.unowned.get("owner")
        # A date of its own: one that is there twice would be written as an anchor and an alias.
        nobody = (
            _flow({"none": _text(unowned.reason), "until": unowned.until.replace()}) if unowned is not None else None
        )
        owner = nobody or _text(rule.assign["owner"])
        match = _flow({} if rule.match.model is None else {"model": _text(rule.match.model)})
        tree["rules"].append(_flow({"id": _text(rule.id), "match": match, "assign": _flow({"owner": owner})}))


def _text(text: str) -> str:
    """Quote what is more than a plain word: what the library leaves bare between braces may not be read back."""
    return text if _WORD.fullmatch(text) else DoubleQuotedScalarString(text)


def _flow(entries: dict[str, object]) -> CommentedMap:
    entry = CommentedMap(entries)
    entry.fa.set_flow_style()
    return entry


def _plain(model: str) -> str:
    """Write a pattern so that it can be part of an id."""
    return "all" if model == "*" else "".join("any" if c in WILDCARDS else c for c in model[:60])
