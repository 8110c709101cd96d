"""How MySQL and MariaDB spell names, literals and the few functions that rules need (measured on MariaDB 10.11).

Everything that comes from a contract passes through here. Texts of a contract equal data only where every character is
the same, whatever a column's collation takes for equal; columns compare with columns as their collation does. Moments
are those of UTC: SQL does not say whether a column is a TIMESTAMP, an instant, or a DATETIME of some zone. Where a name
cannot be written without starting Soda's template engine, or its grammar does not take it, it stands as PostgreSQL's
`U&"…"`, which our own connection writes out at the last moment.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from monitor.checks import postgres
from monitor.checks.formats import TEXT_FORMATS
from monitor.checks.mysql_types import canonical
from monitor.checks.pcre import NotPcreError, to_pcre
from monitor.checks.unsupported import UnsupportedError
from monitor.domain.check import TableName, plain

NAME = "mysql"
_NOW = "CURRENT_TIMESTAMP(6)"
ENDLESS = 1.7976931348623155e308
"""Stands for an infinite age, as there is no infinity: next to the greatest number, which is a value like any other."""
_TEMPLATE_START = "${"
_EXACT = "DECIMAL(65,30)"
_MOST_DIGITS = 65
_HEADING = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_LOOK_AHEAD = "(?=.{1,253}$)"
_LONGEST_HOSTNAME = 253
_DAY_LENGTH = 10
_NO_TIME = "INTERVAL 0 MINUTE"
_UTC = frozenset({"UTC", "Z", "ETC/UTC", "GMT"})

counted, truth, is_true = postgres.counted, postgres.truth, postgres.is_true
physical_type = canonical


def identifier(name: str) -> str:
    """Quote an exact name for SQL. MySQL itself does not mind upper and lower case of columns, not even in quotes."""
    if _TEMPLATE_START in name:
        return f'U&"{postgres.unicode_escapes(name)}"'
    return "`" + name.replace("`", "``") + "`"


def table(name: TableName) -> str:
    """Quote a table's name for SQL; unqualified in the connection's own database."""
    return f"{identifier(name.schema)}.{identifier(name.name)}" if name.schema else identifier(name.name)


def heading(name: TableName) -> str:
    """Quote a table's name for `checks for …`: in backticks where Soda's grammar takes it, else with escapes."""
    if name.schema:
        return f'U&"{postgres.unicode_escapes(name.schema)}".U&"{postgres.unicode_escapes(name.name)}"'
    return f"`{name.name}`" if _HEADING.match(name.name) else f'U&"{postgres.unicode_escapes(name.name)}"'


def is_native_heading(_name: TableName) -> bool:
    """Say that Soda's own `schema` check finds no table: it looks for the backticks as part of the name."""
    return False


def literal(text: str) -> str:
    r"""Write a text literal that reaches the server unchanged. NUL never gets this far.

    No quote is ever behind a backslash, so no literal ends early, not even where backslashes are plain text.
    """
    parts = text.replace("\\", "\\\\").replace("'", "''").split(_TEMPLATE_START)
    if len(parts) == 1:
        return f"'{parts[0]}'"
    broken = "$', '{".join(parts)
    return f"CONCAT('{broken}')"


def moment_literal(_column: str, local: str, zoned: str) -> str:
    """Write a moment of UTC to compare a column with. Raises UnsupportedError for one of any other zone."""
    zone = zoned.removeprefix(local).strip()
    if zone.upper() not in _UTC and not re.fullmatch(r"[+-]?00(:?00)?", zone):
        raise UnsupportedError(_only_utc(zone))
    try:
        return f"TIMESTAMP {literal(datetime.fromisoformat(local).isoformat(sep=' '))}"
    except ValueError:
        return f"TIMESTAMP {literal(local)}"


def typed_literal(_logical_type: str | None, text: str) -> str:
    """Write a date or a time to compare a column with; its real type decides how it is read."""
    return literal(text)


