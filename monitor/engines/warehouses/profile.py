"""What the data of a table shows, as proposals: each with its number and the query that it rests on."""

from collections.abc import Mapping, Sequence

from monitor.checks.types import logical_type
from monitor.domain.table import LiveColumn, LiveTable
from monitor.engines.sql_errors import SERVER_ERRORS
from monitor.engines.warehouses.base import Guarded

SMALL = 12
"""So many distinct values are few enough to be listed."""

PATTERNS = {
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}": "a UUID",
    "[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+": "an e-mail address",
    "[0-9]+": "digits",
    "[A-Z]+": "capital letters",
    "[0-9A-Z]+": "digits and capital letters",
    "[a-z]+": "small letters",
    "https?://.+": "a web address",
}
_ORDERED = frozenset({"integer", "number", "date", "timestamp", "time"})
_MOMENTS = frozenset({"date", "timestamp"})


def profile(guarded: Guarded, table: LiveTable) -> Mapping[str, Sequence[str]]:
    """Return lines of comment for each column (the empty name is the table); one pass over the rows for most of them.

    What the server refuses to say is said so: a profile is a help, no verdict.
    """
    source = f"{_quoted(table.schema)}.{_quoted(table.name)}"
    asked = {"count": ("", "COUNT(*)")}
    for place, column in enumerate(table.columns):
        for key, expression in _expressions(column).items():
            asked[f"{key}_{place}"] = (column.name, expression)
    try:
        (values,) = guarded.rows(f"SELECT {', '.join(expression for _, expression in asked.values())} FROM {source}")
    except SERVER_ERRORS as error:
        return {"": [f"not profiled: {_first_line(error)}"]}
    found = dict(zip(asked, values, strict=True))
    rows = int(str(found["count"]))
    lines: dict[str, list[str]] = {"": [f"observed: {rows:,} rows    SELECT COUNT(*) FROM {source}"]}
    for place, column in enumerate(table.columns):
        own = {key: found[f"{key}_{place}"] for key in _expressions(column)}
        lines[column.name] = _told(guarded, column, own, rows, source)
    return lines


def _expressions(column: LiveColumn) -> dict[str, str]:
    name, logical = _quoted(column.name), logical_type(column.base_type or column.type)
    asked = {"nulls": f"COUNT(*) FILTER (WHERE {name} IS NULL)"}
    if logical in _ORDERED:
        asked |= {"least": f"MIN({name})::text", "most": f"MAX({name})::text"}
    if logical in _MOMENTS:
        asked["age"] = f"date_trunc('second', now() - MAX({name})::timestamptz)::text"
    if logical == "string":
        asked |= {"shortest": f"MIN(length({name}::text))", "longest": f"MAX(length({name}::text))"}
        for number, pattern in enumerate(PATTERNS):
            asked[f"pattern{number}"] = f"bool_and({name}::text ~ '^({pattern})$')"
    return asked


def _told(guarded: Guarded, column: LiveColumn, found: Mapping[str, object], rows: int, source: str) -> list[str]:
    asked = _expressions(column)

    def line(words: str, *keys: str) -> str:
        return f"{words}    SELECT {', '.join(asked[key] for key in keys)} FROM {source}"

    nulls = int(str(found["nulls"]))
    lines = [line(f"observed: {nulls:,} of {rows:,} rows are NULL", "nulls")] if rows else []
    if found.get("least") is not None:
        lines.append(line(f"observed: {found['least']} to {found['most']}", "least", "most"))
    if found.get("age") is not None:
        lines.append(line(f"observed: the newest is {found['age']} old", "age"))
    if found.get("longest") is not None:
        lines.append(line(f"observed: {found['shortest']} to {found['longest']} characters", "shortest", "longest"))
    for number, (pattern, words) in enumerate(PATTERNS.items()):
        if found.get(f"pattern{number}") is True:
            lines.append(
                line(f'propose: logicalTypeOptions: {{pattern: "^({pattern})$"}}, all are {words}', f"pattern{number}")
            )
            break
    return [*lines, *_small_set(guarded, column, source)] if rows else lines


def _small_set(guarded: Guarded, column: LiveColumn, source: str) -> list[str]:
    """Propose the values of a column where they are few: the search ends as soon as they are too many."""
    if logical_type(column.base_type or column.type) != "string" or column.labels:
        return []
    name = _quoted(column.name)
    query = f"SELECT DISTINCT {name}::text FROM {source} WHERE {name} IS NOT NULL LIMIT {SMALL + 1}"
    try:
        values = sorted(str(value) for (value,) in guarded.rows(query))
    except SERVER_ERRORS as error:
        return [f"distinct values not looked at: {_first_line(error)}"]
    if not 0 < len(values) <= SMALL:
        return []
    return [f"propose: enum of {len(values)}: {', '.join(repr(value[:60]) for value in values)}    {query}"]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
