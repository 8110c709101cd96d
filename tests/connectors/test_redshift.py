"""What is measured through a connector is what hand-written SQL says, and what goes wrong is told (`make test-connectors`)."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.domain.scan import CheckResult, Outcome
from monitor.engines.base import Engine
from monitor.engines.soda import SodaEngine
from tests.conftest import Warehouse, until
from tests.connectors.conftest import as_redshift
from tests.contracts import by_id, contract, scan
from tests.integration.kinds.test_metrics import METRICS, OPERATORS, SETUP, document, measured_by_hand, thresholds

pytestmark = pytest.mark.connectors

BODY = """\
schema:
  - name: orders
    physicalName: "It's \\"odd\\" {{ 7*7 }}"
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
  - name: t
    physicalType: table
    customProperties: [{property: extraColumns, value: fail}]
    quality:
      - {id: rows, metric: rowCount, mustBe: 6}
      - {id: twice, metric: duplicateValues, arguments: {properties: [state, parent]}, mustBe: 1}
      - {id: mean, type: sql, query: "SELECT MAX(n) FROM {object} WHERE state <> '{object}'", mustBe: 12}
      - {id: text, type: sql, query: "SELECT 'x'", mustBe: 1}
      - {id: block, type: custom, engine: soda, implementation: "- missing_count(state) = 1"}
      - {id: history, type: custom, engine: pactwatch,
         implementation: {metric: gapsBetweenPeriods, key: parent, validFrom: day, validTo: until}}
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - {name: state, logicalType: string, required: true, enum: [{value: open}, {value: "it's"}, {value: 'b\\s'}],
         logicalTypeOptions: {pattern: "^[a-z']+$|^b\\\\\\\\s$", maxLength: 4}}
      - {name: n, physicalType: "numeric(10,2)", logicalType: number, logicalTypeOptions: {multipleOf: 5, maximum: 11.5}}
      - {name: parent, logicalType: integer, relationships: [{to: orders.id}]}
      - {name: day, logicalType: date, logicalTypeOptions: {minimum: "2024-01-02"}}
      - {name: until, logicalType: date}
      - {name: at, logicalType: timestamp, logicalTypeOptions: {minimum: "2024-01-02T00:00:00Z"}}
      - {name: doc, logicalType: object, logicalTypeOptions: {minProperties: 1}}
"""
TABLES = """
CREATE TABLE "It's ""odd"" {{ 7*7 }}" (id int PRIMARY KEY);
INSERT INTO "It's ""odd"" {{ 7*7 }}" VALUES (1), (2);
CREATE TABLE t (id int, state varchar(9), n numeric(10,2), parent int, day date, until date, at timestamptz, doc json);
INSERT INTO t VALUES
  (1, 'open', 5, 1, '2024-01-01', '2024-01-05', '2024-01-01 23:00+00', '{}'),
  (2, 'it''s', 10, 1, '2024-01-07', NULL, '2024-01-02 00:00+00', '{}'),
  (3, 'b\\s', 12, 1, '2024-01-07', NULL, '2024-01-02 00:00+00', '{}'),
  (4, NULL, 5, 2, '2024-01-07', NULL, '2024-01-02 00:00+00', '{}'),
  (4, 'OPEN9', 5.5, 2, '2024-01-07', NULL, '2024-01-02 00:00+00', '{}'),
  (6, 'open', 5, 1, NULL, NULL, NULL, NULL);
