"""Long lists a page at a time, newest first: a page begins where the one before ended, whatever was added meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from monitor.domain.incident import Incident
from monitor.domain.target import TargetKey
from monitor.store import tables
from monitor.store.codec import decoded
from monitor.store.codes import Line
from monitor.store.history import joined_runs
from monitor.store.rows import point_from, record_from
from monitor.store.targets import is_target
from monitor.store.values import DriftRecord, Point, RunRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a page ended: the moment and the key of its last row."""

    at: datetime
    key: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A part of a list, and where it ended; `end` is None on the last one."""

    items: tuple[T, ...]
    end: Position | None


class PagedReader:
    """Reads pages. `contract` is an id, `server` a name; each limits the list where it is given."""

    def __init__(self, connection: Connection) -> None:
        """Read on this connection."""
        self._connection = connection

    def runs_page(
        self, *, limit: int, after: Position | None = None, contract: str | None = None, server: str | None = None
    ) -> Page[RunRecord]:
        """Return runs, the latest start first."""
        runs = tables.runs
        wanted = joined_runs().where(*_of(contract, server))
        return self._page(wanted, (runs.c.started_at, runs.c.id), limit, after, record_from)

    def results_page(
        self, target: TargetKey, check: str, *, limit: int, after: Position | None = None, shadow: bool = False
    ) -> Page[Point]:
        """Return the results of a check that are still kept one by one, latest first."""
        results, checks, runs = tables.results, tables.checks, tables.runs
        names = ("at", "outcome", "stands", "measured", "rows", "seconds", "reason")
        wanted = (
            select(*(results.c[name] for name in names), runs.c.run_id)
            .join(checks, checks.c.id == results.c.check_id)
            .join(tables.targets, tables.targets.c.id == checks.c.target_id)
            .join(runs, runs.c.id == results.c.run_id)
            .where(is_target(target), checks.c.check_id == check, checks.c.shadow == shadow)
        )
        return self._page(wanted, (results.c.at, results.c.run_id), limit, after, point_from)

    def incidents_page(
        self,
        *,
        limit: int,
        after: Position | None = None,
        contract: str | None = None,
        server: str | None = None,
        is_over: bool | None = None,
    ) -> Page[Incident]:
        """Return incidents, last seen first."""
        incidents, targets = tables.incidents, tables.targets
        wanted = (
            select(incidents.c.value)
            .join(targets, targets.c.id == incidents.c.target_id)
            .where(*_of(contract, server), *([] if is_over is None else [incidents.c.is_over == is_over]))
        )
        return self._page(
            wanted,
            (incidents.c.last_seen_at, incidents.c.id),
            limit,
            after,
            lambda row: decoded(Incident, row["value"]),
        )

    def drift_page(
        self, *, limit: int, after: Position | None = None, contract: str | None = None, server: str | None = None
    ) -> Page[DriftRecord]:
        """Return the drift ledger, latest first."""
        events, targets = tables.drift_events, tables.targets
        wanted = select(events.c.value).join(targets, targets.c.id == events.c.target_id).where(*_of(contract, server))
        return self._page(
            wanted, (events.c.at, events.c.id), limit, after, lambda row: decoded(DriftRecord, row["value"])
        )

    def _page(
        self,
        wanted: Select[Any],
        by: tuple[ColumnElement[Any], ColumnElement[Any]],
        limit: int,
        after: Position | None,
        read: Callable[[Line], T],
    ) -> Page[T]:
        """Return the rows after a position, one more than asked for being read to know whether there are more."""
        at, key = by
        if after is not None:
            wanted = wanted.where(or_(at < after.at, and_(at == after.at, key < after.key)))
        named = wanted.add_columns(at.label("page_at"), key.label("page_key"))
        rows = self._connection.execute(named.order_by(at.desc(), key.desc()).limit(limit + 1)).mappings().all()
        shown = rows[:limit]
        is_last = len(rows) <= limit or not shown
        end = None if is_last else Position(at=shown[-1]["page_at"], key=shown[-1]["page_key"])
        return Page(items=tuple(read(row) for row in shown), end=end)


def _of(contract: str | None, server: str | None) -> list[ColumnElement[bool]]:
    asked = ((tables.targets.c.contract, contract), (tables.targets.c.server, server))
    return [column == value for column, value in asked if value is not None]
