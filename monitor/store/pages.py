"""What the pages of the report site read beside the rest of history: few queries for each page, never one per check."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Select,
    Text,
    case,
    cast,
    func,
    or_,
    select,
    type_coerce,
)

from monitor.domain.check import Check, CheckKind
from monitor.domain.incident import Incident, IncidentChange
from monitor.domain.scan import Outcome, Sample
from monitor.domain.target import TargetKey
from monitor.store import tables
from monitor.store.codec import decoded
from monitor.store.codes import CODES, OUTCOMES
from monitor.store.database import in_batches
from monitor.store.history import joined_runs, joined_standings
from monitor.store.rows import check_from, record_from, sample_from, standing_from, target_from
from monitor.store.targets import is_target
from monitor.store.types import Json, restored, whole
from monitor.store.values import RunRecord, Standing, Trigger

AGES = (CheckKind.FRESHNESS.value, CheckKind.FREQUENCY.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCheck:
    """A check as history knows it: its statement, since when, until when (None: it is still promised), where it stands.

    `standing` is None for a check that no run that stands has looked at.
    """

    check: Check
    sql: str | None
    first_seen: datetime
    removed_at: datetime | None
    standing: Standing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptResult:
    """One result of a check, with the run and the contract version that it belongs to."""

    at: datetime
    run_id: str
    version: str
    trigger: Trigger
    stands: bool
    outcome: Outcome
    measured: int | Decimal | None
    rows: int | None
    seconds: float | None
    reason: str
    offending: str | None
    sample: Sample | None


class DayPoint(NamedTuple):
    """What a check did on one UTC day. A tuple, as there are millions of them in a site."""

    day: date
    worst: Outcome
    least: Decimal | None
    greatest: Decimal | None
    last: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """A version of a contract that has run: its status of the last time, and between which moments it was met."""

    version: str
    name: str
    status: str
    fingerprint: str
    details: Mapping[str, Json]
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The run that a target's page rests on, and what was known of its contract then.

    That is its latest run that stands; where none does, its latest whole run, of a draft only where there is no other.
    """

    run: RunRecord
    details: Mapping[str, Json]


Strip = Mapping[date, Outcome]
"""The worst that a target's runs found on each UTC day; a day without a run is not in it."""


