"""One bad rule never hides another, a lock or a timeout stays where it is, and every number is exact."""

import time
from contextlib import closing

import pytest

from tests.acceptance.program import Program

TABLES = """
CREATE TABLE t AS SELECT n, 'v' || n AS s, 9007199254740993 AS big FROM generate_series(1, 1000) AS n;
CREATE TABLE "T1" ("select" int, "Mixed Case" int);
INSERT INTO "T1" VALUES (1, NULL), (2, NULL), (2, 5);
CREATE TABLE t1 ("select" int);
INSERT INTO t1 VALUES (NULL);
CREATE TABLE busy AS SELECT 1 AS n;
"""

POISONED = r"""
schema:
  - name: t
    quality:
      - {id: zero, type: sql, query: "SELECT 1 / (n - n) FROM {object} LIMIT 1", mustBe: 1}
      - {id: text, type: sql, query: "SELECT 'none'", mustBe: 1}
      - {id: two-columns, type: sql, query: "SELECT 1, 2", mustBe: 1}
      - {id: nothing, type: sql, query: "SELECT n FROM {object} WHERE n < 0", mustBe: 1}
      - {id: nowhere, type: sql, query: "SELECT COUNT(*) FROM no_such_table", mustBe: 1}
      - {id: exact, type: sql, query: "SELECT MAX(big) FROM {object}", mustBe: 9007199254740993}
      - {id: off-by-one, type: sql, query: "SELECT MAX(big) FROM {object}", mustBe: 9007199254740992}
      - {id: filled, metric: rowCount, mustBe: 1000}
    properties:
      - name: n
        logicalType: integer
        logicalTypeOptions: {minimum: 11}
        quality:
          - {metric: nullValues, mustBeLessThan: 5, severity: warning}
          - {metric: nullValues, mustBeLessThan: 1, severity: error}
          - {id: regex, metric: invalidValues, arguments: {pattern: "[[:nope:]]"}, mustBe: 0}
      - name: s
        logicalType: integer
        logicalTypeOptions: {minimum: 5}
        quality: [{id: plain, metric: invalidValues, arguments: {pattern: "^v1"}, mustBe: 888}]
      - name: big
        logicalType: integer
        logicalTypeOptions: {maximum: 9007199254740993, exclusiveMinimum: 9007199254740992}
  - name: T1
    properties:
      - {name: select, unique: true}
      - {name: Mixed Case, quality: [{id: nulls, metric: nullValues, mustBe: 2}]}
  - name: t1
    properties: [{name: select, required: true}]
"""


def test_a_rule_that_cannot_run_is_an_error_and_all_others_are_right(program: Program) -> None:
    program.warehouse.rows(TABLES)
    program.configure()
    program.contract(POISONED)

    found = program.verify()

    measured = {
        "t.exact": ("pass", 9007199254740993),
        "t.off-by-one": ("fail", 9007199254740993),
        "t.filled": ("pass", 1000),
        "t.n.range": ("fail", 10),
        "t.n.null-values-warning-lt": ("pass", 0),
        "t.n.null-values-error-lt": ("pass", 0),
        "t.s.plain": ("pass", 888),
        "t.big.range": ("pass", 0),
        "T1.select.unique": ("fail", 1),
        "T1.Mixed-Case-": ("pass", 2),
        "t1.select.not-null": ("fail", 1),
    }
    for check, expected in measured.items():
        ((outcome, number),) = [
            (each["outcome"], each["measured"]) for id_, each in found.results.items() if id_.startswith(check)
        ]
        assert (check, outcome, number) == (check, *expected)
    errors = {check: result["reason"] for check, result in found.results.items() if result["outcome"] == "error"}
    assert set(errors) == {"t.zero", "t.text", "t.two-columns", "t.nothing", "t.nowhere", "t.n.regex", "t.s.range"}
    assert "division by zero" in errors["t.zero"]
    assert "no_such_table" in errors["t.nowhere"]
    assert all(errors.values())


def test_who_locks_a_table_stops_only_its_checks(program: Program) -> None:
    program.warehouse.rows(TABLES)
    program.configure(lock_timeout="300ms")
    program.contract(
        """
        schema:
          - {name: busy, properties: [{name: n, required: true}]}
          - {name: t1, properties: [{name: select, required: true}]}
        """
    )

    with closing(program.warehouse.connect()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
        found = program.verify()

    assert found.outcomes() == {
        "busy.schema": "pass",
        "busy.extra-columns": "pass",
        "busy.n.not-null": "error",
        "t1.schema": "pass",
        "t1.extra-columns": "pass",
        "t1.select.not-null": "fail",
    }
    assert "locked" in found.reason("busy.n.not-null")


def test_only_the_slow_statement_is_stopped(program: Program) -> None:
    program.warehouse.rows(TABLES)
    program.warehouse.rows("CREATE VIEW slow AS SELECT pg_sleep(30)::text AS n")
    program.configure(statement_timeout="700ms")
    program.contract(
        """
        schema:
          - name: t
            quality:
              - {id: slow, type: sql, query: "SELECT COUNT(n) FROM slow", mustBe: 1}
              - {id: quick, type: sql, query: "SELECT COUNT(*) FROM {object}", mustBe: 1000}
            properties: [{name: n, required: true}]
        """
    )

    started = time.monotonic()
    found = program.verify()

    assert time.monotonic() - started < 20
    assert (found.outcome("t.slow"), found.outcome("t.quick"), found.outcome("t.n.not-null")) == (
        "error",
        "pass",
        "pass",
    )
    assert "statement timeout" in found.reason("t.slow")
    assert (found.code, found.run["verdict"]) == (3, "unverified")


def test_five_hundred_columns_with_a_rule_each_are_one_pass(program: Program) -> None:
    names = [f"c{number}" for number in range(500)]
    program.warehouse.rows(
        f"CREATE TABLE wide AS SELECT {', '.join(f'NULLIF(n % 7, 0) AS {c}' for c in names)}"
        " FROM generate_series(1, 70) AS n"
    )
    program.configure()
    program.contract(
        "schema:\n  - name: wide\n    properties:\n"
        + "".join(
            f"      - {{name: {name}, required: true, logicalType: integer, physicalType: int}}\n" for name in names
        )
    )

    found = program.verify()

    nulls = [result for result in found.results.values() if result["kind"] == "not_null"]
    assert len(nulls) == 500
    assert {(result["outcome"], result["measured"], result["rows"]) for result in nulls} == {("fail", 10, 70)}


@pytest.mark.parametrize("unit", ["rows", "percent"])
def test_a_share_is_never_rounded_to_nothing(program: Program, unit: str) -> None:
    program.warehouse.rows("CREATE TABLE many AS SELECT NULLIF(n, 1) AS n FROM generate_series(1, 100000) AS n")
    program.configure()
    program.contract(
        f"""
        schema:
          - name: many
            properties: [{{name: n, quality: [{{id: x, metric: nullValues, unit: {unit}, mustBe: 0}}]}}]
        """
    )

    assert program.verify().outcome("many.n.x") == "fail"
