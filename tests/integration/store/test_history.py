"""What is read of the past: where each check stands, when it last held, what it did each day."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from monitor.domain.check import CheckKind
from monitor.domain.scan import Outcome, Run
from monitor.domain.target import TargetKey
from monitor.errors import StoreError
from monitor.store.store import Store
from monitor.store.values import Trigger
from tests.runs import CONTRACT, STARTED, check, result, run_of

TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
DEST = check("flights.dest.foreign-key", "dest must exist", CheckKind.FOREIGN_KEY)
TIME = check("flights.air_time.range", "air_time must lie in 30..600", CheckKind.RANGE)
HOUR = timedelta(hours=1)


def run_at(hour: float, dest: Outcome | None, time: Outcome | None = Outcome.PASS, **more: object) -> Run:
    found = [
        result(
            each,
            outcome,
            "because" if outcome is not Outcome.PASS else "",
            measured=int(hour * 10),
            rows=100 + int(hour),
        )
        for each, outcome in ((DEST, dest), (TIME, time))
        if outcome is not None
    ]
    run = run_of(found, run_id=f"r{hour}-{len(more)}", **more)
    start = STARTED + hour * HOUR
    return replace(run, scan=replace(run.scan, started_at=start, finished_at=start + timedelta(seconds=1)))


def record(store: Store, *runs: Run, trigger: Trigger = Trigger.SCHEDULED, **more: bool) -> None:
    for run in runs:
        with store.writing() as writer:
            writer.record_run(run, CONTRACT, trigger=trigger, **more)


def outcomes_now(store: Store) -> dict[str, Outcome]:
    with store.reading() as reader:
        return {standing.check.id: standing.outcome for standing in reader.verdict_now(TARGET)}


def test_the_verdict_now_is_each_checks_latest_scheduled_result(store: Store) -> None:
    record(store, run_at(0, Outcome.PASS), run_at(1, Outcome.FAIL), run_at(2, Outcome.FAIL))
    with store.reading() as reader:
        time, dest = reader.verdict_now(TARGET)
        assert (time.check.id, time.outcome, time.reason) == (TIME.id, Outcome.PASS, "")
        assert (dest.outcome, dest.measured, dest.rows, dest.run_id) == (Outcome.FAIL, 20, 102, "r2-0")
        assert dest.since == STARTED + HOUR
        assert dest.last_held is not None
        assert (dest.last_held.at, dest.last_held.since, dest.last_held.measured) == (STARTED, STARTED, 0)
        assert reader.last_held(TARGET, DEST.id) == dest.last_held
        assert reader.last_held(TARGET, "nobody") is None
        assert {outcome: count for outcome, count in reader.counts()[TARGET].items() if count} == {
            Outcome.PASS: 1,
            Outcome.FAIL: 1,
        }


def test_a_run_of_a_subset_never_makes_the_rest_green(store: Store) -> None:
    record(store, run_at(0, Outcome.FAIL, Outcome.FAIL))
    record(store, run_at(1, None, Outcome.PASS), subset=True)
    assert outcomes_now(store) == {DEST.id: Outcome.FAIL, TIME.id: Outcome.PASS}


def test_a_check_that_is_gone_from_the_contract_is_gone_from_the_verdict(store: Store) -> None:
    record(store, run_at(0, Outcome.FAIL), run_at(1, None))
    assert outcomes_now(store) == {TIME.id: Outcome.PASS}
    record(store, run_at(2, Outcome.PASS))
    assert outcomes_now(store) == {DEST.id: Outcome.PASS, TIME.id: Outcome.PASS}


@pytest.mark.parametrize("trigger", [Trigger.ON_DEMAND, Trigger.API])
def test_what_somebody_asked_for_changes_no_verdict(store: Store, trigger: Trigger) -> None:
    record(store, run_at(0, Outcome.FAIL))
    record(store, run_at(1, Outcome.PASS), trigger=trigger)
    assert outcomes_now(store)[DEST.id] is Outcome.FAIL
    record(store, run_at(2, Outcome.PASS), trigger=trigger, stands=True)
    assert outcomes_now(store)[DEST.id] is Outcome.PASS


def test_a_shadow_has_a_history_of_its_own(store: Store) -> None:
    record(store, run_at(0, Outcome.PASS), run_at(1, Outcome.FAIL, shadow=True))
    assert outcomes_now(store)[DEST.id] is Outcome.PASS
    with store.reading() as reader:
        for shadow, outcome in ((False, Outcome.PASS), (True, Outcome.FAIL)):
            points = reader.results_page(TARGET, DEST.id, limit=9, shadow=shadow).items
            assert [point.outcome for point in points] == [outcome]


def test_a_late_run_does_not_turn_back_the_verdict(store: Store) -> None:
    record(store, run_at(1, Outcome.PASS), run_at(0, Outcome.FAIL))
    assert outcomes_now(store)[DEST.id] is Outcome.PASS


def test_results_are_read_latest_first(store: Store) -> None:
    record(store, run_at(0, Outcome.PASS), run_at(1, Outcome.FAIL), run_at(2, Outcome.ERROR))
    with store.reading() as reader:
        points = reader.results_page(TARGET, DEST.id, limit=9).items
        assert [(point.run_id, point.outcome, point.measured) for point in points] == [
            ("r2-0", Outcome.ERROR, 20),
            ("r1-0", Outcome.FAIL, 10),
            ("r0-0", Outcome.PASS, 0),
        ]
        assert reader.row_counts("r1-0") == {"flights": 101}
        assert reader.row_counts("nobody") == {}


def test_days_are_the_fold_of_results(store: Store) -> None:
    record(store, run_at(1, Outcome.PASS), run_at(0, Outcome.FAIL), run_at(30, Outcome.WARN))
    with store.reading() as reader:
        first, second = reader.trends(TARGET, since=STARTED.date())[DEST.id]
        assert (first.worst, first.least, first.greatest, first.last) == (Outcome.FAIL, 0, 10, 10)
        assert (second.day, second.worst) == (STARTED.date() + timedelta(days=1), Outcome.WARN)
        assert set(reader.trends(TARGET, since=second.day)) == {DEST.id, TIME.id}


def test_results_are_forgotten_before_days_and_days_before_nothing_else(store: Store) -> None:
    record(store, *(run_at(-24 * day, Outcome.FAIL) for day in range(30)))
    with store.reading() as reader:
        age = reader.now() - STARTED
    kept = {"keep_results": age + timedelta(days=4.5), "keep_rollups": age + timedelta(days=19.5)}
    done = store.prune(**kept)
    assert (done.results, done.runs) == (50, 10)
    assert done.days == 18  # a day goes when all of it is too old
    assert store.prune(**kept) == type(done)()
    with store.reading() as reader:
        assert len(reader.results_page(TARGET, DEST.id, limit=99).items) == 5
        assert len(reader.trends(TARGET, since=STARTED.date() - timedelta(days=99))[DEST.id]) == 21
        assert [run.pruned for run in reader.runs(limit=99)] == [False] * 5 + [True] * 15
        found = reader.run("r-120-0")
        assert found is not None
        assert found[1].scan.results == ()
        assert outcomes_now(store)[DEST.id] is Outcome.FAIL


def test_a_slot_has_one_run(store: Store) -> None:
    with store.writing() as writer:
        writer.record_run(run_at(0, Outcome.PASS), CONTRACT, trigger=Trigger.SCHEDULED, slot=STARTED)
    with pytest.raises(StoreError), store.writing() as writer:
        writer.record_run(run_at(1, Outcome.PASS), CONTRACT, trigger=Trigger.SCHEDULED, slot=STARTED)
    with store.reading() as reader:
        assert [(run.run_id, run.slot) for run in reader.runs(limit=9)] == [("r0-0", STARTED)]


def test_the_last_meaning_of_each_released_version_is_known(store: Store) -> None:
    edited = replace(CONTRACT, meaning="sha256:other", fingerprint="sha256:new")
    draft = replace(CONTRACT, version="2.0.0", status="draft", fingerprint="sha256:draft")
    for hour, contract in enumerate((CONTRACT, edited, draft)):
        with store.writing() as writer:
            run = run_at(hour, Outcome.PASS, fingerprint=contract.fingerprint, version=contract.version)
            writer.record_run(run, contract, trigger=Trigger.ON_DEMAND)
    with store.reading() as reader:
        assert reader.known_meanings("nyc-flights") == {("nyc-flights", "1.0.0"): "sha256:other"}
        assert reader.known_meanings("orders") == {}


def test_a_target_has_begun_after_a_whole_scheduled_run_that_could_verify_anything(store: Store) -> None:
    record(store, run_at(0, Outcome.PASS), trigger=Trigger.ON_DEMAND)
    record(store, run_at(1, Outcome.PASS), subset=True)
    record(store, run_at(2, Outcome.BLOCKED, Outcome.ERROR))
    with store.reading() as reader:
        assert not reader.has_begun(TARGET)
    record(store, run_at(3, Outcome.FAIL))
    with store.reading() as reader:
        assert reader.has_begun(TARGET)


@pytest.mark.parametrize(
    "measured",
    [
        0,
        2**53 + 1,
        pytest.param(-(10**5000), id="long"),
        Decimal("0.1"),
        Decimal("1.50"),
        Decimal("-1E-20000"),
        Decimal("Infinity"),
        None,
    ],
)
def test_measured_numbers_are_exact(store: Store, measured: int | Decimal | None) -> None:
    run = run_of([result(DEST, measured=measured, seconds=0.1)], run_id="exact")
    record(store, run)
    with store.reading() as reader:
        found = reader.run("exact")
        assert found is not None
        (back,) = found[1].scan.results
        assert (back.measured, type(back.measured), back.seconds) == (measured, type(measured), 0.1)


def test_a_promise_that_changed_keeps_what_it_was_held_against(store: Store) -> None:
    """The old run says what was expected then."""
    record(store, run_of([result(DEST, sql="SELECT 1")], run_id="old"))
    changed = replace(DEST, expected="<= 5", severity="info")
    later = run_of([result(changed, sql="SELECT 2")], run_id="new")
    record(store, replace(later, scan=replace(later.scan, started_at=STARTED + HOUR)))
    with store.reading() as reader:
        (standing,) = reader.verdict_now(TARGET)
        assert (standing.check.expected, standing.check.severity) == ("<= 5", "info")
        for run_id, expected, sql in (("old", "= 0", "SELECT 1"), ("new", "<= 5", "SELECT 2")):
            found = reader.run(run_id)
            assert found is not None
            (back,) = found[1].scan.results
            assert (back.check.expected, back.sql) == (expected, sql)
