"""What is done every minute: troubles that no run finds out, contracts that are gone for good, old history."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.alerts.context import Routes
from monitor.daemon import housekeeping
from monitor.daemon.housekeeping import REMOVED, Housekeeping
from monitor.daemon.others import Sight, sight
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
from monitor.upkeep import Upkeep
from tests.integration.store.test_slots import INSTANT, TARGET, WATCHED, claim, other, recorded, slot
from tests.runs import BROKEN, CONTRACT

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
NOTHING = sight([], {})
"""What a daemon sees that watches nothing."""


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
    house = Housekeeping(store, Settings(), Noting(), "me")
    assert house.removed(Timetable(), NOTHING) == []


def test_what_is_gone_for_good_leaves_no_slot_and_no_incident_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "GONE", 0.0)
    house = Housekeeping(store, Settings(), Noting(), "me")
    assert house.removed(Timetable(), NOTHING) == [WATCHED, other("stays")]
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
    assert house.removed(Timetable(), NOTHING) == [other("stays")]


def test_what_another_daemon_watches_that_lives_is_not_gone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "GONE", 0.0)
    house = Housekeeping(store, Settings(), Noting(), "me")
    with store.writing() as writer:
        writer.beat("other", INSTANT, sight([WATCHED], {}).told())
    assert house.removed(Timetable(), NOTHING) == []
    with store.writing() as writer:
        writer.beat("other", INSTANT, NOTHING.told())
    assert house.removed(Timetable(), NOTHING) == [WATCHED, other("stays")]


def test_a_contract_whose_file_is_invalid_is_not_gone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who starts while it is broken has never seen it."""
    monkeypatch.setattr(housekeeping, "GONE", 0.0)
    house = Housekeeping(store, Settings(), Noting(), "me")
    (mine,) = (each for each in claim(store) if each.watched == WATCHED)
    record(store, recorded("r1", mine))
    broken = replace(NOTHING, invalid={BROKEN.file: "1: no"})
    assert house.removed(Timetable(), broken) == [other("stays")]


def test_two_daemons_of_which_one_has_never_seen_the_contract_tell_one_story(store: Store) -> None:
    (mine,) = (each for each in claim(store) if each.watched == WATCHED)
    record(store, recorded("r1", mine))
    sees = {name: sight(watched, {BROKEN.file: "1: no"}) for name, watched in (("old", [WATCHED]), ("new", []))}
    houses = {name: Housekeeping(store, Settings(), Upkeep(store, ALERTING, lambda _: CONTRACT), name) for name in sees}

    def a_minute_goes_by() -> None:
        for name, house in houses.items():
            house.once(Timetable(), sees[name])
            with store.writing() as writer:
                writer.beat(name, INSTANT, sees[name].told())

    def story() -> list[tuple[str, list[ChangeKind]]]:
        with store.reading() as reader:
            found = [reader.incident(each.id) for each in reader.incidents(limit=9)]
        mine = [each for each in found if each is not None and each[0].kind is IncidentKind.INVALID_FILE]
        return [(each[0].target.contract, [change.kind for change in each[1]]) for each in mine]

    for _ in range(3):
        a_minute_goes_by()
    assert story() == [(TARGET.contract, [ChangeKind.OPENED])]
    sees["old"] = sight([WATCHED], {})  # it has read the file again, the other has not yet
    a_minute_goes_by()
    assert story() == [(TARGET.contract, [ChangeKind.OPENED])]
    sees["new"] = sees["old"]
    a_minute_goes_by()
    a_minute_goes_by()
    assert story() == [(TARGET.contract, [ChangeKind.OPENED, ChangeKind.RESOLVED])]


def test_what_nobody_verified_is_a_trouble_until_it_is_verified(store: Store) -> None:
    """Also when no daemon was there: the slot waits since long ago."""
    target = Target(contract=CONTRACT, shadow=False, server=ServerSettings(name="warehouse"))
    table = timetable([target], ScheduleSettings(), Timetable())
    noting = Noting()
    house = Housekeeping(store, Settings(), noting, "me")
    invalid = Sight(invalid={"a.odcs.yaml": "1: no"})
    (mine,) = (each for each in claim(store) if each.watched == WATCHED)
    record(store, recorded("r1", mine))
    store.slots.enqueue([slot(5)], {WATCHED: INSTANT + timedelta(minutes=5)})
    house.once(table, invalid)
    (late,) = (each for each in claim(store) if each.watched == WATCHED)
    record(store, recorded("r2", late))
    house.once(table, Sight())
    first, second = noting.troubles
    assert [trouble.target for trouble in first[IncidentKind.NO_RUN]] == [TARGET]
    assert [trouble.key for trouble in first[IncidentKind.INVALID_FILE]] == ["file:a.odcs.yaml"]
    assert second == {IncidentKind.NO_RUN: (), IncidentKind.INVALID_FILE: ()}
    assert noting.pruned == []


def test_history_is_pruned_at_night(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    noting = Noting()
    house = Housekeeping(store, Settings(), noting, "me")
    house.once(Timetable(), NOTHING)
    night = next_moment(housekeeping.NIGHT, store.slots.now())
    assert night is not None
    monkeypatch.setattr(type(store.slots), "now", lambda _: night)
    for _ in range(2):
        house.once(Timetable(), NOTHING)
    assert noting.pruned == [(timedelta(days=14), timedelta(days=400))]
