"""A SELECT on a warehouse reads its tables, and neither files nor other servers nor what a function runs."""

import pytest

from monitor.contracts.queries import statement_problem

REFUSED = [
    ("trino", "SELECT * FROM TABLE(pg.system.query(query => 'DELETE FROM x'))"),
    ("tsql", "SELECT * FROM OPENROWSET('x', 'y', 'z')"),
    ("tsql", "SELECT * FROM OPENQUERY(l, 'DELETE FROM x')"),
    ("tsql", "SELECT * FROM OPENJSON('x')"),
    ("tsql", "SELECT * INTO x FROM y"),
    ("tsql", "SELECT 1; DROP TABLE x"),
    ("bigquery", "SELECT * FROM EXTERNAL_QUERY('c', 'DELETE FROM x')"),
    ("snowflake", "SELECT SYSTEM$CANCEL_ALL_QUERIES(1)"),
    ("snowflake", "SELECT * FROM TABLE(RESULT_SCAN('x'))"),
    ("snowflake", "SELECT * FROM @stage/x"),
    ("databricks", "SELECT * FROM READ_FILES('s3://x')"),
    ("databricks", "SELECT * FROM parquet.`s3://x`"),
    ("databricks", "SELECT JAVA_METHOD('a', 'b')"),
    ("redshift", "SELECT PG_TERMINATE_BACKEND(1)"),
]
READ = [
    ("trino", 'SELECT COUNT(*) FROM hive.s."T" AS t CROSS JOIN UNNEST(t.items) AS u (i)'),
    ("bigquery", "SELECT COUNT(*) FROM `a.b.c`, UNNEST([1, 2]) AS n"),
    ("databricks", "SELECT COUNT(*) FROM json.orders"),
    ("snowflake", "SELECT COUNT(*) FROM t, LATERAL FLATTEN(input => t.x)"),
    ("tsql", "SELECT COUNT(*) FROM [a].[b] AS x WHERE x.y LIKE '%z'"),
    ("redshift", "SELECT COUNT(*) FROM (SELECT * FROM s.t) AS q WHERE a ~ 'x'"),
    ("athena", "WITH w AS (SELECT 1 AS n) SELECT MAX(n) FROM w"),
    ("dremio", 'SELECT COUNT(*) FROM "space"."folder"."t"'),
]


@pytest.mark.parametrize(("dialect", "query"), REFUSED)
def test_what_reaches_further_is_refused(dialect: str, query: str) -> None:
    assert statement_problem(query, dialect)


@pytest.mark.parametrize(("dialect", "query"), READ)
def test_what_reads_tables_passes(dialect: str, query: str) -> None:
    assert statement_problem(query, dialect) is None
