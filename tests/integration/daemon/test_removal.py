"""A contract that is removed takes its slots and its incidents with it, once it has been gone for long enough."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.alerts.context import Routes
from monitor.daemon import housekeeping
from monitor.daemon.housekeeping import REMOVED, Housekeeping
from monitor.daemon.timetable import Timetable
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.incidents.actions import withdraw
from monitor.incidents.policy import Policy
from monitor.record import Alerting, decide
from monitor.settings import Settings
from monitor.store.slots import SlotState
from monitor.store.store import Store, open_store
from tests.integration.store.test_slots import INSTANT, TARGET, WATCHED, other, slot

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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/state.db") as made:
        made.slots.enqueue([slot(), slot(0, other("stays"))], {WATCHED: INSTANT, other("stays"): INSTANT})
        with made.writing() as writer:
            writer.save_changes([IncidentChange(incident=OPEN, kind=ChangeKind.OPENED, at=INSTANT, sequence=1)])
        yield made


def test_what_is_gone_for_a_moment_stays(store: Store) -> None:
    house = Housekeeping(store, Settings(), None)
    assert house.removed(Timetable()) == []


def test_what_is_gone_for_good_leaves_no_slot_and_no_incident_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "GONE", 0.0)
    house = Housekeeping(store, Settings(), None)
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
