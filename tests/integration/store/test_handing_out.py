"""Jobs come and go with their slots, and the slot decides whose it is; on PostgreSQL, with Procrastinate's own tables."""

import builtins
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from monitor.errors import SettingsError, StoreError
from monitor.settings import Dispatcher
from monitor.store.handing_out import HandingOut
from monitor.store.jobs import Jobs
from monitor.store.slots import SlotState
from monitor.store.store import Store, migrate_dispatcher, migrate_store, open_store
from tests.conftest import Warehouse
from tests.integration.store.conftest import postgres_url
from tests.integration.store.test_slots import INSTANT, LEASE, NONE, OVER, ROOM, WATCHED, other, slot, states

JOBS = "SELECT (args->>'slot')::bigint, status::text FROM procrastinate_jobs ORDER BY id"
SECOND = timedelta(seconds=1)


@pytest.fixture
def url(warehouse: Warehouse) -> str:
    found = postgres_url(warehouse)
    migrate_store(found)
    migrate_dispatcher(found)
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url, Dispatcher.PROCRASTINATE) as opened:
        yield opened


def out(store: Store) -> HandingOut:
    assert store.handing_out is not None
    return store.handing_out


def test_each_slot_that_is_written_down_has_one_job_and_none_that_is_passed_over(
    store: Store, warehouse: Warehouse
) -> None:
    for _ in range(2):
        store.slots.enqueue([slot(0), slot(1), slot(2, skipped="too late")], {WATCHED: INSTANT})
    store.slots.request(slot(3, run_id="asked-for"))
    assert states(store)[2] == ("02:02", SlotState.SKIPPED)
    ids = [row for (row,) in warehouse.rows("SELECT id FROM slots WHERE state = 'due' ORDER BY id")]
    assert warehouse.rows(JOBS) == [(number, "todo") for number in ids]
    assert len(ids) == 3


def test_a_slot_whose_job_cannot_be_written_is_not_written_either(store: Store, warehouse: Warehouse) -> None:
    warehouse.rows("ALTER TABLE procrastinate_jobs ADD CONSTRAINT never CHECK (queue_name <> 'pactwatch')")
    with pytest.raises(StoreError, match=r"Procrastinate's queue cannot be written: .*never"):
        store.slots.enqueue([slot()], {WATCHED: INSTANT})
    assert states(store) == []
    assert store.slots.watermarks() == {}


def test_a_slot_is_claimed_by_its_id_once_and_only_while_it_waits(store: Store, warehouse: Warehouse) -> None:
    store.slots.enqueue([slot()], {WATCHED: INSTANT})
    ((number, _),) = warehouse.rows(JOBS)
    mine = out(store).claim("a", number, lease=LEASE, room=ROOM)
    assert mine is not None
    assert (mine.id, mine.attempt) == (number, 1)
    assert out(store).claim("b", number, lease=LEASE, room=ROOM) is None
    assert out(store).again(number, SECOND) is None, "if its owner dies, mending gives it a job again"
    assert store.slots.skip(mine, "enough")
    assert out(store).claim("b", number, lease=LEASE, room=ROOM) is None
    assert out(store).again(number, SECOND) is None
    assert out(store).claim("b", number + 99, lease=LEASE, room=ROOM) is None


def test_a_slot_that_has_to_wait_is_looked_at_again_when_it_may_run(store: Store, warehouse: Warehouse) -> None:
    store.slots.enqueue([slot(0), slot(1), slot(0, other("two"))], {WATCHED: INSTANT})
    first, second, third = (number for number, _ in warehouse.rows(JOBS))
    busy = out(store).claim("a", first, lease=LEASE, room={"warehouse": 1})
    assert busy is not None
    assert out(store).claim("b", second, lease=LEASE, room=ROOM) is None, "its target is busy"
    assert out(store).claim("b", third, lease=LEASE, room={"warehouse": 1}) is None, "its server is busy"
    now = store.slots.now()
    again = out(store).again(third, SECOND)
    assert again is not None
    assert SECOND <= again - now < 10 * SECOND
    assert store.slots.hand_back(busy, "not now", after=timedelta(minutes=5))
    later = out(store).again(first, SECOND)
    assert later is not None
    assert later - now >= timedelta(minutes=5)


