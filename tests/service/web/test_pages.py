"""The pages as they are served."""

import re
from html.parser import HTMLParser
from typing import get_args

import httpx2
import pytest

from alerting.handling import HAPPENS, TimerKind
from service.store.views import incidents_newest_first
from tests.service.api.seed import empty, get, shared

MODEL = "/model?model=credit&version=3"


class Reader(HTMLParser):
    """Collects what a page links to and whether its elements are closed in order."""

    VOID = frozenset({"meta", "link", "img", "source", "br", "hr", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.misplaced: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src") and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.misplaced.append(tag)


async def ask(path: str) -> httpx2.Response:
    """Ask for a page; INCIDENT stands for the newest incident, whose id is known once there is a store."""
    if "INCIDENT" in path:
        path = path.replace("INCIDENT", incidents_newest_first(shared().store, limit=1)[0].id)
    return await get(shared(), path)


async def page(path: str) -> str:
    return (await ask(path)).text


PATHS = [
    "/", MODEL, f"{MODEL}&window=5m", f"{MODEL}&segment=country%3DNO", f"{MODEL}&window=1d", "/incidents/INCIDENT",
    "/incidents", "/incidents?show=open", "/incidents?show=all",
    "/model?model=churn/eu&version=2026.1", "/model?model=fraud&version=1", "/model?model=x&version=1",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_every_element_is_closed(path: str) -> None:
    reader = Reader(await page(path))
    assert (reader.misplaced, reader.open) == ([], [])


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_loaded_from_elsewhere(path: str) -> None:
    assert [address for address in Reader(await page(path)).addresses if not address.startswith("/")] == []


@pytest.mark.parametrize("path", PATHS)
async def test_there_is_no_script(path: str) -> None:
    assert "script" not in Reader(await page(path)).tags


@pytest.mark.parametrize("path", PATHS)
async def test_every_address_leads_somewhere(path: str) -> None:
    reader = Reader(await page(path))
    statuses = {address: (await get(shared(), address)).status_code for address in set(reader.addresses)}
    assert {address for address, status in statuses.items() if status != 200} == set()


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_forbids_scripts_and_framing(path: str) -> None:
    policy = (await ask(path)).headers["content-security-policy"]
    assert ("default-src 'none'" in policy, "frame-ancestors 'none'" in policy) == (True, True)


async def test_the_index_puts_the_model_with_an_incident_first() -> None:
    names = re.findall(r"<h2><a [^>]*>(\S+)", await page("/"))
    assert names[0] == "credit"


async def test_the_index_says_how_far_a_model_has_learned() -> None:
    assert "1,250 of 5,000 events" in await page("/")


async def test_an_empty_index_says_how_to_begin() -> None:
    assert "POST /v1/events" in (await get(empty(), "/")).text


async def test_the_model_page_shows_the_state_as_a_word() -> None:
    assert re.search(r'class="badge drifting">.*</svg>drifting</span>', await page(MODEL))


async def test_the_model_page_says_since_when() -> None:
    assert re.search(r"since <time[^>]*>2025-11-24 16:20 UTC</time>, 41 min", await page(MODEL))


async def test_the_model_page_draws_the_bins_that_moved() -> None:
    assert (await page(MODEL)).count('class="plot bars"') >= 5


async def test_the_model_page_draws_psi_with_its_interval() -> None:
    assert re.search(r'class="plot interval"[^>]*aria-label="[\d.]+, interval [\d.]+ to [\d.]+"', await page(MODEL))


async def test_the_model_page_shows_how_the_statistic_went() -> None:
    assert 'class="plot course"' in await page(MODEL)


async def test_the_model_page_holds_the_words_that_were_sent() -> None:
    assert "credit-risk, as owner by rule credit." in await page(MODEL)


async def test_names_from_events_are_escaped() -> None:
    text = await page(MODEL)
    assert ("employer &lt;unknown&gt; &amp;" in text, "<unknown>" in text) == (True, False)


async def test_another_window_can_be_shown() -> None:
    assert "Monitors, last 5m" in await page(f"{MODEL}&window=5m")


async def test_an_unknown_window_falls_back_to_one_there_is() -> None:
    assert "Monitors, last 1h" in await page(f"{MODEL}&window=9d")


async def test_a_learning_model_has_a_page_without_readings() -> None:
    assert "learning its baseline" in await page("/model?model=fraud&version=1")


@pytest.mark.parametrize(
    "path", ["/model", "/model?model=x&version=1", f"{MODEL}&segment=x", f"{MODEL}&kind=king", "/incidents/inc_0"]
)
async def test_what_is_not_there_is_a_page_with_status_404(path: str) -> None:
    answer = await get(shared(), path)
    assert (answer.status_code, "<h1>Not found</h1>" in answer.text) == (404, True)


async def test_what_was_asked_for_is_escaped_where_it_is_not_found() -> None:
    assert "<script>" not in await page("/model?model=<script>alert(1)</script>")


async def test_the_incident_page_holds_the_notice() -> None:
    assert "What is expected" in await page("/incidents/INCIDENT")


async def test_the_incident_page_says_whether_the_notice_arrived() -> None:
    assert re.search(r"pending</span>\s*<span>open to log:credit-risk", await page("/incidents/INCIDENT"))


async def test_there_is_an_icon() -> None:
    answer = await get(shared(), "/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


async def test_the_incident_page_shows_the_picture_narrow_on_a_narrow_screen() -> None:
    html = await page("/incidents/INCIDENT")
    sources = re.findall(r'(?:srcset|src)="(/incidents/[^"]*picture[^"]*)"', html)
    drawn = [await get(shared(), path) for path in sources]

    assert [re.findall(r'width="(\d+)"', answer.text)[0] for answer in drawn] == ["320", "600"]
    assert {answer.headers["content-type"] for answer in drawn} == {"image/svg+xml"}


async def test_the_picture_may_run_and_load_nothing() -> None:
    policy = (await ask("/incidents/INCIDENT/picture.svg")).headers["content-security-policy"]
    assert ("default-src 'none'" in policy, "sandbox" in policy) == (True, True)


@pytest.mark.parametrize("width", ["299", "1201", "wide"])
async def test_a_picture_of_a_width_that_cannot_be_is_refused(width: str) -> None:
    assert (await ask(f"/incidents/INCIDENT/picture.svg?width={width}")).status_code == 422


async def test_the_picture_of_no_incident_is_a_404() -> None:
    assert (await get(shared(), "/incidents/inc_0/picture.svg")).status_code == 404


async def test_the_incident_page_says_what_changed_shortly_before() -> None:
    html = await page("/incidents/INCIDENT")
    assert ("intake &lt;2.3&gt;" in html, "4 min before" in html, "announced by ci" in html) == (True, True, True)


async def test_a_name_cannot_turn_the_page_around() -> None:
    turned = await page("/model?model=a%E2%80%AEb")

    assert "\u202e" not in turned
    assert "a\\u202eb" in turned


def test_every_clock_has_words_for_what_happens_when_it_runs_out() -> None:
    assert set(HAPPENS) == set(get_args(TimerKind))
