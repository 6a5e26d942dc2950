"""The pages in a real browser, as wide as a desk and as narrow as a phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from service.store.views import incidents_newest_first
from tests.service.api.seed import seeded
from tests.service.api.serving_seed import serving

pytestmark = [pytest.mark.component, pytest.mark.slow]

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
CONTRAST_MIN = 4.5
NAMES = ("index", "model", "incident", "incidents")

CONTRASTS = """() => {
  const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                       return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const rgb = s => s.match(/[\\d.]+/g).map(Number);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
                        if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest("svg") || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color).slice(0, 3)), light(behind(e))].sort((x, y) => y - x);
    found.push([e.textContent.trim().slice(0, 30), (a + 0.05) / (b + 0.05)]);
  }
  return found;
}"""


@dataclass(frozen=True, slots=True)
class Site:
    """A server and a browser that looks at it."""

    browser: Browser
    paths: dict[str, str]

    def show(self, name: str, width: int, scheme: str = "light") -> "Shown":
        """Open a page and keep what it asked for and complained about."""
        page = self.browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
        )
        complaints: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(self.paths[name])
        return Shown(page, complaints, asked)


@dataclass(frozen=True, slots=True)
class Shown:
    """One page that was opened."""

    page: Page
    complaints: list[str]
    asked: list[str]


@pytest.fixture(scope="module")
def site(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = seeded(url=f"sqlite:///{tmp_path_factory.mktemp('web') / 'store.db'}")
    incident = incidents_newest_first(made.store, limit=1)[0].id
    with serving(made) as at, sync_playwright() as play:
        paths = {
            "index": f"{at}/", "model": f"{at}/model?model=credit&version=3", "incident": f"{at}/incidents/{incident}",
            "incidents": f"{at}/incidents",
        }  # fmt: skip
        browser = play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield Site(browser, paths)
        browser.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_browser_has_nothing_to_complain_about(site: Site, name: str) -> None:
    assert site.show(name, 1280).complaints == []


@pytest.mark.parametrize("name", NAMES)
def test_the_browser_asks_no_other_host(site: Site, name: str) -> None:
    assert [url for url in site.show(name, 1280).asked if not url.startswith("http://127.0.0.1:")] == []


@pytest.mark.parametrize("width", [1280, 400, 360])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wider_than_the_window(site: Site, name: str, width: int) -> None:
    page = site.show(name, width).page
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_every_text_can_be_read_against_its_background(site: Site, name: str, scheme: str) -> None:
    found = site.show(name, 1280, scheme).page.evaluate(CONTRASTS)
    assert [(text, round(ratio, 2)) for text, ratio in found if ratio < CONTRAST_MIN] == []


def test_a_model_is_two_clicks_from_its_notice(site: Site) -> None:
    page = site.show("index", 1280).page
    page.get_by_role("link", name="credit 3").first.click()
    page.get_by_role("link", name="income").first.click()
    assert page.get_by_text("What is expected").count() == 1


def test_a_responder_acknowledges_and_closes_in_the_browser(site: Site) -> None:
    shown = site.show("incidents", 360)
    page = shown.page
    page.get_by_role("link", name="credit 3: income").click()
    page.get_by_role("link", name="Answer it").click()
    acking = page.locator("form", has=page.get_by_role("button", name="Acknowledge"))
    acking.get_by_label("For").select_option("4 hours")
    acking.get_by_label("Note").fill("Looking at the import.")
    acking.get_by_role("button").click()
    page.get_by_text("acked by anonymous until").wait_for()

    closing = page.locator("form", has=page.get_by_role("button", name="Close"))
    closing.get_by_role("button").click()
    assert closing.get_by_label("It was").evaluate("element => element.validity.valueMissing")
    closing.get_by_label("It was").select_option("data bug")
    closing.get_by_label("What was found").fill("The import sent cents.")
    closing.get_by_role("button").click()

    page.get_by_text("closed by anonymous as data bug").wait_for()
    assert page.get_by_text("The import sent cents.").count() == 1
    assert page.locator("form").count() == 0
    assert shown.complaints == []


def test_a_form_on_another_site_s_page_does_nothing(site: Site) -> None:
    page = site.show("incidents", 1280).page
    page.goto(
        "data:text/html,<form method=post action='" + site.paths["incident"] + "/act'><button>Win</button></form>"
    )
    page.get_by_role("button").click()
    page.get_by_text("sent by a page of another site").wait_for()
