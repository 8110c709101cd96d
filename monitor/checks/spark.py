"""How Spark SQL spells names, literals and the few functions that rules need (measured on Spark 3.5.9, in ANSI mode).

Everything that comes from a contract passes through here. The results survive YAML and Soda's grammar unchanged, and
never contain `${`, which would start Soda's template engine and Spark's own. A literal has no quote and no `$` inside,
only their escapes, so every lexer reads its end alike. Spark has no escapes in names: where a name cannot be written
without them, it stands as `U&"…"`, which our own connection writes out at the last moment.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from monitor.checks import postgres
from monitor.checks.java_regex import NotJavaError, to_java
from monitor.checks.spark_types import canonical
from monitor.checks.unsupported import UnsupportedError
from monitor.domain.check import TableName, plain

NAME = "spark"
_DAY = 86_400
_SCALE = 18
_MOST_DIGITS = 38
_TEMPLATE_START = "${"
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_HEADING = re.compile(r"\w[\w-]*\Z", re.ASCII)
_LITERAL_NEEDS_ESCAPES = re.compile(
    r"['\\$\x00-\x1f\x7f-\xa0\u00ad\u0600-\u0605\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_MAY_BE_FINER = "'^string$|,(19|[23][0-9])[)]$'"
_INSTANTS = "('timestamp', 'string')"
_FLOATS = (("double", 15), ("float", 6))
"""How many digits of a float count, as in PostgreSQL's `numeric`."""

counted, share, share_of = postgres.counted, postgres.share, postgres.share_of
truth, is_true = postgres.truth, postgres.is_true
physical_type = canonical


def identifier(name: str) -> str:
    """Quote an exact name for SQL. Spark itself does not mind upper and lower case, not even in quotes."""
    if _TEMPLATE_START in name:
        return f'U&"{postgres.unicode_escapes(name)}"'
    return "`" + name.replace("`", "``") + "`"


def table(name: TableName) -> str:
    """Quote a table's name for SQL; unqualified where the session's database decides."""
    return f"{identifier(name.schema)}.{identifier(name.name)}" if name.schema else identifier(name.name)


def heading(name: TableName) -> str:
    """Quote a table's name for `checks for …`: in backticks where Soda's grammar takes it, else with escapes."""
    if name.schema:
        return f'U&"{postgres.unicode_escapes(name.schema)}".U&"{postgres.unicode_escapes(name.name)}"'
    return f"`{name.name}`" if _HEADING.match(name.name) else f'U&"{postgres.unicode_escapes(name.name)}"'


def is_native_heading(name: TableName) -> bool:
    """Say whether Soda's own `schema` check finds a table under its heading: it would look for the backticks too."""
    return False if name.schema else _PLAIN_NAME.match(name.name) is not None and not heading(name).startswith("`")


def literal(text: str) -> str:
    """Write a text literal that reaches the server unchanged, whatever it contains. NUL never gets this far."""
    return "'" + _LITERAL_NEEDS_ESCAPES.sub(lambda found: f"\\u{ord(found.group()):04X}", text) + "'"


def typed_literal(logical_type: str | None, text: str) -> str:
    """Write a date to compare a column with. Raises UnsupportedError for a time."""
    if logical_type == "time":
        raise UnsupportedError("Spark has no type for a time of day")
    return literal(text)


def moment_literal(column: str, local: str, zoned: str) -> str:
    """Write a moment to compare a column with, as an instant: sessions are in UTC, so a column without zones is too."""
    instant_of, as_it_stands = _moment(zoned, local), f"CAST({literal(local)} AS timestamp)"
    if zoned == f"{local} UTC" or instant_of == as_it_stands:
        return as_it_stands
    return f"CASE WHEN typeof({column}) = 'timestamp_ntz' THEN {as_it_stands} ELSE {instant_of} END"


def _moment(zoned: str, local: str) -> str:
    zone = zoned.removeprefix(local).strip()
    if not zone or zone.upper() == "Z":
        return f"CAST({literal(local)} AS timestamp)"
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        return (
            f"to_utc_timestamp(CAST({literal(local)} AS timestamp), {literal(f'{zone[0]}{digits[:2]}:{digits[2:]}')})"
        )
    return f"to_utc_timestamp(CAST({literal(local)} AS timestamp), {literal(zone)})"


def number(value: int | Decimal) -> str:
    """Write a number exactly; what no integer or decimal of Spark's can hold is as near as a double comes."""
    exact = postgres.number(value)
    return exact if sum(map(str.isdigit, exact)) <= _MOST_DIGITS else f"CAST('{Decimal(value):f}' AS double)"


def percent(part: str, whole: str) -> str:
    """Return a number as a percentage of another one, which is not 0: decimals of 38 digits leave only 6 for it."""
    return f"100 * CAST({part} AS double) / CAST({whole} AS double)"


def text_of(column: str) -> str:
    """Cast any column to text, for patterns, lengths and formats."""
    return f"CAST({column} AS string)"


