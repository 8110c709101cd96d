import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.domain.contract import Contract
from monitor.domain.runbook import Runbook
from monitor.domain.scan import Run
from monitor.reports import html
from tests.markup import Page
from tests.runs import BROKEN, CONTRACT, DEAD, ERROR, EVERYTHING, HOSTILE, HOSTILE_CONTRACT, KEPT, PASSED, RANGE, run_of

TOGETHER = run_of([*PASSED, *(replace(ERROR, check=replace(ERROR.check, id=f"e.{n}.sql")) for n in range(3))])
ALLOWED = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "link",
        "style",
        "body",
        "svg",
        "symbol",
        "path",
        "rect",
        "circle",
        "use",
        "main",
        "header",
        "section",
        "article",
        "footer",
        "div",
        "p",
        "span",
        "b",
        "strong",
        "h1",
        "h2",
        "h3",
        "bdi",
        "a",
        "ul",
        "li",
        "dl",
        "dt",
        "dd",
        "time",
        "table",
        "caption",
        "colgroup",
        "col",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "pre",
        "code",
        "wbr",
    ]
)


@pytest.mark.parametrize("run", [BROKEN, KEPT, DEAD, EVERYTHING, HOSTILE, TOGETHER, run_of(())])
@pytest.mark.parametrize("contract", [CONTRACT, HOSTILE_CONTRACT, None])
def test_every_page_is_well_formed_with_unique_ids_and_links_that_lead_somewhere(
    run: Run, contract: Contract | None
) -> None:
    page = Page(html.render(run, contract))
    ids = page.values("id")
    assert page.open == []
    assert len(ids) == len(set(ids))
    links = [link for link in page.values("href") if link != "data:,"]
    assert all(link.startswith("#") and link[1:] in ids for link in links)


def test_no_text_of_a_contract_or_of_data_becomes_markup_or_code() -> None:
    text = html.render(HOSTILE, HOSTILE_CONTRACT)
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= ALLOWED
    assert not any(name.startswith("on") or name == "style" for _, attrs in page.elements for name in attrs)
    assert not any("javascript:" in link for link in page.values("href"))
    assert "{{7*7}}" in page.text
    assert "49" not in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert r"\u202egnp.exe" in page.text


def test_the_page_allows_its_own_style_and_nothing_else() -> None:
    text = html.render(BROKEN, CONTRACT)
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(attrs["content"] for _, attrs in Page(text).elements if attrs.get("http-equiv"))
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:")
    assert "script" not in text
    assert "http:" not in text
    assert "https:" not in text


def test_the_same_run_gives_the_same_bytes() -> None:
    assert html.render(EVERYTHING, CONTRACT) == html.render(EVERYTHING, CONTRACT)


def test_a_thousand_checks_stay_a_small_page() -> None:
    one = len(html.render(run_of(KEPT.scan.results[:1]), CONTRACT))
    run = run_of(KEPT.scan.results[0] for _ in range(1000))
    assert (len(html.render(run, CONTRACT)) - one) / 1000 < 1200


def test_a_page_replaces_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "7f3a.html"
    html.write(path, "old")
    html.write(path, "new ✓")
    assert path.read_text(encoding="utf-8") == "new ✓"
    assert list(path.parent.iterdir()) == [path]


def test_a_page_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    html.write(path, "old")
    with pytest.raises(UnicodeEncodeError):
        html.write(path, "\ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_runbook_is_linked_to_and_tells_nobody_where_the_reader_came_from() -> None:
    runbook = Runbook(url='https://wiki.example.com/"><script>?a=1&b=2', summary="<b>reload</b>")
    broken = replace(RANGE, check=replace(RANGE.check, runbook=runbook))
    page = Page(html.render(run_of((broken,)), CONTRACT))
    (link,) = [attrs for name, attrs in page.elements if name == "a" and (attrs["href"] or "").startswith("http")]
    assert link == {"href": runbook.url, "rel": "noreferrer"}
    assert "follow the runbook: <b>reload</b>" in page.text
