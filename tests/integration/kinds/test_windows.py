"""checkWindow on real servers: row rules see recent rows, everything else sees all, and each says on what it ran."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from monitor.checks.plan import compile_plan
from monitor.checks.windows import condition
from monitor.domain.check import CheckPlan
from monitor.domain.contract import Contract
from monitor.domain.scan import CheckResult, Outcome
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.contracts import by_id, contract, scan
from tests.server_log import watch

BODY = """
schema:
  - name: customers
    properties: [{{name: id, primaryKey: true}}]
  - name: orders
    customProperties: [{{property: checkWindow, value: {{element: ordered_at, last: 7d}}}}]
    quality:
      - {{metric: rowCount, mustBe: 5}}
      - {{id: pairs, metric: duplicateValues, arguments: {{properties: [customer, amount]}}, mustBe: 0}}
      - {{id: by-hand, type: sql, query: "SELECT COUNT(*) FROM {{object}}", mustBe: 10}}
    properties:
      - {{name: id, primaryKey: true}}
      - {{name: customer, required: true, relationships: [{{to: customers.id}}]}}
      - name: amount
        logicalTypeOptions: {{minimum: 0}}
        logicalType: number
        quality: [{{metric: nullValues, unit: percent, mustBe: 0}}]
      - name: ordered_at
        required: true
        {type}
slaProperties:
  - {{property: freshness, value: 1, unit: d, element: orders.ordered_at}}
  - {{property: retention, value: 10, unit: d, element: orders.ordered_at}}
"""
SETUP = """
CREATE TABLE customers AS SELECT 1 AS id;
CREATE TABLE orders (id int, customer int, amount int, ordered_at {type});
INSERT INTO orders VALUES
  (1, 1, 1, now() - interval '1 hour'), (2, 1, -1, now() - interval '6 days'),   -- recent; one too low
  (3, 1, 2, NULL),                                                               -- of no moment: looked at
  (4, NULL, NULL, now() + interval '2 minutes'),                                 -- of the future: looked at
  (5, 1, 3, now() - interval '6 days 23 hours'),
  (6, 9, -5, now() - interval '9 days'), (6, 1, NULL, now() - interval '30 days'),  -- old: a key twice, an orphan
  (7, NULL, -6, now() - interval '8 days'), (8, 1, 4, now() - interval '8 days'), (9, 1, 4, now() - interval '8 days');
