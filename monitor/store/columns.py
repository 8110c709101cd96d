"""The columns of each table as they were last seen, and the ledger of how they drifted."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from monitor.domain.check import TableName
from monitor.domain.scan import Seen, TableSeen
from monitor.domain.target import TargetKey
from monitor.store import tables
from monitor.store.codec import decoded, encoded
from monitor.store.targets import is_target, lock_target
from monitor.store.upsert import insert
from monitor.store.values import DriftRecord


def last_seen(connection: Connection, target: TargetKey) -> Seen:
    """Return the tables of a target as they were last seen."""
    seen = tables.columns_seen
    rows = connection.execute(
        select(seen.c.schema, seen.c.name, seen.c.relation)
        .join(tables.targets, tables.targets.c.id == seen.c.target_id)
        .where(is_target(target))
        .order_by(seen.c.id)
    ).mappings()
    return {TableName(schema=row["schema"], name=row["name"]): decoded(TableSeen, row["relation"]) for row in rows}


def save(connection: Connection, target: TargetKey, run_id: str, at: datetime, found: Seen) -> None:
    """Remember the tables that are others than last time; how many rows they have does not count."""
    target_id = lock_target(connection, target)
    before = {table: _digest(relation) for table, relation in last_seen(connection, target).items()}
    fixed = {"target_id": target_id, "run_id": run_id, "at": at}
    rows = [
        {
            "schema": table.schema,
            "name": table.name,
            "digest": _digest(relation),
            "relation": encoded(relation),
            **fixed,
        }
        for table, relation in found.items()
        if before.get(table) != _digest(relation)
    ]
    insert(connection, tables.columns_seen, rows)


def save_drift(connection: Connection, events: Iterable[DriftRecord]) -> None:
    """Write drift events into the ledger."""
    rows = [
        {
            "target_id": lock_target(connection, event.target),
            "run_id": event.run_id,
            "at": event.at,
            "kind": event.event.kind.value,
            "value": encoded(event),
        }
        for event in events
    ]
    insert(connection, tables.drift_events, rows)


def drift(
    connection: Connection,
    *,
    limit: int,
    contract: str | None = None,
    target: TargetKey | None = None,
    since: datetime | None = None,
) -> tuple[DriftRecord, ...]:
    """Return drift events, latest first."""
    events, targets = tables.drift_events, tables.targets
    conditions: list[ColumnElement[bool]] = []
    if contract is not None:
        conditions.append(targets.c.contract == contract)
    if target is not None:
        conditions.append(is_target(target))
    if since is not None:
        conditions.append(events.c.at >= since)
    rows = connection.execute(
        select(events.c.value)
        .join(targets, targets.c.id == events.c.target_id)
        .where(*conditions)
        .order_by(events.c.at.desc(), events.c.id.desc())
        .limit(limit)
    ).scalars()
    return tuple(decoded(DriftRecord, value) for value in rows)


def _digest(relation: TableSeen) -> str:
    told = encoded(replace(relation, estimated_rows=0))
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
