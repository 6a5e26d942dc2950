"""Which bins an incident keeps, and when it began."""

from dataclasses import replace

from alerting.evidence import DRAWN, EVIDENCE_MAX, MOVES_MAX, Evidence, began, lean, ranked
from alerting.finding import Finding, Move
from alerting.policy import Policy
from tests.alerting.examples import at, finding, opened

BINS = tuple(Move(f"bin {n}", 0.05, 0.05 + n / 1000, n) for n in range(20))


def _many(count: int) -> list[Finding]:
    return [replace(finding(subject=f"f{n:03}", low=0.2 + n / 1000, high=0.9), moves=BINS) for n in range(count)]


def test_only_the_most_telling_members_keep_all_their_bins() -> None:
    kept = [len(member.peak.moves) for member in lean(opened(_many(40)), Policy()).members]

    assert kept == [MOVES_MAX] * (40 - EVIDENCE_MAX) + [20] * EVIDENCE_MAX


def test_five_hundred_members_with_all_their_bins_are_stored_as_if_they_had_five() -> None:
    every = _many(500)
    few = opened([replace(one, moves=BINS[:MOVES_MAX]) for one in every])

    assert len(lean(opened(every), Policy()).to_json()) < 1.03 * len(few.to_json())


def test_what_is_lean_stays_as_it_is() -> None:
    once = lean(opened(_many(40)), Policy())

    assert lean(once, Policy()) == once


def test_the_first_three_carry_all_bins_and_the_others_those_that_moved_most() -> None:
    carried = [len(item.moves) for item in ranked(opened(_many(40)), Policy())]

    assert carried == [20] * DRAWN + [MOVES_MAX] * (EVIDENCE_MAX - DRAWN)


def test_an_incident_began_when_the_evidence_dates_its_first_change() -> None:
    dated = [replace(finding(subject="a"), onset=at(-50)), replace(finding(subject="b"), onset=at(-20))]

    assert (began(opened(dated)), began(opened([finding()]))) == (at(-50), at(-5))


def test_evidence_of_a_payload_is_the_evidence_again() -> None:
    for item in ranked(opened([replace(finding(), onset=at(-50)), finding(detector="volume", low=None)]), Policy()):
        assert Evidence.from_json_object(item.to_json_object()) == item


def test_evidence_says_what_the_tiers_take() -> None:
    first, second = ranked(opened([finding(), finding(detector="adwin", low=None, high=None)]), Policy())

    assert (first.bounds, second.bounds) == ((0.02, 0.1, 0.2), ())
