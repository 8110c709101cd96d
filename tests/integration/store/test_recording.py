"""What was recorded comes back as it was."""

import uuid
from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.check import Check, CheckKind, Dimension, NotChecked
from monitor.domain.runbook import Runbook
from monitor.domain.scan import CheckResult, Outcome, Run, Sample
from monitor.domain.target import TargetKey
from monitor.store.store import Store
from monitor.store.values import Trigger
from tests.runs import BROKEN, CONTRACT, EVERYTHING, HOSTILE, HOSTILE_CONTRACT, KEPT, run_of

TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")


def has_fraction(number: Decimal) -> bool:
    """Integral numbers are `int` in results."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent < 0


def as_remembered(run: Run) -> Run:
    """A run without its statements' plans: how a check is measured is the contract's business."""
    results = tuple(
        replace(
            result,
            check=replace(
                result.check,
                probes=tuple(probe for probe in result.check.probes if hasattr(probe, "is_error")),
                offenders=None,
            ),
        )
        for result in run.scan.results
    )
    return replace(run, scan=replace(run.scan, results=results, seen={}))


def test_a_run_comes_back_with_every_result(store: Store) -> None:
    for run in (BROKEN, EVERYTHING):
        with store.writing() as writer:
            writer.record_run(run, CONTRACT, trigger=Trigger.ON_DEMAND)
    with store.reading() as reader:
        for run in (BROKEN, EVERYTHING):
            found = reader.run(run.run_id)
            assert found is not None
            assert found[1] == as_remembered(run)
        assert reader.run("nobody") is None


def test_hostile_text_is_data(store: Store) -> None:
    with store.writing() as writer:
        writer.record_run(HOSTILE, HOSTILE_CONTRACT, trigger=Trigger.SCHEDULED)
    with store.reading() as reader:
        found = reader.run(HOSTILE.run_id)
        assert found is not None
        assert found[1] == as_remembered(HOSTILE)


def test_runs_are_listed_latest_first(store: Store) -> None:
    with store.writing() as writer:
        for run in (BROKEN, KEPT):
            writer.record_run(run, CONTRACT, trigger=Trigger.ON_DEMAND)
    with store.reading() as reader:
        assert [run.run_id for run in reader.runs(limit=10)] == [KEPT.run_id, BROKEN.run_id]
        assert [run.run_id for run in reader.runs(limit=1)] == [KEPT.run_id]
        assert [run.target for run in reader.runs(limit=1, contract="nyc-flights@1.0.0")] == [TARGET]
        assert reader.runs(limit=10, contract="orders") == ()


TEXT = st.text(st.characters(), max_size=8)
MEASURED = st.none() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False).filter(has_fraction)
RESULTS = st.builds(
    CheckResult,
    check=st.builds(
        Check,
        id=TEXT,
        name=TEXT,
        kind=st.sampled_from(CheckKind),
        dataset=TEXT,
        columns=st.lists(TEXT, max_size=2).map(tuple),
        dimension=st.none() | st.sampled_from(Dimension),
        severity=TEXT,
        expected=TEXT,
        unit=st.none() | TEXT,
        probes=st.lists(st.builds(NotChecked, reason=TEXT, is_error=st.booleans()), max_size=1).map(tuple),
        impact=st.none() | TEXT,
        runbook=st.none() | st.builds(Runbook, url=TEXT, summary=st.none() | TEXT),
        line=st.integers(0, 9999),
    ),
    outcome=st.sampled_from(Outcome),
    reason=TEXT,
    measured=MEASURED,
    rows=st.none() | st.integers(0, 2**63 - 1),
    sql=st.none() | st.text(st.characters(), min_size=1, max_size=8),
    seconds=st.none() | st.floats(0, 1e6),
    offending=st.none() | TEXT,
    sample=st.none()
    | st.builds(Sample, columns=st.just(("a",)), rows=st.lists(st.tuples(TEXT), max_size=2).map(tuple)),
)
SCANS = st.lists(RESULTS, max_size=4, unique_by=lambda found: found.check.id)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=SCANS, second=SCANS)
def test_any_run_comes_back(store: Store, first: list[CheckResult], second: list[CheckResult]) -> None:
    """Also the first one, when the second has said other things of the same checks."""
    target = uuid.uuid4().hex
    runs = [
        run_of(found, run_id=f"{target}{number}", contract=target, fingerprint=f"sha256:{target}")
        for number, found in enumerate((first, second))
    ]
    for run in runs:
        with store.writing() as writer:
            writer.record_run(run, CONTRACT, trigger=Trigger.SCHEDULED)
    with store.reading() as reader:
        for run in runs:
            found = reader.run(run.run_id)
            assert found is not None
            assert [(each.outcome, each.measured, each.reason, each.sql) for each in found[1].scan.results] == [
                (each.outcome, each.measured, each.reason, each.sql) for each in run.scan.results
            ]
        assert found is not None
        assert found[1] == runs[1]
