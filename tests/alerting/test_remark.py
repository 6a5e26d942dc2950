"""Free text lies beside the audit, which holds a commitment to it."""

import hashlib
from dataclasses import replace

import pytest

from alerting.audit import GENESIS, AuditEntry, chain
from alerting.remark import TEXT_CHARS_MAX, Remark, RemarkError, commitment, read_reference
from tests.alerting.examples import NOON, at

WRITTEN = Remark("rmk_1", "inc_1", NOON, "Ms Okafor's file was loaded twice.", bytes(range(16)), "anna")


def test_the_commitment_is_the_one_that_is_documented() -> None:
    canonical = (
        '{"at":"2026-11-20T12:00:00+00:00","author":"anna","id":"rmk_1","incident":"inc_1",'
        '"salt":"000102030405060708090a0b0c0d0e0f","text":"Ms Okafor\'s file was loaded twice."}'
    )

    assert commitment(WRITTEN) == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize(
    "changed",
    [
        replace(WRITTEN, id="rmk_2"), replace(WRITTEN, incident="inc_2"), replace(WRITTEN, at=at(1)),
        replace(WRITTEN, text="It was not."), replace(WRITTEN, salt=bytes(16)), replace(WRITTEN, author="ben"),
    ],
)  # fmt: skip
def test_a_change_of_any_field_changes_the_commitment(changed: Remark) -> None:
    assert commitment(changed) != commitment(WRITTEN)


def test_json_and_back_is_the_same_remark() -> None:
    written = replace(WRITTEN, text="Zürich: «nein»\n\u2028 \0")

    assert Remark.from_json(written.to_json()) == written


def test_a_reference_is_the_id_and_the_commitment() -> None:
    assert read_reference(WRITTEN.reference()) == ("rmk_1", commitment(WRITTEN))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("id", "a:b", "is not plain"), ("id", "", "is not plain"), ("at", NOON.replace(tzinfo=None), "aware time"),
        ("text", " \n", "says nothing"), ("text", "x" * (TEXT_CHARS_MAX + 1), "has 10001 characters"),
        ("text", "\ud83d", "UTF-8"), ("salt", bytes(15), "has 15 bytes"), ("incident", "", "incident not empty"),
        ("author", "x" * 257, "at most 256"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_with_the_way_out(field: str, value: object, words: str) -> None:
    with pytest.raises(RemarkError, match=words):
        replace(WRITTEN, **{field: value})  # type: ignore[arg-type]  # Wrong on purpose.


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": 1}', WRITTEN.to_json().replace("0001", "zz01")])
def test_stored_text_that_is_no_remark_is_refused(text: str) -> None:
    with pytest.raises(RemarkError, match="outside the service"):
        Remark.from_json(text)


@pytest.mark.parametrize("reference", ["rmk_1", "rmk_1:abc", f"rmk 1:{'0' * 64}", f"rmk_1:{'0' * 64}\n"])
def test_an_entry_carries_only_a_whole_reference(reference: str) -> None:
    with pytest.raises(RemarkError, match="is not an id and 64 hex digits"):
        AuditEntry(NOON, "anna", "a", "s", remark=reference)


def test_an_entry_without_a_remark_is_hashed_as_it_was_before_there_were_remarks() -> None:
    canonical = (
        '{"action":"a","actor":"anna","after":null,"at":"2026-11-20T12:00:00+00:00","before":null,'
        '"reason":"why","seq":1,"subject":"s"}'
    )
    made = chain(GENESIS, 1, AuditEntry(NOON, "anna", "a", "s", reason="why"))

    assert made.hash == hashlib.sha256(b"\x00" + bytes(32) + canonical.encode()).hexdigest()


def test_an_entry_with_a_remark_is_bound_to_it() -> None:
    entry = AuditEntry(NOON, "anna", "a", "s", remark=WRITTEN.reference())
    other = replace(entry, remark=replace(WRITTEN, text="It was not.").reference())

    assert AuditEntry.from_json_object(entry.to_json_object()) == entry
    assert len({chain(GENESIS, 1, e).hash for e in (entry, other, replace(entry, remark=""))}) == 3