def length_of(column: str) -> str:
    """Count the characters of a column's text."""
    return f"CHAR_LENGTH({text_of(column)})"


def text_in(column: str, texts: Sequence[str]) -> str:
    """Say that a column's text is one of these, character by character."""
    return f"{text_of(column)} IN ({', '.join(map(literal, texts))})"


def pattern_problem(pattern: str) -> str | None:
    """Say why a pattern cannot be searched for, None where it can."""
    try:
        to_java(pattern)
    except NotJavaError as error:
        return f"Spark cannot search for this pattern: {error}"
    return None


def unlike(column: str, pattern: str) -> str:
    """Say that a column's text has no match of a pattern anywhere in it; unknown for NULL. Raises NotJavaError."""
    return f"NOT ({text_of(column)} RLIKE {literal(to_java(pattern))})"


def no_multiple(column: str, of: int | Decimal) -> str:
    """Say that a column is no multiple of a number, in decimal arithmetic; unknown for NULL.

    Digits behind the eighteenth after the point are seen too; a number of more than 20 before it is an error. Floats
    count with PostgreSQL's digits.
    """
    scale = max(_SCALE, -int(Decimal(of).as_tuple().exponent))
    digits = f"CASE typeof({column}){_floats(column, 'string')} ELSE {text_of(column)} END"
    exact = f"CAST({digits} AS DECIMAL({_MOST_DIGITS}, {scale}))"
    changed = f"CAST({exact} AS double) <> CAST({digits} AS double)"
    endless = f"{text_of(column)} IN ('NaN', 'Infinity', '-Infinity')"
    finer = f"typeof({column}) NOT IN ('double', 'float') AND {_finer(column, scale)}"
    return f"CASE WHEN {endless} THEN TRUE ELSE {exact} % {number(of)} <> 0 OR {changed} OR {finer} END"


def exact_sum(column: str) -> str:
    """Sum a column of numbers in decimal arithmetic; 0 without rows. Floats count with PostgreSQL's digits.

    Digits behind the eighteenth after the point, totals of more than 20 before it, and NaN are an error.
    """
    exact, of_type = f"DECIMAL({_MOST_DIGITS}, {_SCALE})", f"CASE typeof({column})"
    floats = _floats(column, exact)
    is_finer = f"typeof({column}) RLIKE {_MAY_BE_FINER} AND {_finer(column, _SCALE)}"
    refused = f"raise_error('a number has more than {_SCALE} digits after the point')"
    kept = f"CASE WHEN {is_finer} THEN CAST({refused} AS {exact}) ELSE CAST({column} AS {exact}) END"
    return f"COALESCE(SUM({of_type}{floats} ELSE {kept} END), 0)"


def one_number(query: str) -> str:
    """Ask for the one number of a query, exactly; text, a date, two columns or rows are an error of this statement."""
    return f"SELECT 1 * (\n{query}\n)"


def document_kind(column: str) -> str:
    """Return what a JSON text, an array, a struct or a map is: `array`, `object`, `null` or another word."""
    document = _document(column)
    return (
        f"CASE WHEN {document} IS NULL THEN NULL WHEN json_array_length({document}) IS NOT NULL THEN 'array'"
        f" WHEN json_object_keys({document}) IS NOT NULL THEN 'object'"
        f" WHEN TRIM({document}) = 'null' THEN 'null' ELSE 'other' END"
    )


def item_count(column: str) -> str:
    """Count the items of an array."""
    return f"json_array_length({_document(column)})"


def repeats_an_item(column: str) -> str:
    """Say whether an item of an array occurs twice. Items are compared by their JSON text: `1` is not `1.0`.

    Spark hands out an item without its quotation marks, but not two of them: so each is asked for twice at once.
    """
    document = _document(column)
    twice = f"CONCAT('[', {document}, ',', {document}, ']')"
    items = (
        f"transform(sequence(1, json_array_length({document})),"
        f" i -> get_json_object({twice}, CONCAT({literal('$')}, '[*][', i - 1, ']')))"
    )
    return (
        f"CASE WHEN json_array_length({document}) < 2 THEN FALSE ELSE size(array_distinct({items})) < size({items}) END"
    )


def property_count(column: str) -> str:
    """Count the properties of an object."""
    return f"size(array_distinct(json_object_keys({_document(column)})))"


def lacks_a_property(column: str, names: Sequence[str]) -> str:
    """Say whether an object lacks one of these properties."""
    return f"size(array_except(array({', '.join(map(literal, names))}), json_object_keys({_document(column)}))) > 0"


def instant(value: str, default_timezone: str) -> str:
    """Turn a date or timestamp expression into an instant, whatever its real type is.

    A timestamp without zone and the start of a date are read in `default_timezone`; sessions are in UTC.
    """
    as_it_stands = f"CAST({value} AS timestamp)"
    if _is_utc(default_timezone):
        return as_it_stands
    local = f"to_utc_timestamp({as_it_stands}, {literal(default_timezone)})"
    return f"CASE WHEN typeof({value}) IN {_INSTANTS} THEN {as_it_stands} ELSE {local} END"


