"""The report site as it is served: a page is whole, also while another takes its place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client

from monitor.reports import html
from monitor.store.store import Store
from monitor.web import pages
from tests.integration.web.conftest import Said, client_of


@pytest.fixture
def client(store: Store, said: Said, tmp_path: Path) -> Iterator[Client]:
    html.write(tmp_path / "index.html", "<p>short</p>")
    with client_of(store, said, site=tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("text", ["<p>a page that is longer than it was</p>", "<p/>"])
def test_a_page_that_is_replaced_while_it_is_asked_for_comes_whole(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    looked_up = pages.Site.lookup_path

    def replaced(self: pages.Site, path: str) -> object:
        found = looked_up(self, path)
        html.write(tmp_path / "index.html", text)
        return found

    monkeypatch.setattr(pages.Site, "lookup_path", replaced)
    answer = client.get("/")
    assert (answer.text, int(answer.headers["Content-Length"])) == (text, len(text))


def test_what_a_browser_has_already_is_not_sent_again(client: Client, tmp_path: Path) -> None:
    assert client.head("/").headers["Content-Length"] == "12"
    first = client.get("/")
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/", headers=known).status_code == 304
    html.write(tmp_path / "index.html", "<p>another</p>")
    again = client.get("/", headers=known)
    assert (again.status_code, again.text) == (200, "<p>another</p>")
    assert again.headers["Content-Security-Policy"] == pages.POLICY


def test_a_page_that_is_gone_by_then_is_not_found(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = pages.Site.lookup_path

    def removed(self: pages.Site, path: str) -> tuple[str, object]:
        found = looked_up(self, path)
        if found[0].endswith("index.html"):
            (tmp_path / "index.html").unlink()
        return found

    monkeypatch.setattr(pages.Site, "lookup_path", removed)
    assert client.get("/").status_code == 404
