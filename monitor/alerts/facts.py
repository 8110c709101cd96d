"""What an alert tells, for a machine: an object for each incident, as it was at the change that is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monitor.domain.check import Check
from monitor.domain.incident import OF_DATA, Incident, IncidentChange, IncidentState
from monitor.domain.scan import Outcome
from monitor.domain.target import TargetKey
from monitor.exact_json import Json, utc
from monitor.reports.links import check_url

MOST = 200
"""So many incidents are named at most; what is not over comes first."""

OUTCOMES = {"p": Outcome.PASS, "w": Outcome.WARN, "f": Outcome.FAIL, "e": Outcome.ERROR}
"""The letters of `Incident.recent`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """What a target promises now: the version of its latest run, None where it never ran, and its checks by id."""

    version: str | None = None
    checks: Mapping[str, Check] = field(default_factory=dict)


def facts_of(
    changes: Iterable[IncidentChange], promises: Mapping[TargetKey, Promised], public_url: str | None
) -> tuple[Mapping[str, Json], ...]:
    """Return an object for each incident; `changes` are in the order in which they happened, the last one counts."""
    latest = {change.incident.id: change for change in changes}
    found = sorted(latest.values(), key=lambda change: (change.incident.is_over, change.incident.first_failed_at))
    return tuple(_fact(each, promises.get(each.incident.target, Promised()), public_url) for each in found[:MOST])


def _fact(change: IncidentChange, promised: Promised, public_url: str | None) -> Mapping[str, Json]:
    incident, target = change.incident, change.incident.target
    check = promised.checks.get(incident.key)
    has_page = public_url is not None and incident.kind in OF_DATA and target.contract
    return {
        "incident": incident.id,
        "change": change.kind.value,
        "at": utc(change.at),
        "kind": incident.kind.value,
        "state": incident.state.value,
        "contract": target.contract or None,
        "version": promised.version,
        "server": target.server or None,
        "dataset": incident.dataset or None,
        "check": incident.key,
        "name": check.name if check else None,
        "severity": incident.severity,
        "outcome": _outcome(incident),
        "measured": incident.measured,
        "expected": check.expected if check else None,
        "unit": check.unit if check else None,
        "since": utc(incident.first_failed_at),
        "ended": utc(incident.ended_at) if incident.ended_at else None,
        "not_verified_because_of_it": len(incident.children),
        "by": change.by,
        "why": change.why,
        "url": check_url(public_url, target, incident.dataset, incident.key) if has_page and public_url else None,
    }


def _outcome(incident: Incident) -> str | None:
    """Return the last evaluated outcome; None where nothing was evaluated, or nobody looks any more."""
    if incident.state is IncidentState.WITHDRAWN:
        return None
    return OUTCOMES[incident.recent[-1]].value if incident.recent else None
