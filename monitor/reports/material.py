"""What the pages of one target are made of: what history knows of it, and what its contract's files say now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from monitor.contracts.semver import Version
from monitor.domain.check import CheckPlan
from monitor.domain.contract import Contract
from monitor.domain.incident import ChangeKind, Incident, IncidentChange
from monitor.domain.target import TargetKey
from monitor.store.pages import DayPoint, KeptCheck, KeptResult, Latest, Strip, VersionRecord
from monitor.store.store import Reader
from monitor.store.values import DriftRecord, RunRecord, Telling

DAYS = 90
"""So many days a contract's page looks back."""

RESULTS = 10
"""So many last results are told one by one."""

INCIDENTS = 25
DRIFT = 25
RUNS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetHistory:
    """All that history knows of a target, as far as its pages show it. The latest comes first everywhere but in days.

    `kept_runs` are those of the runs that pages name whose results are still kept: they have a page of their own.
    `strip` and `trends` end on `until`, the day of the latest run: what is shown depends on history alone.
    """

    target: TargetKey
    latest: Latest
    checks: tuple[KeptCheck, ...]
    results: Mapping[str, tuple[KeptResult, ...]]
    trends: Mapping[str, tuple[DayPoint, ...]]
    strip: Strip
    runs: tuple[RunRecord, ...]
    incidents: tuple[Incident, ...]
    changes: Mapping[str, tuple[IncidentChange, ...]]
    drift: tuple[DriftRecord, ...]
    kept_runs: frozenset[str]
    versions: tuple[VersionRecord, ...]
    shadows: tuple[RunRecord, ...] = ()
    tellings: tuple[Telling, ...] = ()

    @property
    def until(self) -> date:
        """Return the UTC day of the latest run."""
        return self.latest.run.started_at.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Where data come from, or go to: an object as the contract names it, and the watched target that has it."""

    name: str
    target: TargetKey | None = None
    dataset: str | None = None
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the files say of a target now. Without a contract its files are gone, and history alone speaks.

    `next_due` is when the next verdict is due at the latest, None where nothing is scheduled.
    """

    contract: Contract | None = None
    plan: CheckPlan | None = None
    next_due: datetime | None = None
    fed_by: tuple[Neighbour, ...] = ()
    feeds: tuple[Neighbour, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What every page of a site shares. `note` stands on each of them (of a demo: that its history is simulated)."""

    now: datetime
    note: str | None = None
    days: int = DAYS
    is_single: bool = False
    known: frozenset[TargetKey] = field(default_factory=frozenset)


def read_target(reader: Reader, latest: Latest, *, days: int = DAYS) -> TargetHistory:
    """Return all that is shown of a target, in a dozen queries."""
    target, shadow = latest.run.target, latest.run.shadow
    until = latest.run.started_at.date()
    first = until - timedelta(days=days - 1)
    incidents = reader.target_incidents(target, limit=INCIDENTS)
    changes = reader.changes_of(incident.id for incident in incidents)
    results = reader.latest_results(target, runs=RESULTS, shadow=shadow)
    runs = reader.runs(limit=RUNS, target=target)
    shadows = tuple(each for each in reader.shadows(target.contract) if _would_follow(each, latest.run))
    named = {run.run_id for run in (latest.run, *runs, *shadows) if run.target == target}
    named |= {result.run_id for several in results.values() for result in several}
    named |= {
        change.run_id for each in changes.values() for change in each if change.run_id and not _is_routine(change)
    }
    return TargetHistory(
        target=target,
        latest=latest,
        checks=reader.kept_checks(target, shadow=shadow),
        results=results,
        trends=reader.trends(target, since=first, shadow=shadow),
        strip=reader.strips(target, since=midnight(first)).get(target, {}),
        runs=runs,
        incidents=incidents,
        changes=changes,
        drift=reader.drift(limit=DRIFT, target=target),
        kept_runs=reader.kept_runs(named),
        versions=reader.versions(target.contract),
        shadows=shadows,
        tellings=reader.tellings([incident.id for incident in incidents]),
    )


def midnight(day: date) -> datetime:
    """Return the first moment of a UTC day."""
    return datetime.combine(day, time(), tzinfo=UTC)


def _is_routine(change: IncidentChange) -> bool:
    """Say whether a change says no more than that something goes on: its run is not worth a link."""
    return change.kind in {ChangeKind.SEEN, ChangeKind.STILL_FAILING}


def _would_follow(draft: RunRecord, run: RunRecord) -> bool:
    """Say whether a draft on the same server is newer than the version that runs."""
    same = draft.target.server == run.target.server and draft.run_id != run.run_id
    return same and Version.parse(draft.version) > Version.parse(run.version)
