"""Values ↔ rows: how checks, results and runs are spelled in the tables."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from monitor.contracts.semver import Version
from monitor.domain.check import Check, CheckKind, Dimension, Need, NotChecked, TableName
from monitor.domain.contract import Contract
from monitor.domain.runbook import Runbook
from monitor.domain.scan import CheckResult, Outcome, Run, Sample, Verdict
from monitor.domain.target import TargetKey
from monitor.store.codes import CODES, COUNTERS, OUTCOMES, Line, counts_of
from monitor.store.types import whole
from monitor.store.values import Held, Point, RunRecord, Standing, Trigger


def target_of(run: Run) -> TargetKey:
    """Return the target that a run belongs to."""
    return target_named(run.contract, run.version, run.server)


def target_named(contract: str, version: str, server: str | None) -> TargetKey:
    """Return the target that a version of a contract is on a server."""
    return TargetKey(contract=contract, major=Version.parse(version).major, server=server or "")


def target_from(row: Line) -> TargetKey:
    """Return the target in a row."""
    return TargetKey(contract=row["contract"], major=row["major"], server=row["server"])


def details_of(contract: Contract) -> dict[str, Any]:
    """Return what pages and routing need of a contract, beside its names."""
    return {
        "owner": {"team": contract.owner.team, "members": list(contract.owner.members)},
        "support": [
            {"channel": each.channel, "tool": each.tool, "scope": each.scope, "url": each.url}
            for each in contract.support
        ],
        "domain": contract.domain,
        "purpose": contract.purpose,
        "tags": list(contract.tags),
        "datasets": {dataset.name: list(dataset.tags) for dataset in contract.datasets},
    }


def check_values(check: Check) -> dict[str, Any]:
    """Return what the dimension keeps of a check: how it is measured is the contract's business, not history's."""
    return {
        "check_id": check.id,
        "name": check.name,
        "kind": check.kind.value,
        "dataset": check.dataset,
        "columns": list(check.columns),
        "dimension": check.dimension.value if check.dimension else None,
        "severity": check.severity,
        "expected": check.expected,
        "unit": check.unit,
        "impact": check.impact,
        "window": check.window,
        "runbook": [check.runbook.url, check.runbook.summary] if check.runbook else None,
        "line": check.line,
        "needs": [[need.table.schema, need.table.name, list(need.columns)] for need in check.needs],
        "not_checked": [[probe.reason, probe.is_error] for probe in check.probes if isinstance(probe, NotChecked)],
    }


def check_from(row: Line) -> Check:
    """Return a check as history knows it: without statements, but with what it needs and why it is not checked."""
    return Check(
        id=row["check_id"],
        name=row["name"],
        kind=CheckKind(row["kind"]),
        dataset=row["dataset"],
        columns=tuple(row["columns"]),
        dimension=Dimension(row["dimension"]) if row["dimension"] else None,
        severity=row["severity"],
        expected=row["expected"],
        unit=row["unit"],
        impact=row["impact"],
        window=row["window"],
        runbook=Runbook(url=row["runbook"][0], summary=row["runbook"][1]) if row["runbook"] else None,
        line=row["line"],
        probes=tuple(NotChecked(reason=reason, is_error=is_error) for reason, is_error in row["not_checked"]),
        needs=tuple(
            Need(table=TableName(schema=schema, name=name), columns=tuple(columns))
            for schema, name, columns in row["needs"]
        ),
    )


def result_values(result: CheckResult, dimension: Line) -> dict[str, Any]:
    """Return what a result says beyond its check's row; where they agree nothing is written twice."""
    return {
        "outcome": CODES[result.outcome],
        "measured": result.measured,
        "rows": result.rows,
        "seconds": result.seconds,
        "reason": result.reason or None,
        "expected": None if result.check.expected == dimension["expected"] else result.check.expected,
        "sql": None if result.sql == dimension["sql"] else result.sql or "",
        "offending": result.offending,
        "cause": result.cause,
        "sample": None
        if result.sample is None
        else {"columns": list(result.sample.columns), "rows": [list(row) for row in result.sample.rows]},
    }