ANALYZE orders;  -- of the inserting session: a later one may come before PostgreSQL has counted the rows, and doubles them
"""
TYPES = {
    "timestamptz": "logicalType: timestamp",
    "timestamp": "physicalType: timestamp",
    "date": "physicalType: date",
}


def promised(folder: Path, type_: str = "timestamptz") -> Contract:
    return contract(folder, BODY.format(type=TYPES[type_]))


@pytest.fixture
def results(request: pytest.FixtureRequest, engine: Engine, warehouse: Warehouse, tmp_path: Path) -> Any:
    warehouse.rows(SETUP.format(type=request.param))
    return by_id(scan(engine, promised(tmp_path, request.param), samples=10))


ENDS = re.compile(r">= TIMESTAMP (?:WITH TIME ZONE )?'([^']*)'")
every_type = pytest.mark.parametrize("results", TYPES, indirect=True)
one_type = pytest.mark.parametrize("results", ["timestamptz"], indirect=True)


@every_type
def test_row_rules_see_the_recent_rows_and_those_without_a_moment(results: dict[str, CheckResult]) -> None:
    counted = {
        "orders.row-count": 5,
        "orders.customer.not-null": 1,
        "orders.amount.range": 1,
        "orders.amount.null-values": 20,
        "orders.ordered_at.not-null": 1,
    }
    assert {name: results[name].measured for name in counted} == counted
    assert {results[name].rows for name in counted} == {5}


@every_type
def test_keys_references_queries_and_ages_see_all_rows(results: dict[str, CheckResult]) -> None:
    assert results["orders.primary-key"].measured == 1
    assert results["orders.pairs"].measured == 1
    assert results["orders.customer.foreign-key"].measured == 1
    assert results["orders.by-hand"].measured == 10
    assert results["orders.ordered_at.freshness"].outcome is Outcome.PASS
    assert results["orders.ordered_at.retention"].outcome is Outcome.FAIL
    assert results["orders.primary-key"].rows == 10


@one_type
def test_every_result_says_on_what_it_ran(results: dict[str, CheckResult]) -> None:
    windowed = [result for result in results.values() if result.check.window]
    assert len(windowed) == 5
    for result in windowed:
        assert result.check.name.endswith("(last 7 days by ordered_at)")
        assert result.reason == "looked at 5 of about 10 rows"
    assert not any("last 7 days" in result.check.name for result in results.values() if result not in windowed)


@one_type
def test_samples_come_from_the_window(results: dict[str, CheckResult]) -> None:
    too_low = results["orders.amount.range"]
    assert too_low.offending == "always -1"
    assert too_low.sample is not None
    assert too_low.sample.rows == (("2", "-1"),)


def moments_of(statements: Iterable[str]) -> set[str]:
    """Return the moments at which the windows of statements end."""
    return {found for each in statements for found in ENDS.findall(each)}


def test_all_statements_of_a_run_end_their_windows_at_one_moment(
    engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    body = """
        schema:
          - name: a
            customProperties: [{property: checkWindow, value: {element: at, last: 1d}}]
            properties: [{name: at, logicalType: timestamp, required: true}]
          - name: b
            customProperties: [{property: checkWindow, value: {element: at, last: 1d}}]
            properties: [{name: at, logicalType: timestamp, required: true}, {name: n, logicalType: number,
              logicalTypeOptions: {multipleOf: 2}}]
        """
    warehouse.rows("CREATE TABLE a AS SELECT now() AS at; CREATE TABLE b AS SELECT now() AS at, 'x' AS n")
    log = watch(warehouse) if warehouse.settings.type == "postgres" else None

    found = by_id(scan(engine, contract(tmp_path, body), samples=5))

    assert found["a.at.not-null"].outcome is Outcome.PASS
    assert found["b.at.not-null"].outcome is Outcome.PASS  # the culprit beside it is found behind the same window
    assert found["b.n.multiple-of"].outcome is Outcome.ERROR
    told = [found[name].sql or "" for name in ("a.at.not-null", "b.at.not-null")]
    assert len(moments_of(told)) == 1
    if log is not None:
        filtered = [each for each in log.statements() if ENDS.search(each)]
        assert len(filtered) >= 4
        assert moments_of(filtered) == moments_of(told)


def test_an_empty_window_is_never_green_but_its_rows_can_be_counted(
    engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.rows(SETUP.format(type="timestamptz") + "DELETE FROM orders WHERE id < 6")

    found = by_id(scan(engine, promised(tmp_path)))

    assert found["orders.row-count"].measured == 0
    assert found["orders.row-count"].outcome is Outcome.FAIL
    for name in ("orders.customer.not-null", "orders.amount.null-values", "orders.amount.range"):
        assert found[name].outcome is Outcome.ERROR
        assert found[name].measured is None
        assert found[name].reason.startswith("no row is recent enough to be looked at")
        assert found[name].remedy == "load recent rows, or let checkWindow reach further back"
    assert found["orders.primary-key"].measured == 1


def test_a_column_that_holds_no_moments_is_said(engine: Engine, warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.rows(SETUP.format(type="timestamptz"))
    warehouse.rows("ALTER TABLE orders ALTER ordered_at TYPE text")

    found = by_id(scan(engine, promised(tmp_path)))

    told = found["orders.customer.not-null"]
    assert told.outcome is Outcome.ERROR
    text = {"postgres": "text", "duckdb": "VARCHAR", "mysql": "longtext"}[warehouse.settings.type]
    assert told.reason == f"checkWindow goes by ordered_at, which is {text}, expected a date or a timestamp"
    assert found["orders.primary-key"].measured == 1


def test_a_column_that_is_gone_blocks_what_goes_by_it(engine: Engine, warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.rows(SETUP.format(type="timestamptz"))
    warehouse.rows("ALTER TABLE orders DROP ordered_at")

    found = by_id(scan(engine, promised(tmp_path)))

    assert found["orders.customer.not-null"].outcome is Outcome.BLOCKED
    assert found["orders.primary-key"].measured == 1


def test_two_datasets_may_look_at_one_table_through_their_own_windows(
    engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT now() - n * interval '1 day' AS at FROM generate_series(0, 9) AS n")
    body = """
        schema:
          - name: week
            physicalName: t
            customProperties: [{property: checkWindow, value: {element: at, last: 6.5d}}]
            quality: [{metric: rowCount, mustBe: 7}]
            properties: [{name: at, logicalType: timestamp}]
          - name: day
            physicalName: t
            customProperties: [{property: checkWindow, value: {element: at, last: 12h}}]
            quality: [{metric: rowCount, mustBe: 1}]
            properties: [{name: at, logicalType: timestamp}]
          - name: t
            quality: [{metric: rowCount, mustBe: 10}]
            properties: [{name: at, logicalType: timestamp}]
        """
    found = by_id(scan(engine, contract(tmp_path, body)))
    assert [found[f"{name}.row-count"].measured for name in ("week", "day", "t")] == [7, 1, 10]


PARTITIONS = """
CREATE TABLE events (id int, at timestamptz, day date, amount int) PARTITION BY RANGE ({by});
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2000-01-01') TO ('2020-01-01');
CREATE TABLE events_older PARTITION OF events FOR VALUES FROM ('1990-01-01') TO ('2000-01-01');
CREATE TABLE events_now PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2200-01-01');
CREATE TABLE events_odd PARTITION OF events DEFAULT;
INSERT INTO events SELECT n, '2001-01-01', '2001-01-01', -1 FROM generate_series(1, 100) AS n;
INSERT INTO events SELECT n, now() - n * interval '1 hour', (now() - n * interval '1 hour')::date, 1
  FROM generate_series(1, 48) AS n;
