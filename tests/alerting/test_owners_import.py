"""What Backstage and CODEOWNERS know of owners becomes rules that load; what the table says already stays."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerting.errors import OwnershipError
from alerting.finding import Stream
from alerting.owners_import import Found, Merged, OwnerFound, fresh, merged
from alerting.owners_import_backstage import owners_of_catalog
from alerting.owners_import_codeowners import owners_of_codeowners
from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership

FILES = Path(__file__).parent / "imports"
UNTIL = date(2027, 2, 18)

TABLE = """\
# Kept by hand.
version: 1
parties:
  hand: {contacts: [log]}  # Us.
fallback: {owner: hand}
rules:
  - {id: own, match: {model: "fraud-*"}, assign: {owner: hand}}
"""


def catalog() -> Found:
    """What is found in the catalog of the examples."""
    return owners_of_catalog({name: (FILES / name).read_text() for name in ("catalog-info.yaml", "groups.yaml")})


def codeowners(*lines: str, root: str = "models/") -> Found:
    """What is found in a CODEOWNERS file of these lines."""
    return owners_of_codeowners("\n".join(lines), root)


def models(found: Found) -> dict[str, str]:
    """The owner of each model."""
    return {owner.model: owner.party for owner in found.owners}


def made(found: Found, text: str | None = None) -> Merged:
    """A new table, or this one, with what was found."""
    return merged(text or fresh("platform"), "owners.yaml", found, "import", UNTIL)


def owner(table: Ownership, model: str) -> str:
    """Who owns a model by a table."""
    return table.resolve("owner", Stream("prediction", model, "1"), "").party


def found(model: str, party: str = "ds", mail: str = "") -> Found:
    """One owner found."""
    return Found((OwnerFound(model, party, mail, "there:1"),), ())


def test_models_of_a_catalog_are_the_entities_of_their_types() -> None:
    assert models(catalog()) == {
        "fraud-score": "fraud-ds", "fraud-embeddings": "fraud-ds", "churn": "user:marketing/jane.doe",
    }  # fmt: skip


def test_a_group_gives_its_party_an_address() -> None:
    assert {one.party: one.mail for one in catalog().owners} == {
        "fraud-ds": "fraud-ds@bank.example", "user:marketing/jane.doe": "jane.doe@bank.example",
    }  # fmt: skip


def test_other_types_can_be_models() -> None:
    text = (FILES / "catalog-info.yaml").read_text()

    assert models(owners_of_catalog({"c": text}, ["service"])) == {"payments-api": "payments"}


def test_a_model_without_an_owner_is_left_out_and_named() -> None:
    assert catalog().left == (
        "catalog-info.yaml (orphan): spec.owner '' names no group or user: write it like group:default/team",
    )


ENTITY = "kind: Component\nmetadata: {{name: {}}}\nspec: {{type: model, owner: {}}}\n"


@pytest.mark.parametrize(
    ("reference", "party"),
    [("team", "team"), ("group:team", "team"), ("Group:default/Team", "team"), ("risk/team", "risk/team"),
     ("user:jane", "user:jane"), ("group:risk/team", "risk/team")],
)  # fmt: skip
def test_a_reference_may_leave_out_what_is_usual(reference: str, party: str) -> None:
    assert models(owners_of_catalog({"c": ENTITY.format("m", f'"{reference}"')})) == {"m": party}


@pytest.mark.parametrize("reference", ['"system:x"', '"group:"', '"/x"', '"a b"', "[x]", "3"])
def test_an_owner_that_is_none_is_left_out_and_named(reference: str) -> None:
    read = owners_of_catalog({"c": ENTITY.format("m", reference)})

    assert (read.owners, len(read.left)) == ((), 1)


def test_a_model_that_is_described_twice_keeps_its_first_owner() -> None:
    read = owners_of_catalog({"a": ENTITY.format("m", "x"), "b": ENTITY.format("m", "y")})

    assert (models(read), read.left) == ({"m": "x"}, ("b (m): its owner is y here and x in a (m): the first stays",))


def test_what_comes_before_broken_yaml_is_read_and_the_line_is_named() -> None:
    read = owners_of_catalog({"c": ENTITY.format("m", "x") + "---\nkind: [\n"})

    assert (models(read), "c:" in read.left[0], "not YAML" in read.left[0]) == ({"m": "x"}, True, True)


def test_a_catalog_becomes_a_table_that_loads() -> None:
    table = parse_ownership(made(catalog()).text)

    assert (owner(table, "fraud-score"), owner(table, "orphan")) == ("fraud-ds", "platform")
    assert table.parties["fraud-ds"].destinations[0].address == "fraud-ds@bank.example"


def test_lines_of_codeowners_become_rules_of_models() -> None:
    read = owners_of_codeowners((FILES / "CODEOWNERS").read_text(), "models/")

    assert models(read) == {
        "*": "bank/ml-platform", "fraud-score": "bank/fraud-ds", "credit-*": "credit-risk@bank.example", "retired": "",
        "churn": "jane", "credit-limit": "bank/new-limits",
    }  # fmt: skip


def test_no_line_about_models_is_left_out_without_a_word() -> None:
    read = owners_of_codeowners((FILES / "CODEOWNERS").read_text(), "models/")

    assert [line.split(":")[1] for line in read.left] == ["3", "5", "7", "9", "10", "12", "13", "14"]


def test_a_codeowners_file_becomes_a_table_that_loads() -> None:
    read = owners_of_codeowners((FILES / "CODEOWNERS").read_text(), "models/")
    table = parse_ownership(made(read).text, "owners.yaml", date(2026, 11, 20))

    assert {model: owner(table, model) for model in ("fraud-score", "credit-x", "credit-limit", "retired", "new")} == {
        "fraud-score": "bank/fraud-ds", "credit-x": "credit-risk@bank.example", "credit-limit": "bank/new-limits",
        "retired": "nobody", "new": "bank/ml-platform",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "model"),
    [
        ("/models/fraud/", "fraud"), ("/models/fraud", "fraud"), ("models/fraud/**", "fraud"),
        ("/models/fraud-*/", "fraud-*"), ("/models/", "*"), ("/models/**", "*"), ("/models/*/", "*"), ("*", "*"),
        (r"/models/a\ b/", "a b"),
    ],
)  # fmt: skip
def test_a_pattern_is_read_as_the_models_it_is_about(pattern: str, model: str) -> None:
    assert models(codeowners(f"{pattern} @x")) == {model: "x"}


@pytest.mark.parametrize(
    "pattern",
    ["/models/*", "/models/fraud/*", "/models/fraud/sql/", "/models/**/sql", "*.sql", "fraud/", "!/models/x", "[Team]",
     "/models/[ab]/", "/mod*/fraud/", "^[Team]"],
)  # fmt: skip
def test_a_pattern_that_is_about_no_model_as_a_whole_is_left_out_and_named(pattern: str) -> None:
    read = codeowners(f"{pattern} @x")

    assert (read.owners, len(read.left)) == ((), 1)


def test_other_places_are_not_worth_a_word() -> None:
    assert codeowners("/docs/ @x", "/src/models/a/ @x", "# /models/a @x", "") == Found((), ())


def test_the_root_may_be_deep() -> None:
    assert models(codeowners("/ml/ @y", "/ml/models/a/ @x", root="/ml/models")) == {"*": "y", "a": "x"}


def test_the_last_line_that_covers_a_model_wins() -> None:
    read = codeowners("/models/fraud-score/ @a", "/models/fraud-*/ @b")

    assert models(read) == {"fraud-*": "b"}
    assert read.left == ("CODEOWNERS:1: fraud-score is overridden by fraud-* in line 2",)


def test_of_two_patterns_that_cross_the_second_is_left_to_a_person() -> None:
    read = codeowners("/models/fraud-*/ @a", "/models/*-score/ @b", "/models/*-limit/ @a")

    assert models(read) == {"fraud-*": "a", "*-limit": "a"}
    assert "*-score takes a part of fraud-* in line 1" in read.left[0]


def test_an_owner_that_is_neither_name_nor_address_is_a_bad_line() -> None:
    assert codeowners("/models/a/ bank/team").left == (
        "CODEOWNERS:1: 'bank/team' is neither @name, @organisation/team nor a mail address: mend the line",
    )


def test_a_line_without_owners_leaves_its_model_to_nobody_until_a_day() -> None:
    table = parse_ownership(made(codeowners("/models/ @x", "/models/a/")).text)
    read = table.resolve("owner", Stream("prediction", "a", "1"), "")

    assert str(read.unowned) == "nobody until 2027-02-18: CODEOWNERS:2 names nobody"


@pytest.mark.parametrize("model", ["fraud-*", "*-score", "fraud-score"])
def test_a_rule_of_the_table_wins_also_over_what_is_narrower(model: str) -> None:
    done = made(found(model), TABLE)

    assert (done.text, done.rules) == (TABLE, 0)
    assert done.conflicts == (
        f"there:1: the owner of {model} would be ds, but rule own gives it to hand: the rule stays",
    )


def test_what_the_table_says_already_is_not_said_twice() -> None:
    assert made(found("fraud-*", "hand"), TABLE).text == TABLE


def test_an_import_that_is_made_twice_changes_nothing() -> None:
    once = made(catalog(), TABLE.replace("fraud-*", "other-*"))

    assert made(catalog(), once.text).text == once.text


def test_comments_and_rules_of_the_table_stay_as_they_are() -> None:
    done = made(found("credit", "ds", "ds@team.example"), TABLE)

    assert done.text == TABLE.replace(
        "# Us.\n", "# Us.\n  ds: {contacts: [{email: ds@team.example}]}\n"
    ) + "  - {id: import-credit, match: {model: credit}, assign: {owner: ds}}\n"  # fmt: skip


def test_contacts_of_a_party_that_is_there_stay() -> None:
    done = made(found("credit", "hand", "hand@team.example"), TABLE)

    assert "hand@team.example" not in done.text
    assert done.conflicts == (
        "there:1: party hand has the address hand@team.example, which the table does not: add it",
    )


def test_a_new_rule_does_not_take_an_id_that_is_taken() -> None:
    table = TABLE.replace("id: own", "id: import-credit")

    assert "id: import-credit-2" in made(found("credit"), table).text


def test_a_party_that_is_called_nobody_is_left_to_a_person() -> None:
    assert "no party can be called nobody" in made(found("credit", "nobody"), TABLE).conflicts[0]


def test_a_broken_table_is_not_added_to() -> None:
    with pytest.raises(OwnershipError):
        made(found("credit"), TABLE.replace("version: 1", "version: 2"))


PIECES = [
    "*",
    "/",
    "models",
    "/models/",
    "a",
    "b-*",
    "*-c",
    "**",
    "#",
    "!",
    "[q]",
    " ",
    "\\ ",
    "?",
    "null",
    "'",
    '"',
    ":",
    "{",
]
OWNERS = ["@x", "@o/t", "m@x.example", "bad", "@nobody", "@null", "@1", "@yes", "@" + "y" * 300]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(PIECES), max_size=6), st.lists(st.sampled_from(OWNERS), max_size=2)),
        max_size=8,
    )
)
@example([(["/models/", "?*"], [])])
@example([(["*"], []), (["/models/", "a"], [])])
def test_whatever_codeowners_says_gives_a_table_that_loads_and_stays(lines: list[tuple[list[str], list[str]]]) -> None:
    read = codeowners(*(f"{''.join(pattern)} {' '.join(owners)}" for pattern, owners in lines))
    done = made(read)

    assert made(read, done.text).text == done.text


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_without_a_crash(text: str) -> None:
    assert owners_of_catalog({"c": text}).owners == ()
    assert made(codeowners(text, root="m")).text


@pytest.mark.parametrize("name", ["0 1", "x" * 64, '"\\ud800"', "a*", '""'])
def test_an_entity_whose_name_the_catalog_would_not_take_is_left_out_and_named(name: str) -> None:
    read = owners_of_catalog({"c": ENTITY.format(name, "x")})

    assert (read.owners, len(read.left)) == ((), 1)
