"""What is done every minute: troubles that no run finds out, contracts that are gone for good, old history."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.alerts.context import Routes
from monitor.daemon import housekeeping
from monitor.daemon.housekeeping import REMOVED, Housekeeping
from monitor.daemon.library import Invalid
from monitor.daemon.timetable import Timetable, timetable
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.incidents.actions import withdraw
from monitor.incidents.policy import Policy
from monitor.incidents.troubles import Trouble
from monitor.record import Alerting, decide, record
from monitor.run import Target
from monitor.schedule.rhythm import next_moment
from monitor.settings import ScheduleSettings, ServerSettings, Settings
from monitor.store.slots import SlotState
from monitor.store.store import Store, open_store
from tests.integration.store.test_slots import INSTANT, TARGET, WATCHED, claim, other, recorded, slot
from tests.runs import CONTRACT

ALERTING = Alerting(policy=Policy(), routes=Routes(channel="#a", ops_channel="#b"))
OPEN = Incident(
    id="i1",
    target=TARGET,
    key="flights.dest.nulls",
    kind=IncidentKind.BROKEN,
    state=IncidentState.OPEN,
    first_failed_at=INSTANT,
    last_seen_at=INSTANT,
    failures=1,
    sequence=1,
)


class Noting:
    """Notes what it is told instead of doing what time does."""

    def __init__(self) -> None:
        self.troubles: list[Mapping[IncidentKind, Collection[Trouble]]] = []
        self.pruned: list[tuple[timedelta, timedelta]] = []

    def once(self, troubles: Mapping[IncidentKind, Collection[Trouble]] | None = None) -> None:
        self.troubles.append(troubles or {})

    def prune(self, *, keep_results: timedelta, keep_rollups: timedelta) -> None:
        self.pruned.append((keep_results, keep_rollups))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/state.db") as made:
        made.slots.enqueue([slot(), slot(0, other("stays"))], {WATCHED: INSTANT, other("stays"): INSTANT})
        with made.writing() as writer:
            writer.save_changes([IncidentChange(incident=OPEN, kind=ChangeKind.OPENED, at=INSTANT, sequence=1)])
        yield made


def test_what_is_gone_for_a_moment_stays(store: Store) -> None:
    house = Housekeeping(store, Settings(), Noting())
    assert house.removed(Timetable()) == []


def test_what_is_gone_for_good_leaves_no_slot_and_no_incident_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "GONE", 0.0)
    house = Housekeeping(store, Settings(), Noting())
    assert house.removed(Timetable()) == [WATCHED, other("stays")]
    house.remove(
        WATCHED,
        lambda each: decide(store, each, lambda found, now: withdraw(found, REMOVED, now), lambda _: None, ALERTING),
    )
    with store.reading() as reader:
        found = reader.incident("i1")
    assert found is not None
    assert (found[0].state, found[1][-1].why) == (IncidentState.WITHDRAWN, REMOVED)
    states = {each.watched: (each.state, each.reason) for each in store.slots.slots(limit=9)}
    assert states == {WATCHED: (SlotState.SKIPPED, REMOVED), other("stays"): (SlotState.DUE, None)}
    assert house.removed(Timetable()) == [other("stays")]


def test_what_nobody_verified_is_a_trouble_until_it_is_verified(store: Store) -> None:
    """Also when no daemon was there: the slot waits since long ago."""
    target = Target(contract=CONTRACT, shadow=False, server=ServerSettings(name="warehouse"))
    table = timetable([target], ScheduleSettings(), Timetable())
    noting = Noting()
    house = Housekeeping(store, Settings(), noting)
    invalid = [Invalid(file="a.odcs.yaml", problems=("1: no",))]
    (mine,) = (each for each in claim(store) if each.watched == WATCHED)
    record(store, recorded("r1", mine))
    store.slots.enqueue([slot(5)], {WATCHED: INSTANT + timedelta(minutes=5)})
    house.once(table, invalid)
    (late,) = (each for each in claim(store) if each.watched == WATCHED)
    record(store, recorded("r2", late))
    house.once(table, [])
    first, second = noting.troubles
    assert [trouble.target for trouble in first[IncidentKind.NO_RUN]] == [TARGET]
    assert [trouble.key for trouble in first[IncidentKind.INVALID_FILE]] == ["file:a.odcs.yaml"]
    assert second == {IncidentKind.NO_RUN: (), IncidentKind.INVALID_FILE: ()}
    assert noting.pruned == []


def test_history_is_pruned_at_night(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    noting = Noting()
    house = Housekeeping(store, Settings(), noting)
    house.once(Timetable(), [])
    night = next_moment(housekeeping.NIGHT, store.slots.now())
    assert night is not None
    monkeypatch.setattr(type(store.slots), "now", lambda _: night)
    for _ in range(2):
        house.once(Timetable(), [])
    assert noting.pruned == [(timedelta(days=14), timedelta(days=400))]
