"""What a session of Spark says of its tables and views: exact names, types in words that everybody here knows."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.checks.spark import identifier
from monitor.checks.spark_types import standard
from monitor.domain.check import TableName
from monitor.domain.scan import ColumnSeen, TableSeen


def look_up(
    session: Any,  # noqa: ANN401 - py4j has no types
    tables: Sequence[TableName],
    views: Sequence[str],
) -> Mapping[TableName, TableSeen]:
    """Return every table of the list that exists, found by its exact name; `views` are tables laid out from files."""
    seen = {}
    for table in tables:
        found = _table(session, table, is_of_files=table.schema is None and table.name in views)
        if found is not None:
            seen[table] = found
    return seen


def has_schema(session: Any, name: str) -> bool:  # noqa: ANN401 - py4j has no types
    """Say whether a database of exactly this name exists."""
    catalog = session.catalog()
    return bool(catalog.databaseExists(identifier(name))) and catalog.getDatabase(identifier(name)).name() == name


def quoted(table: TableName) -> str:
    """Return a table's name as Spark's catalogue takes it: every part in backticks, whatever is in it."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in (table.schema, table.name) if part is not None)


def _table(session: Any, table: TableName, *, is_of_files: bool) -> TableSeen | None:  # noqa: ANN401 - py4j
    catalog, name = session.catalog(), quoted(table)
    if not catalog.tableExists(name):
        return None
    found = catalog.getTable(name)
    if found.name() != table.name:  # Spark's catalogue itself does not mind upper and lower case
        return None
    fields = json.loads(session.table(name).schema().json())["fields"]
    is_view = found.isTemporary() or found.tableType() == "VIEW"
    return TableSeen(
        kind="view" if is_view and not is_of_files else "table",
        schema=table.schema or found.database() or "default",
        usable=True,
        readable=True,
        estimated_rows=0,
        columns=tuple(
            ColumnSeen(
                name=field["name"],
                type=spelt(field["type"]),
                nullable=field["nullable"],
                position=position,
                readable=True,
                base_type=standard(spelt(field["type"])),
            )
            for position, field in enumerate(fields, start=1)
        ),
    )


def spelt(type_: Any) -> str:  # noqa: ANN401 - a type of Spark's as its JSON
    """Return a type as Spark SQL writes it."""
    if isinstance(type_, str):
        return {"integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint"}.get(type_, type_)
    match type_.get("type"):
        case "array":
            return f"array<{spelt(type_['elementType'])}>"
        case "map":
            return f"map<{spelt(type_['keyType'])},{spelt(type_['valueType'])}>"
        case "struct":
            inside = (f"{each['name']}:{spelt(each['type'])}" for each in type_["fields"])
            return f"struct<{','.join(inside)}>"
        case other:
            return str(other)
