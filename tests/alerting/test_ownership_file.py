"""The ownership table's file: every mistake is found, at its line, with the way out."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from alerting.errors import OwnershipError
from alerting.ownership_file import load_ownership, parse_ownership
from tests.alerting.examples import OWNERS, owners

BROKEN = sorted((Path(__file__).parent / "broken_owners").glob("*.yaml"))
TODAY = date(2026, 11, 20)
HEAD = "version: 1\nparties:\n  ds: {contacts: [log]}\n  ml: {contacts: [log]}\nfallback: {owner: ds}\n"


def faults(text: str) -> list[str]:
    """The lines of the error that a table gives."""
    with pytest.raises(OwnershipError) as caught:
        parse_ownership(text)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_table_is_refused_at_its_line_with_the_way_out(file: Path) -> None:
    line, words = file.read_text().splitlines()[0].removeprefix("# expect line ").split(": ", 1)

    with pytest.raises(OwnershipError) as caught:
        load_ownership(file, TODAY)

    assert ([fault.line for fault in caught.value.faults], words in str(caught.value)) == ([int(line)], True)


def test_there_are_broken_tables_to_learn_from() -> None:
    assert len(BROKEN) >= 80


def test_all_mistakes_are_said_in_one_go_in_the_order_of_the_file() -> None:
    text = """\
version: 1
parties:
  ds: {contacts: []}
  ml: {contact: [log]}
  ml: {contacts: [log]}
fallback: {owner: dx, boss: ml}
rules:
  - {id: a, match: {modell: x}, assign: {owner: nobody}}
extra: 1
"""

    assert [line.split(":")[1] for line in faults(text)] == ["3", "4", "4", "5", "6", "8", "8", "9"]


def test_a_message_has_file_line_column_problem_and_fix() -> None:
    assert faults(HEAD.replace("{owner: ds}", "{owner: dsx}")) == [
        "owners.yaml:5:19: the party 'dsx' is not known. Did you mean 'ds'? If not, add it under parties"
    ]


def test_no_and_on_stay_text() -> None:
    rules = 'rules:\n  - {id: a, match: {segment: {country: NO}, version: "on"}, assign: {owner: ml}}\n'

    match = parse_ownership(HEAD + rules).rules[0].match

    assert (match.segment, match.version) == ({"country": "NO"}, "on")


def test_a_secret_in_the_file_is_not_repeated_in_the_message() -> None:
    contact = '{webhook: {url: "https://h.example", secret: "whsec_topsecret"}}'

    assert "topsecret" not in "".join(faults(HEAD.replace("[log]", f"[{contact}]", 1)))


def test_the_hash_is_that_of_the_text() -> None:
    assert owners().config_sha == hashlib.sha256(OWNERS.encode()).hexdigest()


def test_a_family_may_be_a_list_or_name_its_models() -> None:
    families = 'families: {a: ["a-*"], b: {models: ["b-*", c]}}\n'

    assert parse_ownership(HEAD + families).families == {"a": ("a-*",), "b": ("b-*", "c")}


def test_a_destination_does_not_tell_its_address() -> None:
    names = [d.name for party in owners().parties.values() for d in party.destinations]

    assert [name.rpartition(":")[0] if "webhook" in name else name for name in names] == [
        "log:credit-ds",
        "webhook:data-desk",
        "log:on-call",
        "webhook:on-call",
        "log:platform",
    ]


def test_two_parties_that_share_a_log_are_two_destinations() -> None:
    text = HEAD.replace("[log]", "[{log: ops}]")

    names = [party.destinations[0].name for party in parse_ownership(text).parties.values()]

    assert names == ["log:ds:ops", "log:ml:ops"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("model: fraud", "model: credit"),
        ("model: fraud", 'model: "fraud*"'),
        ('model: "fraud-*"', 'model: "credit-*"'),
        ("segment: {country: NO}", "segment: {country: SE}"),
        ("segment: {country: NO}", "segment: {country: NO, device: ios}"),
        ("version: v1", "version: v2"),
        ("feature: age", "feature: income"),
        ("family: fraud", "family: credit"),
        ("model: x, feature: age", "model: x"),
        ("feature_view: a", "feature_view: b"),
    ],
)
def test_rules_that_cannot_both_win_are_not_in_conflict(one: str, other: str) -> None:
    assert len(parse_ownership(_two(one, other)).rules) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("model: fraud", "model: fraud"),
        ('model: "fraud-*"', 'model: "*-score"'),
        ("segment: {country: NO}", "segment: {device: ios}"),
        ('segment: "country=NO"', "segment: {country: NO}"),
        ('feature: "amount_*"', 'feature: "*_eur"'),
        ("family: fraud", "family: any"),
        ("version: v1", "version: v1"),
        ("", ""),
    ],
)
def test_rules_of_which_neither_is_narrower_must_agree(one: str, other: str) -> None:
    assert [line.split(": ")[1][:24] for line in faults(_two(one, other))] == ["rule 'b' gives the role "]


def test_rules_of_which_neither_is_narrower_may_agree() -> None:
    text = _two("model: fraud", "model: fraud").replace("owner: ml", "owner: ds")

    assert len(parse_ownership(text).rules) == 2


def test_a_file_that_is_not_there_is_an_ownership_error(tmp_path: Path) -> None:
    with pytest.raises(OwnershipError, match=r"cannot be read .*Create it, or point alerting\.owners at it"):
        load_ownership(tmp_path / "owners.yaml")


def test_a_file_that_is_not_text_is_an_ownership_error(tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(OwnershipError, match="not UTF-8"):
        load_ownership(tmp_path / "owners.yaml")


@pytest.mark.parametrize("text", ["[" * 50_000, "a: " * 1_000, "\x00", "x" * 1_000_001, "- 1", "3", "? [a]\n: b\n"])
def test_hostile_text_is_an_ownership_error_too(text: str) -> None:
    assert faults(text)


def _two(one: str, other: str) -> str:
    families = 'families: {fraud: ["fraud-*"], credit: ["credit-*"], any: ["*"]}\n'
    rules = [
        f"  - {{id: {name}, match: {{{match}}}, assign: {{owner: {party}}}}}\n"
        for name, match, party in (("a", one, "ds"), ("b", other, "ml"))
    ]
    return HEAD + families + "rules:\n" + "".join(rules)


def test_no_more_than_a_hundred_mistakes_are_listed() -> None:
    assert len(faults(HEAD + "".join(f"x{n}: 1\n" for n in range(5_000)))) == 100


def test_a_table_has_at_most_a_thousand_rules() -> None:
    rules = "".join(f"  - {{id: r{n}, match: {{model: m{n}}}, assign: {{owner: ml}}}}\n" for n in range(1_001))

    assert [line.split(": ")[1] for line in faults(HEAD + "rules:\n" + rules)] == [
        "there are 1001 rules, over 1000. Use globs and families"
    ]


def test_a_party_says_how_many_false_alarms_it_accepts() -> None:
    text = HEAD.replace(
        "ds: {contacts: [log]}", "ds: {contacts: [log], false_alarms: {pages: 1 per 30 days, tickets: 2 per week}}"
    )
    allowance = parse_ownership(text).parties["ds"].allowance

    assert (allowance.pages, allowance.tickets, allowance.digests) == (1.0, 60 / 7, None)
    assert parse_ownership(text).parties["ml"].allowance.pages is None
