"""The pages in a real browser, as wide as a desk and as narrow as a phone."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from service.api.app import build_api
from service.store.views import incidents_newest_first
from tests.service.api.seed import seeded

pytestmark = [pytest.mark.component, pytest.mark.slow]

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
CONTRAST_MIN = 4.5
NAMES = ("index", "model", "incident")

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
    server = uvicorn.Server(uvicorn.Config(build_api(made.dependencies()), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    at = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    paths = {"index": f"{at}/", "model": f"{at}/model?model=credit&version=3", "incident": f"{at}/incidents/{incident}"}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield Site(browser, paths)
        browser.close()
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize("name", NAMES)
def test_the_browser_has_nothing_to_complain_about(site: Site, name: str) -> None:
    assert site.show(name, 1280).complaints == []


@pytest.mark.parametrize("name", NAMES)
def test_the_browser_asks_no_other_host(site: Site, name: str) -> None:
    assert [url for url in site.show(name, 1280).asked if not url.startswith("http://127.0.0.1:")] == []


@pytest.mark.parametrize("width", [1280, 400])
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
