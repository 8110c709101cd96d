"""The site as files: every link leads somewhere, nothing is written twice, nothing of a stranger becomes markup."""

import fcntl
import json
import posixpath
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from monitor.domain.incident import IncidentKind
from monitor.errors import UsageError
from monitor.reports import links, stamps
from monitor.reports.index_view import sentence
from monitor.reports.site import Site
from monitor.store.store import Reader, Store, open_store
from monitor.store.values import ChangeRef, QueuedAlert, Trigger
from tests.markup import ALLOWED, Page
from tests.payloads import PAYLOADS
from tests.runs import BROKEN, KEPT, run_of
from tests.sites import BILLING, DAY, DUE, FLIGHTS, NOW, TARGET, attack, build, fill, on_day, promises, record, story


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/state.db") as opened:
        yield opened


def pages(folder: Path) -> dict[str, Page]:
    return {str(path.relative_to(folder)): Page(path.read_text("utf-8")) for path in sorted(folder.rglob("*.html"))}


def texts(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def broken_links(folder: Path) -> list[tuple[str, str]]:
    found = pages(folder)
    files = {str(path.relative_to(folder)) for path in folder.rglob("*.*")}
    ids = {path: set(page.values("id")) for path, page in found.items()}
    lost = []
    for path, page in found.items():
        for link in [*page.values("href"), *page.values("src")]:
            if link.startswith(("#glyph-", "data:", "?", "https:")):
                continue
            target, _, anchor = link.partition("#")
            name = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(target))) if target else path
            if name not in files or (anchor and unquote(anchor) not in ids.get(name, ())):
                lost.append((path, link))
    return lost


def test_every_page_is_well_formed_and_every_link_leads_somewhere(store: Store, tmp_path: Path) -> None:
    fill(store)
    site = tmp_path / "site"
    build(store, site)
    for path, page in pages(site).items():
        assert page.open == [], path
        ids = page.values("id")
        assert len(ids) == len(set(ids)), path
        assert {tag for tag, _ in page.elements} <= ALLOWED, path
    assert broken_links(site) == []
    expected = [links.contract_page(TARGET), links.contract_page(BILLING), links.dataset_page(TARGET, "flights")]
    assert {*expected, links.INDEX, links.incident_page(TARGET, "i1"), links.run_page(TARGET, "7f3a")} <= set(
        pages(site)
    )


def test_a_rebuild_writes_nothing_and_elsewhere_the_same_bytes(store: Store, tmp_path: Path) -> None:
    fill(store)
    first = build(store, tmp_path / "one")
    again = build(store, tmp_path / "one")
    build(store, tmp_path / "two")
    assert first.written == first.pages
    assert again.written == 0
    assert texts(tmp_path / "one") == texts(tmp_path / "two")
    assert not list((tmp_path / "one").rglob("*.tmp"))


