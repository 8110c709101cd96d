"""A query of a contract is one statement that only reads."""

import pytest

from monitor.contracts.queries import dialects, query_problem


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(*) FROM {object} WHERE {property} IS NULL",
        "select count(*) from ${table} where ${column} > 1;",
        "SELECT COUNT(*) FROM ${object} WHERE note = 'costs ${5}'",
        "WITH a AS (SELECT 1 AS n) SELECT n FROM a",
        "SELECT 1 UNION ALL SELECT 2",
        "(SELECT 1)",
        "SELECT COUNT(*) FROM t WHERE a ~ '^x{2}$' -- a remark",
    ],
)
def test_a_query_that_reads_may_run(query: str) -> None:
    assert query_problem(query, ["postgres"]) is None


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "empty"),
        ("SELECT 1; SELECT 2", "found 2 statements"),
        ("DELETE FROM t", "found DELETE"),
        ("SELECT * INTO u FROM t", "found SELECT INTO"),
        ("SELECT * FROM t FOR UPDATE", "row lock"),
        ("WITH d AS (DELETE FROM t RETURNING 1) SELECT * FROM d", "found DELETE"),
        ("SELECT pg_sleep(100)", "pg_sleep"),
        ("COMMIT", "COMMIT"),
        ("COPY t TO PROGRAM 'x'", "found COPY"),
        ("CREATE TABLE t (a int)", "found CREATE"),
        ("EXPLAIN ANALYZE DELETE FROM t", "expected one SELECT"),
        ("DO $$ BEGIN END $$", "expected one SELECT"),
        ("SELECT ${SECRET}", "'${SECRET}' is no placeholder"),
        ("SELECT FROM WHERE (", "not SQL"),
        ("SELECT " + "(" * 3_000 + "1" + ")" * 3_000, "nested too deeply"),
        ("SELECT '" + "x" * 20_000 + "'", "more than 20,000 characters"),
    ],
)
def test_a_query_that_does_more_is_refused(query: str, problem: str) -> None:
    found = query_problem(query, ["postgres"])
    assert found is not None
    assert problem in found


def test_a_query_may_be_written_in_the_dialect_of_any_server() -> None:
    query = "SELECT COUNT(*) FROM `a-b.c.d`"
    assert query_problem(query, ["postgres"]) is not None
    assert query_problem(query, dialects(["postgres", "bigquery"])) is None
