"""How PostgreSQL spells names, literals and the few functions that rules need.

Everything that comes from a contract passes through here. The results survive YAML, Soda's grammar and psycopg2
unchanged, and never contain `${`, which would start Soda's template engine (measured on soda-core 3.5.6).
"""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from monitor.domain.check import TableName, plain

NAME = "postgres"
_BASIC_PLANE = 0xFFFF
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NAME_NEEDS_ESCAPES = re.compile(r"[^ -#%-\[\]-~\u00a1-\u02ff\u0370-\u1fff\u3040-\ud7ff]")
_LITERAL_NEEDS_ESCAPES = re.compile(
    r"[\x00-\x1f\x7f-\xa0\u00ad\u0600-\u0605\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def identifier(name: str) -> str:
    """Quote an exact name for SQL."""
    if _NAME_NEEDS_ESCAPES.search(name):
        return f'U&"{unicode_escapes(name)}"'
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
        return f'U&"{unicode_escapes(name.schema)}".U&"{unicode_escapes(name.name)}"'
    return f'"{name.name}"' if _PLAIN_NAME.match(name.name) else f'U&"{unicode_escapes(name.name)}"'


def physical_type(declared: str) -> str:
    """Return a declared type in the words of the server's catalogue."""
    return declared


def is_native_heading(name: TableName) -> bool:
    """Say whether Soda's own `schema` check finds a table: only under a heading without escapes."""
    return heading(name) == f'"{name.name}"'


def literal(text: str) -> str:
    """Write a text literal that reaches the server unchanged, whatever it contains. NUL never gets this far."""
    if "\\" not in text and "$" not in text and not _LITERAL_NEEDS_ESCAPES.search(text):
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace("$", "\\044")
    return "E'" + _LITERAL_NEEDS_ESCAPES.sub(_control_escape, escaped) + "'"


def moment_literal(_column: str, _local: str, zoned: str) -> str:
    """Write a moment to compare a column with; a column without zones ignores the zone."""
    return literal(zoned)


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


def share_of(count: str, rows: str = "COUNT(*)") -> str:
    """Return a count as a percentage of rows, by default of all; 0 where there are none."""
    return f"COALESCE({percent(count, f'NULLIF({rows}, 0)')}, 0)"


def percent(part: str, whole: str) -> str:
    """Return a number as a percentage of another one, which is not 0."""
    return f"100.0 * {part} / {whole}"


def text_of(column: str) -> str:
    """Cast any column to text, for patterns, lengths and formats."""
    return f"CAST({column} AS text)"


def length_of(column: str) -> str:
    """Count the characters of a column's text."""
    return f"CHAR_LENGTH({text_of(column)})"


def text_in(column: str, texts: Sequence[str]) -> str:
    """Say that a column's text is one of these, character by character."""
    return f"{text_of(column)} IN ({', '.join(map(literal, texts))})"


def truth(value: bool, /) -> str:
    """Write a truth to compare a column with."""
    return "TRUE" if value else "FALSE"


def is_true(column: str) -> str:
    """Say that a column of truths is true; never unknown."""
    return f"{column} IS TRUE"


def typed_literal(_logical_type: str | None, text: str) -> str:
    """Write a date or a time to compare a column of that logical type with; its real type decides how it is read."""
    return literal(text)


def pattern_problem(_pattern: str) -> str | None:
    """Say why a pattern cannot be searched for: the server itself says what is wrong with a malformed one."""
    return None


def unlike(column: str, pattern: str) -> str:
    """Say that a column's text has no match of a pattern anywhere in it; unknown for NULL."""
    return f"NOT ({text_of(column)} ~ {literal(pattern)})"


def no_multiple(column: str, of: int | Decimal) -> str:
    """Say that a column is no multiple of a number, in decimal arithmetic; unknown for NULL."""
    return f"MOD(CAST({column} AS numeric), {number(of)}) <> 0"


def exact_sum(column: str) -> str:
    """Sum a column of numbers in decimal arithmetic; 0 without rows. Its `numeric` takes 15 digits of a float."""
    return f"COALESCE(SUM(CAST({column} AS numeric)), 0)"


def one_number(query: str) -> str:
    """Ask for the one number of a query, exactly; text and a second column are an error of this statement alone."""
    return f"SELECT CAST((\n{query}\n) AS numeric)"


def document_kind(column: str) -> str:
    """Return what a document or array is: `array`, `object`, `null` or another word; unknown for NULL."""
    return f"jsonb_typeof({_document(column)})"


def item_count(column: str) -> str:
    """Count the items of an array."""
    return f"jsonb_array_length({_document(column)})"


def repeats_an_item(column: str) -> str:
    """Say whether an item of an array occurs twice."""
    return f"(SELECT COUNT(*) > COUNT(DISTINCT item) FROM jsonb_array_elements({_document(column)}) AS item)"


def property_count(column: str) -> str:
    """Count the properties of an object."""
    return f"(SELECT COUNT(*) FROM jsonb_object_keys({_document(column)}))"


def lacks_a_property(column: str, names: Sequence[str]) -> str:
    """Say whether an object lacks one of these properties."""
    keys = ", ".join(literal(name) for name in names)
    return f"NOT jsonb_exists_all({_document(column)}, ARRAY[{keys}])"


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


def age_of(instant_: str) -> str:
    """Return the seconds since an instant."""
    return seconds_between(instant_, "CURRENT_TIMESTAMP")


def seconds_between(earlier: str, later: str) -> str:
    """Return the seconds from one instant to another; exact, and defined for infinite instants too."""
    return f"(EXTRACT(EPOCH FROM {later}) - EXTRACT(EPOCH FROM {earlier}))"


def age_or_endless(seconds: str) -> str:
    """Return an age; endless where there is none."""
    return f"COALESCE({seconds}::double precision, 'Infinity')"


def age_of_oldest(seconds: str) -> str:
    """Return the age of the oldest row: 0 on an empty table, endless where no row says it."""
    empty = "CASE WHEN COUNT(*) = 0 THEN 0 ELSE 'Infinity'::double precision END"
    return f"COALESCE({seconds}::double precision, {empty})"


def later(moment_: str, months: int, seconds: Decimal) -> str:
    """Return what is so much later than a moment."""
    return f"{moment_} + {interval(months, seconds)}"


def earlier(moment_: str, months: int, seconds: Decimal) -> str:
    """Return what is so much earlier than a moment."""
    return f"{moment_} - {interval(months, seconds)}"


def next_day(day: str) -> str:
    """Return the day after a date."""
    return f"{day} + 1"


def nulls_last(column: str) -> str:
    """Order by a column, NULL behind everything."""
    return column


def day_begun(zone: str, minutes: int) -> str:
    """Return the instant at which the current day began, of days that begin so many minutes after midnight there."""
    passed = f"(CURRENT_TIMESTAMP AT TIME ZONE {zone}) - {interval(0, Decimal(60 * minutes))}"
    return f"date_trunc('day', {passed}) AT TIME ZONE {zone}"


def wall_clock(instant_: str, zone: str) -> str:
    """Return what clocks of a zone show at an instant."""
    return f"({instant_}) AT TIME ZONE {zone}"


def day_of(instant_: str, zone: str) -> str:
    """Return the date in a zone at an instant."""
    return f"CAST({wall_clock(instant_, zone)} AS date)"


def instant_literal(moment_: datetime) -> str:
    """Write an instant that is known."""
    return f"TIMESTAMP WITH TIME ZONE '{moment_.isoformat(sep=' ')}'"


def interval(months: int, seconds: Decimal) -> str:
    """Write a duration as an interval; months and years stay calendar units."""
    parts = [f"{months} months"] if months else []
    if seconds or not parts:
        parts.append(f"{plain(seconds)} seconds")
    return f"INTERVAL '{' '.join(parts)}'"


def offset_zone(minutes: int) -> str:
    """Write the zone that is so many minutes ahead of UTC, as it stands behind AT TIME ZONE."""
    return interval(0, Decimal(60 * minutes))


def _document(column: str) -> str:
    return f"to_jsonb({column})"


def unicode_escapes(name: str) -> str:
    """Spell a name as `U&"…"` wants it: every character outside [A-Za-z0-9_] by its number."""
    return "".join(
        char if char.isascii() and (char.isalnum() or char == "_") else _unicode_escape(ord(char)) for char in name
    )


def _unicode_escape(code: int) -> str:
    return f"\\{code:04X}" if code <= _BASIC_PLANE else f"\\+{code:06X}"


def _control_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04X}"
