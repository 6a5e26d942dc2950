"""Which strings get a cell: the frequent ones; the rest of the reference shares `other`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

SHARE_MIN = 0.005
"""Share of the reference from which a category has a cell of its own."""

OTHERS_MAX = 1_000
"""Rare categories that are known by name; further ones count as unseen, in the reference too."""

DISTINCT_MIN = 50
"""Up to this many distinct values are always categories; only with more can a subject turn out opaque."""

SINGLES_MAX = 0.25
"""Share of reference values that occur once from which strings are taken for ids or free text."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Categories with a cell and those that share `other`; or why the strings are opaque."""

    categories: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    singles: frozenset[str] = frozenset()
    opaque: str = ""


def choose(strings: Sequence[str], categories_max: int) -> Choice:
    """Choose the categories of a reference.

    `singles` are the strings that occur once. Their share estimates how much of future traffic was never seen
    (Good 1953): a reference in which they count as unseen has the right expectation for `unseen`, and what is left in
    `other` has the right one for `other`.

    >>> choose(["a"] * 600 + ["b"] * 399 + ["c"], categories_max=10)
    Choice(categories=('a', 'b'), others=('c',), singles=frozenset({'c'}), opaque='')
    """
    times = Counter(strings)
    ranked = sorted(times.items(), key=lambda item: (-item[1], item[0]))
    total = len(strings)
    frequent = [name for name, count in ranked if count >= max(2, SHARE_MIN * total)][:categories_max]
    singles = frozenset(name for name, count in ranked if count == 1)
    if len(times) > DISTINCT_MIN:
        if len(singles) > SINGLES_MAX * total:
            return Choice(
                opaque=f"{len(singles)} of {total} reference values occur once (ids or free text), so no category can "
                "be watched; missing and not-finite values still are"
            )
        if not frequent:
            return Choice(
                opaque=f"none of {len(times)} distinct reference values reaches {SHARE_MIN:.1%} of them, so no "
                "category can be watched; missing and not-finite values still are"
            )
    chosen = set(frequent)
    others = tuple(name for name, _ in ranked if name not in chosen)[:OTHERS_MAX]
    return Choice(tuple(frequent), others, singles)
