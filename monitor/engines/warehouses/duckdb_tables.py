"""All tables of a DuckDB database, or of a folder of files, with their keys, constraints and comments."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.domain.check import TableName
from monitor.domain.table import LiveColumn, LivePlace, LiveReference, LiveTable
from monitor.engines.warehouses import duckdb, duckdb_files
from monitor.engines.warehouses.base import session_for
from monitor.engines.warehouses.duckdb import DATABASE, DEFAULT_SCHEMA
from monitor.engines.warehouses.duckdb_catalogue import base_type, spelt
from monitor.engines.warehouses.profile import profile
from monitor.settings import ServerSettings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_COLUMNS = """\
SELECT c.schema_name, c.table_name, CASE WHEN v.view_name IS NULL THEN 'table' ELSE 'view' END,
  COALESCE(t.comment, v.comment), c.column_name, c.data_type, c.is_nullable, c.comment
FROM duckdb_columns() c
LEFT JOIN duckdb_tables() t
  ON t.database_name = c.database_name AND t.schema_name = c.schema_name AND t.table_name = c.table_name
LEFT JOIN duckdb_views() v
  ON v.database_name = c.database_name AND v.schema_name = c.schema_name AND v.view_name = c.table_name
WHERE c.database_name IN (?, 'memory') AND NOT c.internal
ORDER BY c.schema_name, c.table_name, c.column_index
"""
_CONSTRAINTS = """\
SELECT schema_name, table_name, constraint_type, expression, constraint_column_names, referenced_table,
  referenced_column_names
FROM duckdb_constraints() WHERE database_name = ? ORDER BY schema_name, table_name, constraint_index
"""
_SORTS = ("PRIMARY KEY", "UNIQUE", "FOREIGN KEY", "CHECK")


class DuckdbTables:
    """One connection to the catalogue of a DuckDB server."""

    def __init__(self, server: ServerSettings) -> None:
        """Connect. Raises Unreachable."""
        self._server = server
        path, session = server.path or "", session_for(server, "init")
        self._is_database = duckdb_files.is_database(path, server.format)
        names = () if self._is_database else duckdb_files.tables_at(path, duckdb_files.format_of(path, server.format))
        route = duckdb.route_to(server, [TableName(schema=None, name=name) for name in names])
        self._opened: DuckDBPyConnection = duckdb.connect(route, session)
        self._guarded = duckdb.Guarded(self._opened, session)

    @property
    def place(self) -> LivePlace:
        """Return where the tables are, as a contract names it: the path from here."""
        server, path = self._server, Path(self._server.path or "")
        shown = str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
        schema = server.schema or DEFAULT_SCHEMA
        if self._is_database:
            address: dict[str, str | int] = {"database": shown, "schema": schema}
            return LivePlace(server=server.name, type="duckdb", schema=schema, address=address)
        written = duckdb_files.format_of(str(path), server.format)
        return LivePlace(server=server.name, type="local", schema=schema, address={"path": shown, "format": written})

    def tables(self) -> tuple[LiveTable, ...]:
        """Return every table and view, by schema and name."""
        constraints: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
        for schema, name, *constraint in self._opened.execute(_CONSTRAINTS, [DATABASE]).fetchall():
            constraints[schema, name].append(tuple(constraint))
        lines: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
        for row in self._opened.execute(_COLUMNS, [DATABASE]).fetchall():
            lines[row[0], row[1]].append(row)
        return tuple(self._table(rows, constraints[key]) for key, rows in lines.items())

    def profile(self, table: LiveTable) -> Mapping[str, Sequence[str]]:
        """Return what the data of a table shows, as lines of comment for each column."""
        return profile(self._guarded, table)

    def close(self) -> None:
        """End the connection."""
        self._guarded.close()

    def _table(self, rows: Sequence[tuple[Any, ...]], constraints: Sequence[tuple[Any, ...]]) -> LiveTable:
        schema, name, kind, comment, *_ = rows[0]
        keys = {sort: [row[1:] for row in constraints if row[0] == sort] for sort in _SORTS}
        return LiveTable(
            schema=schema,
            name=name,
            kind=kind if self._is_database else "table",
            comment=comment,
            columns=tuple(
                LiveColumn(
                    name=column,
                    type=spelt(type_),
                    nullable=nullable,
                    comment=said,
                    base_type=base_type(type_),
                    labels=self._labels(type_),
                )
                for *_, column, type_, nullable, said in rows
            ),
            primary_key=tuple(keys["PRIMARY KEY"][0][1]) if keys["PRIMARY KEY"] else (),
            uniques=tuple(tuple(columns) for _, columns, *_ in keys["UNIQUE"]),
            references=tuple(
                LiveReference(columns=tuple(columns), schema=schema, table=to, to=tuple(there))
                for _, columns, to, there in keys["FOREIGN KEY"]
            ),
            checks=tuple(condition for condition, *_ in keys["CHECK"] if condition),
        )

    def _labels(self, type_: str) -> tuple[str, ...]:
        """Return the values of an enumeration: DuckDB itself reads its own way of writing them."""
        if not type_.startswith("ENUM(") or type_.endswith("]"):
            return ()
        ((labels,),) = self._opened.execute(f"SELECT enum_range(CAST(NULL AS {type_}))").fetchall()
        return tuple(labels)