def test_one_slot_handed_to_many_at_once_is_run_by_one(store: Store, warehouse: Warehouse) -> None:
    store.slots.enqueue([slot()], {WATCHED: INSTANT})
    ((number, _),) = warehouse.rows(JOBS)
    claims: list[Any] = []
    threads = [
        threading.Thread(target=lambda name=name: claims.append(out(store).claim(name, number, lease=LEASE, room=ROOM)))
        for name in "abcdefgh"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == len(threads)
    assert sum(claim is not None for claim in claims) == 1


def test_a_slot_without_a_job_gets_one_and_only_one(store: Store, url: str, warehouse: Warehouse) -> None:
    with open_store(url) as without:
        without.slots.enqueue([slot(0), slot(1, other("two"))], {WATCHED: INSTANT})
    assert warehouse.rows(JOBS) == []
    assert [out(store).mend(LEASE) for _ in range(2)] == [2, 0]
    assert len(warehouse.rows(JOBS)) == 2


def test_a_slot_that_runs_or_waits_for_its_time_needs_no_job(store: Store, url: str) -> None:
    with open_store(url) as without:
        without.slots.enqueue([slot(0), slot(1, other("two"))], {WATCHED: INSTANT})
        one, two = without.slots.claim("a", limit=2, lease=LEASE, room=ROOM)
        assert without.slots.hand_back(two, "not now", after=timedelta(minutes=5))
        assert out(store).mend(LEASE) == 0
        assert one.attempt == 1


def test_the_slot_of_a_worker_that_died_gets_a_new_job(store: Store, warehouse: Warehouse) -> None:
    store.slots.enqueue([slot()], {WATCHED: INSTANT})
    ((number, _),) = warehouse.rows(JOBS)
    warehouse.rows(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now());"
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )
    assert out(store).claim("dead", number, lease=OVER, room=ROOM) is not None
    assert out(store).mend(LEASE) == 0, "its worker was heard of"
    warehouse.rows("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'")
    assert out(store).mend(LEASE) == 1
    assert warehouse.rows(JOBS) == [(number, "todo")]
    again = out(store).claim("b", number, lease=LEASE, room=ROOM)
    assert again is not None
    assert (again.attempt, again.losses) == (2, 1)


def test_while_somebody_mends_others_do_not(store: Store, url: str, warehouse: Warehouse) -> None:
    with open_store(url) as without:
        without.slots.enqueue([slot()], {WATCHED: INSTANT})
    with store._database.writing() as connection:
        assert Jobs().is_our_turn(connection)
        assert out(store).mend(NONE) == 0
    assert out(store).mend(NONE) == 1
    assert len(warehouse.rows(JOBS)) == 1


def test_without_its_tables_the_dispatcher_is_refused_and_migrated_once(warehouse: Warehouse) -> None:
    url = postgres_url(warehouse)
    migrate_store(url)
    with pytest.raises(StoreError, match="has no tables of Procrastinate yet: run `pactwatch migrate` once"):
        open_store(url, Dispatcher.PROCRASTINATE)
    before, after = migrate_dispatcher(url)
    assert before is None
    assert migrate_dispatcher(url) == (after, after)
    open_store(url, Dispatcher.PROCRASTINATE).close()


def test_older_tables_of_the_dispatcher_come_to_the_installed_version(warehouse: Warehouse) -> None:
    """Made by Procrastinate's own first steps, as an older installation would have."""
    from procrastinate.schema import migrations_path

    url = postgres_url(warehouse)
    migrate_store(url)
    steps = sorted(migrations_path.glob("*.sql"))
    for step in steps[:-2]:
        warehouse.rows(step.read_text(encoding="utf-8"))
    mark = f"Pactwatch: Procrastinate up to {steps[-3].stem}"
    warehouse.rows(f"COMMENT ON TABLE procrastinate_jobs IS '{mark}'")
    with pytest.raises(StoreError, match=f"has those of Procrastinate up to {steps[-3].stem}: run `pactwatch migrate`"):
        open_store(url, Dispatcher.PROCRASTINATE)
    assert migrate_dispatcher(url) == (steps[-3].stem, steps[-1].stem)
    with open_store(url, Dispatcher.PROCRASTINATE) as store:
        store.slots.enqueue([slot()], {WATCHED: INSTANT})
        assert len(warehouse.rows(JOBS)) == 1


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("NULL", "has tables of Procrastinate that Pactwatch did not make"),
        ("'Pactwatch: Procrastinate up to 99.00.00_01_x'", "which the installed one does not know: upgrade"),
    ],
)
def test_tables_that_are_not_ours_to_change_are_left_alone(
    url: str, warehouse: Warehouse, comment: str, told: str
) -> None:
    warehouse.rows(f"COMMENT ON TABLE procrastinate_jobs IS {comment}")
    for attempt in (migrate_dispatcher, lambda place: open_store(place, Dispatcher.PROCRASTINATE)):
        with pytest.raises(StoreError, match=told):
            attempt(url)


def test_a_dispatcher_that_is_not_installed_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("procrastinate"):
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    for attempt in (migrate_dispatcher, lambda place: open_store(place, Dispatcher.PROCRASTINATE)):
        with pytest.raises(SettingsError, match=r'pip install "pactwatch\[distributed\]"'):
            attempt(url)
