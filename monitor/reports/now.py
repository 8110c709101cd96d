"""The verdict now: each check's latest result that stands, as one run that words and pages can speak of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from monitor.domain.check import Check
from monitor.domain.scan import CheckResult, Run, Scan
from monitor.reports.material import Promise, TargetHistory
from monitor.store.pages import KeptCheck, KeptResult
from monitor.store.values import Trigger


class Basis(StrEnum):
    """What a verdict rests on: runs that stand, a run on demand where there is none, or a draft's run in the shadow."""

    STANDS = "stands"
    ON_DEMAND = "on_demand"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """Where a target stands.

    `run` holds a result for each check that is promised; `since` tells when its outcome became what it is. `gone` are
    the checks that are promised no more.
    """

    run: Run
    basis: Basis
    as_of: datetime
    since: Mapping[str, datetime]
    at: Mapping[str, datetime]
    gone: tuple[KeptCheck, ...]


def now_of(history: TargetHistory, promise: Promise) -> Now:
    """Return where a target stands, by what history knows of it."""
    latest = history.latest.run
    basis = Basis.SHADOW if latest.shadow else Basis.STANDS if latest.stands else Basis.ON_DEMAND
    known = {check.id: check for check in promise.plan.checks} if promise.plan else {}
    results, since, at = list[CheckResult](), dict[str, datetime](), dict[str, datetime]()
    for kept in history.checks:
        if kept.removed_at is not None:
            continue
        last = history.results.get(kept.check.id, ())
        found = _standing(kept, last) if basis is Basis.STANDS else _of_run(kept, last, latest.run_id)
        if found is None:
            continue
        result, began, looked = found
        results.append(replace(result, check=_complete(result.check, known.get(kept.check.id))))
        since[kept.check.id], at[kept.check.id] = began, looked
    return Now(
        run=Run(
            run_id=latest.run_id,
            contract=latest.target.contract,
            slug=latest.slug,
            version=latest.version,
            file=latest.file,
            fingerprint=latest.fingerprint,
            server=latest.target.server or None,
            location=latest.location,
            shadow=latest.shadow,
            scan=Scan(started_at=latest.started_at, finished_at=latest.finished_at, results=tuple(results), seen={}),
        ),
        basis=basis,
        as_of=latest.started_at,
        since=since,
        at=at,
        gone=tuple(kept for kept in history.checks if kept.removed_at is not None),
    )


def result_of(check: Check, found: KeptResult, sql: str | None = None) -> CheckResult:
    """Return a result of the past."""
    return CheckResult(
        check=check,
        outcome=found.outcome,
        reason=found.reason,
        measured=found.measured,
        rows=found.rows,
        sql=sql,
        seconds=found.seconds,
        offending=found.offending,
        sample=found.sample,
    )


def _standing(kept: KeptCheck, last: tuple[KeptResult, ...]) -> tuple[CheckResult, datetime, datetime] | None:
    stands = kept.standing
    if stands is None:
        return None
    told = next((each for each in last if each.run_id == stands.run_id), None)
    result = CheckResult(
        check=kept.check,
        outcome=stands.outcome,
        reason=stands.reason,
        measured=stands.measured,
        rows=stands.rows,
        sql=kept.sql,
        seconds=told.seconds if told else None,
        offending=told.offending if told else None,
        sample=told.sample if told else None,
    )
    return result, stands.since, stands.at


def _of_run(
    kept: KeptCheck, last: tuple[KeptResult, ...], run_id: str
) -> tuple[CheckResult, datetime, datetime] | None:
    """Return the result of one run, and since when those before it say the same."""
    told = next((each for each in last if each.run_id == run_id), None)
    if told is None:
        return None
    began = told.at
    for each in last:
        if each.at > told.at or each.trigger is not Trigger.ON_DEMAND:
            continue
        if each.outcome is not told.outcome:
            break
        began = each.at
    return result_of(kept.check, told, kept.sql), began, told.at


def _complete(check: Check, planned: Check | None) -> Check:
    """Return a check with its probes, which history does not keep, where the plan still has the same check."""
    if planned is None or planned.kind is not check.kind or planned.expected != check.expected:
        return check
    return replace(check, probes=planned.probes, needs=planned.needs)
