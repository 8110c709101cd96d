"""Custom SodaCL and a contract's own SQL run on DuckDB as they do on PostgreSQL."""

import pytest

from monitor.domain.scan import Outcome
from tests.conftest import DuckdbWarehouse
from tests.integration.duckdb.conftest import Verify

PASS, FAIL, ERROR, SKIPPED = Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.SKIPPED
TABLE = """
CREATE TABLE t AS SELECT range AS id, CASE WHEN range % 10 = 0 THEN NULL ELSE 'c' || range % 3 END AS code,
  range * 0.5 AS amount, now() - range * INTERVAL 1 minute AS made
FROM range(100)
"""
BLOCKS = {
    "row_count = 100": PASS,
    "missing_count(code) = 10": PASS,
    "missing_percent(code) < 5": FAIL,
    "duplicate_count(code) = 3": PASS,
    "avg(amount) between 24 and 25": PASS,
    "max(amount) = 49.5": PASS,
    "percentile(amount, 0.5) < 30": PASS,
    "stddev(amount) > 100": FAIL,
    "max_length(code) = 2": PASS,
    "{invalid_count(code) = 0: {valid regex: '^c[01]$'}}": FAIL,
    "{invalid_count(code) = 0: {valid values: [c0, c1, c2]}}": PASS,
    "{invalid_count(amount) = 0: {valid max: 40}}": FAIL,
    "{schema: {fail: {when required column missing: [id, code]}}}": PASS,
    "{schema: {fail: {when required column missing: [nowhere]}}}": FAIL,
    "{schema: {fail: {when wrong column type: {id: bigint}}}}": PASS,
    "{failed rows: {name: negative, fail condition: amount < 0}}": PASS,
    "{failed rows: {name: many, fail query: 'SELECT * FROM t WHERE amount > 49'}}": FAIL,
    "freshness(made) < 1h": PASS,
    "nowhere(amount) = 1": ERROR,
    "avg(nowhere) = 1": ERROR,
    "change for row_count = 0": SKIPPED,
}


def test_a_block_is_judged_by_soda(verify: Verify, duckdb_warehouse: DuckdbWarehouse) -> None:
    duckdb_warehouse.rows(TABLE)
    rules = "".join(
        f'\n          - {{id: b{number}, type: custom, engine: soda, implementation: "- {block}"}}'
        for number, block in enumerate(BLOCKS)
    )
    body = f"""
    schema:
      - name: t
        properties: [{{name: id}}]
        quality:{rules}
    """

    found = verify(body, duckdb_warehouse.settings.path)

    outcomes = {block: found[f"t.b{number}"].outcome for number, block in enumerate(BLOCKS)}
    assert outcomes == BLOCKS, [each.reason for each in found.values() if each.outcome is ERROR]


QUERIES = {
    "SELECT COUNT(*) FROM {object}": 100,
    "SELECT 9007199254740993": 9007199254740993,
    "SELECT SUM(id) FROM t": 4950,
    "SELECT 170141183460469231731687303715884105727": 170141183460469231731687303715884105727,
    "SELECT CAST(0.1 AS DECIMAL(38, 20))": 0.1,
    "SELECT AVG(amount) FROM t; -- done": 24.75,
    "SELECT MAX({property}) FROM {object}": 99,
    "FROM t SELECT COUNT(*)": 100,
    "SELECT COUNT(*) FILTER (code ILIKE 'C%') FROM t": 90,
    "SELECT 'text'": None,
    "SELECT DATE '2024-01-01'": None,
    "SELECT 1, 2": None,
    "SELECT id FROM t": None,
    "SELECT NULL": None,
    "SELECT no_such FROM t": None,
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_gives_its_one_number(verify: Verify, duckdb_warehouse: DuckdbWarehouse, query: str) -> None:
    duckdb_warehouse.rows(TABLE)
    body = f"""
    servers: [{{server: s, type: duckdb, database: t.duckdb, schema: main}}]
    schema:
      - name: t
        properties: [{{name: id, required: true, quality: [{{id: q, type: sql, query: "{query}", mustBe: 0}}]}}]
    """

    found = verify(body, duckdb_warehouse.settings.path)

    wanted = QUERIES[query]
    result = found["t.id.q"]
    assert found["t.id.not-null"].outcome is PASS
    assert result.outcome is (ERROR if wanted is None else FAIL), result.reason
    assert (result.measured if wanted is None else float(result.measured or 0)) == (
        None if wanted is None else float(wanted)
    )
    if isinstance(wanted, int):
        assert result.measured == wanted
