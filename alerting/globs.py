"""Patterns of names: `*` is any text, `?` any one character, everything else is itself."""

import functools
import re

WILDCARDS = frozenset("*?")


def is_glob(pattern: str) -> bool:
    """Say whether a pattern may match more than one name."""
    return not WILDCARDS.isdisjoint(pattern)


def matches(pattern: str, name: str) -> bool:
    """Say whether a name fits a pattern.

    >>> matches("fraud-*", "fraud-score"), matches("fraud-?", "fraud-score"), matches("a[b]", "a[b]")
    (True, False, True)
    """
    return pattern == name if not is_glob(pattern) else _compiled(pattern).fullmatch(name) is not None


def overlap(left: str, right: str) -> bool:
    """Say whether some name fits both patterns.

    >>> overlap("fraud-*", "*-score"), overlap("fraud-*", "credit-*")
    (True, False)
    """
    if not is_glob(left) or not is_glob(right):
        return matches(left, right) or matches(right, left)
    if not _alike(_literal(left), _literal(right)) or not _alike(_literal(left[::-1]), _literal(right[::-1])):
        return False
    # below[j] says whether left[i + 1 :] and right[j:] have a common text; rows are computed from the end of `left`.
    below = _last_row(right)
    for i in range(len(left) - 1, -1, -1):
        row = [False] * (len(right) + 1)
        row[-1] = left[i] == "*" and below[-1]
        for j in range(len(right) - 1, -1, -1):
            if left[i] == "*" or right[j] == "*":
                row[j] = (left[i] == "*" and (below[j] or row[j + 1])) or (right[j] == "*" and (row[j + 1] or below[j]))
            else:
                row[j] = (left[i] == right[j] or "?" in (left[i], right[j])) and below[j + 1]
        below = row
    return below[0]


@functools.lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(c) or re.escape(c) for c in pattern), re.DOTALL)


def _literal(pattern: str) -> str:
    """Give what a pattern begins with before its first wildcard."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


def _alike(left: str, right: str) -> bool:
    return left.startswith(right) or right.startswith(left)


def _last_row(right: str) -> list[bool]:
    """What is left of `right` must be stars when `left` is used up."""
    row = [True] * (len(right) + 1)
    for j in range(len(right) - 1, -1, -1):
        row[j] = right[j] == "*" and row[j + 1]
    return row