class PageReader:
    """Reads what pages show."""

    def __init__(self, connection: Connection) -> None:
        """Read on this connection."""
        self._connection = connection

    def latest(self, *targets: TargetKey) -> Mapping[TargetKey, Latest]:
        """Return what each target's page rests on; of all targets that have a run where none is named."""
        runs, versions = tables.runs, tables.contract_versions
        last = [run for run in self._connection.execute(_latest(targets)).scalars() if run is not None]
        details = joined_runs().add_columns(versions.c.details)
        found: dict[TargetKey, Latest] = {}
        for some in in_batches(last):
            for row in self._connection.execute(details.where(runs.c.id.in_(some))).mappings():
                found[target_from(row)] = Latest(run=record_from(row), details=row["details"])
        return dict(sorted(found.items()))

    def shadows(self, contract: str) -> tuple[RunRecord, ...]:
        """Return the latest whole run of each draft of a contract on each server, newest first."""
        runs = tables.runs
        newest = func.row_number().over(
            partition_by=(runs.c.target_id, runs.c.version_id), order_by=(runs.c.started_at.desc(), runs.c.id.desc())
        )
        ranked = (
            select(runs.c.id.label("run"), newest.label("place"))
            .join(tables.targets, tables.targets.c.id == runs.c.target_id)
            .where(tables.targets.c.contract == contract, runs.c.shadow, ~runs.c.subset)
            .subquery()
        )
        wanted = joined_runs().join(ranked, ranked.c.run == runs.c.id).where(ranked.c.place == 1)
        rows = self._connection.execute(wanted.order_by(runs.c.started_at.desc(), runs.c.id.desc())).mappings()
        return tuple(record_from(row) for row in rows)

    def kept_runs(self, runs: Iterable[str]) -> frozenset[str]:
        """Return those of these runs whose results are still kept one by one."""
        ran = tables.runs
        wanted = select(ran.c.run_id).where(ran.c.run_id.in_(sorted(runs)), ~ran.c.pruned)
        return frozenset(self._connection.execute(wanted).scalars())

    def kept_checks(self, target: TargetKey, *, shadow: bool = False) -> tuple[KeptCheck, ...]:
        """Return every check that a target ever had, those that are gone too, by dataset and check."""
        checks = tables.checks
        rows = self._connection.execute(
            joined_standings(is_outer=True)
            .where(is_target(target), checks.c.shadow == shadow)
            .order_by(checks.c.dataset, checks.c.line, checks.c.check_id)
        ).mappings()
        return tuple(
            KeptCheck(
                check=check_from(row),
                sql=row["sql"],
                first_seen=row["first_seen"],
                removed_at=row["removed_at"],
                standing=standing_from(row) if row["run_id"] is not None else None,
            )
            for row in rows
        )

    def latest_results(
        self, target: TargetKey, *, runs: int, shadow: bool = False
    ) -> Mapping[str, tuple[KeptResult, ...]]:
        """Return what the last so many runs found, by check, latest first; results that are pruned are not in it."""
        ran, results, checks = tables.runs, tables.results, tables.checks
        last = (
            select(ran.c.id, ran.c.run_id, ran.c.trigger, tables.contract_versions.c.version)
            .join(tables.targets, tables.targets.c.id == ran.c.target_id)
            .join(tables.contract_versions, tables.contract_versions.c.id == ran.c.version_id)
            .where(is_target(target), ran.c.shadow == shadow, ~ran.c.pruned)
            .order_by(ran.c.started_at.desc(), ran.c.id.desc())
            .limit(runs)
            .subquery()
        )
        names = ("at", "outcome", "stands", "measured", "rows", "seconds", "reason", "offending", "sample")
        rows = self._connection.execute(
            select(
                checks.c.check_id.label("check"),
                last.c.run_id.label("run"),
                last.c.trigger,
                last.c.version,
                *(results.c[name] for name in names),
            )
            .join(last, last.c.id == results.c.run_id)
            .join(checks, checks.c.id == results.c.check_id)
            .order_by(results.c.at.desc(), results.c.run_id.desc())
        )
        found: dict[str, list[KeptResult]] = {}
        for check, run, trigger, version, at, code, stands, measured, count, seconds, reason, offending, sample in rows:
            found.setdefault(check, []).append(
                KeptResult(
                    at=at,
                    run_id=run,
                    version=version,
                    trigger=Trigger(trigger),
                    stands=stands,
                    outcome=OUTCOMES[code],
                    measured=whole(measured),
                    rows=count,
                    seconds=seconds,
                    reason=reason or "",
                    offending=offending,
                    sample=sample_from(sample),
                )
            )
        return {check: tuple(several) for check, several in found.items()}

    def trends(self, target: TargetKey, *, since: date, shadow: bool = False) -> Mapping[str, tuple[DayPoint, ...]]:
        """Return what each check did day by day, oldest first. Read as text: of thousands of rows few differ."""
        checks, days = tables.checks, tables.days
        rows = self._connection.execute(
            select(
                type_coerce(checks.c.check_id, Text()),
                days.c.day,
                days.c.worst,
                *(type_coerce(column, Text()) for column in (days.c.least, days.c.greatest, days.c.last)),
            )
            .join(checks, checks.c.id == days.c.check_id)
            .join(tables.targets, tables.targets.c.id == checks.c.target_id)
            .where(is_target(target), checks.c.shadow == shadow, days.c.day >= since)
            .order_by(checks.c.check_id, days.c.day)
        )
        found: dict[str, list[DayPoint]] = {}
        for check, day, worst, least, greatest, last in rows:
            point = DayPoint(day, OUTCOMES[worst], _exact(least), _exact(greatest), _exact(last))
            found.setdefault(check, []).append(point)
        return {restored(check): tuple(points) for check, points in found.items()}

    def strips(self, *targets: TargetKey, since: datetime) -> Mapping[TargetKey, Strip]:
        """Return the worst of each target's days, of the kind of runs that its page rests on: see `Latest`."""
        runs = tables.runs
        worst = case(
            (runs.c.failed > 0, CODES[Outcome.FAIL]),
            (runs.c.verdict == "unverified", CODES[Outcome.ERROR]),
            (runs.c.warned > 0, CODES[Outcome.WARN]),
            else_=CODES[Outcome.PASS],
        )
        day = self._day(runs.c.started_at)
        rows = self._connection.execute(
            select(
                tables.targets.c.contract,
                tables.targets.c.major,
                tables.targets.c.server,
                runs.c.stands,
                runs.c.shadow,
                day.label("day"),
                func.max(worst).label("worst"),
            )
            .join(tables.targets, tables.targets.c.id == runs.c.target_id)
            .where(runs.c.started_at >= since, ~runs.c.subset, *_one_of(targets))
            .group_by(tables.targets.c.id, runs.c.stands, runs.c.shadow, day)
        ).mappings()
        found: dict[TargetKey, dict[tuple[bool, bool], dict[date, Outcome]]] = {}
        for row in rows:
            kind = (not row["stands"], row["shadow"])
            of_kind = found.setdefault(target_from(row), {}).setdefault(kind, {})
            of_kind[row["day"]] = OUTCOMES[row["worst"]]
        return {target: kinds[min(kinds)] for target, kinds in found.items()}

    def ages(self, *targets: TargetKey) -> Mapping[TargetKey, tuple[Standing, ...]]:
        """Return where the checks of how fresh the data are stand."""
        checks, standings = tables.checks, tables.standings
        found: dict[TargetKey, list[Standing]] = {}
        rows = self._connection.execute(
            joined_standings()
            .where(checks.c.kind.in_(AGES), ~standings.c.removed, *_one_of(targets))
            .order_by(checks.c.check_id)
        ).mappings()
        for row in rows:
            found.setdefault(target_from(row), []).append(standing_from(row))
        return {target: tuple(several) for target, several in found.items()}

    def counts(self, *targets: TargetKey) -> Mapping[TargetKey, Mapping[Outcome, int]]:
        """Return how many checks of each target stand at which outcome."""
        standings = tables.standings
        rows = self._connection.execute(
            select(
                tables.targets.c.contract,
                tables.targets.c.major,
                tables.targets.c.server,
                standings.c.outcome,
                func.count().label("count"),
            )
            .join(tables.targets, tables.targets.c.id == standings.c.target_id)
            .where(~standings.c.removed, *_one_of(targets))
            .group_by(tables.targets.c.id, standings.c.outcome)
        ).mappings()
        found: dict[TargetKey, dict[Outcome, int]] = {}
        for row in rows:
            counts = found.setdefault(target_from(row), dict.fromkeys(Outcome, 0))
            counts[OUTCOMES[row["outcome"]]] = row["count"]
        return found

    def versions(self, contract: str) -> tuple[VersionRecord, ...]:
        """Return each version of a contract that has run, as it was last met, in the order in which they came."""
        versions = tables.contract_versions
        rows = self._connection.execute(
            select(versions).where(versions.c.contract == contract).order_by(versions.c.last_seen, versions.c.id)
        ).mappings()
        found: dict[str, VersionRecord] = {}
        for row in rows:
            before = found.get(row["version"])
            found[row["version"]] = VersionRecord(
                version=row["version"],
                name=row["name"],
                status=row["status"],
                fingerprint=row["fingerprint"],
                details=row["details"],
                first_seen=min(before.first_seen, row["first_seen"]) if before else row["first_seen"],
                last_seen=row["last_seen"],
            )
        return tuple(sorted(found.values(), key=lambda each: (each.first_seen, each.version)))

    def target_incidents(self, target: TargetKey, *, limit: int) -> tuple[Incident, ...]:
        """Return a target's incidents: those that are open, then the last that ended."""
        incidents = tables.incidents
        rows = self._connection.execute(
            select(incidents.c.value)
            .join(tables.targets, tables.targets.c.id == incidents.c.target_id)
            .where(is_target(target), incidents.c.state != "pending")
            .order_by(incidents.c.is_over, incidents.c.last_seen_at.desc(), incidents.c.id)
            .limit(limit)
        ).scalars()
        return tuple(decoded(Incident, value) for value in rows)

    def all_open(self, *targets: TargetKey) -> Mapping[TargetKey, tuple[Incident, ...]]:
        """Return every open incident, oldest first, by target; troubles that no contract has are under their owner."""
        incidents = tables.incidents
        rows = self._connection.execute(
            select(incidents.c.value)
            .join(tables.targets, tables.targets.c.id == incidents.c.target_id)
            .where(~incidents.c.is_over, incidents.c.state != "pending", *_one_of(targets))
        ).scalars()
        found: dict[TargetKey, list[Incident]] = {}
        for value in rows:
            incident = decoded(Incident, value)
            found.setdefault(incident.target, []).append(incident)
        return {target: tuple(sorted(several, key=_by_age)) for target, several in found.items()}

    def troubles(self) -> tuple[Incident, ...]:
        """Return every open incident that no contract's page tells of: its owner never ran, or is no contract."""
        incidents, runs = tables.incidents, tables.runs
        ran = select(runs.c.id).where(runs.c.target_id == incidents.c.target_id).exists()
        rows = self._connection.execute(
            select(incidents.c.value).where(~incidents.c.is_over, incidents.c.state != "pending", ~ran)
        ).scalars()
        return tuple(sorted((decoded(Incident, value) for value in rows), key=_by_age))

    def changes_of(self, incidents: Iterable[str]) -> Mapping[str, tuple[IncidentChange, ...]]:
        """Return all that happened to these incidents, each in order."""
        changes = tables.incident_changes
        wanted = sorted(incidents)
        rows = self._connection.execute(
            select(changes.c.incident_id, changes.c.value)
            .where(changes.c.incident_id.in_(wanted))
            .order_by(changes.c.incident_id, changes.c.sequence)
        )
        found: dict[str, list[IncidentChange]] = {incident: [] for incident in wanted}
        for incident, value in rows:
            found[incident].append(decoded(IncidentChange, value))
        return {incident: tuple(several) for incident, several in found.items()}

    def _day(self, moment: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the UTC day of a moment."""
        if self._connection.dialect.name == "sqlite":
            return type_coerce(func.substr(moment, 1, 10), Date())
        return cast(func.timezone("UTC", moment), Date())


@lru_cache(maxsize=4096)
def _exact(text: str | None) -> Decimal | None:
    """Return a number by its digits."""
    return None if text is None else Decimal(text)


def _by_age(incident: Incident) -> tuple[datetime, str, str]:
    return incident.first_failed_at, incident.key, incident.id


def _one_of(targets: Iterable[TargetKey]) -> list[ColumnElement[bool]]:
    """Return the condition that a row is of one of these targets; none where all are meant."""
    of = [is_target(target) for target in targets]
    return [or_(*of)] if of else []


def _latest(of: Sequence[TargetKey]) -> Select[Any]:
    """Return the key of the run that each target's page rests on: see `Latest`.

    Each wish is looked for only where the ones before found nothing, and goes back along the index until the first.
    """
    targets, ran = tables.targets, tables.runs.alias("ran")
    of_all = ~ran.c.stands & ~ran.c.subset
    wishes = (ran.c.stands & ~ran.c.shadow, ran.c.stands & ran.c.shadow, of_all & ~ran.c.shadow, of_all & ran.c.shadow)
    newest = select(ran.c.id).where(ran.c.target_id == targets.c.id).order_by(ran.c.started_at.desc(), ran.c.id.desc())
    found: ColumnElement[Any] = func.coalesce(
        *(newest.where(wish).limit(1).scalar_subquery().correlate(targets) for wish in wishes)
    )
    return select(found).select_from(targets).where(*_one_of(of))
