"""A blocked check names its culprit, so that forty of them are one incident."""

from dataclasses import replace

from monitor.checks.schema import blocked_by, judge
from monitor.domain.check import Catalogue, CheckKind, Need, TableName
from monitor.domain.scan import CheckResult, ColumnSeen, Outcome, Seen, TableSeen
from tests.plans import aggregate, check, plan

SCHEMA = check("flights.schema", Catalogue(columns=("dest",)), kind=CheckKind.SCHEMA)
NULLS = aggregate("flights.dest.nulls", "COUNT(*)", needs=("dest",))
WHOLE = plan(SCHEMA, NULLS)
FLIGHTS = WHOLE.datasets[0].table
COLUMN = ColumnSeen(name="dest", type="text", nullable=True, position=1)


def table(*columns: ColumnSeen, readable: bool = True) -> Seen:
    return {FLIGHTS: TableSeen(kind="table", schema="nyc", readable=readable, estimated_rows=0, columns=columns)}


def blocked(seen: Seen) -> CheckResult:
    result = blocked_by(NULLS, WHOLE, seen)
    assert result is not None
    assert result.outcome is Outcome.BLOCKED
    return result


def test_a_missing_table_is_the_fault_of_the_check_that_watches_it() -> None:
    assert blocked({}).cause == "flights.schema"


def test_a_missing_column_is_the_fault_of_the_check_that_watches_its_table() -> None:
    assert blocked(table()).cause == "flights.schema"


def test_so_is_a_missing_privilege() -> None:
    assert blocked(table(replace(COLUMN, readable=False), readable=False)).cause == "flights.schema"


def test_the_culprit_is_named_even_where_it_was_not_asked_for() -> None:
    part = replace(WHOLE, checks=(NULLS,))
    result = blocked_by(NULLS, part, {})
    assert result is not None
    assert (result.cause, result.reason) == ("flights.schema", "table flights does not exist (see flights.schema)")


def test_a_table_that_no_check_watches_is_named_itself() -> None:
    elsewhere = replace(NULLS, needs=(Need(table=TableName(schema="ops", name="airports")),))
    result = blocked_by(elsewhere, WHOLE, {})
    assert result is not None
    assert result.cause == "table:ops.airports"


def test_what_the_catalogue_judges_names_its_culprit_too() -> None:
    extra = check("flights.extra", Catalogue(columns=("dest",)), kind=CheckKind.EXTRA_COLUMNS)
    result = judge(extra, plan(SCHEMA, extra), {})
    assert (result.outcome, result.cause) == (Outcome.BLOCKED, "flights.schema")


def test_a_check_with_all_it_needs_is_not_blocked() -> None:
    assert blocked_by(NULLS, WHOLE, table(COLUMN)) is None
