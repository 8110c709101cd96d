"""All tables of a PostgreSQL database with their keys, constraints and comments, in two statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg2.extensions import connection

from monitor.domain.table import LiveColumn, LivePlace, LiveReference, LiveTable
from monitor.engines.warehouses import postgres
from monitor.engines.warehouses.base import session_for
from monitor.engines.warehouses.profile import profile
from monitor.settings import ServerSettings

# Partitions belong to their parent. Of a domain, its constraints count for the column as well.
_COLUMNS = """\
SELECT c.oid, n.nspname, c.relname, c.relkind, obj_description(c.oid, 'pg_class'),
  a.attname, format_type(a.atttypid, a.atttypmod), NOT (a.attnotnull OR t.typtype = 'd' AND t.typnotnull),
  col_description(c.oid, a.attnum),
  CASE t.typtype WHEN 'e' THEN 'text' WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
  CASE t.typtype WHEN 'e' THEN
    (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
  END
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT c.relispartition
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, a.attnum
"""
_CONSTRAINTS = """\
SELECT k.conrelid, k.contype, k.convalidated,
  (SELECT array_agg(a.attname::text ORDER BY w.place) FROM unnest(k.conkey) WITH ORDINALITY AS w(number, place)
   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = w.number),
  n.nspname, f.relname,
  (SELECT array_agg(a.attname::text ORDER BY w.place) FROM unnest(k.confkey) WITH ORDINALITY AS w(number, place)
   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = w.number),
  CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) END
FROM pg_catalog.pg_constraint k
LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = f.relnamespace
WHERE k.contype IN ('p', 'u', 'f', 'c') AND k.conrelid = ANY (%s::oid[])
ORDER BY k.conrelid, k.conname
"""
_KINDS = {"r": "table", "p": "table", "f": "table", "v": "view", "m": "view"}


class PostgresTables:
    """One guarded connection to a server's catalogue."""

    def __init__(self, server: ServerSettings) -> None:
        """Connect. Raises Unreachable."""
        self._server = server
        self._opened = postgres.connect(postgres.route_to(server), session_for(server, "init"))

    @property
    def place(self) -> LivePlace:
        """Return where the tables are, as a contract names it."""
        info, server = self._opened.info, self._server
        schema = server.schema or "public"
        host = info.host or "localhost"
        address: dict[str, str | int] = {"host": host, "port": info.port, "database": info.dbname, "schema": schema}
        return LivePlace(server=server.name, type=server.type, schema=schema, address=address)

    def tables(self) -> tuple[LiveTable, ...]:
        """Return every table, in two statements."""
        return all_tables(self._opened)

    def profile(self, table: LiveTable) -> Mapping[str, Sequence[str]]:
        """Return what the data of a table shows, as lines of comment for each column."""
        return profile(postgres.Guarded(self._opened, None), table)

    def close(self) -> None:
        """End the connection."""
        self._opened.close()


def all_tables(guarded: connection) -> tuple[LiveTable, ...]:
    """Return every table and view that is no part of the server itself, by schema and name."""
    with guarded.cursor() as cursor:
        cursor.execute(_COLUMNS)
        lines: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for row in cursor.fetchall():
            lines[row[0]].append(row)
        cursor.execute(_CONSTRAINTS, (list(lines),))
        constraints: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for row in cursor.fetchall():
            constraints[row[0]].append(row)
    return tuple(_table(rows, constraints[oid]) for oid, rows in lines.items())


def _table(rows: Sequence[tuple[Any, ...]], constraints: Sequence[tuple[Any, ...]]) -> LiveTable:
    _, schema, name, kind, comment, *_ = rows[0]
    keys = {sort: [row for row in constraints if row[1] == sort and row[2] and row[3]] for sort in "pufc"}
    return LiveTable(
        schema=schema,
        name=name,
        kind=_KINDS[kind],
        comment=comment,
        columns=tuple(
            LiveColumn(
                name=column,
                type=type_,
                nullable=nullable,
                comment=said,
                base_type=base_type,
                labels=tuple(labels or ()),
            )
            for *_, column, type_, nullable, said, base_type, labels in rows
        ),
        primary_key=tuple(keys["p"][0][3]) if keys["p"] else (),
        uniques=tuple(tuple(row[3]) for row in keys["u"]),
        references=tuple(
            LiveReference(columns=tuple(row[3]), schema=row[4], table=row[5], to=tuple(row[6])) for row in keys["f"]
        ),
        checks=tuple(row[7] for row in keys["c"] if row[7]),
    )