def number(value: int | Decimal) -> str:
    """Write a number exactly; one of more digits than a DECIMAL has is as near as a double comes."""
    exact = postgres.number(value)
    return exact if sum(map(str.isdigit, exact)) <= _MOST_DIGITS else f"({float(value)!r})"


def share(condition: str) -> str:
    """Return the percentage of all rows for which a condition is true; 0 on an empty table."""
    return share_of(counted(condition), "COUNT(*)")


def share_of(count: str, rows: str) -> str:
    """Return a count as a percentage of rows; 0 where there are none."""
    return f"COALESCE({percent(count, f'NULLIF({rows}, 0)')}, 0)"


def percent(part: str, whole: str) -> str:
    """Return a number as a percentage of another one, which is not 0; a plain division keeps four digits only."""
    return f"CAST(100 * {part} AS {_EXACT}) / {whole}"


def text_of(column: str) -> str:
    """Cast any column to text in which upper and lower case differ."""
    return f"CAST({column} AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_bin"


def length_of(column: str) -> str:
    """Count the characters of a column's text."""
    return f"CHAR_LENGTH({text_of(column)})"


def text_in(column: str, texts: Sequence[str]) -> str:
    """Say that a column's text is one of these, character by character, whatever its collation takes for equal."""
    return f"CAST({text_of(column)} AS BINARY) IN ({', '.join(map(literal, texts))})"


def pattern_problem(pattern: str) -> str | None:
    """Say why a pattern cannot be searched for, None where it can."""
    try:
        to_pcre(pattern)
    except NotPcreError as error:
        return f"MySQL cannot search for this pattern: {error}"
    return None


def unlike(column: str, pattern: str) -> str:
    """Say that a column's text has no match of a pattern anywhere in it; unknown for NULL. Raises NotPcreError."""
    text = text_of(column)
    if pattern == TEXT_FORMATS["hostname"]:
        return f"({unlike(column, pattern.replace(_LOOK_AHEAD, ''))} OR CHAR_LENGTH({text}) > {_LONGEST_HOSTNAME})"
    return f"NOT ({text} REGEXP {literal(to_pcre(pattern))})"


def no_multiple(column: str, of: int | Decimal) -> str:
    """Say that a column is no multiple of a number, in decimal arithmetic; unknown for NULL.

    More than 35 digits before the point are an error: our connection takes the warning for one. What is left of a
    negative number can be a negative zero, which MariaDB 10.11 takes for another number than 0.
    """
    exact = _exact(column)  # cuts what stands behind the thirtieth digit after the point
    return f"(MOD(ABS({exact}), {number(of)}) <> 0 OR {exact} = 0 AND {column} <> 0)"


def exact_sum(column: str) -> str:
    """Sum a column of numbers in decimal arithmetic; 0 without rows. Floats count with the digits that they show."""
    return f"COALESCE(SUM({_exact(column)}), 0)"


def one_number(query: str) -> str:
    """Ask for the one number of a query, exactly; text, a date, two columns or rows are an error of this statement."""
    return f"SELECT CAST(CAST((\n{query}\n) AS CHAR) AS {_EXACT})"


def document_kind(column: str) -> str:
    """Return what a document is: `array`, `object`, `null` or another word; unknown for NULL."""
    return f"LOWER(JSON_TYPE({column}))"


def item_count(column: str) -> str:
    """Count the items of an array."""
    return f"JSON_LENGTH({column})"


def repeats_an_item(_column: str) -> str:
    """Say whether an item of an array occurs twice: no."""
    raise UnsupportedError("MySQL and MariaDB cannot compare the items of an array with each other")


def property_count(column: str) -> str:
    """Count the properties of an object."""
    return f"JSON_LENGTH(JSON_KEYS({column}))"


def lacks_a_property(column: str, names: Sequence[str]) -> str:
    """Say whether an object lacks one of these properties."""
    return f"NOT JSON_CONTAINS(JSON_KEYS({column}), {literal(json.dumps(list(names), ensure_ascii=False))})"


