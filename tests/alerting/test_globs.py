"""Patterns of names: what they match, and whether two can match the same."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.globs import matches, overlap

PATTERNS = st.text("ab*?", max_size=5)
NAMES = ["".join(letters) for length in range(9) for letters in itertools.product("ab", repeat=length)]


@given(PATTERNS, PATTERNS)
@settings(max_examples=150, deadline=None)
def test_patterns_overlap_exactly_when_some_name_fits_both(left: str, right: str) -> None:
    # A shortest common name is no longer than the letters that the two patterns ask for, so eight letters decide
    # for patterns whose letters and question marks are at most eight together; longer pairs are left out.
    if sum(c != "*" for c in left + right) <= 8:
        assert overlap(left, right) == any(matches(left, name) and matches(right, name) for name in NAMES)


@given(PATTERNS, PATTERNS)
@settings(max_examples=100, deadline=None)
def test_overlap_does_not_depend_on_the_order(left: str, right: str) -> None:
    assert overlap(left, right) == overlap(right, left)


def test_brackets_and_dots_are_themselves() -> None:
    assert (matches("a.b[c]", "a.b[c]"), matches("a.b", "axb")) == (True, False)


def test_case_counts() -> None:
    assert not matches("Fraud", "fraud")


def test_a_star_matches_a_line_break_too() -> None:
    assert matches("a*", "a\nb")
