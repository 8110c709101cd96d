"""Only one statement that only reads passes, whichever way another one is hidden in it."""

import pytest

from monitor.contracts.queries import query_problem, statement_problem

REFUSED = {
    "SELECT 1; DROP TABLE t": "found 2 statements",
    "COMMIT; BEGIN READ WRITE; DROP TABLE t": "found 3 statements",
    "SELECT '\\' ; DROP TABLE t; --'": "found 2 statements",
    "SELECT 1 -- \r; DROP TABLE t": "found 2 statements",
    "WITH x AS (DELETE FROM t RETURNING 1) SELECT COUNT(*) FROM x": "found DELETE",
    "SELECT 1 INTO y": "found SELECT INTO",
    "SELECT n FROM t FOR UPDATE": "row lock",
    "SELECT pg_sleep(9)": "pg_sleep does more than read",
    'SELECT "pg_sleep"(9)': "pg_sleep does more than read",
    "SELECT pg_catalog.pg_sleep(9)": "pg_sleep does more than read",
    'SELECT U&"pg\\005fsleep"(9)': "a name with escapes",
    "SELECT set_config('transaction_read_only', 'off', false)": "set_config does more than read",
    "SELECT pg_catalog.\"set_config\"('transaction_read_only', 'off', false)": "set_config does more than read",
    "SELECT COUNT(*) FROM t WHERE n = ${HOME}": "no placeholder",
    'SELECT COUNT(*) FROM "${HOME}"': "no placeholder",
    "SELECT COUNT(*) FROM t WHERE c = U&'${HOME}'": "no placeholder",
    "DROP TABLE t": "found DROP",
    "": "empty",
}
ACCEPTED = [
    "SELECT COUNT(*) FROM {object}",
    "SELECT COUNT(*) FROM ${table} WHERE ${column} = '${HOME}';",
    "SELECT COUNT(*) FROM t; -- done",
    "SELECT COUNT(*) FROM t WHERE c IN ('a;b', E'\\'; --', $$;$$) -- ${HOME}; DROP TABLE t",
    "WITH x AS (SELECT 1 AS n) SELECT SUM(n) FROM x",
    'SELECT COUNT(*) FROM U&"odd\\000Aname" AS o WHERE o.U&"\\0027" IS NULL',
    "SELECT 1 UNION ALL SELECT 2",
]


@pytest.mark.parametrize("query", REFUSED)
def test_what_does_more_than_read_is_refused_with_the_reason(query: str) -> None:
    assert REFUSED[query] in (query_problem(query, ("postgres",)) or "")


@pytest.mark.parametrize("query", ACCEPTED)
def test_what_only_reads_is_accepted(query: str) -> None:
    assert query_problem(query, ("postgres",)) is None


def test_a_string_that_only_the_server_sees_ending_hides_nothing() -> None:
    assert statement_problem("SELECT E'a'\n'\\' ' ; DROP TABLE t; --'") is not None
