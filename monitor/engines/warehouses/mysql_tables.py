"""All tables of a MySQL or MariaDB database with their keys, constraints and comments, for drafts of contracts."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.checks.mysql_types import base_type, spelt
from monitor.domain.table import LiveColumn, LivePlace, LiveReference, LiveTable
from monitor.engines.sql_errors import StatementFailedError
from monitor.engines.warehouses import mysql
from monitor.engines.warehouses.base import session_for
from monitor.engines.warehouses.mysql_catalogue import documents_of, is_document
from monitor.settings import ServerSettings

_COLUMNS = """\
SELECT c.table_name, t.table_type, t.table_comment, c.column_name, c.column_type, c.is_nullable = 'YES',
  c.column_comment
FROM information_schema.columns c
JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema = DATABASE() ORDER BY c.table_name, c.ordinal_position
"""
_KEYS = """\
SELECT k.table_name, k.constraint_name, n.constraint_type, k.column_name, k.referenced_table_schema,
  k.referenced_table_name, k.referenced_column_name
FROM information_schema.key_column_usage k
JOIN information_schema.table_constraints n ON n.constraint_schema = k.constraint_schema
  AND n.constraint_name = k.constraint_name AND n.table_name = k.table_name
WHERE k.table_schema = DATABASE() ORDER BY k.table_name, k.constraint_name, k.ordinal_position
"""
_LABEL = re.compile(r"'((?:[^']|'')*)'")


class MysqlTables:
    """One guarded connection to a server's catalogue."""

    def __init__(self, server: ServerSettings) -> None:
        """Connect. Raises Unreachable."""
        self._server = server
        self._route = mysql.route_to(server)
        self._opened = mysql.connect(self._route, session_for(server, "init"))

    @property
    def place(self) -> LivePlace:
        """Return where the tables are, as a contract names it: a schema is a database here."""
        server, database = self._server, self._route.get("database", "")
        address: dict[str, str | int] = {
            "host": server.host or "localhost",
            "port": server.port or mysql.PORT,
            "database": database,
        }
        return LivePlace(server=server.name, type="mysql", schema=database, address=address)

    def tables(self) -> tuple[LiveTable, ...]:
        """Return every table and view of the database, by name."""
        lines: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for row in mysql.run(self._opened, _COLUMNS)[0]:
            lines[row[0]].append(row)
        keys: dict[str, dict[tuple[str, str], list[tuple[Any, ...]]]] = defaultdict(lambda: defaultdict(list))
        for table, name, kind, *rest in mysql.run(self._opened, _KEYS)[0]:
            keys[table][kind, name].append(tuple(rest))
        names = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        documents = documents_of(self._opened, names, "DATABASE()")
        return tuple(self._table(rows, keys[name], documents) for name, rows in lines.items())

    def profile(self, table: LiveTable) -> Mapping[str, Sequence[str]]:
        """Return how many rows a table has; what its data shows is looked for on PostgreSQL and DuckDB only."""
        source = "`" + table.name.replace("`", "``") + "`"
        try:
            ((rows,),), _ = mysql.run(self._opened, f"SELECT COUNT(*) FROM {source}")
        except StatementFailedError as error:
            return {"": [f"not profiled: {error}"]}
        return {"": [f"observed: {rows:,} rows    SELECT COUNT(*) FROM {source}"]}

    def close(self) -> None:
        """End the connection."""
        mysql.close(self._opened)

    def _table(
        self,
        rows: Sequence[tuple[Any, ...]],
        keys: Mapping[tuple[str, str], Sequence[tuple[Any, ...]]],
        documents: frozenset[tuple[str, str, str]],
    ) -> LiveTable:
        name, kind, comment, *_ = rows[0]
        schema = self._route.get("database", "")
        own = {sort: [lines for (found, _), lines in keys.items() if found == sort] for sort in _SORTS}
        return LiveTable(
            schema=schema,
            name=name,
            kind="view" if "VIEW" in kind else "table",
            comment=comment if kind != "VIEW" else None,
            columns=tuple(
                LiveColumn(
                    name=column,
                    type=spelt(type_),
                    nullable=bool(nullable),
                    comment=said or None,
                    base_type="json" if is_document(schema, name, column, documents) else base_type(spelt(type_)),
                    labels=_labels(type_),
                )
                for *_, column, type_, nullable, said in rows
            ),
            primary_key=tuple(line[0] for line in own["PRIMARY KEY"][0]) if own["PRIMARY KEY"] else (),
            uniques=tuple(tuple(line[0] for line in lines) for lines in own["UNIQUE"]),
            references=tuple(
                LiveReference(
                    columns=tuple(line[0] for line in lines),
                    schema=lines[0][1],
                    table=lines[0][2],
                    to=tuple(line[3] for line in lines),
                )
                for lines in own["FOREIGN KEY"]
            ),
            checks=(),
        )


_SORTS = ("PRIMARY KEY", "UNIQUE", "FOREIGN KEY")


def _labels(type_: str) -> tuple[str, ...]:
    if not type_.startswith("enum("):
        return ()
    return tuple(label.replace("''", "'") for label in _LABEL.findall(type_))
