"""Every due slot is run once, whoever asks, dies or comes back late; on both databases."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.target import TargetKey
from monitor.errors import FencedError
from monitor.record import Recorded, record
from monitor.store.rows import target_of
from monitor.store.slots import NewSlot, SlotClaim, SlotState, Watched
from monitor.store.store import Store, open_store
from monitor.store.values import Trigger
from tests.plans import plan
from tests.runs import BROKEN, CONTRACT

TARGET = target_of(BROKEN)
WATCHED = Watched(target=TARGET)
INSTANT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
OVER = timedelta(seconds=-1)
"""A lease that is over before it begins: its owner died long ago."""

NONE = timedelta(0)
ROOM = {"warehouse": 99}


def slot(minute: int = 0, watched: Watched = WATCHED, **more: object) -> NewSlot:
    instant = INSTANT + timedelta(minutes=minute)
    fields = {"watched": watched, "instant": instant, "parts": ("contract",), "start": instant, **more}
    return NewSlot(**fields)  # type: ignore[arg-type]


def other(name: str, server: str = "warehouse") -> Watched:
    return Watched(target=TargetKey(contract=name, major="1", server=server))


def claim(store: Store, owner: str = "a", *, lease: timedelta = LEASE, limit: int = 9) -> tuple[SlotClaim, ...]:
    return store.slots.claim(owner, limit=limit, lease=lease, room=ROOM)


def states(store: Store) -> list[tuple[str, SlotState]]:
    return [(f"{each.instant:%H:%M}", each.state) for each in reversed(store.slots.slots(limit=99))]


def recorded(run_id: str, claimed: SlotClaim) -> Recorded:
    run = replace(BROKEN, run_id=run_id)
    return Recorded(
        run=run, contract=CONTRACT, plan=plan(), trigger=Trigger.SCHEDULED, slot=claimed.instant, claim=claimed
    )


def test_a_slot_is_written_down_once_by_however_many(store: Store) -> None:
    store.slots.enqueue([slot(0), slot(1)], {WATCHED: INSTANT})
    store.slots.enqueue([slot(1), slot(2), slot(0, skipped="too late")], {WATCHED: INSTANT})
    assert states(store) == [("02:00", SlotState.DUE), ("02:01", SlotState.DUE), ("02:02", SlotState.DUE)]


def test_a_run_that_is_asked_for_takes_no_moment_of_a_schedule(store: Store) -> None:
    store.slots.request(slot(run_id="asked", trigger=Trigger.API))
    store.slots.enqueue([slot()], {WATCHED: INSTANT})
    found = store.slots.slots(limit=9)
    assert sorted((each.instant - INSTANT, each.trigger) for each in found) == [
        (timedelta(0), Trigger.SCHEDULED),
        (timedelta(microseconds=1), Trigger.API),
    ]


def test_no_slot_is_later_than_the_clock_of_the_database(store: Store) -> None:
    ahead = replace(slot(), instant=store.slots.now() + timedelta(hours=1))
    store.slots.enqueue([ahead], {})
    assert states(store) == []


def test_watermarks_only_rise(store: Store) -> None:
    for minutes in (5, 3, 9, 1):
        store.slots.enqueue([], {WATCHED: INSTANT + timedelta(minutes=minutes)})
    assert store.slots.watermarks() == {WATCHED: INSTANT + timedelta(minutes=9)}


def test_a_claim_is_nobody_elses_until_its_lease_is_over(store: Store) -> None:
    store.slots.enqueue([slot()], {})
    (mine,) = claim(store, "a", lease=OVER)
    (theirs,) = claim(store, "b")
    assert (mine.attempt, mine.losses) == (1, 0)
    assert (theirs.attempt, theirs.losses, theirs.owner) == (2, 1, "b")
    assert claim(store, "c") == ()
    assert store.slots.renew([mine, theirs], LEASE) == {theirs.id}


def test_a_slot_that_may_not_begin_yet_waits(store: Store) -> None:
    store.slots.enqueue([slot(start=store.slots.now() + timedelta(hours=1))], {})
    assert claim(store) == ()


def test_one_target_is_run_once_at_a_time_oldest_first(store: Store) -> None:
    store.slots.enqueue([slot(1), slot(0), slot(0, other("b"))], {})
    first = claim(store)
    assert {(str(each.watched.target.contract), each.instant.minute) for each in first} == {
        ("nyc-flights", 0),
        ("b", 0),
    }
    assert claim(store) == ()
    record(store, recorded("r1", next(each for each in first if each.watched == WATCHED)))
    (later,) = claim(store)
    assert later.instant.minute == 1


def test_a_draft_in_the_shadow_has_slots_of_its_own(store: Store) -> None:
    shadow = Watched(target=TARGET, shadow=True)
    store.slots.enqueue([slot(0), slot(0, shadow)], {})
    (first,) = claim(store)
    record(store, replace(recorded("r1", first), run=replace(BROKEN, run_id="r1", shadow=first.watched.shadow)))
    (second,) = claim(store)
    assert {first.watched, second.watched} == {WATCHED, shadow}


def test_all_replicas_together_keep_to_the_room_of_a_server(store: Store) -> None:
    store.slots.enqueue([slot(0, other(f"c{number}")) for number in range(5)], {})
    store.slots.enqueue([slot(0, other("d", "lake"))], {})
    room = {"warehouse": 2, "lake": 1}
    first = store.slots.claim("a", limit=9, lease=LEASE, room=room)
    assert Counter(each.watched.target.server for each in first) == {"warehouse": 2, "lake": 1}
    assert store.slots.claim("b", limit=9, lease=LEASE, room=room) == ()
    ended = next(each for each in first if each.watched.target.server == "warehouse")
    assert store.slots.skip(ended, "its contract is gone")
    assert len(store.slots.claim("b", limit=9, lease=LEASE, room=room)) == 1


def test_what_is_handed_back_waits_and_is_counted(store: Store) -> None:
    store.slots.enqueue([slot()], {})
    (mine,) = claim(store)
    assert store.slots.hand_back(mine, "the server does not answer", after=NONE, tried=True)
    assert not store.slots.hand_back(mine, "twice", after=NONE)
    (again,) = claim(store)
    assert (again.attempt, again.losses, again.tries) == (2, 0, 1)
    assert store.slots.hand_back(again, "shutting down", after=LEASE)
    assert claim(store) == ()
    (waiting,) = store.slots.slots(limit=9)
    assert (waiting.state, waiting.reason) == (SlotState.DUE, "shutting down")


def test_a_stale_attempt_records_nothing(store: Store) -> None:
    store.slots.enqueue([slot()], {WATCHED: INSTANT})
    (stale,) = claim(store, "a", lease=OVER)
    (fresh,) = claim(store, "b")
    with pytest.raises(FencedError, match="went to somebody else"):
        record(store, recorded("stale", stale))
    record(store, recorded("fresh", fresh))
    with pytest.raises(FencedError):
        record(store, recorded("again", fresh))
    with store.reading() as reader:
        assert [(run.run_id, run.slot) for run in reader.runs(limit=9)] == [("fresh", INSTANT)]
    assert states(store) == [("02:00", SlotState.DONE)]


def test_a_slot_without_a_result_is_overdue_after_its_grace(store: Store) -> None:
    store.slots.enqueue([slot(), slot(0, other("b")), slot(0, Watched(target=TARGET, shadow=True))], {})
    assert store.slots.overdue(store.slots.now() - INSTANT + timedelta(hours=1)) == {}
    assert store.slots.overdue(NONE) == {TARGET: INSTANT, other("b").target: INSTANT}
    for mine in claim(store):
        if mine.watched == WATCHED:
            record(store, recorded("r1", mine))
    assert store.slots.overdue(NONE) == {other("b").target: INSTANT}


def test_a_target_is_owed_its_first_result_from_when_it_was_first_watched(store: Store) -> None:
    """The moment that its first slot is of may lie hours before anybody knew the contract."""
    grace = timedelta(hours=1)
    store.slots.enqueue([slot(0)], {WATCHED: INSTANT})
    assert store.slots.now() - INSTANT > grace
    assert store.slots.overdue(grace) == {}
    (mine,) = claim(store)
    record(store, recorded("r1", mine))
    store.slots.enqueue([slot(5)], {WATCHED: INSTANT + timedelta(minutes=5)})
    assert store.slots.overdue(grace) == {TARGET: INSTANT + timedelta(minutes=5)}


def test_what_was_passed_over_is_overdue_until_a_later_slot_has_a_result(store: Store) -> None:
    store.slots.enqueue([slot(0, skipped="nobody was there"), slot(5)], {WATCHED: INSTANT + timedelta(minutes=5)})
    store.slots.enqueue([], {WATCHED: INSTANT + timedelta(minutes=6)})
    assert store.slots.overdue(NONE) == {TARGET: INSTANT}
    (mine,) = claim(store)
    record(store, recorded("r1", mine))
    assert store.slots.overdue(NONE) == {}


def test_the_first_slot_that_was_passed_over_counts_not_the_last(store: Store) -> None:
    """Else an hour of grace would never end where something is passed over every hour."""
    ago = store.slots.now() - INSTANT
    for minute in (0, 5, 10):
        store.slots.enqueue([slot(minute, skipped="nobody was there")], {WATCHED: INSTANT + timedelta(minutes=minute)})
    assert store.slots.overdue(ago - timedelta(minutes=2)) == {TARGET: INSTANT}


def test_a_claim_that_is_passed_over_may_owe_a_result_and_the_first_one_counts(store: Store) -> None:
    store.slots.enqueue([slot(0), slot(1), slot(2), slot(3)], {WATCHED: INSTANT})
    for missed in (False, True, True):
        (mine,) = claim(store)
        assert store.slots.skip(mine, "overtaken", missed=missed)
        assert not store.slots.skip(mine, "twice", missed=True)
    (last,) = claim(store)
    ago = store.slots.now() - INSTANT
    assert store.slots.overdue(ago - timedelta(seconds=90)) == {TARGET: INSTANT + timedelta(minutes=1)}
    record(store, recorded("r1", last))
    assert store.slots.overdue(NONE) == {}


def test_the_backlog_says_how_long_the_oldest_waits(store: Store) -> None:
    assert store.slots.backlog().oldest is None
    store.slots.enqueue([slot(0), slot(0, other("b")), slot(3, other("c"))], {})
    claim(store, limit=1)
    found = store.slots.backlog()
    assert (found.due, found.running) == (2, 1)
    assert found.oldest in {INSTANT, INSTANT + timedelta(minutes=3)}


def test_runs_that_are_asked_for_in_one_moment_are_each_run_and_each_once(store: Store) -> None:
    moment = store.slots.now()
    for name in ("a", "b", "a", "c"):
        store.slots.request(slot(run_id=name, trigger=Trigger.API, instant=moment, start=moment))
    waiting = store.slots.slots(limit=9)
    assert [(each.trigger, each.state) for each in waiting] == [(Trigger.API, SlotState.DUE)] * 3
    assert store.slots.requested("b") is SlotState.DUE
    assert store.slots.requested("d") is None


CLAIMER = """
import sys
from datetime import timedelta
from monitor.store.store import open_store
with open_store(sys.argv[1]) as store:
    while claims := store.slots.claim(sys.argv[2], limit=7, lease=timedelta(minutes=5), room={"warehouse": 999}):
        for claim in claims:
            print(claim.watched.target.contract, claim.attempt)
"""


def test_three_processes_claim_each_slot_once(url: str) -> None:
    with open_store(url) as store:
        store.slots.enqueue([slot(0, other(f"c{number}")) for number in range(300)], {})
    command = [sys.executable, "-c", CLAIMER, url]
    started = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in "abc"]
    lines = [line for each in started for line in each.communicate(timeout=60)[0].splitlines()]
    assert all(each.returncode == 0 for each in started)
    # One who finds all that is left locked by the others ends early; nothing is claimed twice, and nothing is left.
    with open_store(url) as store:
        left = [f"{each.watched.target.contract} 1" for each in claim(store, "d", limit=400)]
    assert Counter([*lines, *left]) == Counter(f"c{number} 1" for number in range(300))
