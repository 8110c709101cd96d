"""The page of a run in a real browser: quiet, narrow, legible, reachable by keyboard."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from monitor.domain.scan import Sample
from monitor.reports import html
from tests.runs import BROKEN, CONTRACT, DEAD, EVERYTHING, FOREIGN_KEY, HOSTILE, HOSTILE_CONTRACT, KEPT, run_of

NARROW = run_of(
    [replace(FOREIGN_KEY, sample=Sample(columns=("id",), rows=(("1",), ("2",), ("3",), ("4",))))],
    location="shop_production_db@replica-7.example.com, schema public",
)
PAGES = {
    "broken": html.render(BROKEN, CONTRACT),
    "kept": html.render(KEPT, CONTRACT),
    "dead": html.render(DEAD, CONTRACT),
    "everything": html.render(EVERYTHING, CONTRACT),
    "narrow": html.render(NARROW, CONTRACT),
    "hostile": html.render(HOSTILE, HOSTILE_CONTRACT),
}

LINES = """word => {
  const element = [...document.querySelectorAll("dd bdi")].find(e => e.textContent.includes(word));
  const range = document.createRange(), lines = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node, top; node = walker.nextNode();) for (let i = 0; i < node.data.length; i++) {
    range.setStart(node, i); range.setEnd(node, i + 1);
    const here = range.getBoundingClientRect();
    if (here.width && here.top !== top) { top = here.top; lines.push(""); }
    if (lines.length) lines[lines.length - 1] += node.data[i];
  }
  return lines;
}"""

CONTRASTS = """() => {
  const channels = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a] = channels(getComputedStyle(e).backgroundColor);
      if (a === undefined || a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const against = (element, ink) => {
    const [a, b] = [luminance(ink), luminance(behind(element))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  document.querySelectorAll("details").forEach(d => d.open = true);
  const found = {};
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    if (!node.data.trim()) continue;
    const e = node.parentElement;
    const name = `${e.tagName} ${e.className} "${node.data.trim().slice(0, 30)}"`;
    found[name] = against(e, channels(getComputedStyle(e).color));
  }
  return found;
}"""


def opened(browser: Browser, folder: Path, name: str, *, width: int = 1280, scheme: str = "light") -> Page:
    path = folder / f"{name}.html"
    html.write(path, PAGES[name])
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("name", PAGES)
def test_the_page_asks_for_nothing_and_complains_of_nothing(browser: Browser, tmp_path: Path, name: str) -> None:
    path = tmp_path / "page.html"
    html.write(path, PAGES[name])
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(path.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert said == []
    assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "928px"
    assert page.locator("script").count() == 0
    links = page.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert all(link.startswith("#") for link in links)
    page.close()


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_scrolls_sideways(browser: Browser, tmp_path: Path, name: str, width: int) -> None:
    page = opened(browser, tmp_path, name, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_the_caption_of_a_narrow_sample_stays_on_one_line(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, "narrow", width=360)
    caption = page.get_by_text("4 sample rows").bounding_box()
    assert caption is not None
    assert caption["height"] < 35
    page.close()


def test_a_long_place_breaks_behind_its_separators_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, "narrow", width=360)
    lines = page.evaluate(LINES, "shop_production_db")
    assert len(lines) > 2
    assert all(line.endswith((" ", "@", "-")) for line in lines[:-1]), lines
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(browser: Browser, tmp_path: Path, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text of any size."""
    page = opened(browser, tmp_path, "everything", scheme=scheme)
    ratios: dict[str, float] = page.evaluate(CONTRASTS)
    assert len(ratios) > 50
    assert {text: ratio for text, ratio in ratios.items() if ratio < 4.5} == {}
    page.close()


def test_dark_is_dark(browser: Browser, tmp_path: Path) -> None:
    colours = []
    for scheme in ("light", "dark"):
        page = opened(browser, tmp_path, "broken", scheme=scheme)
        colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    first, second = ([int(part) for part in re.findall(r"\d+", colour)] for colour in colours)
    assert min(first) > 200
    assert max(second) < 50


def test_the_keyboard_opens_the_statement(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, "broken")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is True
    assert outline == "solid"
    assert page.locator("details[open] pre").first.is_visible()
    page.close()


def test_a_measured_number_leads_to_the_statement_it_came_from(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, "broken")
    page.get_by_role("link", name="7,602").click()
    assert page.locator("[id='sql-check-flights.dest.foreign-key']").is_visible()
    page.close()


def test_a_screen_reader_finds_headings_tables_and_words_for_every_outcome(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, "everything")
    headings = page.get_by_role("heading", level=2).all_inner_texts()
    assert headings == [
        "Broken 2",
        "Could not be evaluated 2",
        "Blocked by something else 2",
        "Warnings 1",
        "What holds 17",
        "Skipped 1",
    ]
    assert page.get_by_role("region", name="Sample rows of flights.dest.foreign-key").count() == 1
    assert page.get_by_role("rowheader").count() >= 17
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.title() == "Broken: nyc-flights 1.0.0"
    page.close()


def test_paper_shows_the_statements_of_what_is_broken(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, "broken")
    page.emulate_media(media="print")
    assert page.locator("article pre").first.bounding_box() is not None
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()