"""
ASLEEP = """
SELECT COUNT(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'
"""
BROKEN = {
    "t.primary-key": 1,
    "t.state.not-null": 1,
    "t.state.enum": 1,
    "t.state.pattern": 1,
    "t.state.length": 1,
    "t.n.multiple-of": 2,
    "t.n.range": 1,
    "t.day.range": 1,
    "t.at.range": 1,
    "t.history": 1,
}
KEPT = {"t.rows": 6, "t.twice": 1, "t.mean": 12, "t.block": 1, "t.parent.foreign-key": 0, "orders.primary-key": 0}


def verified(warehouse: Warehouse, engine: Engine, folder: Path) -> dict[str, CheckResult]:
    warehouse.rows(TABLES.replace("\\\\", "\\"))
    return by_id(scan(engine, contract(folder, BODY), samples=3))


def test_a_whole_contract_is_measured_as_by_hand(warehouse: Warehouse, engine: Engine, tmp_path: Path) -> None:
    found = verified(warehouse, engine, tmp_path)

    told = {name: (result.outcome, result.measured, result.reason) for name, result in found.items()}
    for name, measured in BROKEN.items():
        assert told[name][:2] == (Outcome.FAIL, measured), (name, told[name])
    for name, measured in KEPT.items():
        assert told[name][:2] == (Outcome.PASS, measured), (name, told[name])
    assert told["t.schema"][0] is Outcome.PASS, told["t.schema"]
    assert all(told[name][0] is Outcome.PASS for name in told if name.endswith(".type")), told
    assert told["t.text"][0] is Outcome.ERROR
    unsupported = {name for name, (outcome, *_) in told.items() if outcome is Outcome.SKIPPED}
    assert unsupported == {"t.doc.properties"}
    assert set(told) > {*BROKEN, *KEPT}


def test_every_library_metric_is_what_hand_written_sql_says(
    warehouse: Warehouse, engine: Engine, tmp_path: Path
) -> None:
    warehouse.rows(SETUP)
    wanted, rules = {}, {True: [], False: []}
    for name, metric in METRICS.items():
        for unit in ("rows",) if name in {"rowCount", "sql"} else ("rows", "percent"):
            value = measured_by_hand(warehouse, metric, unit)
            for word in [*OPERATORS, "between", "not between"]:
                for key, limit, holds in thresholds(word, value):
                    identity = f"rule-{len(wanted)}"
                    wanted[identity] = (value, holds)
                    rule = {"id": identity, **metric.rule, key: limit, **({"unit": unit} if unit == "percent" else {})}
                    rules[metric.on_column].append(json.dumps(rule, default=float))

    found = by_id(scan(engine, contract(tmp_path, document(rules))))

    results = {name.rsplit(".", 1)[1]: result for name, result in found.items()}
    for identity, (value, holds) in wanted.items():
        result = results[identity]
        assert result.measured == value, (identity, result.reason)
        assert result.outcome is (Outcome.PASS if holds else Outcome.FAIL), (identity, result.reason)


def test_a_table_and_a_column_that_are_not_there_are_told(warehouse: Warehouse, engine: Engine, tmp_path: Path) -> None:
    warehouse.rows("CREATE TABLE t (id int)")
    body = "schema: [{name: t, properties: [{name: gone}]}, {name: nowhere, properties: [{name: id, required: true}]}]"

    found = by_id(scan(engine, contract(tmp_path, body)))

    assert "column gone is missing" in found["t.schema"].reason
    assert "table nowhere does not exist" in found["nowhere.schema"].reason
    assert found["nowhere.id.not-null"].outcome is Outcome.BLOCKED


def test_a_statement_that_takes_too_long_is_stopped_and_the_others_are_measured(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.rows("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    warehouse.rows("CREATE VIEW slow AS SELECT id, 1 + length(pg_sleep(30)::text) AS n FROM t")
    body = (
        "schema: [{name: slow, properties: [{name: id}, {name: n, required: true}]},"
        " {name: t, properties: [{name: id, required: true, unique: true}]}]"
    )
    with SodaEngine(replace(warehouse.settings, statement_timeout=1.5)) as engine:
        found = by_id(scan(engine, contract(tmp_path, body)))

    assert found["slow.n.not-null"].outcome is Outcome.ERROR
    assert "stopped: statement timeout" in found["slow.n.not-null"].reason
    assert found["t.id.not-null"].outcome is Outcome.PASS
    assert found["t.id.unique"].outcome is Outcome.PASS
    until(lambda: warehouse.rows(ASLEEP) == [(0,)])


def test_the_session_can_only_read(warehouse: Warehouse, engine: Engine, tmp_path: Path) -> None:
    warehouse.rows("CREATE TABLE t (id int)")
    warehouse.rows("CREATE FUNCTION sly() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING id'")
    body = """
      schema:
        - name: t
          quality: [{id: sly, type: sql, query: "SELECT sly()", mustBe: 1}]
    """
    found = by_id(scan(engine, contract(tmp_path, body)))

    assert found["t.sly"].outcome is Outcome.ERROR
    assert "read-only transaction" in found["t.sly"].reason
    assert warehouse.rows("SELECT COUNT(*) FROM t") == [(0,)]


def test_a_wrong_password_is_told_and_stands_in_no_reason(postgres_warehouse: Warehouse, tmp_path: Path) -> None:
    wrong = as_redshift(postgres_warehouse, database="nowhere", password="hunter2-secret")
    with SodaEngine(wrong.settings) as engine:
        (result,) = scan(engine, contract(tmp_path, "schema: [{name: t}]")).results

    assert result.outcome is Outcome.BLOCKED
    assert 'database "nowhere" does not exist' in result.reason
    assert "hunter2" not in repr(result) + repr(wrong.settings)


def test_another_schema_than_the_session_s_is_no_connection(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.rows("CREATE SCHEMA shop; CREATE TABLE shop.t (id int)")
    promised = contract(tmp_path, "schema: [{name: t, properties: [{name: id, required: true}]}]")
    outcomes = {}
    for schema in ("shop", "nowhere"):
        with SodaEngine(replace(warehouse.settings, schema=schema)) as engine:
            outcomes[schema] = by_id(scan(engine, promised))["t.id.not-null"]

    assert outcomes["shop"].outcome is Outcome.PASS
    assert outcomes["nowhere"].outcome is Outcome.BLOCKED
    assert "cannot be brought to nowhere" in outcomes["nowhere"].reason
