"""What pages read: whose they are, what they rest on, what each check did; on both databases, in few queries."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from monitor.domain.check import CheckKind
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.scan import Outcome, Run, Sample
from monitor.domain.target import TargetKey
from monitor.store.store import Store
from monitor.store.values import Trigger
from tests.runs import CONTRACT, STARTED, check, result, run_of

TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
DEST = check("flights.dest.foreign-key", "dest must exist", CheckKind.FOREIGN_KEY)
AGE = check("flights.age", "flights must be fresh", CheckKind.FRESHNESS, expected="<= 3600", unit="seconds")
DAY = timedelta(days=1)


def run_on(day: float, outcome: Outcome, *, checks: tuple[object, ...] = (DEST, AGE), **more: object) -> Run:
    sample = Sample(columns=("dest",), rows=(("BQN",),)) if outcome is Outcome.FAIL else None
    found = [result(each, outcome, measured=int(day), rows=7, sample=sample) for each in checks]  # type: ignore[arg-type]
    run = run_of(found, run_id=f"r{day}", **more)
    start = STARTED + day * DAY
    return replace(run, scan=replace(run.scan, started_at=start, finished_at=start + timedelta(seconds=1)))


def record(store: Store, *runs: Run, trigger: Trigger = Trigger.SCHEDULED, **more: bool) -> None:
    with store.writing() as writer:
        for run in runs:
            contract = replace(CONTRACT, id=run.contract, version=run.version, domain="aviation")
            writer.record_run(run, contract, trigger=trigger, **more)


def test_a_page_rests_on_the_latest_run_that_stands(store: Store) -> None:
    record(store, run_on(0, Outcome.PASS), run_on(1, Outcome.FAIL))
    record(store, run_on(2, Outcome.PASS), trigger=Trigger.ON_DEMAND)
    with store.reading() as reader:
        assert reader.latest()[TARGET].run.run_id == "r1"
        assert reader.latest(TARGET)[TARGET].details["domain"] == "aviation"
        assert reader.strips(since=STARTED)[TARGET] == {
            STARTED.date(): Outcome.PASS,
            (STARTED + DAY).date(): Outcome.FAIL,
        }
        assert reader.counts()[TARGET][Outcome.FAIL] == 2


def test_where_nothing_is_scheduled_a_page_rests_on_what_somebody_asked_for(store: Store) -> None:
    record(store, run_on(0, Outcome.PASS), run_on(1, Outcome.WARN), trigger=Trigger.ON_DEMAND)
    record(store, run_on(2, Outcome.FAIL, checks=(DEST,)), trigger=Trigger.ON_DEMAND, subset=True)
    record(store, run_on(3, Outcome.FAIL, version="1.1.0", shadow=True), trigger=Trigger.ON_DEMAND)
    draft = TargetKey(contract="nyc-flights", major="2", server="warehouse")
    record(store, run_on(4, Outcome.FAIL, version="2.0.0", shadow=True))
    with store.reading() as reader:
        latest = reader.latest()
        assert (latest[TARGET].run.run_id, latest[draft].run.run_id) == ("r1", "r4")
        assert sorted(reader.strips(since=STARTED)[TARGET].values()) == [Outcome.PASS, Outcome.WARN]
        assert [run.version for run in reader.shadows("nyc-flights")] == ["2.0.0", "1.1.0"]
        assert reader.strips(draft, since=STARTED) == {draft: {(STARTED + 4 * DAY).date(): Outcome.FAIL}}


def test_a_check_that_is_gone_is_still_told_of(store: Store) -> None:
    record(store, run_on(0, Outcome.FAIL), run_on(1, Outcome.PASS, checks=(AGE,)))
    with store.reading() as reader:
        gone, age = sorted(reader.kept_checks(TARGET), key=lambda each: each.removed_at is None)
        assert (gone.check.id, gone.removed_at) == (DEST.id, STARTED + DAY)
        assert gone.standing is not None
        assert gone.standing.outcome is Outcome.FAIL
        assert (age.check.id, age.removed_at) == (AGE.id, None)
        assert [each.check.id for each in reader.ages()[TARGET]] == [AGE.id]


def test_the_last_results_come_with_their_samples_and_versions(store: Store) -> None:
    record(store, run_on(0, Outcome.PASS), run_on(1, Outcome.FAIL), run_on(2, Outcome.PASS, version="1.0.1"))
    with store.reading() as reader:
        found = reader.latest_results(TARGET, runs=2)[DEST.id]
    assert [(each.run_id, each.version, each.outcome, each.measured) for each in found] == [
        ("r2", "1.0.1", Outcome.PASS, 2),
        ("r1", "1.0.0", Outcome.FAIL, 1),
    ]
    assert found[1].sample == Sample(columns=("dest",), rows=(("BQN",),))


def test_a_trend_is_told_day_by_day(store: Store) -> None:
    record(store, run_on(0, Outcome.PASS), run_on(1, Outcome.FAIL), run_on(1.5, Outcome.PASS))
    with store.reading() as reader:
        points = reader.trends(TARGET, since=STARTED.date())[DEST.id]
    assert [(point.worst, point.last) for point in points] == [(Outcome.PASS, Decimal(0)), (Outcome.FAIL, Decimal(1))]


def test_versions_and_incidents_are_told_in_order(store: Store) -> None:
    record(store, run_on(0, Outcome.PASS), run_on(1, Outcome.PASS, version="1.1.0"))
    incident = Incident(
        id="i1",
        target=TARGET,
        key=DEST.id,
        kind=IncidentKind.BROKEN,
        state=IncidentState.OPEN,
        first_failed_at=STARTED,
        last_seen_at=STARTED,
    )
    over = replace(incident, id="i2", key=AGE.id, state=IncidentState.RESOLVED, last_seen_at=STARTED + DAY)
    pending = replace(incident, id="i3", key="x", state=IncidentState.PENDING)
    with store.writing() as writer:
        for each in (over, incident, pending):
            writer.save_changes([IncidentChange(incident=each, kind=ChangeKind.OPENED, at=STARTED, sequence=1)])
    with store.reading() as reader:
        assert [each.version for each in reader.versions("nyc-flights")] == ["1.0.0", "1.1.0"]
        assert [each.id for each in reader.target_incidents(TARGET, limit=9)] == ["i1", "i2"]
        assert [each.id for each in reader.all_open()[TARGET]] == ["i1"]
        assert [change.kind for change in reader.changes_of(["i1"])["i1"]] == [ChangeKind.OPENED]
