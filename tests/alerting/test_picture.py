"""The picture of an incident: what it shows, whatever the names are, in how many bytes."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.evidence import Evidence, ranked
from alerting.finding import Finding, Move
from alerting.notice import compose
from alerting.picture import WIDTH, picture, picture_of
from alerting.policy import Policy
from tests.alerting.examples import at, finding, opened, owners

SVG = "{http://www.w3.org/2000/svg}"


def _bins(count: int, label: str = "bin") -> tuple[Move, ...]:
    """As many bins, the last of which moved most."""
    shares = [(1 / count, (n + 1) / (count * (count + 1) / 2)) for n in range(count)]
    return tuple(Move(f"{label} {n}", *shares[n], n) for n in reversed(range(count)))


def _of(*findings: Finding) -> Sequence[Evidence]:
    return ranked(opened(list(findings)), Policy())


def _drawn(evidence: Sequence[Evidence], width: int = WIDTH) -> ET.Element:
    return ET.fromstring(picture(evidence, "What moved in credit-score 31", width))


def _texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def _bars(root: ET.Element, kind: str) -> list[float]:
    """Lengths of the bars, without the square of the legend."""
    found = [float(e.attrib["width"]) for e in root.iter(f"{SVG}rect") if e.attrib.get("class") == kind]
    return found[1:]


def test_all_bins_of_the_first_are_drawn_in_their_own_order() -> None:
    texts = _texts(_drawn(_of(replace(finding(), moves=_bins(14)))))

    assert [text for text in texts if text.startswith("bin ")] == [f"bin {n}" for n in range(14)]


def test_of_the_others_the_bins_that_moved_most_are_drawn_and_the_rest_is_told() -> None:
    evidence = _of(finding(low=0.9, high=1.0), replace(finding(subject="age"), moves=_bins(14, "years")))
    texts = _texts(_drawn(evidence))

    assert [text for text in texts if text.startswith("years")] == [f"years {n}" for n in range(9, 14)]
    assert texts.count("all other bins") == 2


def test_no_more_than_three_members_are_drawn() -> None:
    texts = _texts(_drawn(_of(*[finding(subject=f"feature_{n}") for n in range(5)])))

    assert [text for text in texts if text.startswith("feature_")] == ["feature_0", "feature_1", "feature_2"]


def test_what_one_detector_has_shown_of_a_subject_another_does_not_show_again() -> None:
    both = [replace(finding(), moves=_bins(14)), finding(detector="ks", low=0.3, high=0.4)]
    broken = [finding(detector="missing", low=0.21, high=0.22), replace(finding(), moves=_bins(14))]

    assert [text for text in _texts(_drawn(_of(*both))) if ", tier" in text] == [
        "in all events: psi 0.35 (0.3 to 0.4), tier act"
    ]
    assert len([text for text in _texts(_drawn(_of(*broken))) if text.startswith("bin ")]) == 14


def test_bars_are_as_long_as_the_shares() -> None:
    moves = (Move("a", 0.2, 0.8, 0), Move("b", 0.8, 0.2, 1))
    root = _drawn(_of(replace(finding(), moves=moves)))

    before, after = _bars(root, "before"), _bars(root, "after")
    assert [round(length / max(after), 2) for length in (*before, *after)] == [0.25, 1.0, 1.0, 0.25]


def test_a_share_of_nothing_has_no_bar_and_a_tiny_one_can_be_seen() -> None:
    root = _drawn(_of(replace(finding(), moves=(Move("gone", 0.9999, 0.0, 0), Move("new", 0.0001, 1.0, 1)))))

    assert (len(_bars(root, "after")), min(_bars(root, "before"))) == (1, 0.5)


def test_shares_come_with_counts() -> None:
    texts = _texts(_drawn(_of(finding())))

    assert ("5.0% → 12.1%" in texts, "2,500 → 1,452" in texts) == (True, True)


def test_the_facts_say_how_much_how_many_and_since_when() -> None:
    texts = _texts(_drawn(_of(replace(finding(), onset=at(-35)))))

    assert "in all events: psi 0.35 (0.3 to 0.4), tier act" in texts
    assert "n = 12,000 against 50,000 in the reference, 2026-11-20 11:55 to 12:00 UTC" in texts
    assert "began at about 2026-11-20 11:25 UTC" in texts


def test_without_a_date_the_first_window_that_showed_it_counts() -> None:
    worse = opened([finding(low=0.21)], [finding(low=0.5, high=0.6, end=30)])

    assert "first seen in a window that began 2026-11-20 11:55 UTC" in _texts(_drawn(ranked(worse, Policy())))


@pytest.mark.parametrize(("value", "zone"), [(0.01, 0), (0.05, 1), (0.15, 2), (0.3, 3)])
def test_a_value_stands_in_the_zone_of_the_tier_it_reaches(value: float, zone: int) -> None:
    root = _drawn(_of(replace(finding(), value=value, low=0.3, high=0.4)))
    (dot,) = root.iter(f"{SVG}circle")
    zones = [float(e.attrib["x"]) for n in range(4) for e in root.iter(f"{SVG}rect") if e.attrib["class"] == f"z{n}"]

    assert sum(float(dot.attrib["cx"]) >= begin for begin in zones) - 1 == zone


def test_without_bounds_or_bins_the_facts_alone_are_drawn() -> None:
    root = _drawn(_of(replace(finding(detector="freshness", low=None, high=None), moves=())))

    assert (list(root.iter(f"{SVG}circle")), "in all events: freshness, tier investigate" in _texts(root)) == ([], True)


@pytest.mark.parametrize("width", [320, 600])
def test_nothing_is_drawn_outside_the_picture(width: int) -> None:
    root = _drawn(_of(replace(finding(low=0.1, high=90.0), moves=_bins(20))), width)
    ends = [float(e.attrib.get("x", 0)) + float(e.attrib["width"]) for e in root.iter(f"{SVG}rect")]

    assert (root.attrib["width"], max(ends) <= width) == (str(width), True)


@pytest.mark.parametrize(
    "name", ["&" * 5_000, "<script>alert(1)</script>", "国" * 300, "\ud800\x00\x1b]0;\u202e", "]]>"]
)
def test_hostile_names_are_text_in_less_than_thirty_kilobytes(name: str) -> None:
    hostile = [
        replace(
            finding(subject=f"{name}{n}", stream=replace(finding().stream, segment=name)), moves=_bins(20, name)
        )
        for n in range(3)
    ]  # fmt: skip
    for width in (320, 600):
        drawn = picture(_of(*hostile), name, width)

        assert len(drawn.encode()) < 30_000
        assert {element.tag.removeprefix(SVG) for element in ET.fromstring(drawn).iter()} <= {
            "svg", "title", "desc", "style", "rect", "g", "text", "circle", "path",
        }  # fmt: skip


def test_people_who_cannot_see_it_are_told_the_same() -> None:
    root = _drawn(_of(finding()))
    (told,) = root.iter(f"{SVG}desc")

    assert told.text == (
        "income in all events: psi 0.35 (0.3 to 0.4), tier act. n = 12,000 against 50,000 in the reference, "
        "2026-11-20 11:55 to 12:00 UTC. first seen in a window that began 2026-11-20 11:55 UTC. "
        "Share in the reference to share now: <= 0.31 5.0% to 12.1%; 0.31 to 0.84 10.0% to 2.0%."
    )


def test_a_message_holds_all_that_the_picture_needs() -> None:
    incident = opened([replace(finding(), moves=_bins(20), onset=at(-35)), finding(subject="age", low=0.12)])
    notice = compose(
        incident, "open", owners().route(incident.stream, "x").owner, seq=0, at=at(2), policy=Policy()
    )  # fmt: skip
    about = json.loads(json.dumps(notice.to_payload()))["data"]

    assert picture_of(about) == picture(notice.evidence, "What moved in credit-score 31")


@given(
    shares=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.text(max_size=30)), max_size=25),
    ends=st.tuples(*[st.none() | st.floats(-10, 1e9)] * 3),
    width=st.integers(0, 5_000),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_whatever_the_numbers_are_it_is_a_picture(
    shares: list[tuple[float, float, str]], ends: tuple[float | None, float | None, float | None], width: int
) -> None:
    (item,) = _of(finding())
    moves = tuple(Move(label, before, now, n) for n, (before, now, label) in enumerate(shares))
    value, low, high = ends

    assert _drawn([replace(item, moves=moves, value=value, low=low, high=high)], width).tag == f"{SVG}svg"