def result_from(row: Line, check: Check, sql: str | None) -> CheckResult:
    """Return a result; `sql` is the statement of its check's row."""
    own = row["result_sql"]
    return CheckResult(
        check=check,
        outcome=OUTCOMES[row["outcome"]],
        reason=row["reason"] or "",
        measured=whole(row["measured"]),
        rows=row["rows"],
        sql=sql if own is None else own or None,
        seconds=row["seconds"],
        offending=row["offending"],
        cause=row["cause"],
        sample=sample_from(row["sample"]),
    )


def sample_from(kept: Line | None) -> Sample | None:
    """Return sample rows as results have them."""
    if kept is None:
        return None
    return Sample(columns=tuple(kept["columns"]), rows=tuple(tuple(cells) for cells in kept["rows"]))


def count_values(outcomes: list[Outcome]) -> dict[str, int]:
    """Return the counters of some outcomes."""
    return {column: outcomes.count(outcome) for outcome, column in COUNTERS.items()}


def record_from(row: Line) -> RunRecord:
    """Return a run without its results."""
    return RunRecord(
        run_id=row["run_id"],
        target=target_from(row),
        slug=row["slug"],
        name=row["name"],
        version=row["version"],
        file=row["file"],
        fingerprint=row["fingerprint"],
        location=row["location"],
        trigger=Trigger(row["trigger"]),
        slot=row["slot"],
        shadow=row["shadow"],
        subset=row["subset"],
        stands=row["stands"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        verdict=Verdict(row["verdict"]),
        counts=counts_of(row),
        pruned=row["pruned"],
    )


def point_from(row: Line) -> Point:
    """Return one result in the history of its check."""
    return Point(
        at=row["at"],
        run_id=row["run_id"],
        outcome=OUTCOMES[row["outcome"]],
        stands=row["stands"],
        measured=whole(row["measured"]),
        rows=row["rows"],
        seconds=row["seconds"],
        reason=row["reason"] or "",
    )


def standing_from(row: Line) -> Standing:
    """Return where a check stands."""
    return Standing(
        target=target_from(row),
        check=check_from(row),
        run_id=row["run_id"],
        at=row["at"],
        outcome=OUTCOMES[row["outcome"]],
        since=row["since"],
        measured=whole(row["measured"]),
        rows=row["rows"],
        reason=row["reason"] or "",
        last_held=held_from(row),
    )


def held_from(row: Line) -> Held | None:
    """Return when a check last held, None for never."""
    if row["held_at"] is None:
        return None
    return Held(
        at=row["held_at"],
        since=row["held_since"],
        run_id=row["held_run"],
        measured=whole(row["held_measured"]),
        rows=row["held_rows"],
    )


def standing_values(result: CheckResult, run_id: str, at: datetime, before: Line | None) -> dict[str, Any]:
    """Return where a check stands after a result, given where it stood before."""
    code = CODES[result.outcome]
    values: dict[str, Any] = {
        "outcome": code,
        "measured": result.measured,
        "rows": result.rows,
        "reason": result.reason or None,
        "since": before["since"] if before is not None and before["outcome"] == code else at,
    }
    held = ("held_at", "held_since", "held_run", "held_measured", "held_rows")
    values |= {name: before[name] if before is not None else None for name in held}
    if result.outcome is Outcome.PASS:
        unbroken = before is not None and before["outcome"] == code and before["held_since"] is not None
        values |= {
            "held_at": at,
            "held_since": before["held_since"] if before is not None and unbroken else at,
            "held_run": run_id,
            "held_measured": result.measured,
            "held_rows": result.rows,
        }
    return values


def day_values(result: CheckResult, at: datetime, before: Line | None) -> dict[str, Any]:
    """Fold a result into what its check did on that day."""
    code = CODES[result.outcome]
    measured = None if result.measured is None else Decimal(result.measured)
    if measured is not None and measured.is_nan():
        measured = None
    values: dict[str, Any] = {"day": at.date(), "worst": code, "least": measured, "greatest": measured}
    values |= {"last": measured, "last_at": at}
    values |= count_values([result.outcome])
    if before is None:
        return values
    numbers = [number for number in (before["least"], before["greatest"], measured) if number is not None]
    is_newer = at >= before["last_at"]
    values |= {
        "worst": max(code, before["worst"]),
        "least": min(numbers, default=None),
        "greatest": max(numbers, default=None),
        "last": measured if is_newer else before["last"],
        "last_at": at if is_newer else before["last_at"],
    }
    values |= {column: values[column] + before[column] for column in COUNTERS.values()}
    return values
