"""What the catalogue alone answers: exact names, types, order; and what is gone blocks what needs it."""

from dataclasses import replace

import pytest

from monitor.checks.schema import blocked_by, judge
from monitor.domain.check import Catalogue, Check, CheckKind, CheckPlan, Need, TableName
from monitor.domain.scan import ColumnSeen, Outcome, TableSeen
from tests.plans import aggregate, check, plan

T = TableName(schema=None, name="t")
NAMES = ("id", "Name", "day")


def seen(*columns: str | ColumnSeen, **fields: object) -> dict[TableName, TableSeen]:
    made = tuple(
        column
        if isinstance(column, ColumnSeen)
        else ColumnSeen(name=column, type="text", nullable=True, position=position)
        for position, column in enumerate(columns, start=1)
    )
    plain = {"kind": "table", "schema": "public", "readable": True, "estimated_rows": 0, "columns": made}
    return {T: TableSeen(**{**plain, **fields})}  # type: ignore[arg-type]


def catalogue(kind: CheckKind, **fields: object) -> Check:
    probe = Catalogue(**{"columns": NAMES, **fields})  # type: ignore[arg-type]
    made = check(f"t.{kind.value}", probe, kind=kind)
    return replace(made, needs=()) if kind is CheckKind.SCHEMA else made


def typed(name: str, live: str, **fields: str) -> ColumnSeen:
    return ColumnSeen(name=name, type=live, nullable=True, position=1, **fields)  # type: ignore[arg-type]


def whole(*checks: Check) -> CheckPlan:
    return plan(catalogue(CheckKind.SCHEMA), *checks)


SCHEMA = {
    "all there": ({}, seen(*NAMES, "more"), Outcome.PASS, 0, "table t has all 3 declared columns"),
    "no table": ({}, {}, Outcome.FAIL, 3, "table t does not exist"),
    "one gone": ({}, seen("id", "Name"), Outcome.FAIL, 1, "column day is missing"),
    "another case": (
        {},
        seen("id", "name", "DAY"),
        Outcome.FAIL,
        2,
        "columns Name, day are missing (name is there, DAY is there: names are exact)",
    ),
    "a view is no table": ({"physical_type": "TABLE"}, seen(*NAMES, kind="view"), Outcome.FAIL, 1, "t is a view"),
    "a partitioned table is one": (
        {"physical_type": "table"},
        seen(*NAMES, kind="partitioned table"),
        Outcome.PASS,
        0,
        "",
    ),
    "a materialized view is a view": (
        {"physical_type": "view"},
        seen(*NAMES, kind="materialized view"),
        Outcome.PASS,
        0,
        "",
    ),
    "an unknown word": ({"physical_type": "topic"}, seen(*NAMES), Outcome.PASS, 0, ""),
}


@pytest.mark.parametrize("name", SCHEMA)
def test_a_table_is_there_with_its_columns(name: str) -> None:
    fields, live, outcome, measured, words = SCHEMA[name]
    made = catalogue(CheckKind.SCHEMA, **fields)

    result = judge(made, plan(made), live)

    assert (result.outcome, result.measured) == (outcome, measured)
    assert words in result.reason


def test_extra_columns_are_counted_and_named_with_their_types() -> None:
    made = catalogue(CheckKind.EXTRA_COLUMNS)

    result = judge(made, whole(made), seen(*NAMES, *(f"x{number}" for number in range(10))))

    assert (result.outcome, result.measured) == (Outcome.FAIL, 10)
    assert "x0 (text)" in result.reason
    assert "and 2 more" in result.reason
    assert judge(made, whole(made), seen("day")).outcome is Outcome.PASS


def test_a_lenient_contract_is_warned_of_them() -> None:
    made = replace(catalogue(CheckKind.EXTRA_COLUMNS), severity="warning")

    assert judge(made, whole(made), seen(*NAMES, "x")).outcome is Outcome.WARN


def test_order_counts_among_the_declared_columns_that_are_there() -> None:
    made = catalogue(CheckKind.COLUMN_ORDER)

    assert judge(made, whole(made), seen("more", "id", "Name", "x", "day")).outcome is Outcome.PASS
    assert judge(made, whole(made), seen("id", "day")).outcome is Outcome.PASS
    moved = judge(made, whole(made), seen("id", "day", "Name"))
    assert (moved.outcome, moved.measured) == (Outcome.FAIL, 2)
    assert "day where Name should be" in moved.reason


TYPES = {
    "physical": ({"physical_type": "varchar(3)"}, typed("id", "character varying(3)"), Outcome.PASS),
    "another precision": ({"physical_type": "varchar(3)"}, typed("id", "character varying(4)"), Outcome.FAIL),
    "physical wins": ({"physical_type": "text", "logical_type": "integer"}, typed("id", "text"), Outcome.PASS),
    "logical": ({"logical_type": "integer"}, typed("id", "bigint"), Outcome.PASS),
    "another category": ({"logical_type": "integer"}, typed("id", "text"), Outcome.FAIL),
    "a domain": ({"physical_type": "text"}, typed("id", "public.email", base_type="text"), Outcome.PASS),
    "a domain by its name": ({"physical_type": "email"}, typed("id", "public.email", base_type="text"), Outcome.PASS),
    "a domain's category": ({"logical_type": "string"}, typed("id", "public.email", base_type="text"), Outcome.PASS),
    "an enumeration": ({"logical_type": "string"}, typed("id", "mood", base_type="text"), Outcome.PASS),
}


@pytest.mark.parametrize("name", TYPES)
def test_a_column_has_its_type(name: str) -> None:
    fields, column, outcome = TYPES[name]
    made = catalogue(CheckKind.COLUMN_TYPE, columns=("id",), **fields)

    result = judge(made, whole(made), seen(column))

    assert result.outcome is outcome
    assert result.reason == f"is {column.type}"


NEED = Need(table=T, columns=("id",))
HIDDEN = ColumnSeen(name="id", type="text", nullable=True, position=1, readable=False)
BLOCKED = {
    "nothing": ((NEED,), seen("id"), None),
    "no table": ((NEED,), {}, "table t does not exist (see t.schema)"),
    "no column": ((NEED,), seen("Id"), "column id of t is missing (see t.schema)"),
    "no privilege on the column": (
        (NEED,),
        seen(HIDDEN, "note", readable=False),
        "no privilege to read column id of t",
    ),
    "no privilege but on the column": ((NEED,), seen("id", replace(HIDDEN, name="secret"), readable=False), None),
    "no privilege on the table": ((Need(table=T),), seen(HIDDEN, readable=False), "no privilege to read t"),
    "rows can be counted by any readable column": ((Need(table=T),), seen("id", readable=False), None),
    "another table": (
        (NEED, Need(table=TableName(schema="s", name="p"), columns=("k",))),
        seen("id"),
        "table s.p does not exist",
    ),
}


@pytest.mark.parametrize("name", BLOCKED)
def test_what_is_gone_blocks_what_needs_it_and_names_the_culprit(name: str) -> None:
    needs, live, reason = BLOCKED[name]
    made = replace(aggregate("t.count", "COUNT(*)"), needs=needs)

    blocked = blocked_by(made, whole(made), live)
    assert (blocked.reason if blocked else None) == reason


def test_a_check_of_the_catalogue_needs_no_privilege_to_read_rows() -> None:
    made = replace(catalogue(CheckKind.COLUMN_TYPE, columns=("id",), logical_type="string"), needs=(NEED,))

    assert judge(made, whole(made), seen(HIDDEN, readable=False)).outcome is Outcome.PASS
    assert judge(made, whole(made), seen("x")).outcome is Outcome.BLOCKED
