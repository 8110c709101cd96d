"""What is read of runs and results, for the terminal, for alerts and for pages."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from monitor.contracts.versions import SHADOW_STATUSES
from monitor.domain.scan import CheckResult, Outcome, Run, Scan
from monitor.domain.target import TargetKey
from monitor.store import tables
from monitor.store.codes import CODES, Line
from monitor.store.rows import check_from, held_from, record_from, result_from, standing_from, target_from
from monitor.store.targets import is_target
from monitor.store.values import Held, RunRecord, Standing

_EVALUATED = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)


class History:
    """Reads what was recorded, at the moment that its connection sees."""

    def __init__(self, connection: Connection) -> None:
        """Read on this connection."""
        self._connection = connection

    def runs(
        self,
        *,
        limit: int,
        contract: str | None = None,
        target: TargetKey | None = None,
        since: datetime | None = None,
    ) -> tuple[RunRecord, ...]:
        """Return the latest runs, latest first; `contract` is an id, `id@version` or a slug."""
        conditions: list[ColumnElement[bool]] = []
        if contract is not None:
            conditions.append(tables.runs.c.version_id.in_(self._versions(contract)))
        if target is not None:
            conditions.append(is_target(target))
        if since is not None:
            conditions.append(tables.runs.c.started_at >= since)
        newest = (tables.runs.c.started_at.desc(), tables.runs.c.id.desc())
        rows = self._connection.execute(joined_runs().where(*conditions).order_by(*newest).limit(limit)).mappings()
        return tuple(record_from(row) for row in rows)

    def run(self, run_id: str) -> tuple[RunRecord, Run] | None:
        """Return one run with its results; None if there is no such run. Its checks come without their statements."""
        row = self._connection.execute(joined_runs().where(tables.runs.c.run_id == run_id)).mappings().one_or_none()
        if row is None:
            return None
        results = tables.results
        found = self._connection.execute(
            _with_results().where(results.c.run_id == row["id"]).order_by(results.c.position)
        ).mappings()
        told = tuple(_result(each) for each in found)
        record = record_from(row)
        scan = Scan(started_at=record.started_at, finished_at=record.finished_at, results=told, seen={})
        return record, Run(
            run_id=run_id,
            contract=record.target.contract,
            slug=record.slug,
            version=record.version,
            file=record.file,
            fingerprint=record.fingerprint,
            server=record.target.server or None,
            location=record.location,
            shadow=record.shadow,
            scan=scan,
        )

    def targets_on(self, server: str) -> tuple[TargetKey, ...]:
        """Return the targets on a server, in order."""
        targets = tables.targets
        named = select(targets.c.contract, targets.c.major, targets.c.server).where(targets.c.server == server)
        rows = self._connection.execute(named.where(targets.c.contract != "")).mappings()
        return tuple(sorted(target_from(row) for row in rows))

    def version_of(self, run_id: str) -> str | None:
        """Return the contract version that a run verified; None if there is no such run."""
        row = self._connection.execute(joined_runs().where(tables.runs.c.run_id == run_id)).mappings().one_or_none()
        return None if row is None else record_from(row).version

    def verdict_now(self, target: TargetKey) -> tuple[Standing, ...]:
        """Return each check's latest result that stands, by dataset and check; removed checks are not in it."""
        checks, standings = tables.checks, tables.standings
        rows = self._connection.execute(
            joined_standings()
            .where(is_target(target), checks.c.removed_at.is_(None), checks.c.id == standings.c.check_id)
            .order_by(checks.c.dataset, checks.c.check_id)
        ).mappings()
        return tuple(standing_from(row) for row in rows)

    def last_held(self, target: TargetKey, check: str) -> Held | None:
        """Return when a check last held in a run that stands; None for never."""
        row = self._connection.execute(joined_standings().where(*_is_check(target, check))).mappings().one_or_none()
        return None if row is None else held_from(row)

    def last_evaluated(self, target: TargetKey, checks: Collection[str]) -> tuple[CheckResult, ...]:
        """Return the last results of these checks that stand and speak of data, of those that are still kept."""
        results = tables.results
        speaks = (results.c.stands, results.c.outcome.in_([CODES[each] for each in _EVALUATED]))
        last = (
            select(func.max(results.c.at))
            .where(results.c.check_id == tables.checks.c.id, *speaks)
            .correlate(tables.checks)
            .scalar_subquery()
        )
        rows = self._connection.execute(
            _with_results()
            .join(tables.targets, tables.targets.c.id == tables.checks.c.target_id)
            .where(is_target(target), ~tables.checks.c.shadow, tables.checks.c.check_id.in_(checks))
            .where(*speaks, results.c.at == last)
        ).mappings()
        return tuple(_result(row) for row in rows)

    def row_counts(self, run_id: str) -> Mapping[str, int]:
        """Return how many rows each dataset had in a run; empty when its results are not kept any more."""
        results, checks = tables.results, tables.checks
        rows = self._connection.execute(
            select(checks.c.dataset, func.max(results.c.rows).label("rows"))
            .join(results, results.c.check_id == checks.c.id)
            .where(results.c.run_id == select(tables.runs.c.id).where(tables.runs.c.run_id == run_id).scalar_subquery())
            .where(results.c.rows.is_not(None))
            .group_by(checks.c.dataset)
        ).mappings()
        return {row["dataset"]: row["rows"] for row in rows}

    def known_meanings(self, contract: str) -> Mapping[tuple[str, str], str]:
        """Return the last meaning of each released (id, version) of a contract: what an edit in place differs from."""
        versions = tables.contract_versions
        rows = self._connection.execute(
            select(versions.c.version, versions.c.meaning)
            .where(versions.c.contract == contract, versions.c.status.not_in(sorted(SHADOW_STATUSES)))
            .order_by(versions.c.last_seen, versions.c.id)
        )
        return {(contract, version): meaning for version, meaning in rows}

    def has_begun(self, target: TargetKey) -> bool:
        """Say whether a whole run of a target that stands has verified anything: the next one is not its first."""
        runs = tables.runs
        begun = (
            select(runs.c.id)
            .join(tables.targets, tables.targets.c.id == runs.c.target_id)
            .where(is_target(target), runs.c.stands, ~runs.c.subset)
            .where(runs.c.passed + runs.c.warned + runs.c.failed > 0)
        )
        return self._connection.execute(begun.limit(1)).scalar() is not None

    def versions_in_files(self) -> Mapping[str, tuple[str, str]]:
        """Return the id and the version of the contract that was last run from each file."""
        versions = tables.contract_versions
        columns = (versions.c.file, versions.c.contract, versions.c.version)
        rows = self._connection.execute(select(*columns).order_by(versions.c.last_seen, versions.c.id))
        return {row.file: (row.contract, row.version) for row in rows}

    def _versions(self, wanted: str) -> Sequence[int]:
        """Return the rows of the contract versions that somebody means."""
        versions = tables.contract_versions
        found = self._ids(versions.c.contract == wanted) or self._ids(versions.c.slug == wanted)
        name, at, version = wanted.rpartition("@")
        if not found and at:
            found = self._ids(and_(versions.c.contract == name, versions.c.version == version))
        return found or self._ids(versions.c.name == wanted)

    def _ids(self, condition: ColumnElement[bool]) -> Sequence[int]:
        return self._connection.execute(select(tables.contract_versions.c.id).where(condition)).scalars().all()


