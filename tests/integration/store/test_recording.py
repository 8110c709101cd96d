"""What was recorded comes back as it was."""

from dataclasses import replace

from monitor.domain.scan import Run
from monitor.domain.target import TargetKey
from monitor.store.store import Store
from monitor.store.values import Trigger
from tests.runs import BROKEN, CONTRACT, EVERYTHING, HOSTILE, HOSTILE_CONTRACT, KEPT

TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")


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
