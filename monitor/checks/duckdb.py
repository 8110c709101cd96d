"""How DuckDB spells names, literals and the few functions that rules need (measured on DuckDB 2.0.0).

Everything that comes from a contract passes through here. The results survive YAML and Soda's grammar unchanged, and
never contain `${`, which would start Soda's template engine. DuckDB has no escapes in names: where a name cannot be
written without them, it stands as PostgreSQL's `U&"…"`, which our own connection writes out at the last moment.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from monitor.checks import postgres
from monitor.checks.duckdb_types import canonical
from monitor.checks.formats import TEXT_FORMATS
from monitor.checks.re2 import FLAGS, NotRe2Error, to_re2
from monitor.domain.check import TableName

NAME = "duckdb"
_TEMPLATE_START = "${"
_SCALE = 18
_MOST_DIGITS = 38
_HEADING = re.compile(r"\w(?:[\w .-]*\w)?\Z")
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_LOOK_AHEAD = "(?=.{1,253}$)"
_LONGEST_HOSTNAME = 253
_MAY_BE_FINER = "'VARCHAR|,(19|[23][0-9])[)]'"
_ZONED = "'TIMESTAMP WITH TIME ZONE'"

counted, share, share_of, percent = postgres.counted, postgres.share, postgres.share_of, postgres.percent
text_of, length_of, truth, is_true = postgres.text_of, postgres.length_of, postgres.truth, postgres.is_true
later, earlier, next_day = postgres.later, postgres.earlier, postgres.next_day
nulls_last = postgres.nulls_last
day_begun, wall_clock, day_of = postgres.day_begun, postgres.wall_clock, postgres.day_of
age_or_endless, age_of_oldest = postgres.age_or_endless, postgres.age_of_oldest
instant_literal = postgres.instant_literal
physical_type = canonical


def identifier(name: str) -> str:
    """Quote an exact name for SQL. DuckDB itself does not mind upper and lower case, not even in quotes."""
    if _TEMPLATE_START in name:
        return f'U&"{postgres.unicode_escapes(name)}"'
    return '"' + name.replace('"', '""') + '"'


def table(name: TableName) -> str:
    """Quote a table's name for SQL; unqualified where the search path decides."""
    return f"{identifier(name.schema)}.{identifier(name.name)}" if name.schema else identifier(name.name)


def heading(name: TableName) -> str:
    """Quote a table's name for `checks for …`: `"plain"` where Soda's grammar takes it, else with escapes."""
    if name.schema:
        return f'U&"{postgres.unicode_escapes(name.schema)}".U&"{postgres.unicode_escapes(name.name)}"'
    return f'"{name.name}"' if _HEADING.match(name.name) else f'U&"{postgres.unicode_escapes(name.name)}"'


def is_native_heading(name: TableName) -> bool:
    """Say whether Soda's own `schema` check finds a table: by a plain name only."""
    return not name.schema and _PLAIN_NAME.match(name.name) is not None


def literal(text: str) -> str:
    """Write a text literal that reaches the server unchanged, whatever it contains. NUL never gets this far."""
    if _TEMPLATE_START not in text:
        return "'" + text.replace("'", "''") + "'"
    return "E'" + text.replace("\\", "\\\\").replace("'", "''").replace("$", "\\044") + "'"


def text_in(column: str, texts: Sequence[str]) -> str:
    """Say that a column's text is one of these, character by character."""
    return f"{text_of(column)} IN ({', '.join(map(literal, texts))})"


def typed_literal(_logical_type: str | None, text: str) -> str:
    """Write a date or a time to compare a column of that logical type with; its real type decides how it is read."""
    return literal(text)