def moment(value: str, default_timezone: str) -> str:
    """Turn the newest or oldest value of a column into an instant whose age can be judged.

    A date counts from the end of its day, but never as younger than now unless the day lies in the future.
    """
    start = instant(value, default_timezone)
    end = f"CAST({value} AS timestamp) + INTERVAL '1' DAY"
    if not _is_utc(default_timezone):
        end = f"to_utc_timestamp({end}, {literal(default_timezone)})"
    of_a_day = f"CASE WHEN {value} IS NULL THEN NULL ELSE GREATEST({start}, LEAST({end}, CURRENT_TIMESTAMP)) END"
    return f"CASE typeof({value}) WHEN 'date' THEN {of_a_day} ELSE {start} END"


def age_of(instant_: str) -> str:
    """Return the seconds since an instant."""
    return seconds_between(instant_, "CURRENT_TIMESTAMP")


def seconds_between(earlier: str, later: str) -> str:
    """Return the seconds from one instant to another, to the microsecond."""
    return f"((unix_micros({later}) - unix_micros({earlier})) / 1000000.0)"


def age_or_endless(seconds: str) -> str:
    """Return an age; endless where there is none."""
    return f"COALESCE(CAST({seconds} AS double), CAST('Infinity' AS double))"


def age_of_oldest(seconds: str) -> str:
    """Return the age of the oldest row: 0 on an empty table, endless where no row says it."""
    return f"COALESCE(CAST({seconds} AS double), CASE WHEN COUNT(*) = 0 THEN 0 ELSE CAST('Infinity' AS double) END)"


def later(moment_: str, months: int, seconds: Decimal) -> str:
    """Return what is so much later than a moment; months and years stay calendar units."""
    return f"{moment_} + {interval(months, seconds)}"


def earlier(moment_: str, months: int, seconds: Decimal) -> str:
    """Return what is so much earlier than a moment; months and years stay calendar units."""
    return f"{moment_} - {interval(months, seconds)}"


def next_day(day: str) -> str:
    """Return the day after a date."""
    return f"date_add({day}, 1)"


def nulls_last(column: str) -> str:
    """Order by a column, NULL behind everything."""
    return f"{column} NULLS LAST"


def day_begun(zone: str, minutes: int) -> str:
    """Return the instant at which the current day began, of days that begin so many minutes after midnight there."""
    passed = f"from_utc_timestamp(CURRENT_TIMESTAMP, {zone}) - {interval(0, Decimal(60 * minutes))}"
    return f"to_utc_timestamp(date_trunc('day', {passed}), {zone})"


def wall_clock(instant_: str, zone: str) -> str:
    """Return what clocks of a zone show at an instant. Raises UnsupportedError for zones beside UTC.

    Whether a column's own moments have a zone is not told to us, and Spark calls both `timestamp`.
    """
    if zone.strip("'").upper() not in {"UTC", "Z"}:
        raise UnsupportedError(f"a window in the zone {zone}: Spark's timestamps are instants")
    return instant_


def day_of(instant_: str, zone: str) -> str:
    """Return the date in a zone at an instant."""
    return f"CAST(from_utc_timestamp({instant_}, {zone}) AS date)"


def instant_literal(moment_: datetime) -> str:
    """Write an instant that is known."""
    return f"TIMESTAMP '{moment_.isoformat(sep=' ')}'"


def interval(months: int, seconds: Decimal) -> str:
    """Write a duration as an interval; months and years stay calendar units. Both at once is no plain interval."""
    if not months:
        return f"INTERVAL '{plain(seconds)}' SECOND"
    if not seconds:
        return f"INTERVAL '{months}' MONTH"
    days, rest = divmod(seconds, _DAY)
    return f"make_interval(0, {months}, 0, {int(days)}, 0, 0, {plain(rest)})"


def offset_zone(minutes: int) -> str:
    """Write the zone that is so many minutes ahead of UTC."""
    hours, rest = divmod(abs(minutes), 60)
    return f"'{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}'"


def _is_utc(zone: str) -> bool:
    return zone.upper() in {"UTC", "Z"}


def _floats(column: str, type_: str) -> str:
    """Write a case for each type of float: as this type, with the digits that PostgreSQL's `numeric` takes of it.

    Java would write NULL as a word.
    """
    return "".join(
        f" WHEN '{name}' THEN CAST(CASE WHEN {column} IS NOT NULL"
        f" THEN format_string('%.{digits - 1}e', CAST({column} AS double)) END AS {type_})"
        for name, digits in _FLOATS
    )


def _finer(column: str, scale: int) -> str:
    """Say whether a number has more digits after the point than so many."""
    return f"{text_of(column)} RLIKE '[.][0-9]{{{scale}}}[0-9]*[1-9]'"


def _document(column: str) -> str:
    """Return the JSON of a column, of whatever type it is; a text stands for the JSON in it."""
    return f"get_json_object(to_json(named_struct('v', {column}), map('ignoreNullFields', 'false')), {literal('$.v')})"
