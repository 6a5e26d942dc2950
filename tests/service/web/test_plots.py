"""Drawings: in the right place, never broken, and readable without eyes."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from service.web.plots import Point, Scale, before_after, course, interval

SCALE = Scale(1.0)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.none()


def parts(drawing: Markup, name: str) -> list[ElementTree.Element]:
    return [part for part in ElementTree.fromstring(drawing) if part.get("class") == name]


def test_a_value_stands_where_the_scale_puts_it() -> None:
    (line,) = parts(interval(0.25, None, None, (), SCALE), "value")
    assert line.get("x1") == "50.00"


def test_an_interval_reaches_from_its_low_to_its_high_end() -> None:
    (band,) = parts(interval(0.16, 0.09, 0.25, (), SCALE), "band")
    assert (band.get("x"), band.get("width")) == ("30.00", "20.00")


def test_without_an_interval_there_is_no_band() -> None:
    assert parts(interval(0.16, None, None, (), SCALE), "band") == []


def test_every_mark_is_drawn() -> None:
    assert len(parts(interval(0.16, None, None, (0.02, 0.1, 0.2), SCALE), "mark")) == 3


def test_a_drawing_says_what_it_shows() -> None:
    label = ElementTree.fromstring(interval(0.16, 0.09, 0.25, (), SCALE)).get("aria-label")
    assert label == "0.16, interval 0.09 to 0.25"


def test_shares_are_drawn_in_proportion() -> None:
    drawing = before_after(0.1, 0.4, 0.4)
    widths = [parts(drawing, name)[0].get("width") for name in ("before", "after")]
    assert widths == ["25.00", "100.00"]


def test_no_share_at_all_is_drawn_as_nothing() -> None:
    drawing = before_after(0.0, 0.0, 0.0)
    assert [parts(drawing, name)[0].get("width") for name in ("before", "after")] == ["0.00", "0.00"]


def test_no_line_is_drawn_through_a_time_nobody_saw() -> None:
    seen, unseen = Point(0.1, 0.2, 0.3), Point(None, None, None)
    assert len(parts(course([seen, seen, unseen, seen, seen], None, "psi"), "value")) == 2


def test_what_a_course_shows_is_escaped() -> None:
    drawing = course([Point(0, 1, 2)] * 2, 0.5, '"><script>alert(1)</script>')
    assert "<script" not in drawing


@given(value=st.floats(allow_nan=False, allow_infinity=False, width=32), low=NUMBERS, high=NUMBERS)
def test_an_interval_never_leaves_its_frame(value: float, low: float | None, high: float | None) -> None:
    numbers = [float(x) for x in re.findall(r' (?:x|x1|width)="([^"]+)"', interval(value, low, high, (0.1,), SCALE))]
    assert all(0.0 <= x <= 100.0 for x in numbers)


@given(points=st.lists(st.builds(Point, NUMBERS, NUMBERS, NUMBERS), max_size=10), threshold=NUMBERS)
def test_a_course_is_always_well_formed_and_finite(points: list[Point], threshold: float | None) -> None:
    drawing = ElementTree.fromstring(course(points, threshold, "psi"))
    numbers = [float(x) for part in drawing for x in re.findall(r"-?[\d.]+|nan|inf", part.get("points") or "")]
    assert all(math.isfinite(x) for x in numbers)


@pytest.mark.parametrize("top", [1e-9, 1.0, 1e12])
def test_a_scale_puts_its_top_at_the_end(top: float) -> None:
    assert Scale(top).place(top) == 1.0
