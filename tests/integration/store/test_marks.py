"""Marks: whatever is recorded, decided or forgotten moves the mark of its target, and of no other."""

from dataclasses import replace
from datetime import timedelta

from monitor.domain.incident import IncidentState
from monitor.store.store import Store
from tests.runs import KEPT
from tests.sites import BILLING, FLIGHTS, NOW, TARGET, fill, on_day, record, story


def test_a_run_moves_the_mark_of_its_target_alone(store: Store) -> None:
    fill(store)
    with store.reading() as reader:
        pulse, before = reader.pulse(), reader.marks()
        assert reader.pulse() == pulse
        assert reader.marks(TARGET.contract) == {TARGET: before[TARGET]}
    record(store, FLIGHTS, [on_day(replace(KEPT, run_id="new"), -1)])
    with store.reading() as reader:
        assert reader.pulse() != pulse
        assert {target for target, mark in reader.marks().items() if before[target] != mark} == {TARGET}
    assert BILLING in before


def test_a_decision_moves_it_and_so_does_what_is_forgotten(store: Store) -> None:
    fill(store)
    with store.reading() as reader:
        pulse, before = reader.pulse(), reader.marks()[TARGET]
    *_, last = story(TARGET, "flights.dest.foreign-key")
    ended = replace(last.incident, state=IncidentState.ACCEPTED, by="grace")
    with store.writing() as writer:
        writer.save_changes([replace(last, incident=ended, sequence=5, at=NOW)])
    with store.reading() as reader:
        decided = reader.marks()[TARGET]
        assert (reader.pulse() != pulse, decided != before) == (True, True)
    store.prune(keep_results=timedelta(days=7), keep_rollups=timedelta(days=400), now=NOW)
    with store.reading() as reader:
        assert reader.marks()[TARGET] != decided
