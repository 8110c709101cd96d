"""What is measured of everything at once, in a few grouped queries: the numbers behind `/metrics`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, case, exists, func, literal_column, select

from monitor.domain.drift import DriftEvent
from monitor.domain.scan import Outcome
from monitor.domain.target import TargetKey
from monitor.store import tables
from monitor.store.codec import decoded
from monitor.store.codes import OUTCOMES
from monitor.store.pages import AGES
from monitor.store.rows import target_from
from monitor.store.tables import UNSENT
from monitor.store.values import DriftRecord

Place = tuple[TargetKey, str]
"""A dataset of a target."""

OVERLAP = 1_000
"""Rows get their number when written and are seen when committed: so many numbers back are looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The times of a target's latest run.

    `due_at` is its slot's moment: None for one on demand, and for a target's first slot, whose moment was over before
    anybody knew of it.
    """

    due_at: datetime | None
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """How many alerts wait to be told, and since when the oldest one does."""

    count: int
    oldest: datetime | None


class MeasureReader:
    """Reads what is measured."""

    def __init__(self, connection: Connection) -> None:
        """Read on this connection."""
        self._connection = connection

    def dataset_rows(self) -> Mapping[Place, int | None]:
        """Return how many rows each dataset had when it was last looked at; None where nothing counted them."""
        standings, checks, targets = tables.standings, tables.checks, tables.targets
        counted = (
            select(standings.c.target_id, checks.c.dataset, func.max(standings.c.rows).label("rows"))
            .join(checks, checks.c.id == standings.c.check_id)
            .where(~standings.c.removed)
            .group_by(standings.c.target_id, checks.c.dataset)
            .subquery()
        )
        rows = self._connection.execute(
            select(targets, counted.c.dataset, counted.c.rows)
            .select_from(targets)
            .join(counted, counted.c.target_id == targets.c.id)
        ).mappings()
        return {(target_from(row), row["dataset"]): row["rows"] for row in rows}

    def dataset_ages(self) -> Mapping[Place, Decimal]:
        """Return how old the newest data of each dataset were when it was last looked at, in seconds.

        Of several columns with a promise the oldest counts.
        """
        standings, checks, targets = tables.standings, tables.checks, tables.targets
        rows = self._connection.execute(
            select(targets, checks.c.dataset, standings.c.measured)
            .select_from(targets)
            .join(checks, checks.c.target_id == targets.c.id)
            .join(standings, standings.c.check_id == checks.c.id)
            .where(checks.c.kind.in_(AGES), ~standings.c.removed, standings.c.measured.is_not(None))
        ).mappings()
        found: dict[Place, Decimal] = {}
        for row in rows:
            place = (target_from(row), row["dataset"])
            if row["measured"].is_finite():
                found[place] = max(found.get(place, row["measured"]), row["measured"])
        return found

    def last_runs(self) -> Mapping[TargetKey, LastRun]:
        """Return the times of the latest run of each target, drafts in the shadow apart."""
        runs, slots, targets = tables.runs, tables.slots, tables.targets
        ran = runs.alias("ran")
        last = (
            select(ran.c.id)
            .where(ran.c.target_id == targets.c.id, ~ran.c.shadow)
            .order_by(ran.c.started_at.desc(), ran.c.id.desc())
            .limit(1)
            .scalar_subquery()
            .correlate(targets)
        )
        before = slots.alias("before")
        has_earlier = exists().where(before.c.target_id == slots.c.target_id, before.c.instant < slots.c.instant)
        rows = self._connection.execute(
            select(targets, runs.c.started_at, runs.c.finished_at, case((has_earlier, slots.c.instant)).label("due_at"))
            .select_from(targets)
            .join(runs, runs.c.id == last)
            .outerjoin(slots, slots.c.id == runs.c.slot_id)
        ).mappings()
        return {
            target_from(row): LastRun(
                due_at=row["due_at"], started_at=row["started_at"], finished_at=row["finished_at"]
            )
            for row in rows
        }

    def newest_run(self) -> int:
        """Return the number of the newest run, 0 where there is none."""
        return int(self._connection.execute(select(func.max(tables.runs.c.id))).scalar() or 0)

    def outcomes_since(self, newest: int, seen: frozenset[int]) -> Mapping[int, Mapping[tuple[Place, Outcome], int]]:
        """Return how the results of newer runs count, by run; those seen already are not in it, nor are drafts."""
        runs, results, checks, targets = tables.runs, tables.results, tables.checks, tables.targets
        rows = self._connection.execute(
            select(runs.c.id, targets, checks.c.dataset, results.c.outcome, func.count().label("count"))
            .select_from(runs)
            .join(results, results.c.run_id == runs.c.id)
            .join(checks, checks.c.id == results.c.check_id)
            .join(targets, targets.c.id == runs.c.target_id)
            .where(runs.c.id > newest - OVERLAP, ~runs.c.shadow, *([runs.c.id.not_in(seen)] if seen else []))
            .group_by(runs.c.id, *targets.c, checks.c.dataset, results.c.outcome)
        )
        found: dict[int, dict[tuple[Place, Outcome], int]] = {}
        for run, _, contract, major, server, dataset, code, count in rows:
            place = (TargetKey(contract=contract, major=major, server=server), dataset)
            found.setdefault(run, {})[place, OUTCOMES[code]] = count
        return found

    def recent_runs(self, newest: int) -> frozenset[int]:
        """Return the numbers of the runs that `outcomes_since` would look at."""
        rows = self._connection.execute(select(tables.runs.c.id).where(tables.runs.c.id > newest - OVERLAP)).scalars()
        return frozenset(rows)

    def drift_since(self, newest: int, seen: frozenset[int]) -> Sequence[tuple[int, TargetKey, DriftEvent]]:
        """Return newer events of the drift ledger with their numbers; those seen already are not in it."""
        events, targets = tables.drift_events, tables.targets
        rows = self._connection.execute(
            select(targets, events.c.id.label("number"), events.c.value)
            .select_from(targets)
            .join(events, events.c.target_id == targets.c.id)
            .where(events.c.id > newest - OVERLAP, *([events.c.id.not_in(seen)] if seen else []))
            .order_by(events.c.id)
        ).mappings()
        return [(row["number"], target_from(row), decoded(DriftRecord, row["value"]).event) for row in rows]

    def open_counts(self) -> Mapping[tuple[TargetKey, str], int]:
        """Return how many incidents are open, by target and kind."""
        incidents, targets = tables.incidents, tables.targets
        rows = self._connection.execute(
            select(targets, incidents.c.kind, func.count().label("count"))
            .select_from(targets)
            .join(incidents, incidents.c.target_id == targets.c.id)
            .where(~incidents.c.is_over, incidents.c.state != "pending")
            .group_by(*targets.c, incidents.c.kind)
        ).mappings()
        return {(target_from(row), row["kind"]): row["count"] for row in rows}

    def unsent(self) -> Unsent:
        """Return what waits in the outbox."""
        outbox = tables.outbox
        waiting = outbox.c.state.in_([literal_column(f"'{state}'") for state in UNSENT])
        row = self._connection.execute(
            select(func.count().label("waiting"), func.min(outbox.c.created_at).label("oldest")).where(waiting)
        ).one()
        return Unsent(count=row.waiting, oldest=row.oldest)
