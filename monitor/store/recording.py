"""What is written when a run ends: its results, where each check stands now, what it did that day."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, bindparam, select

from monitor.domain.contract import Contract
from monitor.domain.scan import CheckResult, Run
from monitor.store import measurements, tables
from monitor.store.codes import Line
from monitor.store.database import now
from monitor.store.rows import (
    check_values,
    count_values,
    day_values,
    details_of,
    result_values,
    standing_values,
    target_of,
)
from monitor.store.targets import lock_target
from monitor.store.upsert import insert, insert_missing, upsert
from monitor.store.values import Trigger


class Recording:
    """Writes runs, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        """Write on this connection."""
        self._connection = connection

    def now(self) -> datetime:
        """Return the database's own time."""
        return now(self._connection)

    def record_run(
        self,
        run: Run,
        contract: Contract,
        *,
        trigger: Trigger,
        slot: datetime | None = None,
        subset: bool = False,
        stands: bool | None = None,
    ) -> None:
        """Record a run with all its results. Other writers of its target wait until this transaction is over.

        `subset` says that it looked at a part of the checks only: the others stay what they are. `stands` says that
        "the verdict now" rests on it: by default if it was scheduled and is no shadow run. Recording a run id twice
        is an error.
        """
        if stands is None:
            stands = trigger is Trigger.SCHEDULED and not run.shadow
        target_id = lock_target(self._connection, target_of(run))
        outcomes = [result.outcome for result in run.scan.results]
        row_id = self._connection.execute(
            tables.runs.insert().returning(tables.runs.c.id),
            {
                "run_id": run.run_id,
                "target_id": target_id,
                "version_id": self._version(run, contract),
                "slot_id": None if slot is None else self._slot(target_id, slot, shadow=run.shadow),
                "trigger": trigger.value,
                "shadow": run.shadow,
                "subset": subset,
                "stands": stands,
                "location": run.location,
                "started_at": run.scan.started_at,
                "finished_at": run.scan.finished_at,
                "verdict": run.verdict.value,
                **count_values(outcomes),
            },
        ).scalar_one()
        known = self._dimensions(target_id, run, stands=stands, whole=stands and not subset)
        self._results(row_id, target_id, run, known, stands=stands)

    def _version(self, run: Run, contract: Contract) -> int:
        """Return the row of the contract version that ran; the same version with other text is a row of its own."""
        versions = tables.contract_versions
        same = and_(
            versions.c.contract == run.contract,
            versions.c.version == run.version,
            versions.c.fingerprint == run.fingerprint,
        )
        known = self._connection.execute(select(versions.c.id).where(same)).scalar()
        now_is = {"file": run.file, "status": contract.status, "last_seen": run.scan.started_at}
        now_is |= {"slug": run.slug, "name": contract.name, "details": details_of(contract)}
        if known is not None:
            self._connection.execute(versions.update().where(versions.c.id == known).values(now_is))
            return int(known)
        values = {"contract": run.contract, "version": run.version, "fingerprint": run.fingerprint, **now_is}
        values |= {"meaning": contract.meaning, "first_seen": run.scan.started_at}
        insert_missing(self._connection, versions, [values])  # the same version may run on another server just now
        return int(self._connection.execute(select(versions.c.id).where(same)).scalar_one())

    def _slot(self, target_id: int, instant: datetime, *, shadow: bool) -> int:
        """Return the row of a slot, which is done with this run."""
        slots = tables.slots
        key = {"target_id": target_id, "instant": instant, "shadow": shadow}
        row = key | {"state": "running", "attempt": 0, "created_at": self.now()}
        insert_missing(self._connection, slots, [row])
        done = slots.update().where(*(slots.c[name] == value for name, value in key.items()))
        return int(self._connection.execute(done.values(state="done").returning(slots.c.id)).scalar_one())

    def _dimensions(self, target_id: int, run: Run, *, stands: bool, whole: bool) -> Mapping[str, Line]:
        """Return the rows of the run's checks by check id, made or mended where they differ from the plan.

        A run that does not stand mends only what no standing run has spoken of: an old version that somebody tries out
        does not rewrite what is promised. Checks that a whole run does not know any more are marked as removed.
        """
        checks, standings = tables.checks, tables.standings
        rows = self._connection.execute(
            select(checks, standings.c.check_id.label("stood"))
            .outerjoin(standings, standings.c.check_id == checks.c.id)
            .where(checks.c.target_id == target_id, checks.c.shadow == run.shadow)
        ).mappings()
        known: dict[str, RowMapping] = {row["check_id"]: row for row in rows}
        wanted = {result.check.id: check_values(result.check) | {"sql": result.sql} for result in run.scan.results}
        new, mended = [], []
        for check_id, values in wanted.items():
            row = known.get(check_id)
            if row is None:
                new.append({"target_id": target_id, "shadow": run.shadow, "first_seen": run.scan.started_at, **values})
                continue
            differs = any(row[name] != value for name, value in values.items() if name != "sql")
            if row["sql"] is not None and (not differs or values["sql"] is None):
                values["sql"] = row["sql"]  # one check may answer by several statements: that is no other promise
            may_mend = stands or row["stood"] is None
            if may_mend and (differs or values["sql"] != row["sql"] or row["removed_at"] is not None):
                mended.append({"row": row["id"], "removed_at": None, **values})
                self._keep_what_was(row, values)
        insert(self._connection, checks, new)
        if mended:
            changes: dict[str, Any] = {name: bindparam(name) for name in mended[0] if name != "row"}
            self._connection.execute(checks.update().where(checks.c.id == bindparam("row")).values(changes), mended)
        if whole:
            gone = [row["id"] for check_id, row in known.items() if check_id not in wanted and not row["removed_at"]]
            removed = checks.update().where(checks.c.id.in_(gone)).values(removed_at=run.scan.started_at)
            self._connection.execute(removed)
            self._connection.execute(standings.update().where(standings.c.check_id.in_(gone)).values(removed=True))
        if not new and not mended:
            return {check_id: row for check_id, row in known.items() if check_id in wanted}
        rows = self._connection.execute(
            select(checks).where(checks.c.target_id == target_id, checks.c.shadow == run.shadow)
        ).mappings()
        return {row["check_id"]: row for row in rows if row["check_id"] in wanted}

    def _keep_what_was(self, row: Line, becomes: Line) -> None:
        """Write what a check said until now into its old results, which left it out."""
        results = tables.results
        for name, before in (("expected", row["expected"]), ("sql", row["sql"] or "")):
            if row[name] != becomes[name]:
                own = results.c[name]
                mine = results.update().where(results.c.check_id == row["id"], own.is_(None))
                self._connection.execute(mine.values({name: before}))

    def _results(self, row_id: int, target_id: int, run: Run, known: Mapping[str, Line], *, stands: bool) -> None:
        at = run.scan.started_at.astimezone(UTC)
        pairs = [(int(known[result.check.id]["id"]), result) for result in run.scan.results]
        fixed = {"run_id": row_id, "at": at, "stands": stands}
        insert(
            self._connection,
            tables.results,
            [
                {"check_id": key, "position": place, **fixed, **result_values(result, known[result.check.id])}
                for place, (key, result) in enumerate(pairs)
            ],
        )
        kept = [(key, result.measurement) for key, result in pairs if result.measurement is not None]
        measurements.save(self._connection, row_id, at, kept)
        if stands:
            self._standings(pairs, {"target_id": target_id, "run_id": run.run_id, "at": at, "removed": False})
        days = self._before(tables.days, [key for key, _ in pairs], tables.days.c.day == at.date())
        folded = [{"check_id": key, **day_values(result, at, days.get(key))} for key, result in pairs]
        upsert(self._connection, tables.days, folded)

    def _standings(self, pairs: list[tuple[int, CheckResult]], fixed: dict[str, Any]) -> None:
        """Move each check to where it stands now, unless a later run came in before."""
        before = self._before(tables.standings, [key for key, _ in pairs])
        moved = [
            {"check_id": key, **fixed, **standing_values(result, fixed["run_id"], fixed["at"], before.get(key))}
            for key, result in pairs
            if key not in before or before[key]["at"] <= fixed["at"]
        ]
        upsert(self._connection, tables.standings, moved)

    def _before(self, table: Table, keys: list[int], *conditions: ColumnElement[bool]) -> dict[int, RowMapping]:
        rows = self._connection.execute(select(table).where(table.c.check_id.in_(keys), *conditions)).mappings()
        return {row["check_id"]: row for row in rows}
