"""What a warehouse's information schema says of tables: exact names, types in words that the rest of us knows."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from monitor.checks.dialect import dialect_of
from monitor.domain.check import TableName
from monitor.domain.scan import ColumnSeen, TableSeen
from monitor.engines.warehouses.connector import Guarded
from monitor.engines.warehouses.connector_kinds import KINDS

_LENGTHY = ("char", "text", "string", "binary")
_EXACT = ("decimal", "numeric", "number")


def look_up(guarded: Guarded, server_type: str, tables: Sequence[TableName]) -> Mapping[TableName, TableSeen]:
    """Return every table of the list that exists, found by its exact name. Raises StatementFailedError.

    The information schema shows what the role may see: a table that is hidden from it is not there.
    """
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for schema in _places(guarded, server_type, tables):
        rows = guarded.rows(_statement(server_type, schema, tables))
        found |= {key: list(lines) for key, lines in groupby(rows, key=lambda row: (str(row[0]), str(row[1])))}
    seen = {}
    for table in tables:
        lines = found.get((table.schema or guarded.schema or "", table.name))
        if lines:
            seen[table] = _table(server_type, lines)
    return seen


def _places(guarded: Guarded, server_type: str, tables: Sequence[TableName]) -> list[str | None]:
    """Return the schemas that have a catalogue of their own; None is the one of the whole database."""
    if "{schema}" not in KINDS[server_type].catalogue:
        return [None]
    return list(dict.fromkeys(table.schema or guarded.schema for table in tables))


def _statement(server_type: str, schema: str | None, tables: Sequence[TableName]) -> str:
    kind, sql = KINDS[server_type], dialect_of(server_type)
    catalogue = kind.catalogue.format(schema=sql.identifier(schema) if schema else "")
    names = ", ".join(sql.literal(name) for name in dict.fromkeys(table.name for table in tables))
    typed = ", ".join(part if part == "NULL" else f"c.{part}" for part in kind.typed.split(", "))
    return (
        f"SELECT c.TABLE_SCHEMA, c.TABLE_NAME, t.TABLE_TYPE, c.COLUMN_NAME, c.IS_NULLABLE, {typed}"
        f" FROM {catalogue}{kind.columns} AS c LEFT JOIN {catalogue}{kind.tables} AS t"
        " ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME"
        f" WHERE c.TABLE_NAME IN ({names})"
        " ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION"
    )


def _table(server_type: str, lines: Sequence[tuple[Any, ...]]) -> TableSeen:
    schema, _, kind, *_ = lines[0]
    columns = []
    for position, (_, _, _, name, nullable, *typed) in enumerate(lines, start=1):
        spelt = _spelt(*typed)
        shared = dialect_of(server_type).physical_type(spelt)
        columns.append(
            ColumnSeen(
                name=str(name),
                type=spelt,
                nullable=str(nullable).upper() != "NO",
                position=position,
                base_type=shared if shared != spelt else None,
            )
        )
    return TableSeen(kind=_kind(str(kind)), schema=str(schema), readable=True, estimated_rows=0, columns=tuple(columns))


def _kind(word: str) -> str:
    if "MATERIALIZED" in word.upper():
        return "materialized view"
    return "view" if "VIEW" in word.upper() else "table"


def _spelt(name: object, length: object, precision: object, scale: object) -> str:
    """Write a type with what belongs to it, as everybody does."""
    text = str(name)
    lower = text.lower()
    if "(" in text:
        return text
    if lower.startswith(_EXACT) and precision is not None:
        return f"{text}({precision},{scale or 0})"
    if any(word in lower for word in _LENGTHY) and length is not None and int(str(length)) > 0:
        return f"{text}({length})"
    return text
