"""How far history has come: a cheap answer to whether anything is new, and about which targets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, ScalarSelect, case, func, select

from monitor.domain.target import TargetKey
from monitor.store import tables

Pulse = tuple[int | None, datetime | None]
"""The last run and the moment of the last change of an incident: while it stays the same, hardly anything is new."""

Mark = tuple[int, ...]
"""What is known of a target, as numbers: two that are equal say that nothing was recorded or forgotten."""


class MarkReader:
    """Reads how far history has come."""

    def __init__(self, connection: Connection) -> None:
        """Read on this connection."""
        self._connection = connection

    def pulse(self) -> Pulse:
        """Return what changes with every run and every decision, in two looks at an index.

        It may miss what was written by two at the same moment: `marks` tells for certain.
        """
        runs, changes = tables.runs, tables.incident_changes
        last = self._connection.execute(select(func.max(runs.c.id))).scalar()
        return last, self._connection.execute(select(func.max(changes.c.at))).scalar()

    def marks(self, *contracts: str) -> Mapping[TargetKey, Mark]:
        """Return the mark of each target of these contracts, or of all."""
        targets, runs, incidents, drift = tables.targets, tables.runs, tables.incidents, tables.drift_events
        told, outbox = tables.outbox_incidents, tables.outbox
        sent = outbox.c.attempts + case((outbox.c.finished_at.is_(None), 0), else_=1)
        telling = incidents.join(told, told.c.incident_id == incidents.c.id).join(
            outbox, outbox.c.id == told.c.outbox_id
        )
        numbers = (
            _of(runs.c.target_id, func.max(runs.c.id)),
            _of(runs.c.target_id, func.sum(case((runs.c.pruned, 0), else_=1))),
            _of(incidents.c.target_id, func.sum(incidents.c.sequence + 1)),
            _of(drift.c.target_id, func.count()),
            _of(incidents.c.target_id, func.sum(sent + 1), telling),
        )
        rows = self._connection.execute(
            select(targets.c.contract, targets.c.major, targets.c.server, *numbers).where(
                *([targets.c.contract.in_(sorted(contracts))] if contracts else [])
            )
        )
        return {
            TargetKey(contract=contract, major=major, server=server): tuple(int(number or 0) for number in several)
            for contract, major, server, *several in rows
        }


def _of(target_id: ColumnElement[int], number: ColumnElement[Any], rows: FromClause | None = None) -> ScalarSelect[Any]:
    """Return a number of the rows of each target, by the index that every one of these tables has on it."""
    wanted = select(number) if rows is None else select(number).select_from(rows)
    return wanted.where(target_id == tables.targets.c.id).correlate(tables.targets).scalar_subquery()
