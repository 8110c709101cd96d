"""What DuckDB's catalogue says of tables and views: exact names, types in words that the rest of the program knows."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from monitor.domain.check import TableName
from monitor.domain.scan import ColumnSeen, TableSeen
from monitor.engines.warehouses.duckdb import DATABASE, DEFAULT_SCHEMA

if TYPE_CHECKING:
    import duckdb

_STATEMENT = """\
SELECT c.schema_name, c.table_name,
  CASE WHEN t.table_name IS NULL AND c.database_name <> 'memory' THEN 'view' ELSE 'table' END,  -- files are tables
  COALESCE(t.estimated_size, 0), c.column_name, c.data_type, c.is_nullable
FROM duckdb_columns() c
LEFT JOIN duckdb_tables() t
  ON t.database_name = c.database_name AND t.schema_name = c.schema_name AND t.table_name = c.table_name
WHERE c.database_name IN (?, 'memory') AND NOT c.internal AND c.table_name IN (SELECT unnest(?))
ORDER BY c.schema_name, c.table_name, c.column_index
"""
_SPELT = {"FLOAT": "REAL"}
"""DuckDB's FLOAT has 24 bits; in every other SQL that is a REAL."""


def has_schema(opened: "duckdb.DuckDBPyConnection", name: str) -> bool:
    """Say whether a schema of exactly this name exists."""
    query = "SELECT count(*) FROM duckdb_schemas() WHERE database_name IN (?, 'memory') AND schema_name = ?"
    ((count,),) = opened.execute(query, [DATABASE, name]).fetchall()
    return bool(count)


def look_up(
    opened: "duckdb.DuckDBPyConnection", tables: Sequence[TableName], default_schema: str | None
) -> Mapping[TableName, TableSeen]:
    """Return every table of the list that exists, found by its exact name; all of them may be read."""
    rows = opened.execute(_STATEMENT, [DATABASE, sorted({table.name for table in tables})]).fetchall()
    found = {key: list(lines) for key, lines in groupby(rows, key=lambda row: (row[0], row[1]))}
    seen = {}
    for table in tables:
        schema = table.schema or default_schema or DEFAULT_SCHEMA
        lines = found.get((schema, table.name))
        if lines:
            seen[table] = _table(schema, lines if lines[0][2] == "table" else _bound(opened, lines))
    return seen


def _bound(opened: "duckdb.DuckDBPyConnection", lines: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return a view with the columns that it has now: the catalogue keeps those of the day on which it was made.

    A view whose tables have changed so that nobody can read it any more has no columns.
    """
    import duckdb

    schema, name, kind, size, *_ = lines[0]
    exact = ".".join('"' + part.replace('"', '""') + '"' for part in (DATABASE, schema, name))
    try:
        columns = opened.execute(f"DESCRIBE {exact}").fetchall()
    except (duckdb.BinderException, duckdb.CatalogException):
        columns = []
    return [(schema, name, kind, size, column, type_, True) for column, type_, *_ in columns] or [
        (schema, name, kind, size, None, None, None)
    ]


def _table(schema: str, lines: Sequence[tuple[Any, ...]]) -> TableSeen:
    return TableSeen(
        kind=lines[0][2],
        schema=schema,
        usable=True,
        readable=True,
        estimated_rows=lines[0][3],
        columns=tuple(
            ColumnSeen(
                name=name,
                type=spelt(type_),
                nullable=nullable,
                position=position,
                readable=True,
                base_type=base_type(type_),
            )
            for position, (*_, name, type_, nullable) in enumerate(lines, start=1)
            if name is not None
        ),
    )


def spelt(type_: str) -> str:
    """Return a type as everybody writes it."""
    return _SPELT.get(type_, type_)


def base_type(type_: str) -> str | None:
    """Return what a type is made of where its own name does not say it: a list is an array, a struct a document."""
    if type_.endswith("]"):
        return None
    if type_.startswith("ENUM("):
        return "text"
    return "json" if type_.startswith(("STRUCT(", "MAP(", "UNION(")) else None