class Watched:
    """A store that looks, whenever it is read, whether somebody else could write to the folder meanwhile."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self.free: list[bool] = []

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        with (self._folder / stamps.LOCK).open("a") as file, self._store.reading() as reader:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.free.append(True)
                fcntl.flock(file, fcntl.LOCK_UN)
            except BlockingIOError:
                self.free.append(False)
            yield reader


def test_of_several_who_keep_one_folder_one_writes_at_a_time(store: Store, tmp_path: Path) -> None:
    fill(store)
    with stamps.alone(tmp_path / "site"):
        pass
    watched = Watched(store, tmp_path / "site")
    site = Site(tmp_path / "site")
    site.read(watched, promises())
    site.refresh(watched, promises(), [TARGET], NOW)
    assert watched.free == [True, False]


def test_a_new_run_changes_the_pages_of_its_target_and_the_front_page(store: Store, tmp_path: Path) -> None:
    fill(store)
    site, folder = Site(tmp_path / "site"), tmp_path / "site"
    site.build(store, promises(), NOW)
    before = texts(folder)
    record(store, FLIGHTS, [on_day(replace(KEPT, run_id="new"), -1)])
    site.update(store, promises(due=DUE + DAY), TARGET, NOW + DAY)
    changed = {path for path, text in texts(folder).items() if before.get(path) != text}
    assert links.INDEX in changed
    assert links.run_page(TARGET, "new--1") in changed
    assert all(path == links.INDEX or path.startswith(links.target_folder(TARGET)) for path in changed)
    fresh = tmp_path / "fresh"
    Site(fresh).build(store, promises(due=DUE + DAY), NOW + DAY)
    assert (fresh / links.contract_page(TARGET)).read_bytes() == (folder / links.contract_page(TARGET)).read_bytes()


def test_a_verdict_that_becomes_overdue_is_known_and_its_pages_are_made_again(store: Store, tmp_path: Path) -> None:
    fill(store)
    site, late = Site(tmp_path), DUE + timedelta(seconds=1)
    site.build(store, promises(), NOW)
    assert site.overdue(NOW, DUE) == ()
    assert set(site.overdue(DUE, late)) == {TARGET, BILLING}
    assert site.overdue(late, late + DAY) == ()
    site.refresh(store, promises(), site.overdue(DUE, late), late)
    assert "Not verified" in pages(tmp_path)[links.contract_page(TARGET)].text


def test_a_contract_that_never_ran_is_not_silent(store: Store, tmp_path: Path) -> None:
    fill(store)
    opened, *_ = story(replace(TARGET, contract="never"), "run")
    with store.writing() as writer:
        writer.save_changes([replace(opened, incident=replace(opened.incident, id="n", kind=IncidentKind.NO_RUN))])
    build(store, tmp_path)
    assert "never" in pages(tmp_path)[links.INDEX].text


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ("", "Nothing has been verified yet."),
        ("s", "There are only drafts yet."),
        ("b", "Orders is broken."),
        ("ks", "Orders is kept."),
        ("bb", "Both contracts are broken."),
        ("ul", "Neither contract could be verified."),
        ("kkk", "All 3 contracts are kept."),
        ("ukk", "1 of 3 contracts could not be verified, 2 are kept."),
        ("bbulkkkkkkkk", "2 of 12 contracts are broken, 2 could not be verified, 8 are kept."),
    ],
)
def test_the_front_page_says_in_one_sentence_how_all_stand(states: str, told: str) -> None:
    words = {"b": "broken", "u": "unverified", "l": "late", "k": "kept", "s": "shadow"}
    assert sentence("Orders", *(words[state] for state in states)) == told


def test_a_check_that_is_gone_keeps_its_place_for_every_link_to_it(store: Store, tmp_path: Path) -> None:
    fill(store)
    build(store, tmp_path)
    page = pages(tmp_path)[links.dataset_page(TARGET, "flights")]
    assert links.anchor("flights.gone.range") in page.values("id")
    assert "The contract does not promise this any more since" in page.text
    contract = pages(tmp_path)[links.contract_page(TARGET)]
    assert "Promised no more: flights.gone.range" in contract.text


def test_a_dataset_that_left_the_contract_keeps_its_page(store: Store, tmp_path: Path) -> None:
    fill(store)
    record(store, FLIGHTS, [on_day(run_of(BROKEN.scan.results[:1], run_id="less"), -1)])
    build(store, tmp_path, now=NOW + DAY)
    page = pages(tmp_path)[links.dataset_page(TARGET, "weather")]
    assert "Nothing is checked here any more." in page.text
    assert "weather.origin.not-null" in "".join(page.values("id"))


def test_a_contract_whose_files_are_gone_is_told_of_by_history_alone(store: Store, tmp_path: Path) -> None:
    fill(store)
    Site(tmp_path).build(store, promises(replace(FLIGHTS, id="other")), NOW)
    page = pages(tmp_path)[links.contract_page(TARGET)]
    assert "no contract file has it any more" in page.text
    assert "flights.dest must exist in airports.faa" in page.text
    assert broken_links(tmp_path) == []


def test_what_was_only_asked_for_says_so(store: Store, tmp_path: Path) -> None:
    record(store, FLIGHTS, [on_day(BROKEN, 1), BROKEN], trigger=Trigger.ON_DEMAND)
    build(store, tmp_path, due=None)
    page = pages(tmp_path)[links.contract_page(TARGET)]
    assert "Rests on a run on demand" in page.text
    assert "nothing is scheduled, so no next verdict is due" in page.text
    assert ", on demand" in pages(tmp_path)[links.INDEX].text


def test_a_draft_says_whether_it_would_hold_and_is_never_called_broken(store: Store, tmp_path: Path) -> None:
    fill(store)
    only = replace(BROKEN, run_id="d9", version="9.0.0", fingerprint="sha256:9", shadow=True)
    record(store, FLIGHTS, [only])
    build(store, tmp_path)
    assert "would be broken: 1 broken" in " ".join(pages(tmp_path)[links.contract_page(BILLING)].text.split())
    draft = pages(tmp_path)[links.contract_page(replace(TARGET, major="9"))]
    assert "Would be broken" in draft.text
    assert "A draft in the shadow" in draft.text
    assert "glyph fail" not in str([attrs for tag, attrs in draft.elements if tag == "svg"][:2])


def test_a_page_built_after_its_time_says_not_verified(store: Store, tmp_path: Path) -> None:
    fill(store)
    build(store, tmp_path, now=DUE + timedelta(seconds=1))
    page = pages(tmp_path)[links.contract_page(TARGET)]
    assert "Not verified" in page.text
    assert "It is overdue" in page.text
    assert json.loads((tmp_path / links.status(TARGET)).read_text())["verdict"] == "broken"
    assert "Neither contract could be verified." in pages(tmp_path)[links.INDEX].text


def test_a_target_tells_machines_how_it_stands(store: Store, tmp_path: Path) -> None:
    fill(store)
    build(store, tmp_path)
    status = json.loads((tmp_path / links.status(TARGET)).read_text("utf-8"))
    assert (status["verdict"], status["run_id"], status["open_incidents"]) == ("broken", "7f3a", ["i1"])
    assert (status["as_of"], status["due"]) == ("2026-11-23T02:00:14.000Z", "2026-11-24T02:00:14.000Z")
    badge = ET.fromstring((tmp_path / links.badge(TARGET)).read_text("utf-8"))  # noqa: S314 - our own file
    assert badge.attrib["aria-label"] == "nyc-flights 1.0.0: broken 23 Nov 2026"


def test_the_page_of_an_incident_says_where_it_was_told(store: Store, tmp_path: Path) -> None:
    fill(store)
    build(store, tmp_path)
    path = links.incident_page(TARGET, "i1")
    assert "old in" not in pages(tmp_path)[path].text
    opened, *_, taken = (ChangeRef(incident="i1", sequence=number) for number in (1, 2, 3, 4))
    with store.writing() as writer:
        for name, tells in (("a", opened), ("b", taken)):
            writer.enqueue([QueuedAlert(id=name, destination=f"#{name}", kind="k", payload={}, tells=(tells,))])
    (first, second) = store.outbox.claim("me", limit=2, lease=timedelta(minutes=1))
    store.outbox.sent(first, channel="C1", ts="1.0")
    store.outbox.failed(second, "channel_not_found", retry_at=None)
    build(store, tmp_path)
    text = pages(tmp_path)[path].text
    assert "Told in #a" in text
    assert "Could not be told in #b: channel_not_found" in text


def test_a_warning_never_looks_like_broken_data(store: Store, tmp_path: Path) -> None:
    fill(store)
    opened, *_ = story(TARGET, "flights.minute.extra", name="w")
    warned = replace(opened.incident, kind=IncidentKind.WARNING)
    with store.writing() as writer:
        writer.save_changes([replace(opened, incident=warned)])
    build(store, tmp_path)
    page = pages(tmp_path)[links.incident_page(TARGET, "w")]
    signs = [attrs["class"] for tag, attrs in page.elements if tag == "svg" and attrs["class"] != "glyphs"]
    assert signs == ["glyph warn", "glyph warn"]


def test_the_page_of_a_run_leads_to_how_things_stand_now(store: Store, tmp_path: Path) -> None:
    fill(store)
    build(store, tmp_path)
    page = pages(tmp_path)[links.run_page(TARGET, "7f3a")]
    assert "This is what one run found." in page.text


def test_one_page_alone_needs_no_other_file(store: Store, tmp_path: Path) -> None:
    fill(store)
    text = Site(tmp_path).single(store, promises(), TARGET, NOW)
    page = Page(text)
    assert "script" not in {tag for tag, _ in page.elements}
    assert not page.values("src")
    assert [link for link in page.values("href") if not link.startswith(("#", "data:"))] == []
    with pytest.raises(UsageError, match="no run of"):
        Site(tmp_path).single(store, promises(), replace(TARGET, major="7"), NOW)


def test_nothing_of_a_stranger_becomes_markup(store: Store, tmp_path: Path) -> None:
    """Every payload in every field: names, ids, types, people, reasons, samples, statements, states."""
    assert len(PAYLOADS) > 100
    contracts = [attack(store, text, number=number) for number, text in enumerate(PAYLOADS)]
    site = tmp_path / "site"
    Site(site).build(store, promises(*contracts), NOW)
    assert broken_links(site) == []
    found = pages(site)
    assert len(found) >= 5 * len(PAYLOADS)
    for path, page in found.items():
        assert page.open == [], path
        assert {tag for tag, _ in page.elements} <= ALLOWED, path
        names = {name for _, attrs in page.elements for name in attrs}
        assert not any(name.startswith("on") or name in {"style", "srcdoc", "formaction"} for name in names), path
        schemes = {link.partition(":")[0].lower() for link in page.values("href") if ":" in link.partition("#")[0]}
        assert schemes <= {"https", "data"}, path
        scripts = [attrs for tag, attrs in page.elements if tag == "script"]
        assert [set(attrs) for attrs in scripts] == [{"src", "defer"}], path
    for path in site.rglob("*.svg"):
        assert {element.tag.partition("}")[2] for element in ET.parse(path).iter()} <= {  # noqa: S314 - our own file
            *("svg", "title", "rect", "path", "g", "text")
        }
