"""How PostgreSQL spells names, literals and the few functions that rules need.

Everything that comes from a contract passes through here. The results survive YAML, Soda's grammar and psycopg2
unchanged, and never contain `${`, which would start Soda's template engine (measured on soda-core 3.5.6).
"""

import re
from decimal import Decimal

from monitor.domain.check import TableName, plain

_BASIC_PLANE = 0xFFFF
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NAME_NEEDS_ESCAPES = re.compile(r"[^ -#%-\[\]-~\u00a1-\u02ff\u0370-\u1fff\u3040-\ud7ff]")
_LITERAL_NEEDS_ESCAPES = re.compile(
    r"[\x00-\x1f\x7f-\xa0\u00ad\u0600-\u0605\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def identifier(name: str) -> str:
    """Quote an exact name for SQL."""
    if _NAME_NEEDS_ESCAPES.search(name):
        return f'U&"{_unicode_escapes(name)}"'
    return '"' + name.replace('"', '""') + '"'


def table(name: TableName) -> str:
    """Quote a table's name for SQL; unqualified where the search path decides."""
    return f"{identifier(name.schema)}.{identifier(name.name)}" if name.schema else identifier(name.name)


def heading(name: TableName) -> str:
    """Quote a table's name for `checks for …`.

    Soda's grammar takes `"plain"`, and beyond that only `U&"…"` in which every character outside [A-Za-z0-9_] is
    escaped; with a schema, only that form for both parts (measured on soda-core 3.5.6).
    """
    if name.schema:
        return f'U&"{_unicode_escapes(name.schema)}".U&"{_unicode_escapes(name.name)}"'
    return f'"{name.name}"' if _PLAIN_NAME.match(name.name) else f'U&"{_unicode_escapes(name.name)}"'


def literal(text: str) -> str:
    """Write a text literal that reaches the server unchanged, whatever it contains. NUL never gets this far."""
    if "\\" not in text and "$" not in text and not _LITERAL_NEEDS_ESCAPES.search(text):
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace("$", "\\044")
    return "E'" + _LITERAL_NEEDS_ESCAPES.sub(_control_escape, escaped) + "'"


def number(value: int | Decimal) -> str:
    """Write a number exactly; a negative one in parentheses, so that no `--` can arise."""
    text = plain(Decimal(value))
    return f"({text})" if text.startswith("-") else text


def counted(condition: str) -> str:
    """Count the rows for which a condition is true."""
    return f"COUNT(CASE WHEN {condition} THEN 1 END)"


def share(condition: str) -> str:
    """Return the percentage of all rows for which a condition is true; 0 on an empty table."""
    return share_of(counted(condition))


def share_of(count: str) -> str:
    """Return a count as a percentage of all rows; 0 on an empty table."""
    return f"COALESCE(100.0 * {count} / NULLIF(COUNT(*), 0), 0)"


def text_of(column: str) -> str:
    """Cast any column to text, for patterns, lengths and formats."""
    return f"CAST({column} AS text)"


def instant(value: str, default_timezone: str) -> str:
    """Turn a date or timestamp expression into an instant, whatever its real type is.

    A timestamp without zone and the start of a date are read in `default_timezone`.
    """
    return (
        f"CASE WHEN pg_typeof({value}) = ANY('{{date,timestamp}}'::regtype[])"
        f" THEN {value}::timestamp AT TIME ZONE {literal(default_timezone)} ELSE {value}::timestamptz END"
    )


def moment(value: str, default_timezone: str) -> str:
    """Turn the newest or oldest value of a column into an instant whose age can be judged.

    A date counts from the end of its day, but never as younger than now unless the day lies in the future.
    """
    zone = literal(default_timezone)
    start = f"{value}::timestamp AT TIME ZONE {zone}"
    end = f"({value}::timestamp + INTERVAL '1 day') AT TIME ZONE {zone}"
    return (
        f"CASE pg_typeof({value})"
        f" WHEN 'date'::regtype THEN GREATEST({start}, LEAST({end}, CURRENT_TIMESTAMP))"
        f" WHEN 'timestamp'::regtype THEN {start}"
        f" ELSE {value}::timestamptz END"
    )


def seconds_between(earlier: str, later: str) -> str:
    """Return the seconds from one instant to another; exact, and defined for infinite instants too."""
    return f"(EXTRACT(EPOCH FROM {later}) - EXTRACT(EPOCH FROM {earlier}))"


def interval(months: int, seconds: Decimal) -> str:
    """Write a duration as an interval; months and years stay calendar units."""
    parts = [f"{months} months"] if months else []
    if seconds or not parts:
        parts.append(f"{plain(seconds)} seconds")
    return f"INTERVAL '{' '.join(parts)}'"


def _unicode_escapes(name: str) -> str:
    return "".join(
        char if char.isascii() and (char.isalnum() or char == "_") else _unicode_escape(ord(char)) for char in name
    )


def _unicode_escape(code: int) -> str:
    return f"\\{code:04X}" if code <= _BASIC_PLANE else f"\\+{code:06X}"


def _control_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04X}"
