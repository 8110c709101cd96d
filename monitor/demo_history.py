"""A month of history that never was, so that the demo's charts have something to show; every page of it says so.

It ends with the real run of today. The days before are drawn from it with a fixed seed: the tables grow, a load fails,
the server is down for a night, somebody takes care of what is broken.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from monitor.domain.check import CheckKind, CheckPlan
from monitor.domain.contract import Contract
from monitor.domain.drift import DriftEvent, DriftKind, Hurt
from monitor.domain.incident import Incident, IncidentChange
from monitor.domain.scan import CheckResult, Outcome, Run, Scan, broken_outcome
from monitor.domain.target import server_itself
from monitor.incidents.actions import acknowledge
from monitor.incidents.policy import Policy
from monitor.incidents.reconcile import Evaluation, reconcile
from monitor.store.rows import target_of
from monitor.store.store import Store, Writer
from monitor.store.values import Against, DriftRecord, Trigger

DAYS = 45
SEED = 20130101
NOTE = "Simulated history: only the last run is real. The days before it were made up, so that charts show something."
DOWN = "the server does not answer: connection refused"

_NAMESPACE = uuid.UUID("5a9f5f1e-6f0c-4f6b-9d59-1f2f0c1d2013")
_OUTAGE = 9
_BAD_LOAD = (20, 23)
_BROKEN_SINCE = 12
_NIGHT = timedelta(seconds=14)


def simulate(store: Store, contract: Contract, plan: CheckPlan, last: Run, *, days: int = DAYS) -> None:
    """Record the days before a run, and then the run itself, in a state database of the demo's own."""
    chance = random.Random(SEED)  # noqa: S311 - nothing secret hangs on it
    for before in range(days, 0, -1):
        run = _run_before(last, before, chance, days)
        with store.writing() as writer:
            _record(writer, contract, plan, run)
            if before == _BROKEN_SINCE - 1:
                _acknowledge(writer, run)
            if before == _BAD_LOAD[1] + 3:
                writer.save_drift([_drift(run)])
    with store.writing() as writer:
        _record(writer, contract, plan, last)


def _record(writer: Writer, contract: Contract, plan: CheckPlan, run: Run) -> None:
    target, at = target_of(run), run.scan.started_at
    is_first = not writer.has_begun(target)
    writer.record_run(run, contract, trigger=Trigger.SCHEDULED, slot=at.replace(minute=0, second=0, microsecond=0))
    known = writer.open_incidents(target, server_itself(target.server), ended_since=at - Policy().reopen_within)
    evaluation = Evaluation(
        target=target,
        run_id=run.run_id,
        results=run.scan.results,
        planned=frozenset(check.id for check in plan.checks),
        is_first=is_first,
        is_shadow=False,
    )
    writer.save_changes(reconcile(known, evaluation, at, Policy(), lambda _: False))


def _acknowledge(writer: Writer, run: Run) -> None:
    """Let somebody take care of what broke the day before."""
    for incident in writer.open_incidents(target_of(run)):
        if incident.failures <= 2 and incident.key.endswith("foreign-key"):  # noqa: PLR2004 - of yesterday or today
            writer.save_changes([_taken(incident, run.scan.started_at + timedelta(hours=2, minutes=41))])


def _taken(incident: Incident, at: datetime) -> IncidentChange:
    return acknowledge(incident, "ada", "asked the FAA feed's owner for the missing airports", at)


def _run_before(last: Run, before: int, chance: random.Random, days: int) -> Run:
    started = last.scan.started_at.replace(hour=2, minute=0, second=0, microsecond=0) - timedelta(days=before)
    started += _NIGHT + timedelta(seconds=chance.randrange(20))
    share = 1 - before * 0.6 / days
    results = tuple(_results(last, before, share, chance))
    took = timedelta(seconds=0.6 + chance.random())
    return replace(
        last,
        run_id=uuid.uuid5(_NAMESPACE, f"{last.contract} {before}").hex[:12],
        scan=Scan(started_at=started, finished_at=started + took, results=results, seen={}),
    )


def _results(last: Run, before: int, share: float, chance: random.Random) -> Iterator[CheckResult]:
    for result in last.scan.results:
        if result.outcome is Outcome.SKIPPED:
            yield result
        elif before == _OUTAGE:
            yield replace(
                result,
                outcome=Outcome.BLOCKED,
                reason=DOWN,
                measured=None,
                rows=None,
                offending=None,
                sample=None,
                cause=None,
            )
        else:
            yield _earlier(result, before, share, chance)


def _earlier(result: CheckResult, before: int, share: float, chance: random.Random) -> CheckResult:
    """Return how a check may have ended on a day when the tables were smaller."""
    check = result.check
    rows = None if result.rows is None else max(1, int(result.rows * share))
    seconds = None if result.seconds is None else round(result.seconds * (0.7 + chance.random() / 2), 4)
    calm = replace(result, rows=rows, seconds=seconds, sample=None)
    if check.kind is CheckKind.ROW_COUNT and isinstance(result.measured, int):
        bad = _BAD_LOAD[0] <= before <= _BAD_LOAD[1]
        grown = int(result.measured * (0.6 if bad else 0.985 + share * 0.015))
        return _judged(calm, grown, fails=bad, rows=grown)
    if result.outcome in {Outcome.FAIL, Outcome.WARN} and isinstance(result.measured, int):
        if before > _BROKEN_SINCE or rows is None:
            return replace(calm, outcome=Outcome.PASS, reason="", measured=0, offending=None)
        count = max(1, int(result.measured * share * (0.8 + chance.random() / 5)))
        return replace(calm, measured=count, offending=None)
    if isinstance(result.measured, Decimal):
        moved = (result.measured * Decimal(f"{0.9 + chance.random() / 5:.4f}")).quantize(Decimal("0.0001"))
        return replace(calm, measured=moved if result.outcome is Outcome.PASS else result.measured)
    return calm


def _judged(result: CheckResult, measured: int, *, fails: bool, rows: int) -> CheckResult:
    outcome = broken_outcome(result.check.severity) if fails else Outcome.PASS
    return replace(result, outcome=outcome, measured=measured, rows=rows, reason="", offending=None)


def _drift(run: Run) -> DriftRecord:
    event = DriftEvent(kind=DriftKind.ADDED, hurts=Hurt.NOBODY, table="nyc.flights", column="minute", after="integer")
    return DriftRecord(
        target=target_of(run), run_id=run.run_id, at=run.scan.started_at, against=Against.LAST_TIME, event=event
    )
