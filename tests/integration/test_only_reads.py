"""Nothing but reading statements reaches the server, whatever a contract tries: its own log tells."""

import re
from pathlib import Path

import pytest

from monitor.contracts.reading import load
from monitor.domain.check import CheckKind
from monitor.domain.scan import CheckResult, Outcome
from monitor.engines import split
from monitor.engines.base import Engine
from monitor.errors import ContractError
from tests.conftest import Warehouse
from tests.contracts import by_id, contract, scan
from tests.server_log import ServerLog, watch

SESSION = (
    re.compile(r"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    re.compile(r"ROLLBACK"),
    re.compile(r"SET TRANSACTION SNAPSHOT '[0-9A-F-]+'"),
    re.compile(r"SET client_encoding TO 'UTF8'"),  # psycopg2, where the server's differs
    re.compile(r"SET datestyle TO 'ISO'"),  # psycopg2, likewise
    re.compile(r"SELECT (set_config\('[a-z_A-Z]+', (E?'[^']*'), false\)(, )?)+"),  # the limits of the session
    re.compile(r"(SET LOCAL [a-z_A-Z]+ = (E?'[^']*')(; )?)+"),  # the same limits, of the transaction
    re.compile(r"SAVEPOINT sound; SAVEPOINT before|SAVEPOINT before|(ROLLBACK TO|RELEASE) SAVEPOINT (sound|before)"),
    re.compile(r"SELECT pg_export_snapshot\(\)"),
)
"""All that is ours beside the statements of checks."""

READING = re.compile(r"(EXPLAIN )?SELECT\b|WITH \w+ AS \(\s*SELECT\b")
WRITING = re.compile(
    r"\b(INSERT|UPDATE|DELETE|MERGE|DROP|CREATE|ALTER|TRUNCATE|GRANT|COPY|COMMIT|BEGIN|CALL|DO|INTO)\b", re.IGNORECASE
)
IN_QUOTES = re.compile(r"E'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)

EVERY_KIND = """
customProperties:
  - {vendor: pactwatch, property: extraColumns, value: fail}
  - {vendor: pactwatch, property: columnOrder, value: warn}
schema:
  - name: orders
    quality:
      - {metric: rowCount, mustBeGreaterThan: 100}
      - {metric: duplicateValues, arguments: {properties: [state, day]}, mustBe: 0}
      - {type: text, description: For people only.}
      - {id: foreign, type: custom, engine: dbt, implementation: x}
      - {id: block, type: custom, engine: soda, implementation: 'row_count = 4'}
      - id: blocks
        type: custom
        engine: soda
        implementation: |
          - missing_count(state) = 0
          - duplicate_count(state) = 0
          - invalid_count(state) = 0:
              valid values: [open, done]
          - avg(amount) between 1 and 2
          - freshness(placed) < 1d
          - schema:
              fail:
                when forbidden column present: [secret*]
          - failed rows:
              name: negative
              fail condition: amount < 0
          - failed rows:
              name: old
              fail query: SELECT * FROM orders WHERE amount > 1
      - {id: p1, type: custom, engine: pactwatch, implementation: {metric: currentRowPerKey, key: id, validTo: placed}}
      - {id: p2, type: custom, engine: pactwatch,
         implementation: {metric: overlappingPeriods, key: state, validFrom: placed, validTo: placed}}
      - {id: p3, type: custom, engine: pactwatch, unit: percent,
         implementation: {metric: gapsBetweenPeriods, key: state, validFrom: placed, validTo: placed}}
      - {id: p4, type: custom, engine: pactwatch, implementation: {metric: gapsInSeries, element: placed, step: 1h}}
      - {id: p5, type: custom, engine: pactwatch, implementation: {metric: rowCountDifference, other: states}}
      - {id: p6, type: custom, engine: pactwatch,
         implementation: {metric: sumDifference, property: amount, other: orders.id}}
      - {id: p7, type: custom, engine: pactwatch,
         implementation: {metric: orphanedFacts, key: state, dimension: states.name}}
      - {id: p8, type: custom, engine: pactwatch, implementation: {metric: factsWithoutKey, key: [id, amount]}}
      - {id: query, type: sql, query: 'SELECT COUNT(*) FROM {object} WHERE 1 / (amount - 1) > 0', mustBe: 0}
    properties:
      - {name: id, primaryKey: true, logicalType: integer, logicalTypeOptions: {minimum: 2, multipleOf: 2, format: i8}}
      - {name: amount, required: true, logicalType: number, logicalTypeOptions: {maximum: 1}}
      - name: state
        unique: true
        logicalType: string
        enum: [{value: open}]
        logicalTypeOptions: {minLength: 5, pattern: ^x, format: email}
        relationships: [{to: states.name}]
        quality:
          - {metric: nullValues, mustBe: 0}
          - {metric: missingValues, arguments: {missingValues: [open]}, mustBe: 0}
          - {metric: invalidValues, arguments: {validValues: [x]}, unit: percent, mustBe: 0}
      - {name: tags, logicalType: array, logicalTypeOptions: {minItems: 9, uniqueItems: true}}
      - {name: day, physicalType: text}
      - {name: placed, logicalType: timestamp}
  - {name: states, properties: [{name: name}]}
  - name: recent
    physicalName: orders
    customProperties: [{property: checkWindow, value: {element: placed, last: 1d}}]
    properties: [{name: placed, required: true, logicalType: timestamp}]
slaProperties:
  - {property: freshness, value: 1, unit: h, element: orders.placed}
  - {property: latency, value: 1, unit: month, element: 'orders.day, orders.placed'}
  - {property: retention, value: 1, unit: d, element: orders.placed}
  - {property: frequency, value: 1, unit: d, element: orders.placed}
  - {property: availability, value: 99, unit: percent}
"""
SETUP = """
CREATE TABLE states (name text);
INSERT INTO states VALUES ('open');
CREATE TABLE orders (id int, amount numeric, state text, tags int[], day date, placed timestamptz, secret_x int);
INSERT INTO orders VALUES
  (1, 1, 'open', '{1,1}', '2024-01-01', '2024-01-02', 1), (1, -2, 'open', '{}', '2024-01-01', '2024-01-02', 1),
  (NULL, NULL, 'gone', NULL, NULL, NULL, 1);
"""


@pytest.fixture
def log(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> ServerLog:
    monkeypatch.setattr(split, "SMALL", 0)  # several connections, each statement a group of its own
    warehouse.rows(SETUP)
    return watch(warehouse)


def is_ours(statement: str) -> bool:
    """Say whether a statement is one of the session's own or one that reads, and only one."""
    if any(pattern.fullmatch(statement) for pattern in SESSION):
        return True
    code = re.sub(r"--[^\n]*", "", IN_QUOTES.sub("''", statement))
    return bool(READING.match(statement)) and ";" not in code and not WRITING.search(code)


def test_a_scan_of_every_kind_of_rule_sends_only_reading_statements(
    engine: Engine, log: ServerLog, tmp_path: Path
) -> None:
    found = scan(engine, contract(tmp_path, EVERY_KIND), samples=5)

    kinds = {result.check.kind for result in found.results}
    assert kinds == set(CheckKind)
    outcomes = [result.outcome for result in found.results]
    assert outcomes.count(Outcome.FAIL) > 20
    assert sum(result.sample is not None for result in found.results) > 10
    statements = log.statements()
    assert len(statements) > 60
    assert [statement for statement in statements if not is_ours(statement)] == []


HOSTILE_QUERIES = {
    "two statements": "SELECT 1; DROP TABLE orders",
    "a deleting CTE": "WITH x AS (DELETE FROM orders RETURNING 1) SELECT COUNT(*) FROM x",
    "SELECT INTO": "SELECT 1 INTO stolen",
    "leaving the transaction": "COMMIT; BEGIN READ WRITE; DROP TABLE orders",
    "closing the cast": "SELECT 1) AS numeric); DROP TABLE orders; SELECT CAST((SELECT 1",
    "a string that seems to end": "SELECT COUNT(*) FROM orders WHERE state = '\\'; DROP TABLE orders; --'",
    "a continued string": "SELECT COUNT(*) FROM orders WHERE state = E'a'\n'\\' ' ; DROP TABLE orders; --'",
    "sleeping": "SELECT pg_sleep(60)",
    "sleeping under another name": 'SELECT U&"pg\\005fsleep"(60)',
    "unlocking": "SELECT set_config('transaction_read_only', 'off', false)",
    "unlocking in quotes": "SELECT \"set_config\"('transaction_read_only', 'off', false)",
    "locking": "SELECT id FROM orders FOR UPDATE",
}


@pytest.mark.parametrize("name", HOSTILE_QUERIES)
def test_no_query_that_does_more_than_read_is_even_compiled(name: str, tmp_path: Path) -> None:
    text = HOSTILE_QUERIES[name].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    body = f'schema:\n  - name: orders\n    quality:\n      - {{type: sql, query: "{text}", mustBe: 0}}\n'

    with pytest.raises(ContractError):
        contract(tmp_path, body)


HOSTILE_BLOCKS = {
    "fail condition": "failed rows: {name: x, fail condition: 'true; DROP TABLE orders; SELECT 1'}",
    "fail condition that leaves": "failed rows: {name: x, fail condition: 'true; COMMIT; DROP TABLE orders'}",
    "fail query": "failed rows: {name: x, fail query: 'SELECT 1; DROP TABLE orders'}",
    "fail query that deletes": "x = 0: {x query: 'WITH x AS (DELETE FROM orders RETURNING 1) SELECT 0'}",
    "fail query with a comment": "failed rows: {name: x, fail query: 'SELECT 1 -- \\r; DROP TABLE orders'}",
    "filter": "row_count > 0: {filter: 'true; DROP TABLE orders; SELECT 1'}",
    "valid values": """invalid_count(state) = 0: {valid values: ["') THEN 1 END) FROM t; DROP TABLE t; --"]}""",
    "missing values": """missing_count(state) = 0: {missing values: ["') THEN 1 END) FROM t; DROP TABLE t; --"]}""",
    "valid regex": """invalid_count(state) = 0: {valid regex: "a') THEN 1 END) FROM orders; DROP TABLE orders; --"}""",
    "a backslash": """invalid_count(state) = 0: {valid regex: "a\\\\'; DROP TABLE orders; --"}""",
    "expression": "x = 0: {x expression: '1 FROM orders; DROP TABLE orders; SELECT 1'}",
    "query": "x = 0: {x query: 'SELECT 1; COMMIT; BEGIN READ WRITE; DROP TABLE orders'}",
    "sleeping": "x = 0: {x expression: 'COUNT(pg_sleep(60))'}",
    "a lock": "x = 0: {x query: 'SELECT id FROM orders FOR UPDATE'}",
    "values in": """values in ("state") must exist in states; DROP TABLE orders; (name)""",
    "a column": 'missing_count("state IS NULL THEN 1 END) FROM orders; DROP TABLE orders; --") = 0',
}


def test_no_custom_block_sends_a_second_statement(engine: Engine, log: ServerLog, tmp_path: Path) -> None:
    blocks = "".join(
        f"      - id: b{number}\n        type: custom\n        engine: soda\n        implementation: |\n"
        f"          - {text}\n"
        for number, text in enumerate(HOSTILE_BLOCKS.values())
    )
    promised = contract(tmp_path, f"schema:\n  - name: orders\n    quality:\n{blocks}")

    results = by_id(scan(engine, promised, samples=5))

    reasons: dict[str, CheckResult] = {name: results[f"orders.b{number}"] for number, name in enumerate(HOSTILE_BLOCKS)}
    statements = log.statements()
    assert [statement for statement in statements if not is_ours(statement)] == []
    assert {name for name, result in reasons.items() if result.outcome is not Outcome.ERROR} == set()
    sent = [name for name, result in reasons.items() if not result.reason.startswith("not sent: ")]
    assert {name: reasons[name].reason.partition(":")[0].partition('"')[0] for name in sent} == {
        "fail query": "Soda cannot run this block",
        "fail query with a comment": "Soda cannot run this block",
        "values in": "Invalid check ",
        "a column": "column ",  # a quoted name that no table has: one statement, and harmless
    }
    assert log.warehouse.rows("SELECT COUNT(*) FROM orders") == [(3,)]


def test_a_block_that_only_reads_is_not_hindered(engine: Engine, log: ServerLog, tmp_path: Path) -> None:
    body = """
        schema:
          - name: orders
            physicalName: "odd 'name"
            quality:
              - id: blocks
                type: custom
                engine: soda
                implementation: |
                  - row_count = 1
                  - missing_count(state) = 0:
                      missing values: ["; --", "n/a"]
                  - failed rows:
                      name: rows
                      fail query: |
                        WITH old AS (SELECT * FROM orders WHERE state = ';') -- nothing; here
                        SELECT * FROM old
        """
    log.warehouse.rows("""CREATE TABLE "odd 'name" AS SELECT ';'::text AS state""")

    results = scan(engine, contract(tmp_path, body)).results

    assert {result.outcome for result in results if result.check.kind is CheckKind.SODA} == {Outcome.PASS}, [
        result.reason for result in results
    ]


def test_what_a_select_may_still_do_is_said(engine: Engine, log: ServerLog, tmp_path: Path) -> None:
    """A SELECT is a SELECT: a view can call a function. The transaction cannot write, and cannot be made to."""
    log.warehouse.rows(
        "CREATE SEQUENCE s; CREATE VIEW v AS SELECT set_config('transaction_read_only', 'off', false) AS done;"
        "CREATE VIEW w AS SELECT nextval('s') AS done"
    )
    body = """
        schema:
          - name: v
            quality: [{id: unlock, type: sql, query: 'SELECT COUNT(done) FROM {object}', mustBe: 1}]
          - name: w
            quality: [{id: write, type: sql, query: 'SELECT SUM(done) FROM {object}', mustBe: 1}]
        """

    results = by_id(scan(engine, contract(tmp_path, body)))

    assert results["v.unlock"].outcome is Outcome.ERROR
    assert "cannot set transaction read-write mode inside a read-only transaction" in results["v.unlock"].reason
    assert results["w.write"].outcome is Outcome.ERROR
    assert "read-only transaction" in results["w.write"].reason


def test_the_contract_of_every_kind_has_no_problem(tmp_path: Path) -> None:
    assert load(tmp_path / contract(tmp_path, EVERY_KIND).file).datasets
