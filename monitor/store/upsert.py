"""`INSERT … ON CONFLICT`, which both databases have and SQLAlchemy spells once for each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of the same columns, in as few round trips as the driver can."""
    if rows:
        connection.execute(table.insert(), rows)


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        connection.execute(insert_or(connection, table).on_conflict_do_nothing(), rows)


def insert_new(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *columns: Column[Any]
) -> Sequence[Row[Any]]:
    """Insert the rows whose key is not there yet; return these columns of them, and of no others."""
    if not rows:
        return ()
    return connection.execute(insert_or(connection, table).on_conflict_do_nothing().returning(*columns), rows).all()


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of the same columns, or give those whose primary key is there the new values."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    statement = insert_or(connection, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def insert_or(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Return an insert of the connection's own dialect, to which `ON CONFLICT` can be added."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
