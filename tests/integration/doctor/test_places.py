"""What the doctor says of this machine."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.doctor import places
from monitor.doctor.finding import Grade
from monitor.settings import HttpSettings, Pages
from monitor.store.slots import Backlog
from monitor.store.store import Reader, migrate_store, open_store
from tests.conftest import Warehouse
from tests.integration.store.conftest import postgres_url


def test_a_state_database_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    assert [each.grade for each in places.state(f"sqlite:///{tmp_path}/state.db")] == [Grade.OK]
    (tmp_path / "text.db").write_text("no database " * 100)
    assert [each.grade for each in places.state(f"sqlite:///{tmp_path}/text.db")] == [Grade.BAD]
    assert [each.grade for each in places.state("oracle://nowhere")] == [Grade.BAD]


@pytest.mark.parametrize(("limit", "grade"), [("LITTLE", Grade.WARN), ("TOO_LITTLE", Grade.BAD)])
def test_a_disk_that_fills_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, grade: Grade) -> None:
    reports = tmp_path / "not" / "there" / "yet"
    assert [each.about for each in places.disks("postgresql://x/y", reports)] == ["reports"]
    assert [each.about for each in places.disks(f"sqlite:///{tmp_path}/s.db", reports)] == ["reports", "state"]
    monkeypatch.setattr(places, limit, 10**18)
    assert places.disk("reports", reports).grade is grade


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (HttpSettings(), "alerts have no links"),
        (HttpSettings(public_url="http://localhost:8650"), "each reader's own machine"),
        (HttpSettings(public_url="http://dq.example.com"), "is not encrypted"),
        (HttpSettings(host="0.0.0.0", public_url="https://x.example", pages=Pages.PROXY), "answer nobody"),  # noqa: S104
        (HttpSettings(host="0.0.0.0", public_url="https://x.example", tokens={"a": "b"}), "everybody who reaches"),  # noqa: S104
    ],
)
def test_what_others_would_see_is_judged(settings: HttpSettings, told: str) -> None:
    (finding,) = places.http(settings, is_told=True)
    assert finding.grade is Grade.WARN
    assert told in finding.told


def test_a_site_with_a_name_and_a_token_is_fine() -> None:
    settings = HttpSettings(public_url="https://dq.example.com", tokens={"a": "b"})
    assert places.http(settings, is_told=True)[0].grade is Grade.OK
    assert places.http(HttpSettings(), is_told=False)[0].grade is Grade.OK


def test_daemons_that_were_heard_of_are_counted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/state.db"
    with open_store(url) as store, store.writing() as writer:
        writer.beat("one", writer.now(), {"role": "all"})
    state, work = places.state(url)
    assert "a daemon was heard of 0 s ago" in state.told
    assert (work.grade, work.told) == (Grade.OK, "0 verifications due, 0 running, 1 daemon")


@pytest.mark.parametrize(("ahead", "grade"), [(0, Grade.OK), (60, Grade.WARN), (-900, Grade.BAD)])
def test_the_clock_that_decides_what_is_due_is_compared_with_ours(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, ahead: int, grade: Grade
) -> None:
    url = postgres_url(warehouse)
    migrate_store(url)
    now = Reader.now
    monkeypatch.setattr(Reader, "now", lambda reader: now(reader) + timedelta(seconds=ahead))
    state, clock = places.state(url)
    assert (state.grade, clock.grade) == (Grade.OK, grade)
    assert clock.told.startswith("its clock is ")


NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "waits", "alive", "is_shared", "told"),
    [
        (0, 0, ["all"], False, "ok: 0 verifications due, 1 running, 1 daemon"),
        (3, 2, ["all", "all"], False, "ok: 3 verifications due, 1 running, 2 daemons"),
        (3, 9, ["all"], False, "warn: 3 verifications due, 1 running, 1 daemon; the oldest has waited for 9 min"),
        (3, 2, [], False, "warn: 3 verifications due, 1 running, 0 daemons: nothing is verified"),
        (
            1,
            0,
            ["scheduler"],
            True,
            "warn: 1 verification due, 1 running, 1 daemon, of which none is there to verify it",
        ),
        (1, 0, ["worker"], True, "of which none is there to write down what is due"),
        (1, 0, ["worker", "scheduler"], True, "ok: 1 verification due, 1 running, 2 daemons"),
    ],
)
def test_work_that_nobody_does_is_seen(due: int, waits: int, alive: list[str], is_shared: bool, told: str) -> None:
    backlog = Backlog(due=due, running=1, oldest=NOW - timedelta(minutes=waits) if due else None)
    found = places.work(backlog, alive, NOW, is_shared=is_shared)
    assert told in f"{found.grade}: {found.told}"
    assert (found.mend is None) == told.startswith("ok")
