"""How servers other than PostgreSQL and DuckDB spell what rules need: one parametrised dialect, strict where unsure.

Everything that comes from a contract passes through here. A backslash, a quote where doubling is no escape and any
control character never stand in a literal: they are spliced in by number, so that no server's idea of escapes matters,
and `${`, which would start Soda's template engine, is split. What cannot be said exactly raises UnsupportedError.
Sessions are in UTC (see `engines/warehouses/connector.py`), and no other time zone is said here.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from monitor.checks import postgres
from monitor.checks.portable_regex import POSIX, Flavour, to_flavour
from monitor.checks.unsupported import UnsupportedError
from monitor.domain.check import TableName

Spelling = Callable[..., str]

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PARTS = re.compile(r"([^(<]*)(.*)", re.DOTALL)
_UNSAFE_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f]|\$\{")
_ZONES_OF_UTC = frozenset({"", "UTC", "Z", "+00", "+00:00", "-00:00", "+0000"})
_MOST_DIGITS = 38
_LONG = 2**63
_DAY = Decimal(86_400)
_NO_ITEMS = "documents and arrays are not looked into there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How a server tells time. Each spelling takes SQL; None is what it does not have.

    `instant` casts a date or timestamp to an instant, `wall` an instant to a timestamp without zone, `between` is the
    seconds from one instant to another, `later` takes a moment, a number and MONTH or SECOND.
    """

    now: str = "CURRENT_TIMESTAMP"
    instant: str
    wall: str
    between: Spelling
    later: Spelling
    knows_times: bool = True
    literal_is_read_by_column: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ansi:
    """A dialect by what is its own; see `Dialect` for the promises. `NAME` is what sqlglot calls it."""

    NAME: str
    server: str
    text: str
    double: str = "DOUBLE"
    decimal: str = "DECIMAL(38, 18)"
    quotes: tuple[str, str] = ('"', '"')
    doubles_quotes_in_names: bool = True
    string_prefix: str = ""
    doubles_quotes: bool = True
    spliced: str = "CHR({})"
    splice: str = " || "
    length: str = "LENGTH({})"
    search: str | None = None
    flavour: Flavour = POSIX
    endless: str | None = None
    has_booleans: bool = True
    orders_nulls: bool = True
    exact_text: Spelling | None = None
    remainder: str = "MOD({}, {})"
    exact_number: str | None = None
    clock: Clock | None = None
    next_day_is_sum: bool = False
    types: tuple[tuple[str, str], ...] = ()

    def identifier(self, name: str) -> str:
        """Quote an exact name for SQL."""
        opening, closing = self.quotes
        is_temporary = opening == "[" and name.startswith("#")
        is_unquotable = not self.doubles_quotes_in_names and bool({closing, "\\"} & set(name))
        if is_temporary or is_unquotable or _UNSAFE_IN_NAMES.search(name):
            raise UnsupportedError(f"{self.server} takes no such name as {name!r} in a check")
        return opening + name.replace(closing, closing * 2) + closing

    def table(self, name: TableName) -> str:
        """Quote a table's name for SQL; unqualified where the session's own schema decides."""
        own = self.identifier(name.name)
        return f"{self.identifier(name.schema)}.{own}" if name.schema else own

    def heading(self, name: TableName) -> str:
        """Quote a table's name for `checks for …`; with escapes, which our data source writes out, where it is odd."""
        if name.schema or not _PLAIN_NAME.match(name.name):
            return postgres.heading(name)
        return self.identifier(name.name) if self.quotes[0] == "`" else postgres.heading(name)

    def physical_type(self, declared: str) -> str:
        """Return a declared type in words that all servers share."""
        word, parameters = _PARTS.findall(declared.strip())[0]
        shared = dict(self.types).get(" ".join(word.lower().split()))
        return declared if shared is None else shared + parameters

    def is_native_heading(self, _name: TableName) -> bool:
        """Say no: what Soda's own `schema` check makes of a name differs from server to server."""
        return False

    def literal(self, text: str) -> str:
        """Write a text literal that reaches the server unchanged, whatever it contains."""
        parts: list[str] = []
        plain = ""
        for place, char in enumerate(text):
            starts_template = char == "{" and text[place - 1 : place] == "$"
            if self._is_spliced(char) or starts_template:
                parts += [self._quoted(plain)] if plain else []
                plain = ""
            if self._is_spliced(char):
                parts.append(self.spliced.format(ord(char)))
            else:
                plain += char
        parts += [self._quoted(plain)] if plain or not parts else []
        return parts[0] if len(parts) == 1 else f"({self.splice.join(parts)})"

    def typed_literal(self, logical_type: str | None, text: str) -> str:
        """Write a date or a time to compare a column of that logical type with."""
        try:
            match logical_type:
                case "date":
                    return f"CAST('{date.fromisoformat(text).isoformat()}' AS DATE)"
                case "time" if self.clock and self.clock.knows_times and time.fromisoformat(text).tzinfo is None:
                    return f"CAST('{time.fromisoformat(text).isoformat()}' AS TIME)"
                case "time":
                    raise UnsupportedError(f"{self.server} has no such time of day as {text}")
                case _:
                    return self.literal(text)
        except ValueError:
            raise UnsupportedError(f"{text!r} is no {logical_type} that every server reads alike") from None

    def moment_literal(self, _column: str, local: str, zoned: str) -> str:
        """Write a moment in UTC to compare a column with."""
        zone = zoned.removeprefix(local).strip().upper()
        if zone not in _ZONES_OF_UTC:
            raise UnsupportedError(f"a moment in the zone {zone} is not compared on {self.server}, only one in UTC")
        try:
            bare = datetime.fromisoformat(local)
        except ValueError:
            raise UnsupportedError(f"{local!r} is no moment that every server reads alike") from None
        clock = self._clock()
        written = f"'{bare.replace(tzinfo=None).isoformat()}'"
        return written if clock.literal_is_read_by_column else clock.instant.format(written.replace("T", " "))

    def number(self, value: int | Decimal) -> str:
        """Write a number exactly."""
        exact = postgres.number(value)
        if sum(map(str.isdigit, exact)) > _MOST_DIGITS:
            raise UnsupportedError(f"{self.server} has no exact number of more than {_MOST_DIGITS} digits")
        is_long = value == int(value) and -_LONG <= value < _LONG
        return exact if is_long or self.exact_number is None else self.exact_number.format(exact.strip("()"))

    def counted(self, condition: str) -> str:
        """Count the rows for which a condition is true."""
        return postgres.counted(condition)

    def share(self, condition: str) -> str:
        """Return the percentage of all rows for which a condition is true; 0 on an empty table."""
        return self.share_of(self.counted(condition), "COUNT(*)")

    def share_of(self, count: str, rows: str) -> str:
        """Return a count as a percentage of rows; 0 where there are none."""
        return f"COALESCE({self.percent(count, f'NULLIF({rows}, 0)')}, 0)"

    def percent(self, part: str, whole: str) -> str:
        """Return a number as a percentage of another one, in floating point: quotients of decimals are cut short."""
        return f"100 * CAST({part} AS {self.double}) / {whole}"

    def text_of(self, column: str) -> str:
        """Cast any column to text, for patterns, lengths and formats."""
        return f"CAST({column} AS {self.text})"

    def length_of(self, column: str) -> str:
        """Count the characters of a column's text."""
        return self.length.format(self.text_of(column))

    def text_in(self, column: str, texts: Sequence[str]) -> str:
        """Say that a column's text is one of these, character by character."""
        exact = self.exact_text or str
        return f"{exact(self.text_of(column))} IN ({', '.join(exact(self.literal(text)) for text in texts)})"

    def truth(self, value: bool, /) -> str:
        """Write a truth to compare a column with."""
        return postgres.truth(value) if self.has_booleans else str(int(value))

    def is_true(self, column: str) -> str:
        """Say that a column of truths is true; never unknown."""
        return f"({column} = {self.truth(True)} AND {column} IS NOT NULL)"  # noqa: FBT003 - the very value

    def pattern_problem(self, pattern: str) -> str | None:
        """Say why a pattern cannot be searched for, None where it can."""
        try:
            self._search("c", pattern)
        except UnsupportedError as error:
            return str(error)
        return None

    def unlike(self, column: str, pattern: str) -> str:
        """Say that a column's text has no match of a pattern anywhere in it; unknown for NULL."""
        return f"NOT ({self._search(self.text_of(column), pattern)})"

    def no_multiple(self, column: str, of: int | Decimal) -> str:
        """Say that a column is no multiple of a whole number; unknown for NULL."""
        if of != int(of):
            raise UnsupportedError(f"whether a binary number is a multiple of {of} is not the same on {self.server}")
        exact = f"CAST({column} AS {self.decimal})"
        return f"({self.remainder.format(exact, self.number(of))} <> 0 OR {exact} <> {column})"

    def exact_sum(self, _column: str) -> str:
        """Refuse: a sum of binary numbers depends on the order in which they are added."""
        raise UnsupportedError(f"sums are not compared exactly on {self.server}")

    def one_number(self, query: str) -> str:
        """Ask for the one number of a query. A query in which servers see strings end differently is refused."""
        if "\\" in query or '"""' in query or "'''" in query or "#" in query:
            raise UnsupportedError(r"a query with \, # or triple quotes is not read the same by every server")
        return f"SELECT 1 * (\n{query}\n)"

    def document_kind(self, _column: str) -> str:
        """Refuse to look into documents."""
        raise UnsupportedError(_NO_ITEMS)

    def item_count(self, _column: str) -> str:
        """Refuse to look into arrays."""
        raise UnsupportedError(_NO_ITEMS)

    def repeats_an_item(self, _column: str) -> str:
        """Refuse to look into arrays."""
        raise UnsupportedError(_NO_ITEMS)

    def property_count(self, _column: str) -> str:
        """Refuse to look into documents."""
        raise UnsupportedError(_NO_ITEMS)

    def lacks_a_property(self, _column: str, _names: Sequence[str]) -> str:
        """Refuse to look into documents."""
        raise UnsupportedError(_NO_ITEMS)

    def instant(self, value: str, default_timezone: str) -> str:
        """Turn a date or timestamp expression into an instant; one without zone is in UTC."""
        self._only_utc(default_timezone)
        return self._clock().instant.format(value)

    def moment(self, value: str, default_timezone: str) -> str:
        """Turn the newest or oldest value of a column into an instant whose age can be judged.

        A date, whose text has ten characters, counts from the end of its day, but never as younger than now unless the
        day lies in the future.
        """
        start, now = self.instant(value, default_timezone), self._clock().now
        end = self.later(start, 0, _DAY)
        aged = f"CASE WHEN {start} > {now} THEN {start} WHEN {end} < {now} THEN {end} ELSE {now} END"
        return f"CASE WHEN {self.length_of(value)} = 10 THEN {aged} ELSE {start} END"

    def age_of(self, instant_: str) -> str:
        """Return the seconds since an instant."""
        return self.seconds_between(instant_, self._clock().now)

    def seconds_between(self, earlier: str, later: str) -> str:
        """Return the seconds from one instant to another."""
        return self._clock().between(earlier, later)

    def age_or_endless(self, seconds: str) -> str:
        """Return an age; endless where there is none, or nothing (an error of the check) where that cannot be said."""
        if self.endless is None:
            return f"CAST({seconds} AS {self.double})"
        return f"COALESCE(CAST({seconds} AS {self.double}), {self.endless})"

    def age_of_oldest(self, seconds: str) -> str:
        """Return the age of the oldest row: 0 on an empty table, else as `age_or_endless`."""
        return f"CASE WHEN COUNT(*) = 0 THEN 0 ELSE {self.age_or_endless(seconds)} END"

    def later(self, moment_: str, months: int, seconds: Decimal) -> str:
        """Return what is so much later than a moment."""
        if seconds != int(seconds):
            raise UnsupportedError(f"fractions of a second are not counted on {self.server}")
        later, so_far = self._clock().later, self._now(moment_)
        for number, unit in ((months, "MONTH"), (int(seconds), "SECOND")):
            if number:
                so_far = later(so_far, number, unit)
        return so_far

    def earlier(self, moment_: str, months: int, seconds: Decimal) -> str:
        """Return what is so much earlier than a moment."""
        return self.later(moment_, -months, -seconds)

    def next_day(self, day: str) -> str:
        """Return the day after a date."""
        return f"{day} + 1" if self.next_day_is_sum else self.later(day, 0, _DAY)

    def nulls_last(self, column: str) -> str:
        """Order by a column, NULL behind everything."""
        return (
            f"{column} NULLS LAST" if self.orders_nulls else f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, {column}"
        )

    def day_begun(self, zone: str, minutes: int) -> str:
        """Return the instant at which the current day began, of days that begin so many minutes after midnight."""
        clock = self._clock()
        return clock.instant.format(self.day_of(self.earlier(clock.now, 0, Decimal(60 * minutes)), zone))

    def wall_clock(self, instant_: str, zone: str) -> str:
        """Return what clocks in UTC show at an instant."""
        self._only_utc(zone)
        return self._clock().wall.format(instant_)

    def day_of(self, instant_: str, zone: str) -> str:
        """Return the date in UTC at an instant."""
        return f"CAST({self.wall_clock(instant_, zone)} AS DATE)"

    def instant_literal(self, moment_: datetime) -> str:
        """Write an instant that is known."""
        bare = moment_.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        return self._clock().instant.format(f"'{bare}'")

    def offset_zone(self, minutes: int) -> str:
        """Write the zone that is so many minutes ahead of UTC."""
        return self.literal("UTC" if minutes == 0 else f"{minutes:+} minutes")

    def _is_spliced(self, char: str) -> bool:
        return char == "\\" or not char.isprintable() or (char == "'" and not self.doubles_quotes)

    def _quoted(self, plain: str) -> str:
        return f"{self.string_prefix}'{plain.replace(chr(39), chr(39) * 2)}'"

    def _search(self, text: str, pattern: str) -> str:
        if self.search is None:
            raise UnsupportedError(f"{self.server} has no regular expressions that mean the same everywhere")
        return self.search.format(text, self.literal(to_flavour(pattern, self.flavour)))

    def _clock(self) -> Clock:
        if self.clock is None:
            raise UnsupportedError(f"moments are not compared on {self.server}")
        return self.clock

    def _now(self, moment_: str) -> str:
        return self._clock().now if moment_ == "CURRENT_TIMESTAMP" else moment_

    def _only_utc(self, zone: str) -> None:
        if zone.removeprefix(self.string_prefix).strip("'").upper() not in _ZONES_OF_UTC:
            raise UnsupportedError(f"the time zone {zone} is not said on {self.server}, only UTC")
