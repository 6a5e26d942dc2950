"""The audit: a later change of any row shows."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from alerting.audit import GENESIS, AuditEntry, AuditRow, Json, chain, verify
from tests.alerting.examples import NOON, at


def entry(number: int = 0) -> AuditEntry:
    """A decision."""
    return AuditEntry(at(number), "anna", "incident.closed", f"inc_{number}", {"tier": "act"}, {"share": 0.25}, "ü")


def rows(count: int) -> list[AuditRow]:
    """A chain of decisions."""
    made: list[AuditRow] = []
    for seq in range(1, count + 1):
        made.append(chain(made[-1].hash if made else GENESIS, seq, entry(seq)))
    return made


def test_an_untouched_chain_is_good() -> None:
    assert verify(rows(20)) is None


def test_no_rows_are_good() -> None:
    assert verify([]) is None


@pytest.mark.parametrize(
    "forge",
    [
        lambda row: replace(row, entry=replace(row.entry, actor="nobody")),
        lambda row: replace(row, entry=replace(row.entry, action="incident.opened")),
        lambda row: replace(row, entry=replace(row.entry, subject="inc_9")),
        lambda row: replace(row, entry=replace(row.entry, before={"tier": "observe"})),
        lambda row: replace(row, entry=replace(row.entry, after=None)),
        lambda row: replace(row, entry=replace(row.entry, reason="")),
        lambda row: replace(row, entry=replace(row.entry, at=at(99))),
        lambda row: replace(row, seq=row.seq + 1),
        lambda row: replace(row, previous=GENESIS),
        lambda row: replace(row, hash=GENESIS),
    ],
)
def test_the_first_forged_row_is_named(forge: Callable[[AuditRow], AuditRow]) -> None:
    chained = rows(6)
    forged = [forge(row) if row.seq == 3 else row for row in chained]

    assert verify(forged) is forged[2]


def test_a_row_forged_together_with_its_hash_breaks_the_next_one() -> None:
    chained = rows(6)
    chained[2] = chain(chained[2].previous, 3, entry(99))

    assert verify(chained) is chained[3]


def test_a_row_taken_out_shows() -> None:
    chained = rows(6)
    del chained[2]

    assert verify(chained) is chained[2]


def test_rows_that_changed_places_show() -> None:
    chained = rows(6)
    chained[2], chained[3] = chained[3], chained[2]

    assert verify(chained) is chained[2]


def test_a_chain_may_be_checked_from_the_middle() -> None:
    chained = rows(6)

    assert verify(chained[3:], previous=chained[2].hash, seq=3) is None


def test_the_hash_is_the_one_that_is_documented() -> None:
    made = chain(GENESIS, 1, AuditEntry(NOON, "anna", "a", "s", None, {"b": 2, "a": [1.0, True]}, "why"))
    canonical = (
        '{"action":"a","actor":"anna","after":{"a":[1,true],"b":2},"at":"2026-11-20T12:00:00+00:00",'
        '"before":null,"reason":"why","seq":1,"subject":"s"}'
    )

    assert made.hash == hashlib.sha256(b"\x00" + bytes(32) + canonical.encode()).hexdigest()


def test_json_and_back_keeps_the_hash() -> None:
    again = AuditEntry.from_json_object(json.loads(json.dumps(entry().to_json_object())))

    assert chain(GENESIS, 1, again) == chain(GENESIS, 1, entry())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, [{"x": -(2**60)}]])
def test_numbers_that_canonical_json_cannot_carry_are_refused_with_their_place(value: Json) -> None:
    with pytest.raises(ValueError, match=r"audit after\.n.* holds"):
        AuditEntry(NOON, "anna", "a", "s", after={"n": value})


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="pass an aware time"):
        AuditEntry(NOON.replace(tzinfo=None), "anna", "a", "s")


@pytest.mark.parametrize("broken", [{"actor": 3}, {"before": "x"}, {"at": None}])
def test_json_of_another_shape_is_refused(broken: dict[str, Json]) -> None:
    with pytest.raises(ValueError, match="audit entry has"):
        AuditEntry.from_json_object(entry().to_json_object() | broken)
