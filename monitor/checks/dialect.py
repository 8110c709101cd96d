"""The seam between rules and SQL: what a rule needs said, and who says it for which type of server.

A plan is compiled for one type of server, so its dialect is chosen once, by `speaking`, and whatever drafts a rule
meanwhile says `sql.identifier(…)`. A dialect is a module of functions (`postgres`, `duckdb`, `mysql`) or an `Ansi`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Protocol, cast

from monitor.checks import duckdb, mysql, postgres, spark
from monitor.checks.unsaid import said
from monitor.domain.check import TableName

CONNECTORS = ("athena", "bigquery", "databricks", "dremio", "redshift", "snowflake", "sqlserver", "trino")
"""The servers that Soda reaches by a package of its own (see `connectors`)."""

SERVER_TYPES = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "duckdb": "duckdb",
    "local": "duckdb",
    "mysql": "mysql",
    "mariadb": "mysql",
    **{name: name for name in CONNECTORS},
    "spark": "spark",
}
"""The server types whose SQL can be compiled, and the one spelling that Pactwatch uses."""

DEFAULT_TYPE = "postgres"
"""What a contract that names no server is compiled for."""


class Dialect(Protocol):
    """What rules need of a dialect. Everything that comes from a contract is text to it, never SQL.

    What it cannot say exactly it refuses by UnsupportedError, and the check that needed it is skipped.
    """

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of a module, or a field
        """What sqlglot calls it."""

    def identifier(self, name: str, /) -> str:
        """Quote an exact name for SQL."""

    def table(self, name: TableName, /) -> str:
        """Quote a table's name for SQL; unqualified where the search path decides."""

    def heading(self, name: TableName, /) -> str:
        """Quote a table's name for `checks for …`."""

    def physical_type(self, declared: str, /) -> str:
        """Return a declared type in the words of the server's catalogue."""

    def is_native_heading(self, name: TableName, /) -> bool:
        """Say whether Soda's own `schema` check finds a table under its heading."""

    def literal(self, text: str, /) -> str:
        """Write a text literal that reaches the server unchanged, whatever it contains."""

    def moment_literal(self, column: str, local: str, zoned: str, /) -> str:
        """Write a moment to compare a column with: `zoned` names its zone, `local` is the same without any."""

    def number(self, value: int | Decimal, /) -> str:
        """Write a number exactly."""

    def counted(self, condition: str, /) -> str:
        """Count the rows for which a condition is true."""

    def share(self, condition: str, /) -> str:
        """Return the percentage of all rows for which a condition is true; 0 on an empty table."""

    def share_of(self, count: str, rows: str, /) -> str:
        """Return a count as a percentage of rows; 0 where there are none."""

    def percent(self, part: str, whole: str, /) -> str:
        """Return a number as a percentage of another one, which is not 0."""

    def text_of(self, column: str, /) -> str:
        """Cast any column to text, as people are shown it and patterns see it."""

    def length_of(self, column: str, /) -> str:
        """Count the characters of a column's text."""

    def text_in(self, column: str, texts: Sequence[str], /) -> str:
        """Say that a column's text is one of these, character by character."""

    def truth(self, value: bool, /) -> str:
        """Write a truth to compare a column with."""

    def is_true(self, column: str, /) -> str:
        """Say that a column of truths is true; never unknown."""

    def typed_literal(self, logical_type: str | None, text: str, /) -> str:
        """Write a date or a time to compare a column of that logical type with."""

    def pattern_problem(self, pattern: str, /) -> str | None:
        """Say why a pattern cannot be searched for, None where it can."""

    def unlike(self, column: str, pattern: str, /) -> str:
        """Say that a column's text has no match of a pattern without problem anywhere in it; unknown for NULL."""

    def no_multiple(self, column: str, of: int | Decimal, /) -> str:
        """Say that a column is no multiple of a number, in decimal arithmetic; unknown for NULL."""

    def exact_sum(self, column: str, /) -> str:
        """Sum a column of numbers in decimal arithmetic; 0 without rows. Of a float 15 digits count."""

    def one_number(self, query: str, /) -> str:
        """Ask for the one number of a query, exactly; whatever else it returns is an error of this statement."""

    def document_kind(self, column: str, /) -> str:
        """Return what a document or array is: `array`, `object`, `null` or another word; unknown for NULL."""

    def item_count(self, column: str, /) -> str:
        """Count the items of an array."""

    def repeats_an_item(self, column: str, /) -> str:
        """Say whether an item of an array occurs twice."""

    def property_count(self, column: str, /) -> str:
        """Count the properties of an object."""

    def lacks_a_property(self, column: str, names: Sequence[str], /) -> str:
        """Say whether an object lacks one of these properties."""

    def instant(self, value: str, default_timezone: str, /) -> str:
        """Turn a date or timestamp expression into an instant, whatever its real type is."""

    def moment(self, value: str, default_timezone: str, /) -> str:
        """Turn the newest or oldest value of a column into an instant whose age can be judged."""

    def age_of(self, instant_: str, /) -> str:
        """Return the seconds since an aggregated instant, defined for infinite instants too."""

    def seconds_between(self, earlier: str, later: str, /) -> str:
        """Return the seconds from one instant to another, defined for infinite instants too."""

    def age_or_endless(self, seconds: str, /) -> str:
        """Return an age; endless where there is none."""

    def age_of_oldest(self, seconds: str, /) -> str:
        """Return the age of the oldest row: 0 on an empty table, endless where no row says it."""

    def later(self, moment_: str, months: int, seconds: Decimal, /) -> str:
        """Return what is so much later than a moment; months and years stay calendar units."""

    def earlier(self, moment_: str, months: int, seconds: Decimal, /) -> str:
        """Return what is so much earlier than a moment; months and years stay calendar units."""

    def next_day(self, day: str, /) -> str:
        """Return the day after a date."""

    def nulls_last(self, column: str, /) -> str:
        """Order by a column, NULL behind everything."""

    def day_begun(self, zone: str, minutes: int, /) -> str:
        """Return the instant at which the current day began, of days that begin so many minutes after midnight."""

    def wall_clock(self, instant_: str, zone: str, /) -> str:
        """Return what clocks of a zone show at an instant."""

    def day_of(self, instant_: str, zone: str, /) -> str:
        """Return the date in a zone at an instant."""

    def instant_literal(self, moment_: datetime, /) -> str:
        """Write an instant that is known."""

    def offset_zone(self, minutes: int, /) -> str:
        """Write the zone that is so many minutes ahead of UTC, as it stands behind AT TIME ZONE."""


_DIALECTS: dict[str, Dialect] = {"postgres": postgres, "duckdb": duckdb, "mysql": mysql, "spark": spark}
_SPOKEN: ContextVar[Dialect] = ContextVar("dialect", default=postgres)


def dialect_of(server_type: str) -> Dialect:
    """Return the dialect of a type of server, in Pactwatch's own spelling of it."""
    if server_type in CONNECTORS:
        from monitor.checks import connectors

        return connectors.DIALECTS[server_type]
    return _DIALECTS[server_type]


@contextmanager
def speaking(server_type: str) -> Iterator[None]:
    """While the block runs, `sql` is the dialect of this type of server."""
    token = _SPOKEN.set(dialect_of(server_type))
    try:
        yield
    finally:
        _SPOKEN.reset(token)


class _Spoken:
    """Whatever dialect is spoken now; where it cannot say something, a gap stands for that (see `unsaid`)."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - typed by the cast below
        found = getattr(_SPOKEN.get(), name)
        return partial(said, found) if callable(found) else found


sql = cast("Dialect", _Spoken())
"""The dialect that is spoken now; PostgreSQL where nothing else was said."""