def moment_literal(column: str, local: str, zoned: str) -> str:
    """Write a moment to compare a column with, as an instant: sessions are in UTC, so a column without zones is too."""
    bare, zone = _iso(local), zoned.removeprefix(local).strip()
    if bare is None:  # `infinity`, or what the server will complain of
        return f"CAST({literal(zoned)} AS timestamptz)"
    named = _iso(zoned) or f"{bare} {'UTC' if zone.upper() == 'Z' else zone}"
    instant_of = f"CAST({literal(named)} AS timestamptz)"
    as_it_stands = f"CAST({literal(f'{bare} UTC')} AS timestamptz)"
    if instant_of == as_it_stands:
        return instant_of
    return f"CASE typeof({column}) WHEN {_ZONED} THEN {instant_of} ELSE {as_it_stands} END"


def number(value: int | Decimal) -> str:
    """Write a number exactly; what no integer or decimal of DuckDB's can hold is as near as a double comes."""
    exact = postgres.number(value)
    return exact if sum(map(str.isdigit, exact)) <= _MOST_DIGITS else f"CAST('{Decimal(value):f}' AS double)"


def pattern_problem(pattern: str) -> str | None:
    """Say why a pattern cannot be searched for, None where it can."""
    try:
        to_re2(pattern)
    except NotRe2Error as error:
        return f"DuckDB cannot search for this pattern: {error}"
    return None


def unlike(column: str, pattern: str) -> str:
    """Say that a column's text has no match of a pattern anywhere in it; unknown for NULL. Raises NotRe2Error."""
    text = text_of(column)
    if pattern == TEXT_FORMATS["hostname"]:
        return f"({unlike(column, pattern.replace(_LOOK_AHEAD, ''))} OR LENGTH({text}) > {_LONGEST_HOSTNAME})"
    return f"NOT regexp_matches({text}, {literal(to_re2(pattern))}, '{FLAGS}')"


def no_multiple(column: str, of: int | Decimal) -> str:
    """Say that a column is no multiple of a number, in decimal arithmetic; unknown for NULL.

    Digits behind the eighteenth after the point are seen too; a number of more than 20 before it is an error. Floats
    count with PostgreSQL's digits.
    """
    scale = max(_SCALE, -int(Decimal(of).as_tuple().exponent))
    digits = f"CASE typeof({column}){_floats(column, 'text')} ELSE {text_of(column)} END"
    exact = f"CAST({digits} AS DECIMAL({_MOST_DIGITS}, {scale}))"
    changed = f"CAST({exact} AS double) <> CAST({digits} AS double)"
    endless = f"{text_of(column)} IN ('nan', 'inf', '-inf')"
    finer = _finer(column, scale)
    is_float = f"typeof({column}) IN ('DOUBLE', 'FLOAT')"
    return (
        f"CASE WHEN {endless} THEN TRUE ELSE {exact} % {number(of)} <> 0 OR {changed} OR NOT {is_float} AND {finer} END"
    )


def exact_sum(column: str) -> str:
    """Sum a column of numbers in decimal arithmetic; 0 without rows. Floats count with PostgreSQL's digits.

    Digits behind the eighteenth after the point, and totals of more than 20 before it, are an error. What type a column
    has is looked at once, not for every row: the plan has one branch left.
    """
    exact, of_type = f"DECIMAL({_MOST_DIGITS}, {_SCALE})", f"CASE typeof({column})"
    floats = _floats(column, exact)
    is_finer = f"regexp_matches(typeof({column}), {_MAY_BE_FINER}) AND {_finer(column, _SCALE)}"
    kept = f"CASE WHEN {is_finer} THEN error('a number has more than {_SCALE} digits after the point')"
    return f"COALESCE(SUM({of_type}{floats} ELSE {kept} ELSE CAST({column} AS {exact}) END END), 0)"


def one_number(query: str) -> str:
    """Ask for the one number of a query, exactly; text, a date, two columns or rows are an error of this statement."""
    return f"SELECT 1 * (\n{query}\n)"


def document_kind(column: str) -> str:
    """Return what a document, list, struct or map is: `array`, `object`, `null` or another word; unknown for NULL."""
    return f"LOWER(json_type({_document(column)}))"


def item_count(column: str) -> str:
    """Count the items of an array."""
    return f"json_array_length({_document(column)})"


