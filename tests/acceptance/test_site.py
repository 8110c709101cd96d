"""The report site as people use it: in a real browser, from a folder, with and without script, by keyboard, overdue."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from monitor.reports import html, links
from monitor.reports.site import Site
from monitor.store.store import open_store
from tests.markup import ALLOWED
from tests.payloads import FAMILIES
from tests.sites import DUE, NOW, TARGET, attack, build, fill, promises

CONTRACT = links.contract_page(TARGET)
DATASET = links.dataset_page(TARGET, "flights")
CHECK = links.check_link(TARGET, "flights", "flights.dest.foreign-key")
INCIDENT = links.incident_page(TARGET, "i1")
RUN = links.run_page(TARGET, "7f3a")
PAGES = (links.INDEX, CONTRACT, DATASET, INCIDENT, RUN)
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
TAGS_OF = "[...document.querySelectorAll('*')].map(element => element.localName)"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month of history, good until long after this test."""
    folder = tmp_path_factory.mktemp("site")
    with open_store(f"sqlite:///{folder}/state.db") as store:
        fill(store)
        build(store, folder, due=datetime.now(UTC) + timedelta(days=1), note="Simulated history.")
    return folder


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with watched(browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin")) as page:
        yield page


class watched:  # noqa: N801 - reads as what it does
    """A page that may not ask for anything beyond the site, nor complain of anything."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self.said: list[str] = []

    def __enter__(self) -> Page:
        page = self._context.new_page()
        page.on("request", lambda asked: self.said.append(asked.url) if asked.url.startswith("http") else None)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        return page

    def __exit__(self, *_: object) -> None:
        self._context.close()
        assert self.said == []


def width_of(page: Page) -> int:
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_from_the_front_page_through_a_filter_to_a_check_and_back(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    assert page.get_by_role("heading", level=1).inner_text() == "1 of 2 contracts is broken, 1 is kept."
    page.get_by_text("Owner").first.click()
    page.get_by_role("link", name="flights", exact=True).first.click()
    assert page.locator(".board tbody tr:visible").count() == 1
    assert page.url.endswith("index.html?owner=flights")
    page.get_by_role("link", name="nyc-flights").click()
    page.get_by_role("link", name="flights.dest must exist in airports.faa").first.click()
    assert page.url.endswith(DATASET + "#flights.dest.foreign-key")
    assert page.locator("[id='flights.dest.foreign-key']").locator("strong").inner_text() == "7,602"
    page.go_back()
    page.go_back()
    assert page.locator(".board tbody tr:visible").count() == 1
    page.get_by_role("link", name="Show all again").click()
    assert page.locator(".board tbody tr:visible").count() == 2


def test_search_and_sort_find_a_contract_among_many(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    page.get_by_label("Search").fill("bill")
    assert page.locator(".board tbody tr:visible").all_inner_texts()[0].startswith("Billing ledger")
    assert page.get_by_role("status").inner_text() == "1 of 2 contracts"
    page.get_by_label("Search").fill("")
    page.get_by_role("button", name="Contract").click()
    assert page.locator(".board tbody th a").all_inner_texts() == ["Billing ledger", "nyc-flights"]
    page.get_by_role("button", name="Contract").click()
    assert page.locator(".board tbody th a").all_inner_texts() == ["nyc-flights", "Billing ledger"]


@pytest.mark.parametrize("check", ["flights.dest.foreign-key", "flights.year.not-null", "flights.gone.range"])
def test_a_link_from_slack_lands_on_its_check_and_opens_it(page: Page, site: Path, check: str) -> None:
    page.goto(links.check_url(site.as_uri(), TARGET, "flights", check))
    section = page.locator(f"[id='{check}']")
    assert section.evaluate("section => section.getBoundingClientRect().top < innerHeight")
    assert section.locator("details").first.get_attribute("open") is not None
    assert section.locator(".where a").first.is_visible()


def test_times_are_the_readers_own_with_utc_behind_them(page: Page, site: Path) -> None:
    page.goto((site / CONTRACT).as_uri())
    time = page.locator("time.minute").first
    assert time.get_attribute("title", timeout=1000) is not None
    start = page.locator(".asof time").first
    assert start.get_attribute("title") == "23 Nov 2026, 02:00:14 UTC"
    assert "03:00:14" in start.inner_text()
    assert page.locator(".zone").first.text_content() == "Europe/Berlin"


def test_everything_can_be_read_and_reached_without_script(browser: Browser, site: Path) -> None:
    with watched(browser.new_context(java_script_enabled=False)) as page:
        for path in PAGES:
            page.goto((site / path).as_uri())
            assert page.get_by_role("heading", level=1).is_visible()
            assert "UTC" in page.locator("main").inner_text()
            page.get_by_role("link", name="Pactwatch").click()
            assert not page.get_by_label("Search").is_visible()
            page.get_by_role("link", name="nyc-flights").click()
            assert page.locator(".verdict").inner_text() == "Broken"


def test_a_phone_never_scrolls_sideways(browser: Browser, site: Path) -> None:
    with watched(browser.new_context(viewport={"width": 320, "height": 640})) as page:
        for path in PAGES:
            page.goto((site / path).as_uri())
            assert width_of(page) == 320, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(browser: Browser, site: Path, scheme: str) -> None:
    """axe-core: WCAG 2.2 A and AA, and its best practices, with everything opened."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900}, bypass_csp=True)  # type: ignore[arg-type]
    with watched(context) as page:
        for path in PAGES:
            page.goto((site / path).as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
            page.evaluate(AXE)
            found = page.evaluate("tags => axe.run(document, {runOnly: tags, preload: false})", TAGS)
            told = [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found["violations"]]
            assert (path, told) == (path, [])
            assert len(found["passes"]) > 10


def test_dark_is_dark(browser: Browser, site: Path) -> None:
    with watched(browser.new_context(color_scheme="dark")) as page:
        page.goto((site / CONTRACT).as_uri())
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert max(int(part) for part in re.findall(r"\d+", colour)) < 50


def test_the_keyboard_alone_reaches_a_check(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    until_focus(page, "nyc-flights")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{CONTRACT}")
    until_focus(page, "flights.dest must exist in airports.faa")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{CHECK}")


def until_focus(page: Page, words: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == words:
            return
    pytest.fail(f"the keyboard never reaches {words!r}")


def test_yesterdays_green_never_looks_like_todays(browser: Browser, tmp_path: Path) -> None:
    """The page was built in time and is opened too late: the script says so, and the sentence stands beside it."""
    with open_store(f"sqlite:///{tmp_path}/state.db") as store:
        fill(store)
        build(store, tmp_path, now=NOW, due=DUE)
    with watched(browser.new_context()) as page:
        page.clock.set_fixed_time(DUE - timedelta(minutes=1))
        page.goto((tmp_path / CONTRACT).as_uri())
        assert page.locator(".verdict").inner_text() == "Broken"
        page.clock.set_fixed_time(DUE + timedelta(minutes=1))
        page.reload()
        assert page.locator(".verdict").inner_text().startswith("Not verified")
        assert "it was: broken" in page.locator(".verdict").inner_text()
        page.goto((tmp_path / "index.html").as_uri())
        cells = page.locator(".board tbody td:nth-child(2)").all_inner_texts()
        assert [cell.strip() for cell in cells] == ["Not verified", "Not verified"]
        page.goto((tmp_path / "index.html").as_uri() + "?verdict=Not+verified")
        assert page.locator(".board tbody tr:visible").count() == 2
    with watched(browser.new_context(java_script_enabled=False)) as page:
        page.goto((tmp_path / CONTRACT).as_uri())
        assert "next verdict due by 24 Nov 2026, 02:00:14 UTC" in page.locator(".asof").inner_text()


def test_hostile_names_and_values_execute_nothing_and_break_no_layout(browser: Browser, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/state.db") as store:
        contracts = [attack(store, text, number=number) for number, text in enumerate(FAMILIES)]
        ready = promises(*contracts, due=datetime.now(UTC) + timedelta(days=1))
        Site(tmp_path).build(store, ready, NOW)
    with watched(browser.new_context(viewport={"width": 360, "height": 640})) as page:
        for number, path in enumerate(sorted(tmp_path.rglob("*.html"))):
            if path.parent.name in {"runs", "incidents"} and number % 10:
                continue  # a tenth of them: one template writes them all
            page.goto(path.as_uri())
            assert page.evaluate("window.owned") is None, path
            assert page.locator("script").count() == 1, path
            assert set(page.evaluate(TAGS_OF)) <= ALLOWED | {"button"}, path  # our script makes buttons to sort by
            assert width_of(page) == 360, path


def test_paper_has_no_controls_and_a_white_ground(page: Page, site: Path) -> None:
    page.goto((site / DATASET).as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("article pre").first.bounding_box() is not None


def test_a_page_sent_alone_opens_from_a_disk_with_all_that_is_in_it(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "sent" / "flights.html"
    with open_store(f"sqlite:///{tmp_path}/state.db") as store:
        fill(store)
        html.write(file, Site(tmp_path).single(store, promises(), TARGET, NOW))
    page.goto(file.as_uri())
    assert page.locator(".verdict").inner_text() == "Broken"
    assert page.locator(".hero .glyph").first.evaluate("glyph => glyph.getBoundingClientRect().width") > 30
    assert page.get_by_role("link", name="flights.dest.foreign-key").count() == 0
    assert page.locator("svg.strip, svg.spark").count() > 1


def test_a_link_into_what_is_folded_up_opens_it(page: Page, site: Path) -> None:
    page.goto((site / RUN).as_uri())
    statement = page.locator("[id='sql-check-flights.dest.foreign-key']")
    assert not statement.is_visible()
    page.get_by_role("link", name="7,602").click()
    assert statement.is_visible()
    assert statement.evaluate("statement => statement.getBoundingClientRect().top < innerHeight")


def test_an_address_that_is_no_text_breaks_nothing(page: Page, site: Path) -> None:
    page.goto((site / DATASET).as_uri() + "#%")
    assert page.locator(".zone").first.text_content() == "Europe/Berlin"
