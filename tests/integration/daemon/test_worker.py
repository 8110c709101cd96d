"""One slot, start to end: what is tried again, given back, given up, recorded; an engine that does as it is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Self

import pytest

from monitor.alerts.context import Routes
from monitor.checks.plan import compile_plan
from monitor.daemon import worker
from monitor.daemon.timetable import Entry, Timetable, timetable, watched_of
from monitor.daemon.worker import Tools, Work, work_on
from monitor.domain.check import Catalogue, CheckPlan
from monitor.domain.scan import CheckResult, Outcome, Scan
from monitor.engines.base import Wishes
from monitor.errors import EngineError, StoreError
from monitor.incidents.policy import Policy
from monitor.record import Alerting, Recorded
from monitor.run import Target
from monitor.settings import DaemonSettings, QuietHours, SampleSettings, ScheduleSettings, ServerSettings
from monitor.store.slots import NewSlot, SlotClaim, SlotState
from monitor.store.store import Store, open_store
from monitor.store.values import RunRecord, Trigger
from tests.contracts import contract

BODY = """
    schema:
      - name: orders
        properties:
          - {name: id, logicalType: integer, required: true}
          - {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}}
    """
INSTANT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
Answer = Callable[[CheckPlan], dict[str, Outcome]]


def all_of(outcome: Outcome) -> Answer:
    return lambda plan: {check.id: outcome for check in plan.checks}


def but(name: str, outcome: Outcome) -> Answer:
    return lambda plan: {check.id: outcome if check.id == name else Outcome.PASS for check in plan.checks}


@dataclass
class Told:
    """An engine that answers as it is told, one answer a scan; the last one again and again."""

    answers: list[Answer]
    scanned: list[int] = field(default_factory=list)
    interrupted: str | None = None

    def scan(self, plan: CheckPlan, wishes: Wishes) -> Scan:
        self.scanned.append(len(plan.checks))
        outcomes = self.answers[min(len(self.scanned), len(self.answers)) - 1](plan)
        reason = wishes.interrupted() or "the server is gone"
        now = datetime.now(UTC)
        results = tuple(
            CheckResult(
                check=check, outcome=outcomes[check.id], reason="" if outcomes[check.id] is Outcome.PASS else reason
            )
            for check in plan.checks
        )
        return Scan(started_at=now, finished_at=now, results=results, seen={})

    def start(self) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


@dataclass
class Shop:
    """A contract with one slot that is due, and an engine for it."""

    store: Store
    entry: Entry
    settings: DaemonSettings = field(default_factory=DaemonSettings)
    alerting: Alerting | None = None

    def claim(self, lease: float = 60.0) -> SlotClaim:
        (found,) = self.store.slots.claim("me", limit=1, lease=timedelta(seconds=lease), room={"warehouse": 1})
        return found

    def work(self, engine: Told, claim: SlotClaim, *, stop: str | None = None, knows: bool = True) -> Work:
        tools = Tools(
            store=self.store,
            engine_of=lambda _: engine,
            samples=SampleSettings(),
            alerting=self.alerting,
            settings=self.settings,
        )
        work = Work(claim=claim, entry=self.entry if knows else None, stop=stop)
        work_on(work, tools)
        return work

    def also_due(self, minute: int, part: str = "all") -> NewSlot:
        """Let a later slot be due as well, from now on."""
        watched, instant = watched_of(self.entry.target), INSTANT + timedelta(minutes=minute)
        slot = NewSlot(watched=watched, instant=instant, parts=(part,), start=self.store.slots.now())
        self.store.slots.enqueue([slot], {watched: slot.instant})
        return slot

    def runs(self) -> tuple[RunRecord, ...]:
        with self.store.reading() as reader:
            return reader.runs(limit=9)

    def slot(self) -> tuple[SlotState, str | None]:
        (found,) = self.store.slots.slots(limit=9)
        return found.state, found.reason


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(worker, "SHORT_PAUSE", 0.0)
    promised = contract(tmp_path, BODY)
    target = Target(contract=promised, shadow=False, server=ServerSettings(name="warehouse"))
    (entry,) = timetable([target], ScheduleSettings(), Timetable()).entries.values()
    with open_store(f"sqlite:///{tmp_path}/state.db") as store:
        slot = NewSlot(watched=watched_of(target), instant=INSTANT, parts=("all",), start=INSTANT)
        store.slots.enqueue([slot], {})
        yield Shop(store, entry)


def test_a_run_is_recorded_with_its_slot(shop: Shop) -> None:
    shop.work(Told([all_of(Outcome.PASS)]), shop.claim())
    (run,) = shop.runs()
    assert (run.slot, run.trigger, run.subset, run.verdict.value) == (INSTANT, Trigger.SCHEDULED, False, "kept")
    assert shop.slot() == (SlotState.DONE, None)


def test_a_failure_is_never_tried_again(shop: Shop) -> None:
    engine = Told([all_of(Outcome.FAIL)])
    shop.work(engine, shop.claim())
    assert len(engine.scanned) == 1
    assert shop.runs()[0].verdict.value == "broken"


def structure(plan: CheckPlan) -> int:
    return sum(isinstance(probe, Catalogue) for check in plan.checks for probe in check.probes)


def test_what_could_not_be_evaluated_is_tried_again_beside_the_structure(shop: Shop) -> None:
    engine = Told([but("orders.amount.range", Outcome.ERROR), all_of(Outcome.PASS)])
    shop.work(engine, shop.claim())
    assert engine.scanned == [len(shop.entry.plan.checks), 1 + structure(shop.entry.plan)]
    assert shop.runs()[0].verdict.value == "kept"


def test_a_table_that_has_another_shape_when_it_is_tried_again_is_judged_by_that(shop: Shop) -> None:
    def dropped(plan: CheckPlan) -> dict[str, Outcome]:
        return all_of(Outcome.PASS)(plan) | {"orders.schema": Outcome.FAIL, "orders.amount.range": Outcome.BLOCKED}

    shop.work(Told([but("orders.amount.range", Outcome.ERROR), dropped]), shop.claim())
    with shop.store.reading() as reader:
        found = reader.run(shop.runs()[0].run_id)
    assert found is not None
    told = {result.check.id: result.outcome for result in found[1].scan.results}
    assert (told["orders.schema"], told["orders.amount.range"]) == (Outcome.FAIL, Outcome.BLOCKED)


def test_what_stays_in_error_is_recorded_so_after_its_tries(shop: Shop) -> None:
    engine = Told([but("orders.amount.range", Outcome.ERROR), all_of(Outcome.ERROR)])
    shop.work(engine, shop.claim())
    again = 1 + structure(shop.entry.plan)
    assert engine.scanned == [len(shop.entry.plan.checks), again, again]
    assert shop.runs()[0].verdict.value == "unverified"


def test_where_nothing_could_be_evaluated_the_slot_waits_and_then_it_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", timedelta(0))
    engine = Told([all_of(Outcome.BLOCKED)])
    for _ in range(shop.settings.retries):
        shop.work(engine, shop.claim())
        assert shop.slot() == (SlotState.DUE, "the server is gone")
        assert shop.runs() == ()
    shop.work(engine, shop.claim())
    assert shop.runs()[0].verdict.value == "unverified"


def test_who_asked_in_person_hears_of_it_at_any_hour(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Recorded] = []
    monkeypatch.setattr(worker, "record", lambda _, found: told.append(found))
    routes = Routes(channel="#a", ops_channel="#b", quiet=QuietHours(start=time(22), end=time(7)))
    shop.alerting = Alerting(policy=Policy(), routes=routes)
    for trigger in (Trigger.ON_DEMAND, Trigger.SCHEDULED):
        shop.work(Told([all_of(Outcome.PASS)]), replace(shop.claim(lease=-1.0), trigger=trigger))
    assert [found.alerting and found.alerting.routes.quiet for found in told] == [None, routes.quiet]


@pytest.mark.parametrize("trigger", [Trigger.ON_DEMAND, Trigger.API])
def test_who_waits_for_a_run_waits_for_no_pause(shop: Shop, trigger: Trigger) -> None:
    engine = Told([all_of(Outcome.BLOCKED)])
    shop.work(engine, replace(shop.claim(), trigger=trigger))
    assert [run.verdict.value for run in shop.runs()] == ["unverified"]
    assert len(engine.scanned) == 1


def test_a_slot_that_nobody_came_back_from_three_times_is_given_up(shop: Shop) -> None:
    for _ in range(worker.POISONED):
        shop.claim(lease=-1.0)
    engine = Told([all_of(Outcome.PASS)])
    shop.work(engine, shop.claim())
    assert engine.scanned == []
    (run,) = shop.runs()
    assert run.counts[Outcome.ERROR] == len(shop.entry.plan.checks)
    with shop.store.reading() as reader:
        found = reader.run(run.run_id)
    assert found is not None
    assert found[1].scan.results[0].reason.startswith("given up: 3 attempts to run it ended the daemon")


def test_a_broken_engine_is_an_error_of_its_run(shop: Shop) -> None:
    class Broken(Told):
        def scan(self, *_: object) -> Scan:
            raise EngineError("the scanning process ended before it could begin")

    shop.settings = replace(shop.settings, retries=0)
    shop.work(Broken([]), shop.claim())
    assert shop.runs()[0].counts[Outcome.ERROR] == len(shop.entry.plan.checks)


def test_who_was_fenced_records_nothing(shop: Shop) -> None:
    stale, fresh = shop.claim(lease=-1.0), shop.claim()
    assert shop.work(Told([all_of(Outcome.FAIL)]), stale).was_fenced
    assert shop.runs() == ()
    assert not shop.work(Told([all_of(Outcome.PASS)]), fresh).was_fenced
    assert [run.verdict.value for run in shop.runs()] == ["kept"]


def test_what_must_stop_is_handed_back_and_what_is_done_is_recorded(shop: Shop) -> None:
    shop.work(Told([all_of(Outcome.ERROR)]), shop.claim(), stop="the daemon shuts down")
    assert shop.slot() == (SlotState.DUE, "the daemon shuts down")
    shop.work(Told([all_of(Outcome.PASS)]), shop.claim(), stop="the daemon shuts down")
    assert shop.slot() == (SlotState.DONE, None)


def test_a_contract_that_this_daemon_does_not_know_is_left_to_others_and_skipped_in_the_end(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.work(Told([]), shop.claim(), knows=False)
    assert shop.slot() == (SlotState.DUE, "this daemon does not know the contract")
    monkeypatch.setattr(worker, "ABANDONED", timedelta(0))
    with shop.store.writing() as writer:
        writer._connection.exec_driver_sql("UPDATE slots SET not_before = created_at")
    shop.work(Told([]), shop.claim(), knows=False)
    assert shop.slot() == (SlotState.SKIPPED, "nobody has this contract any more")


def test_a_state_database_that_restarts_costs_no_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    real = worker.record

    def record(*arguments: object) -> object:
        tried.append(arguments)
        if len(tried) < 3:
            raise StoreError("the state database is starting up")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(worker, "record", record)
    shop.work(Told([all_of(Outcome.PASS)]), shop.claim())
    assert len(shop.runs()) == 1


def test_plans_are_compiled_once_for_what_has_not_changed(shop: Shop) -> None:
    before = timetable([shop.entry.target], ScheduleSettings(), Timetable())
    after = timetable([shop.entry.target], ScheduleSettings(), before)
    assert after.entries[watched_of(shop.entry.target)] is before.entries[watched_of(shop.entry.target)]
    assert compile_plan(shop.entry.target.contract, "postgres") == shop.entry.plan


def test_work_that_piles_up_is_not_done_twice(shop: Shop) -> None:
    later = shop.also_due(minute=1)
    engine = Told([all_of(Outcome.PASS)])
    shop.work(engine, shop.claim())
    assert engine.scanned == []
    shop.work(engine, shop.claim())
    assert [run.slot for run in shop.runs()] == [later.instant]
    first = shop.store.slots.slots(limit=9)[-1]
    assert (first.state, first.reason) == (
        SlotState.SKIPPED,
        "overtaken by the slot of 2026-11-23 02:01:00 UTC, which does all of it",
    )


def test_a_look_at_the_schema_does_not_overtake_a_whole_run(shop: Shop) -> None:
    shop.also_due(minute=1, part="schema")
    shop.work(Told([all_of(Outcome.PASS)]), shop.claim())
    assert [run.slot for run in shop.runs()] == [INSTANT]


def test_a_slot_that_is_passed_over_while_others_pile_up_is_owed_a_result(shop: Shop) -> None:
    later = shop.also_due(minute=1)
    shop.work(Told([]), shop.claim())
    target = later.watched.target
    assert shop.store.slots.overdue(timedelta(0)) == {target: INSTANT}
    shop.work(Told([all_of(Outcome.PASS)]), shop.claim())
    assert shop.store.slots.overdue(timedelta(0)) == {}


def test_tries_in_vain_have_an_end_however_many_slots_pile_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", timedelta(0))
    for minute in range(1, 4):
        for _ in range(shop.settings.retries):
            shop.work(Told([all_of(Outcome.BLOCKED)]), shop.claim())
        shop.also_due(minute)
    assert [(run.slot, run.verdict.value) for run in shop.runs()][-1:] == [(INSTANT, "unverified")]


def test_losses_make_a_poison_however_many_slots_pile_up(shop: Shop) -> None:
    for minute in range(1, 1 + worker.POISONED):
        shop.claim(lease=-1.0)
        shop.also_due(minute)
    shop.work(Told([]), shop.claim())
    assert [run.slot for run in shop.runs()] == [INSTANT]
