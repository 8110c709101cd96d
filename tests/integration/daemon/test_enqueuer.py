"""What is written down as due while contracts change: no moment is lost, none is made up."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.daemon.enqueuer import Enqueuer
from monitor.daemon.timetable import Timetable, timetable
from monitor.errors import StoreError
from monitor.run import Target
from monitor.settings import CatchUp, ScheduleSettings, ServerSettings
from monitor.store import slots as slots_of_the_store
from monitor.store.store import Store, open_store
from tests.contracts import contract

BEGIN = datetime(2026, 11, 23, 12, 55, 20, tzinfo=UTC)
MINUTELY = ScheduleSettings(default="* * * * *")
BODY = """
    schema:
      - name: orders
        properties:
          - {name: id, logicalType: integer}
          - name: amount
            logicalType: integer
            quality: [{metric: nullValues, mustBe: 0OWN}]
    """
OWN = ", schedule: 0 3 * * *, scheduler: cron"


class Clock:
    now = BEGIN


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(slots_of_the_store, "now", lambda _: clock.now)
    return clock


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/state.db") as opened:
        yield opened


def table(folder: Path, own: str = "", settings: ScheduleSettings = MINUTELY) -> Timetable:
    """One contract, of which a rule may have a schedule of its own."""
    found = contract(folder, BODY.replace("OWN", own))
    return timetable(
        [Target(contract=found, shadow=False, server=ServerSettings(name="warehouse"))], settings, Timetable()
    )


def moments(store: Store) -> list[str]:
    return [f"{slot.instant:%H:%M}" for slot in reversed(store.slots.slots(limit=99))]


def test_a_schedule_that_changes_just_after_a_moment_loses_it_not(store: Store, tmp_path: Path, clock: Clock) -> None:
    enqueuer = Enqueuer(store, MINUTELY)
    enqueuer.use(table(tmp_path, OWN))
    for minute in range(2):
        clock.now = BEGIN + timedelta(minutes=minute)
        enqueuer.reconcile()
    clock.now = BEGIN + timedelta(minutes=2)
    enqueuer.use(table(tmp_path))
    enqueuer.reconcile()
    clock.now = BEGIN + timedelta(minutes=3)
    enqueuer.reconcile()
    assert moments(store) == ["12:55", "12:56", "12:57", "12:58"]


def test_a_new_schedule_missed_nothing_before_it_came(store: Store, tmp_path: Path, clock: Clock) -> None:
    enqueuer = Enqueuer(store, MINUTELY)
    enqueuer.use(table(tmp_path, settings=replace(MINUTELY, default="0 12 * * *")))
    enqueuer.reconcile()
    clock.now = BEGIN + timedelta(minutes=10)
    enqueuer.use(table(tmp_path))
    clock.now += timedelta(minutes=1)
    enqueuer.reconcile()
    assert moments(store) == ["12:00", "13:06"]


def test_while_the_state_database_is_gone_the_schedule_stays_as_it_was(
    store: Store, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueuer = Enqueuer(store, MINUTELY)
    enqueuer.use(table(tmp_path, OWN))
    enqueuer.reconcile()
    clock.now = BEGIN + timedelta(minutes=1)

    def gone(*_: object) -> None:
        raise StoreError("the state database is gone")

    with monkeypatch.context() as patched:
        patched.setattr(store.slots, "enqueue", gone)
        with pytest.raises(StoreError):
            enqueuer.use(table(tmp_path))
    enqueuer.use(table(tmp_path))
    assert moments(store) == ["12:55", "12:56"]


def test_a_contract_that_returns_after_another_daemon_let_go_of_it_missed_nothing(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    """Else it would be told at once that nobody verified it for as long as it was gone."""
    hourly = replace(MINUTELY, default="0 * * * *")
    there = table(tmp_path, settings=hourly)
    (watched,) = there.entries
    enqueuer = Enqueuer(store, hourly)
    enqueuer.use(there)
    enqueuer.reconcile()
    enqueuer.use(Timetable())
    store.slots.forget(watched, "removed")
    clock.now = BEGIN + timedelta(hours=5)
    enqueuer.use(there)
    enqueuer.reconcile()
    assert moments(store) == ["12:00", "17:00"]
    assert store.slots.overdue(timedelta(minutes=10)) == {}


def test_a_schedule_that_changed_while_nobody_was_there_missed_little(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    weekly = replace(MINUTELY, default="0 12 * * 1")
    enqueuer = Enqueuer(store, weekly)
    enqueuer.use(table(tmp_path, settings=weekly))
    for _ in range(50):
        enqueuer.reconcile()
        clock.now += timedelta(hours=1)
    hourly = replace(MINUTELY, default="0 * * * *", catch_up=CatchUp.ALL)
    anew = Enqueuer(store, hourly)
    anew.use(table(tmp_path, settings=hourly))
    anew.reconcile()
    assert moments(store) == ["12:00", f"{clock.now:%H}:00"]
