"""The columns of each table as they were last seen, and the ledger of how they drifted."""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from monitor.domain.check import TableName
from monitor.domain.scan import ColumnSeen, Seen, TableSeen
from monitor.domain.target import TargetKey
from monitor.store import tables
from monitor.store.targets import is_target, lock_target
from monitor.store.upsert import insert


def last_seen(connection: Connection, target: TargetKey) -> Seen:
    """Return the tables of a target as they were last seen."""
    seen = tables.columns_seen
    rows = connection.execute(
        select(seen.c.schema, seen.c.name, seen.c.relation)
        .join(tables.targets, tables.targets.c.id == seen.c.target_id)
        .where(is_target(target))
        .order_by(seen.c.id)
    ).mappings()
    return {TableName(schema=row["schema"], name=row["name"]): _relation_from(row["relation"]) for row in rows}


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
            "relation": _values(relation),
            **fixed,
        }
        for table, relation in found.items()
        if before.get(table) != _digest(relation)
    ]
    insert(connection, tables.columns_seen, rows)


def _values(relation: TableSeen) -> dict[str, Any]:
    return {
        "kind": relation.kind,
        "schema": relation.schema,
        "readable": relation.readable,
        "estimated_rows": relation.estimated_rows,
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "nullable": column.nullable,
                "position": column.position,
                "readable": column.readable,
                "base_type": column.base_type,
            }
            for column in relation.columns
        ],
    }


def _relation_from(values: dict[str, Any]) -> TableSeen:
    return TableSeen(**{**values, "columns": tuple(ColumnSeen(**column) for column in values["columns"])})


def _digest(relation: TableSeen) -> str:
    values = _values(relation) | {"estimated_rows": 0}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