def instant(value: str, default_timezone: str) -> str:
    """Turn a date or timestamp expression into a moment of UTC. A text of another zone, or of none, is an error.

    Our connection takes the warning for one. Raises UnsupportedError where moments without zone are not of UTC.
    """
    _must_be_utc(default_timezone)
    return f"CAST({value} AS DATETIME(6))"


def moment(value: str, default_timezone: str) -> str:
    """Turn the newest or oldest value of a column into a moment of UTC whose age can be judged.

    A date counts from the end of its day, but never as younger than now unless the day lies in the future.
    """
    start = instant(value, default_timezone)
    aged = f"GREATEST({start}, LEAST({start} + INTERVAL 1 DAY, {_NOW}))"
    return f"CASE WHEN CHAR_LENGTH(CAST({value} AS CHAR)) = {_DAY_LENGTH} THEN {aged} ELSE {start} END"


def age_of(instant_: str) -> str:
    """Return the seconds since an instant."""
    return seconds_between(instant_, _NOW)


def seconds_between(earlier: str, later: str) -> str:
    """Return the seconds from one moment to another, to the microsecond."""
    return f"(TIMESTAMPDIFF(MICROSECOND, {earlier}, {later}) * 0.000001)"


def age_or_endless(seconds: str) -> str:
    """Return an age; endless where there is none."""
    return f"COALESCE({seconds}, {ENDLESS!r})"


def age_of_oldest(seconds: str) -> str:
    """Return the age of the oldest row: 0 on an empty table, endless where no row says it."""
    return f"COALESCE({seconds}, CASE WHEN COUNT(*) = 0 THEN 0 ELSE {ENDLESS!r} END)"


def later(moment_: str, months: int, seconds: Decimal) -> str:
    """Return what is so much later than a moment."""
    return " + ".join([moment_, *_steps(months, seconds)])


def earlier(moment_: str, months: int, seconds: Decimal) -> str:
    """Return what is so much earlier than a moment."""
    return " - ".join([moment_, *_steps(months, seconds)])


def wall_clock(instant_: str, zone: str) -> str:
    """Return what clocks of UTC show at a moment. Raises UnsupportedError for any other zone."""
    _must_be_utc(zone)
    return instant_


def day_of(instant_: str, zone: str) -> str:
    """Return the date in UTC at a moment. Raises UnsupportedError for any other zone."""
    return f"CAST({wall_clock(instant_, zone)} AS DATE)"


def day_begun(zone: str, minutes: int) -> str:
    """Return the moment at which the current day began, of days that begin so many minutes after midnight there."""
    is_offset = zone.startswith("INTERVAL ")
    if not is_offset:
        _must_be_utc(zone)
    ahead = zone if is_offset else _NO_TIME
    return f"CAST(CAST({_NOW} + {ahead} - INTERVAL {minutes} MINUTE AS DATE) AS DATETIME(6)) - {ahead}"


def instant_literal(moment_: datetime) -> str:
    """Write an instant that is known, as a moment of UTC."""
    return f"TIMESTAMP '{moment_.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"


def next_day(date: str) -> str:
    """Return the day after a date."""
    return f"{date} + INTERVAL 1 DAY"


def nulls_last(column: str) -> str:
    """Order by a column, NULL behind everything."""
    return f"{column} IS NULL, {column}"


def offset_zone(minutes: int) -> str:
    """Write how far a zone is ahead of UTC, as `day_begun` takes it."""
    return f"INTERVAL {minutes} MINUTE"


def _exact(column: str) -> str:
    return f"CAST(CAST({column} AS CHAR) AS {_EXACT})"


def _steps(months: int, seconds: Decimal) -> list[str]:
    steps = [f"INTERVAL {months} MONTH"] if months else []
    return [*steps, f"INTERVAL {plain(seconds)} SECOND"] if seconds or not steps else steps


def _must_be_utc(timezone: str) -> None:
    if timezone.strip("'").upper() not in _UTC:
        raise UnsupportedError(_only_utc(timezone.strip("'")))


def _only_utc(zone: str) -> str:
    return f"MySQL does not say whether a column has a time zone, so its moments can only be of UTC, not {zone}"