def joined_runs() -> Select[Any]:
    """Return runs with the names of their target, version and slot."""
    runs, versions, targets, slots = tables.runs, tables.contract_versions, tables.targets, tables.slots
    return (
        select(
            runs,
            targets.c.contract,
            targets.c.major,
            targets.c.server,
            versions.c.slug,
            versions.c.name,
            versions.c.version,
            versions.c.file,
            versions.c.fingerprint,
            slots.c.instant.label("slot"),
        )
        .join(targets, targets.c.id == runs.c.target_id)
        .join(versions, versions.c.id == runs.c.version_id)
        .outerjoin(slots, slots.c.id == runs.c.slot_id)
    )


def joined_standings(*, is_outer: bool = False) -> Select[Any]:
    """Return checks with where they stand; with `is_outer` also those that stand nowhere."""
    checks, standings, targets = tables.checks, tables.standings, tables.targets
    return (
        select(
            checks,
            *(column for column in standings.c if column.name not in {"check_id", "target_id"}),
            targets.c.contract,
            targets.c.major,
            targets.c.server,
        )
        .join(targets, targets.c.id == checks.c.target_id)
        .join(standings, standings.c.check_id == checks.c.id, isouter=is_outer)
    )


def _with_results() -> Select[Any]:
    """Return results with their checks."""
    results, checks = tables.results, tables.checks
    own = [column for column in results.c if column.name not in {"run_id", "check_id", "expected", "sql"}]
    both = (*own, results.c.sql.label("result_sql"), results.c.expected.label("result_expected"))
    return select(checks, *both).select_from(results).join(checks, checks.c.id == results.c.check_id)


def _result(row: Line) -> CheckResult:
    """Return a result of a check as it was then."""
    expected = row["expected"] if row["result_expected"] is None else row["result_expected"]
    return result_from(row, check_from({**row, "expected": expected}), row["sql"])


def _is_check(target: TargetKey, check: str) -> tuple[ColumnElement[bool], ...]:
    return is_target(target), ~tables.checks.c.shadow, tables.checks.c.check_id == check
