"""Runs, results, incidents and drift as JSON objects: the terminal and the API say the same."""

from typing import TYPE_CHECKING

from monitor import words
from monitor.domain.change import effect_of
from monitor.domain.incident import Incident
from monitor.domain.scan import CheckResult, Outcome, Run, Sample
from monitor.exact_json import Json, utc

if TYPE_CHECKING:  # the terminal need not wait for the import of the store
    from monitor.store.values import DriftRecord, RunRecord

SCHEMA_VERSION = 1


def run_object(run: Run) -> dict[str, Json]:
    """Return one run."""
    return {
        "run_id": run.run_id,
        "contract": run.contract,
        "version": run.version,
        "fingerprint": run.fingerprint,
        "file": run.file,
        "server": run.server,
        "location": run.location,
        "verdict": run.verdict,
        "shadow": run.shadow,
        "started_at": utc(run.scan.started_at),
        "finished_at": utc(run.scan.finished_at),
        "counts": {outcome: run.count(outcome) for outcome in Outcome},
        "results": [result_object(result) for result in run.scan.results],
    }


def result_object(result: CheckResult) -> dict[str, Json]:
    """Return one result."""
    check = result.check
    return {
        "check": check.id,
        "name": check.name,
        "dataset": check.dataset,
        "columns": check.columns,
        "kind": check.kind,
        "dimension": check.dimension,
        "severity": check.severity,
        "outcome": result.outcome,
        "measured": result.measured,
        "expected": check.expected,
        "unit": check.unit,
        "reason": words.sentence(result),
        "rows": result.rows,
        "window": check.window,
        "sql": result.sql,
        "seconds": result.seconds,
        "offending": result.offending,
        "sample": _sample(result.sample),
        "business_impact": check.impact,
        "runbook": check.runbook.url if check.runbook else None,
        "line": check.line or None,
    }


def _sample(sample: Sample | None) -> Json:
    """Return sample rows, null when there are none."""
    return None if sample is None else {"columns": sample.columns, "rows": sample.rows}


def record_object(run: "RunRecord") -> dict[str, Json]:
    """Return one run as `verify` tells of it, without its results but with what made it happen."""
    return {
        "run_id": run.run_id,
        "contract": run.target.contract,
        "version": run.version,
        "fingerprint": run.fingerprint,
        "file": run.file,
        "server": run.target.server or None,
        "location": run.location,
        "verdict": run.verdict,
        "shadow": run.shadow,
        "started_at": utc(run.started_at),
        "finished_at": utc(run.finished_at),
        "counts": {outcome: run.counts[outcome] for outcome in Outcome},
        "slot": None if run.slot is None else utc(run.slot),
        "trigger": run.trigger,
        "subset": run.subset,
    }


def incident_object(incident: Incident) -> dict[str, Json]:
    """Return one incident."""
    target = incident.target
    return {
        "id": incident.id,
        "key": incident.key,
        "kind": incident.kind,
        "state": incident.state,
        "contract": target.contract or None,
        "major": target.major or None,
        "server": target.server or None,
        "dataset": incident.dataset or None,
        "severity": incident.severity,
        "first_failed_at": utc(incident.first_failed_at),
        "last_seen_at": utc(incident.last_seen_at),
        "ended_at": None if incident.ended_at is None else utc(incident.ended_at),
        "until": None if incident.until is None else utc(incident.until),
        "failures": incident.failures,
        "measured": incident.measured,
        "children": list(incident.children),
        "by": incident.by,
        "why": incident.why,
    }


def drift_object(record: "DriftRecord") -> dict[str, Json]:
    """Return one event of the drift ledger."""
    event, target = record.event, record.target
    return {
        "at": utc(record.at),
        "contract": target.contract,
        "major": target.major,
        "server": target.server or None,
        "run_id": record.run_id,
        "against": record.against,
        "kind": event.kind,
        "hurts": event.hurts,
        "effect": effect_of(event.hurts),
        "table": event.table or None,
        "column": event.column,
        "before": event.before,
        "after": event.after,
    }
