"""Whatever is done to the chain, to its checkpoints or to both shows, and what was left alone is good."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from alerting.audit import GENESIS, AuditEntry, chain
from alerting.audit_proof import FAULTS_MAX, Anchor, ChainProof, Faults, StoredRow, in_order
from alerting.checkpoint import sign
from tests.alerting.examples import at

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
FIELDS = ("at", "actor", "action", "subject", "before", "after", "reason", "remark")


def entry(number: int, actor: str = "anna") -> AuditEntry:
    remark = f"rmk_{number}:{'a' * 64}"
    return AuditEntry(at(number), actor, "incident.closed", f"inc_{number}", {"n": number}, {"share": 0.5}, "w", remark)


def rows(count: int, actor: str = "anna") -> list[StoredRow]:
    """A chain as the database holds it."""
    made: list[StoredRow] = []
    for seq in range(1, count + 1):
        one = entry(seq, actor)
        row = chain(made[-1].hash if made else GENESIS, seq, one)
        at_ms = round(one.at.timestamp() * 1000)
        made.append(StoredRow(seq, json.dumps(one.to_json_object()), row.previous, row.hash, at_ms))
    return made


def anchor(chained: list[StoredRow], seq: int, minutes: float = 60) -> Anchor:
    """A checkpoint of an entry."""
    signed = sign(chained[0].hash, seq, chained[seq - 1].hash, at(minutes), KEY)
    return Anchor(signed.checkpoint, "a.ndjson:1")


def faults(chained: Iterable[StoredRow], anchors: Iterable[Anchor] = (), *, part: bool = False) -> list[str]:
    found = Faults()
    proof = ChainProof(anchors, found, part=part)
    for row in chained:
        proof.take(row)
    proof.end()
    return found.spelled


def changed(row: StoredRow, field: str, value: object) -> StoredRow:
    return replace(row, content=json.dumps(json.loads(row.content) | {field: value}))


def test_what_was_left_alone_is_good_with_and_without_checkpoints() -> None:
    chained = rows(9)

    assert faults(chained) == []
    assert faults(chained, [anchor(chained, 1), anchor(chained, 5), anchor(chained, 9)]) == []
    assert faults([]) == []


VALUES = st.one_of(st.none(), st.text(max_size=5), st.integers(), st.dictionaries(st.text(max_size=3), st.integers()))


@given(st.integers(1, 6), st.sampled_from(FIELDS), VALUES)
def test_a_change_of_any_field_of_any_entry_names_that_entry(seq: int, field: str, value: object) -> None:
    chained = rows(6)
    forged = changed(chained[seq - 1], field, value)
    if json.loads(forged.content) == json.loads(chained[seq - 1].content):
        return
    chained[seq - 1] = forged

    assert [f"entry {seq} " in found for found in faults(chained)] == [True]


@given(st.integers(1, 6), st.sampled_from(FIELDS))
def test_a_field_taken_out_of_an_entry_shows(seq: int, field: str) -> None:
    chained = rows(6)
    content = json.loads(chained[seq - 1].content)
    del content[field]
    chained[seq - 1] = replace(chained[seq - 1], content=json.dumps(content))

    assert faults(chained) != []


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda row: changed(row, "note", "x"), "has a field 'note'"),
        (lambda row: replace(row, content="{"), "entry 3 cannot be read"),
        (lambda row: replace(row, content="[]"), "it is not a JSON object"),
        (lambda row: replace(row, content="[" * 100_000), "entry 3 cannot be read"),
        (lambda row: replace(row, content=row.content.replace('"anna"', '"\\ud800"')), "entry 3 cannot be read"),
        (lambda row: replace(row, hash="f" * 64), "entry 3 is not what was hashed"),
        (lambda row: replace(row, hash="nonsense"), "entry 3 is not what was hashed"),
        (lambda row: replace(row, hash=row.hash.upper()), "entry 3 is not what was hashed"),
        (lambda row: replace(row, previous="f" * 64), "entry 3 does not follow"),
        (lambda row: replace(row, previous="nonsense"), "entry 3 does not follow"),
        (lambda row: replace(row, at_ms=(row.at_ms or 0) + 1), "the column at_ms was changed"),
        (lambda row: replace(row, seq=30), "entries 3 to 29 are missing"),
    ],
)
def test_a_forged_column_is_named(forge: Callable[[StoredRow], StoredRow], said: str) -> None:
    chained = rows(6)
    chained[2] = forge(chained[2])

    assert said in faults(chained)[0]


def test_a_forged_entry_with_a_hash_made_to_fit_breaks_the_next_one() -> None:
    chained = rows(6)
    forged = chain(chained[2].previous, 3, entry(3, "eve"))
    chained[2] = replace(chained[2], content=json.dumps(forged.entry.to_json_object()), hash=forged.hash)

    assert faults(chained) == ["entry 4 does not follow from the one before it, which was changed or replaced"]


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (slice(2, 3), "entry 3 is missing"),
        (slice(0, 1), "entry 1 is missing"),
        (slice(1, 4), "entries 2 to 4 are missing"),
    ],
)
def test_entries_taken_out_are_named(gone: slice, said: str) -> None:
    chained = rows(6)
    del chained[gone]

    assert faults(chained) == [said]


def test_an_entry_that_is_there_twice_is_named() -> None:
    chained = rows(3)

    assert faults([*chained, chained[2]]) == ["entry 3 comes after entry 3: it is out of its place"]


@given(st.permutations(range(5)))
def test_lines_in_another_order_show(order: list[int]) -> None:
    chained = rows(5)

    assert (faults([chained[i] for i in order]) == []) == (order == [0, 1, 2, 3, 4])


@given(st.permutations(range(5)))
def test_entries_that_changed_places_under_their_numbers_show(order: list[int]) -> None:
    chained = rows(5)
    moved = [replace(chained[i], seq=seq) for seq, i in enumerate(order, 1)]

    assert (faults(moved) == []) == (order == [0, 1, 2, 3, 4])


def test_only_a_checkpoint_shows_that_the_end_was_cut_off() -> None:
    chained = rows(9)

    assert faults(chained[:6]) == []
    assert faults(chained[:6], [anchor(chained, 6)]) == []
    assert faults(chained[:6], [anchor(chained, 8)]) == [
        "a.ndjson:1: entry 8 was on record at 2026-11-20 13:00:00+00:00 and is not there now; "
        "the chain ends with entry 6"
    ]
    assert len(faults([], [anchor(chained, 1)])) == 1


@pytest.mark.parametrize("seq", [1, 5, 9])
def test_only_a_checkpoint_shows_that_the_whole_chain_was_written_anew(seq: int) -> None:
    written, anew = rows(9), rows(9, "eve")

    assert faults(anew) == []
    assert ["had another hash" in found for found in faults(anew, [anchor(written, seq)])] == [True]


def test_a_chain_written_anew_from_the_middle_differs_from_there_on() -> None:
    written = rows(9)
    anew = written[:4]
    for seq in range(5, 10):
        row = chain(anew[-1].hash, seq, entry(seq, "eve"))
        anew.append(StoredRow(seq, json.dumps(row.entry.to_json_object()), row.previous, row.hash))

    assert faults(anew, [anchor(written, 4)]) == []
    assert len(faults(anew, [anchor(written, seq) for seq in (4, 5, 9)])) == 2


def test_a_checkpoint_of_an_entry_in_a_gap_is_told_of() -> None:
    chained = rows(6)

    assert len(faults([*chained[:2], *chained[3:]], [anchor(chained, 3)])) == 2


def test_a_checkpoint_that_names_another_first_entry_is_told_of() -> None:
    chained = rows(3)
    other = Anchor(replace(anchor(chained, 3).checkpoint, chain="f" * 64), "b:1")

    assert faults(chained, [other]) == ["b:1: it is of a chain with another first entry"]


def test_a_part_is_good_in_itself_and_says_which_checkpoints_it_could_not_be_held_against() -> None:
    chained = rows(9)
    found = Faults()
    proof = ChainProof([anchor(chained, seq) for seq in (2, 5, 9)], found, part=True)
    for row in chained[3:7]:
        proof.take(row)
    proof.end()

    assert (found.spelled, proof.agreeing, proof.left_over) == ([], 1, 2)
    assert faults(chained[3:7]) != []


def test_a_part_with_a_hole_is_not_good() -> None:
    chained = rows(9)

    assert faults([*chained[3:5], *chained[6:]], part=True) == ["entry 6 is missing"]


def test_checkpoints_of_one_place_that_go_back_in_time_or_number_are_told_of() -> None:
    chained = rows(9)

    def order(*anchors: Anchor) -> int:
        found = Faults()
        in_order(anchors, found)
        return found.count

    assert order(anchor(chained, 2, 60), anchor(chained, 5, 61), anchor(chained, 5, 61)) == 0
    assert order(anchor(chained, 2, 61), anchor(chained, 5, 60)) == 1
    assert order(anchor(chained, 5, 60), anchor(chained, 2, 61)) == 1


def test_faults_beyond_what_a_person_reads_are_counted() -> None:
    found = Faults()
    proof = ChainProof((), found)
    for row in rows(FAULTS_MAX + 5):
        proof.take(changed(row, "actor", "eve"))

    assert (len(found.spelled), found.count) == (FAULTS_MAX, FAULTS_MAX + 5)


def test_the_newest_checkpoint_that_agrees_is_known() -> None:
    chained = rows(9)
    proof = ChainProof([anchor(chained, 5), anchor(chained, 7), anchor(chained, 2)], Faults())
    for row in chained:
        proof.take(row)

    assert proof.newest is not None
    assert (proof.newest.seq, proof.last_seq, proof.first_at) == (7, 9, at(1))
