"""What MySQL's catalogue says of tables and views: exact names, though it compares without regard to case itself.

What an account may not see is not in it, so "no privilege" and "not there" cannot be told apart for a whole table.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from monitor.checks.mysql import literal
from monitor.checks.mysql_types import base_type, spelt
from monitor.domain.check import TableName
from monitor.domain.scan import ColumnSeen, Seen, TableSeen
from monitor.engines.warehouses import mysql

# One question for each table: where two differ in their case alone, MariaDB's catalogue answers a list of names,
# or a join, with rows that are missing or stand there twice (measured on 10.11).
_COLUMNS = """\
SELECT table_schema, table_name, ordinal_position, column_name, column_type, is_nullable = 'YES',
  FIND_IN_SET('select', privileges) > 0
FROM information_schema.columns WHERE table_schema = {schema} AND table_name = {name}"""
_TABLES = """\
SELECT table_schema, table_name, table_type, COALESCE(table_rows, 0)
FROM information_schema.tables WHERE table_schema = {schema} AND table_name = {name}"""
# MariaDB keeps a JSON column as a text with this condition.
_DOCUMENTS = """\
SELECT constraint_schema, table_name, check_clause FROM information_schema.check_constraints
WHERE table_name IN ({names}) AND constraint_schema IN ({schemas}) AND check_clause LIKE 'json_valid(%'
"""
_DATABASE = "SELECT DATABASE()"


def has_schema(opened: Any, name: str) -> bool:  # noqa: ANN401 - the driver has no types
    """Say whether a database of exactly this name can be seen."""
    query = f"SELECT schema_name FROM information_schema.schemata WHERE schema_name = {literal(name)}"
    return (name,) in mysql.run(opened, query)[0]


def look_up(opened: Any, tables: Sequence[TableName], default_schema: str | None) -> Seen:  # noqa: ANN401 - no types
    """Return every table of the list that exists, found by its exact name."""
    if not tables:
        return {}
    default = default_schema or mysql.run(opened, _DATABASE)[0][0][0] or ""
    wanted = dict.fromkeys((table.schema or default, table.name) for table in tables)
    columns: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for schema, name, *column in _asked(opened, _COLUMNS, wanted):
        columns[schema, name].append(tuple(column))
    kinds = {(schema, name): (kind, rows) for schema, name, kind, rows in _asked(opened, _TABLES, wanted)}
    names = ", ".join(dict.fromkeys(literal(name) for _, name in wanted))
    documents = documents_of(opened, names, ", ".join(dict.fromkeys(literal(schema) for schema, _ in wanted)))
    seen = {}
    for table in tables:
        place = (table.schema or default, table.name)
        if columns[place] and place in kinds:
            seen[table] = _table(place, kinds[place], sorted(columns[place]), documents)
    return seen


def _asked(opened: Any, question: str, wanted: Iterable[tuple[str, str]]) -> list[tuple[Any, ...]]:  # noqa: ANN401
    asked = (question.format(schema=literal(schema), name=literal(name)) for schema, name in wanted)
    return mysql.run(opened, " UNION ALL ".join(asked))[0]


def documents_of(opened: Any, names: str, schemas: str) -> frozenset[tuple[str, str, str]]:  # noqa: ANN401 - no types
    """Return schema, table and condition of all texts that are documents; MySQL itself has a type for them."""
    if not mysql.is_mariadb(opened):
        return frozenset()
    return frozenset(mysql.run(opened, _DOCUMENTS.format(names=names, schemas=schemas))[0])


def is_document(schema: str, table: str, column: str, documents: frozenset[tuple[str, str, str]]) -> bool:
    """Say whether a column's text is a document."""
    quoted = column.replace("`", "``")
    return (schema, table, f"json_valid(`{quoted}`)") in documents


def _table(
    place: tuple[str, str],
    kind: tuple[str, int],
    lines: Sequence[tuple[Any, ...]],
    documents: frozenset[tuple[str, str, str]],
) -> TableSeen:
    return TableSeen(
        kind="view" if "VIEW" in kind[0] else "table",
        schema=place[0],
        usable=True,
        readable=all(may_read for *_, may_read in lines),
        estimated_rows=int(kind[1]),
        columns=tuple(
            ColumnSeen(
                name=column,
                type=spelt(type_),
                nullable=bool(nullable),
                position=position,
                readable=bool(may_read),
                base_type="json" if is_document(*place, column, documents) else base_type(spelt(type_)),
            )
            for position, (_, column, type_, nullable, may_read) in enumerate(lines, start=1)
        ),
    )
