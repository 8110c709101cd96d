"""`INSERT … ON CONFLICT`, which both databases have and SQLAlchemy spells once for each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

MOST_VALUES = 30_000
"""SQLite allows 32,766 values in one statement."""


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    for part in _parts(table, rows):
        connection.execute(_insert(connection, table).values(part).on_conflict_do_nothing())


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or give those whose primary key is there the new values."""
    keys = [column.name for column in table.primary_key]
    for part in _parts(table, rows):
        statement = _insert(connection, table).values(part)
        changed = {name: statement.excluded[name] for name in part[0] if name not in keys}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows in as few statements as possible."""
    for part in _parts(table, rows):
        connection.execute(table.insert().values(part))


def _parts(table: Table, rows: Sequence[dict[str, Any]]) -> list[Sequence[dict[str, Any]]]:
    size = MOST_VALUES // len(table.columns)
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _insert(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
