"""The site of a daemon: what anybody recorded or decided is on the pages, and nothing else is written again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.contracts.versions import Library
from monitor.daemon.publisher import Publisher
from monitor.daemon.timetable import Timetable
from monitor.domain.incident import IncidentState
from monitor.reports import links, stamps
from monitor.settings import ScheduleSettings
from monitor.store.store import Store
from tests.integration.store.conftest import empty_url, store, url
from tests.runs import KEPT
from tests.sites import BILLING, BILLS, FLIGHTS, NOW, TARGET, fill, on_day, record, story

__all__ = ["empty_url", "store", "url"]
CONTRACT = links.contract_page(TARGET)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def publisher(store: Store, site: Path) -> Publisher:
    fill(store)
    return beginning(store, site)


def beginning(store: Store, site: Path) -> Publisher:
    made = Publisher(store, site, ScheduleSettings(default="0 0 1 1 *"), lambda: False)
    made.use(Library(contracts=(FLIGHTS, BILLS), invalid=()), Timetable())
    return made


def written(site: Path) -> dict[str, int]:
    """When each file was last written."""
    return {str(path.relative_to(site)): path.stat().st_mtime_ns for path in site.rglob("*.*") if path.is_file()}


def changed(site: Path, before: dict[str, int]) -> set[str]:
    return {path for path, at in written(site).items() if before.get(path) != at}


def test_a_run_that_anybody_recorded_is_on_its_pages_and_no_other_is_written(
    publisher: Publisher, store: Store, site: Path
) -> None:
    publisher.finish()
    assert "broken" in (site / links.status(TARGET)).read_text()
    before = written(site)
    record(store, FLIGHTS, [on_day(replace(KEPT, run_id="new"), -1)])
    publisher.finish()
    assert '"verdict": "kept"' in (site / links.status(TARGET)).read_text()
    found = changed(site, before)
    assert {links.INDEX, CONTRACT, links.run_page(TARGET, "new--1")} <= found
    assert all(path == links.INDEX or path.startswith(links.target_folder(TARGET)) for path in found)


def test_what_somebody_decides_is_on_the_page_of_the_incident(publisher: Publisher, store: Store, site: Path) -> None:
    publisher.finish()
    page = site / links.incident_page(TARGET, "i1")
    assert "acknowledged by <bdi>ada</bdi>" in page.read_text()
    *_, last = story(TARGET, "flights.dest.foreign-key")
    ended = replace(last.incident, state=IncidentState.ACCEPTED, by="grace", until=NOW + timedelta(days=9))
    with store.writing() as writer:
        writer.save_changes([replace(last, incident=ended, sequence=5, by="grace", at=NOW)])
    publisher.finish()
    assert "known and accepted by <bdi>grace</bdi>" in page.read_text()


def test_the_front_page_rests_between_two_steps_and_loses_nothing(
    publisher: Publisher, store: Store, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.daemon.publisher.REST", 1e6)
    publisher.step()
    before = written(site)
    record(store, FLIGHTS, [on_day(replace(KEPT, run_id="new"), -1)])
    publisher.step()
    found = changed(site, before)
    assert (CONTRACT in found, links.INDEX in found) == (True, False)
    publisher.finish()
    assert links.INDEX in changed(site, before)


def test_where_nothing_is_new_nothing_is_written_also_not_by_the_next_daemon(
    publisher: Publisher, store: Store, site: Path
) -> None:
    publisher.finish()
    before = written(site)
    publisher.finish()
    beginning(store, site).finish()
    assert changed(site, before) == set()


def test_a_contract_that_changes_changes_its_pages(publisher: Publisher, site: Path) -> None:
    publisher.finish()
    before = written(site)
    publisher.use(Library(contracts=(replace(FLIGHTS, purpose="For pilots."), BILLS), invalid=()), Timetable())
    publisher.finish()
    assert "For pilots." in (site / CONTRACT).read_text()
    assert not any(path.startswith(links.target_folder(BILLING)) for path in changed(site, before))


def test_a_page_that_somebody_removed_is_there_again_with_the_next_build(
    publisher: Publisher, store: Store, site: Path
) -> None:
    publisher.finish()
    (site / links.dataset_page(TARGET, "flights")).unlink()
    beginning(store, site).finish()
    assert (site / links.dataset_page(TARGET, "flights")).exists()


def test_a_folder_that_takes_no_pages_is_tried_until_it_does(publisher: Publisher, site: Path) -> None:
    site.write_text("in the way")
    for _ in range(2):
        with pytest.raises(OSError, match=str(site)):
            publisher.finish()
    site.unlink()
    publisher.finish()
    assert {links.INDEX, CONTRACT, links.contract_page(BILLING)} <= set(written(site))


def test_before_anything_ran_there_is_a_front_page_that_says_so(store: Store, site: Path) -> None:
    beginning(store, site).finish()
    assert "Nothing has been verified yet." in (site / links.INDEX).read_text()
    assert [path for path in written(site) if path.endswith(stamps.NAME)] == []


def test_a_daemon_that_stops_leaves_the_rest_to_the_next_one(store: Store, site: Path) -> None:
    fill(store)
    made = Publisher(store, site, ScheduleSettings(), lambda: True)
    made.use(Library(contracts=(FLIGHTS, BILLS), invalid=()), Timetable())
    made.finish()
    assert not site.exists()