INSERT INTO events VALUES (0, NULL, NULL, -1);
"""


def tables_read(plan: Any) -> set[str]:
    """Return the tables that a plan in JSON scans."""
    named = {plan["Relation Name"]} if "Relation Name" in plan else set()
    return named.union(*(tables_read(below) for below in plan.get("Plans", [])))


def plan_of(promised: Contract) -> CheckPlan:
    return compile_plan(promised, "postgres")


@pytest.mark.parametrize("warehouse", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("by", "window"),
    [("at", "{element: at, last: 1d}"), ("day", "{element: at, last: 1d, partition: day}")],
)
def test_partitions_outside_of_the_window_are_not_read(
    engine: Engine, warehouse: Warehouse, tmp_path: Path, by: str, window: str
) -> None:
    warehouse.rows(PARTITIONS.format(by=by))
    events = contract(
        tmp_path,
        f"""
        schema:
          - name: events
            customProperties: [{{property: checkWindow, value: {window}}}]
            properties:
              - {{name: id}}
              - {{name: at, logicalType: timestamp, partitioned: {str(by == "at").lower()}}}
              - {{name: day, logicalType: date, partitioned: {str(by == "day").lower()}}}
              - {{name: amount, logicalType: integer, logicalTypeOptions: {{minimum: 0}}}}
        """,
    )
    log = watch(warehouse)

    found = by_id(scan(engine, events))["events.amount.range"]

    by_hand = "SELECT COUNT(*) FROM events WHERE at >= now() - interval '1 day' OR at IS NULL"
    assert found.measured == 1
    assert [(found.rows,)] == warehouse.rows(by_hand)
    (counting,) = [each for each in log.statements() if "COUNT(CASE WHEN" in each]
    ((explained,),) = warehouse.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {counting}")
    assert tables_read(explained[0]["Plan"]) == {"events_now", "events_odd"}
    compiled = plan_of(events).datasets[0].window
    assert compiled is not None
    ((plain,),) = warehouse.rows(
        f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT COUNT(*) FROM events WHERE {condition(compiled)}"
    )
    assert tables_read(plain[0]["Plan"]) == {"events_now", "events_odd"}  # as plain `soda scan` asks it
    assert json.dumps(plain).count("Subplans Removed") == 1