def repeats_an_item(column: str) -> str:
    """Say whether an item of an array occurs twice. Items are compared by their JSON text: `1` is not `1.0`."""
    items = f"json_extract({_document(column)}, '$[*]')"
    return f"LEN({items}) > LEN(list_distinct({items}))"


def property_count(column: str) -> str:
    """Count the properties of an object."""
    return f"LEN(list_distinct(json_keys({_document(column)})))"


def lacks_a_property(column: str, names: Sequence[str]) -> str:
    """Say whether an object lacks one of these properties."""
    return f"NOT list_has_all(json_keys({_document(column)}), [{', '.join(map(literal, names))}])"


def instant(value: str, default_timezone: str) -> str:
    """Turn a date or timestamp expression into an instant, whatever its real type is.

    A timestamp without zone and the start of a date are read in `default_timezone`; sessions are in UTC.
    """
    instant_of = f"CAST({value} AS timestamptz)"
    if default_timezone.upper() in {"UTC", "Z"}:
        return instant_of
    local = f"CAST({value} AS timestamp) AT TIME ZONE {literal(default_timezone)}"
    return f"CASE WHEN typeof({value}) IN ({_ZONED}, 'VARCHAR') THEN {instant_of} ELSE {local} END"


def moment(value: str, default_timezone: str) -> str:
    """Turn the newest or oldest value of a column into an instant whose age can be judged.

    A date counts from the end of its day, but never as younger than now unless the day lies in the future.
    """
    start = instant("value", default_timezone)
    end = f"(CAST(value AS timestamp) + INTERVAL '1 day') AT TIME ZONE {literal(default_timezone)}"
    aged = f"GREATEST({start}, LEAST({end}, CURRENT_TIMESTAMP))"
    return _with("value", value, f"CASE typeof(value) WHEN 'DATE' THEN {aged} ELSE {start} END")


def age_of(instant_: str) -> str:
    """Return the seconds since an instant; of what is aggregated, as it is too slow for every row.

    The oldest value of a table in a file may be the oldest finite instant where it is `-infinity` (DuckDB 2.0.0).
    """
    return _with("moment", instant_, seconds_between("moment", "CURRENT_TIMESTAMP"))


def seconds_between(earlier: str, later: str) -> str:
    """Return the seconds from one instant to another, to the microsecond; defined for infinite instants too."""
    seconds = f"(CAST(epoch_us({later}) AS hugeint) - epoch_us({earlier})) / 1000000.0"
    endless = f"WHEN {later} > {earlier} THEN 'Infinity'::double WHEN {later} < {earlier} THEN '-Infinity'::double"
    return f"COALESCE({seconds}, CASE {endless} WHEN {later} = {earlier} THEN 'NaN'::double END)"


def offset_zone(minutes: int) -> str:
    """Write the zone that is so many minutes ahead of UTC, as it stands behind AT TIME ZONE."""
    hours, rest = divmod(abs(minutes), 60)
    return f"'GMT{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}'"


def _floats(column: str, type_: str) -> str:
    """Write a case for each type of float: as this type, with the digits that PostgreSQL's `numeric` takes of it."""
    return "".join(
        f" WHEN '{name}' THEN CAST(printf('%.{digits}g', CAST({column} AS double)) AS {type_})"
        for name, digits in (("DOUBLE", 15), ("FLOAT", 6))
    )


def _finer(column: str, scale: int) -> str:
    """Say whether a number has more digits after the point than so many."""
    return f"regexp_matches({text_of(column)}, '[.][0-9]{{{scale}}}[0-9]*[1-9]')"


def _document(column: str) -> str:
    return f"to_json({column})"


def _with(name: str, value: str, expression: str) -> str:
    """Return an expression in which a value has a name, so that it stands there once."""
    return f"list_transform([{value}], lambda {name}: {expression})[1]"


def _iso(text: str) -> str | None:
    """Return a moment with its time written out, as DuckDB wants it; None for what is none."""
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return None
