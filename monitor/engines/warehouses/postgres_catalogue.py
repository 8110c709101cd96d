"""What PostgreSQL's catalogue says of the tables of a plan, in one statement that waits for nobody's lock."""

from collections.abc import Sequence
from itertools import groupby

from psycopg2.extensions import connection

from monitor.domain.check import TableName
from monitor.domain.scan import ColumnSeen, TableSeen

# Names travel as parameters. Unqualified names resolve as in the statements of the checks; schemas that may not be used
# come last, so that "no privilege" can be told from "not there". Sizes come from statistics: asking for the files'
# sizes would wait for a lock.
_STATEMENT = """\
WITH wanted AS (
  SELECT place, schema, name
  FROM unnest(%(schemas)s::text[], %(names)s::text[]) WITH ORDINALITY AS w(schema, name, place)
), path AS (
  SELECT name, min(place) AS place
  FROM unnest(current_schemas(true) || ARRAY(
    SELECT CASE WHEN said[1] IN ('$user', '"$user"') THEN current_user
      WHEN left(said[1], 1) = '"' THEN replace(substr(said[1], 2, length(said[1]) - 2), '""', '"')::name
      ELSE said[1]::name END
    FROM regexp_matches(current_setting('search_path'), '"(?:[^"]|"")*"|[^", ]+', 'g') WITH ORDINALITY AS e(said, place)
    ORDER BY e.place
  )) WITH ORDINALITY AS p(name, place)
  GROUP BY name
), found AS (
  SELECT DISTINCT ON (w.place) w.place, c.oid, c.relkind, c.reltuples, n.nspname,
    has_schema_privilege(n.oid, 'USAGE') AS usable,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
  FROM wanted w
  JOIN pg_catalog.pg_class c ON c.relname = w.name
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN path p ON p.name = n.nspname
  WHERE CASE WHEN w.schema IS NULL THEN p.name IS NOT NULL ELSE n.nspname = w.schema END
  ORDER BY w.place, p.place
)
SELECT f.place, f.relkind, f.nspname, f.usable, f.readable,
  CASE f.relkind WHEN 'p' THEN (
    WITH RECURSIVE leaf AS (
      SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = f.oid
      UNION ALL SELECT i.inhrelid FROM leaf JOIN pg_catalog.pg_inherits i ON i.inhparent = leaf.inhrelid
    ) SELECT COALESCE(sum(greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0)), 0)
      FROM leaf JOIN pg_catalog.pg_class c ON c.oid = leaf.inhrelid AND c.relkind <> 'p'
  ) ELSE greatest(f.reltuples, pg_stat_get_live_tuples(f.oid), 0) END::bigint,
  a.attname, format_type(a.atttypid, a.atttypmod), NOT (a.attnotnull OR t.typtype = 'd' AND t.typnotnull),
  f.usable AND has_column_privilege(f.oid, a.attnum, 'SELECT'),
  CASE t.typtype WHEN 'e' THEN 'text' WHEN 'd' THEN (
    WITH RECURSIVE base AS (
      SELECT t.typbasetype AS oid, t.typtypmod AS typmod
      UNION ALL SELECT d.typbasetype, greatest(d.typtypmod, base.typmod)
      FROM base JOIN pg_catalog.pg_type d ON d.oid = base.oid AND d.typtype = 'd'
    ) SELECT CASE b.typtype WHEN 'e' THEN 'text' ELSE format_type(b.oid, base.typmod) END
      FROM base JOIN pg_catalog.pg_type b ON b.oid = base.oid WHERE b.typtype <> 'd'
  ) END
FROM found f
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE f.relkind IN ('r', 'v', 'm', 'p', 'f')
ORDER BY f.place, a.attnum
"""

_KINDS = {"r": "table", "v": "view", "m": "materialized view", "p": "partitioned table", "f": "foreign table"}


def has_schema(guarded: connection, name: str) -> bool:
    """Say whether a schema of exactly this name exists, whether or not it may be used."""
    with guarded.cursor() as cursor:
        cursor.execute("SELECT FROM pg_namespace WHERE nspname = %s", (name,))
        return cursor.fetchone() is not None


def look_up(guarded: connection, tables: Sequence[TableName]) -> dict[TableName, TableSeen]:
    """Return every table of the list that exists, found by its exact name, whether or not it may be read.

    A name without schema means what a statement would mean by it; where that finds nothing, also what it would find
    in a schema of the search path that may not be used. What else has this name there (a sequence) hides a table.
    """
    parameters = {
        "schemas": [table.schema for table in tables],
        "names": [table.name for table in tables],
    }
    with guarded.cursor() as cursor:
        cursor.execute(_STATEMENT, parameters)
        rows = cursor.fetchall()
    seen = {}
    for place, group in groupby(rows, key=lambda row: row[0]):
        lines = list(group)
        _, kind, schema, usable, readable, estimate, *_ = lines[0]
        columns = [line[6:] for line in lines if line[6] is not None]
        seen[tables[place - 1]] = TableSeen(
            kind=_KINDS[kind],
            schema=schema,
            usable=usable,
            readable=readable,
            estimated_rows=estimate,
            columns=tuple(
                ColumnSeen(
                    name=name, type=type_, nullable=nullable, position=position, readable=may_read, base_type=base_type
                )
                for position, (name, type_, nullable, may_read, base_type) in enumerate(columns, start=1)
            ),
        )
    return seen
