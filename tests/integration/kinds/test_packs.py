"""The example contracts of docs/packs, on tables with planted faults: each number is that of hand-written SQL.

The hand-written SQL is of another make than the compiled one: it joins a table with itself, row by row.
"""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from monitor import words
from monitor.alerts.words import _of_data
from monitor.contracts.reading import load
from monitor.domain.scan import CheckResult, Outcome
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.contracts import by_id, contract, scan

EXAMPLES = Path(__file__).parents[3] / "docs" / "packs"

# 40 customers of five seamless periods each; then: 1 has no current row, 2 has two, 3 and 4 overlap by a day, 5 lacks a
# period in the middle, 6 lacks two in a row, 7 has a period that ends before it begins (so nothing reaches to the next),
# 8 has one that never ends in the middle.
HISTORY = """
CREATE TABLE customers AS
SELECT c AS customer_id, 'city ' || p AS city, date '2020-01-01' + 10 * p AS valid_from,
       CASE WHEN p < 5 THEN date '2020-01-01' + 10 * (p + 1) END AS valid_to
FROM (SELECT n::int AS c FROM generate_series(1, 40) AS n) AS c, (SELECT n::int AS p FROM generate_series(1, 5) AS n) AS p;
UPDATE customers SET valid_to = '2021-01-01' WHERE customer_id = 1 AND valid_to IS NULL;
INSERT INTO customers VALUES (2, 'again', '2020-04-01', NULL);
UPDATE customers SET valid_to = valid_to + 1 WHERE customer_id IN (3, 4) AND city = 'city 2';
DELETE FROM customers WHERE customer_id = 5 AND city = 'city 3' OR customer_id = 6 AND city IN ('city 2', 'city 3');
UPDATE customers SET valid_to = valid_from - 3 WHERE customer_id = 7 AND city = 'city 4';
UPDATE customers SET valid_to = NULL WHERE customer_id = 8 AND city = 'city 2';
INSERT INTO customers VALUES (NULL, 'nobody', '2020-01-01', '2020-02-01'), (NULL, 'nobody', '2020-01-01', '2020-02-01');
"""
HISTORY_BY_HAND = {
    "one-current-row": """
        SELECT COUNT(*) FROM (SELECT DISTINCT customer_id FROM customers WHERE customer_id IS NOT NULL) AS k
        WHERE (SELECT COUNT(*) FROM customers AS c WHERE c.customer_id = k.customer_id AND valid_to IS NULL) <> 1""",
    "no-overlaps": """
        SELECT COUNT(*) FROM customers AS c WHERE valid_to < valid_from OR EXISTS (
          SELECT 1 FROM customers AS e WHERE e.customer_id = c.customer_id AND e.valid_from < c.valid_from
            AND COALESCE(e.valid_to, 'infinity') > c.valid_from)""",
    "no-gaps": """
        SELECT COUNT(*) FROM customers AS c
        WHERE EXISTS (SELECT 1 FROM customers AS e WHERE e.customer_id = c.customer_id AND e.valid_from < c.valid_from)
          AND NOT EXISTS (SELECT 1 FROM customers AS e WHERE e.customer_id = c.customer_id AND e.valid_from < c.valid_from
            AND COALESCE(e.valid_to, 'infinity') >= c.valid_from)""",
}

# Three sensors, 200 hours; a lacks one hour, b two hours in a row and one more, c wavers by less than five minutes.
SERIES = """
CREATE TABLE readings AS
SELECT s AS sensor, timestamptz '2024-03-30 00:00Z' + n * interval '1 hour'
       + CASE WHEN s = 'c' THEN (n % 3) * interval '2 minutes' ELSE interval '0' END AS read_at, n AS value
FROM unnest(ARRAY['a', 'b', 'c']) AS sensors(s), generate_series(0, 199) AS hours(n);
DELETE FROM readings WHERE sensor = 'a' AND value = 50 OR sensor = 'b' AND value IN (70, 71, 90);
INSERT INTO readings VALUES ('a', NULL, 1), ('once', '1999-01-01', 1), ('b', '2024-03-30 00:00Z', 0);
"""
SERIES_BY_HAND = {
    "every-hour": """
        SELECT COUNT(*) FROM (SELECT DISTINCT sensor, read_at FROM readings) AS r
        WHERE EXISTS (SELECT 1 FROM readings AS l WHERE l.sensor = r.sensor AND l.read_at > r.read_at)
          AND NOT EXISTS (SELECT 1 FROM readings AS n WHERE n.sensor = r.sensor AND n.read_at > r.read_at
            AND n.read_at <= r.read_at + interval '65 minutes')""",
}

BALANCE = """
CREATE TABLE staged_orders AS SELECT n AS order_id, n * 0.01 AS amount FROM generate_series(1, 1000) AS n;
CREATE TABLE orders AS SELECT order_id, amount FROM staged_orders WHERE order_id NOT IN (17, 18, 400);
UPDATE orders SET amount = amount + 0.10 WHERE order_id = 3;
"""
BALANCE_BY_HAND = {
    "as-many-as-staged": "SELECT abs((SELECT COUNT(*) FROM orders) - (SELECT COUNT(*) FROM staged_orders))",
    "as-much-as-staged": "SELECT abs((SELECT SUM(amount) FROM orders) - (SELECT SUM(amount) FROM staged_orders))",
    "nearly-all-revenue": """
        SELECT 100.0 * abs((SELECT SUM(amount) FROM orders) - s) / s
        FROM (SELECT SUM(amount) AS s FROM staged_orders) AS t""",
}

STAR = """
CREATE TABLE products AS SELECT n AS product_id FROM generate_series(1, 20) AS n;
CREATE TABLE shops AS SELECT c AS country, n AS shop FROM unnest(ARRAY['DE', 'FR']) AS countries(c), generate_series(1, 5) AS shops(n);
CREATE TABLE sales AS
SELECT n AS sale_id, CASE WHEN n % 50 = 0 THEN NULL WHEN n % 33 = 0 THEN 21 ELSE n % 20 + 1 END AS product_id,
       CASE WHEN n % 40 = 0 THEN NULL WHEN n % 2 = 0 THEN 'DE' ELSE 'FR' END AS country,
       CASE WHEN n % 90 = 0 THEN NULL WHEN n % 70 = 0 THEN 6 ELSE n % 5 + 1 END AS shop
FROM generate_series(1, 1000) AS n;
"""
STAR_BY_HAND = {
    "known-products": """
        SELECT COUNT(*) FROM sales LEFT JOIN products USING (product_id)
        WHERE sales.product_id IS NOT NULL AND products.product_id IS NULL""",
    "known-shops": """
        SELECT COUNT(*) FROM sales AS s LEFT JOIN shops AS d ON (d.country, d.shop) = (s.country, s.shop)
        WHERE d.country IS NULL AND s.country IS NOT NULL AND s.shop IS NOT NULL""",
    "shops-are-given": "SELECT 100.0 * COUNT(*) FILTER (WHERE country IS NULL OR shop IS NULL) / COUNT(*) FROM sales",
}
CASES = {
    "history": (HISTORY, HISTORY_BY_HAND, [3, 7, 3]),
    "series": (SERIES, SERIES_BY_HAND, [3]),
    "balance": (BALANCE, BALANCE_BY_HAND, [3, Decimal("4.25"), None]),
    "star": (STAR, STAR_BY_HAND, [30, None, None]),
}


def verified(engine: Engine, name: str) -> dict[str, CheckResult]:
    found = by_id(scan(engine, load(EXAMPLES / f"{name}.odcs.yaml"), samples=5))
    return {identity.rpartition(".")[2]: result for identity, result in found.items()}


@pytest.mark.parametrize("name", CASES)
def test_planted_faults_are_counted_as_by_hand(engine: Engine, warehouse: Warehouse, name: str) -> None:
    setup, by_hand, planted = CASES[name]
    warehouse.rows(setup)

    found = verified(engine, name)

    for (rule, statement), known in zip(by_hand.items(), planted, strict=True):
        ((expected,),) = warehouse.rows(statement)
        measured = found[rule].measured
        assert measured is not None, found[rule].reason
        assert round(Decimal(measured), 12) == round(Decimal(expected), 12), rule
        assert known is None or expected == known, rule
        assert expected > 0
        assert found[rule].outcome in {Outcome.FAIL, Outcome.WARN}, rule


@pytest.mark.parametrize("name", CASES)
def test_without_faults_every_rule_holds(engine: Engine, warehouse: Warehouse, name: str) -> None:
    setup, by_hand, _ = CASES[name]
    warehouse.rows(";".join(part for part in setup.split(";") if "CREATE" in part))
    warehouse.rows(
        {"balance": "INSERT INTO orders SELECT * FROM staged_orders WHERE order_id IN (17, 18, 400)"}.get(
            name, "SELECT 1"
        )
    )
    if name == "star":
        warehouse.rows(
            "DELETE FROM sales WHERE product_id IS NULL OR product_id > 20 OR country IS NULL OR shop IS NULL OR shop > 5"
        )

    found = verified(engine, name)

    assert {rule: found[rule].measured for rule in by_hand} == dict.fromkeys(by_hand, 0)


def test_a_dataset_without_rows_has_nothing_that_is_broken(engine: Engine, warehouse: Warehouse) -> None:
    for name, (setup, by_hand, _) in CASES.items():
        warehouse.rows(";".join(part for part in setup.split(";") if "CREATE" in part))
        for table in re.findall(r"CREATE TABLE (\w+)", setup):
            warehouse.rows(f"DELETE FROM {table}")
        found = verified(engine, name)
        assert {rule: found[rule].measured for rule in by_hand} == dict.fromkeys(by_hand, 0)


def test_the_rows_at_fault_are_shown(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows(HISTORY + SERIES + STAR)

    history, series, star = (verified(engine, name) for name in ("history", "series", "star"))

    assert history["one-current-row"].offending == "3 values: 1 (1 row) · 2 (1 row) · 8 (1 row)"
    assert history["no-gaps"].sample is not None
    assert sorted(history["no-gaps"].sample.rows) == [
        ("5", "2020-02-10", "2020-02-20"),
        ("6", "2020-02-10", "2020-02-20"),
        ("7", "2020-02-20", "NULL"),
    ]
    assert series["every-hour"].sample is not None
    zone = ".000000" if warehouse.settings.type == "mysql" else "+00"
    assert sorted(series["every-hour"].sample.rows) == [
        ("a", f"2024-04-01 01:00:00{zone}"),
        ("b", f"2024-04-01 21:00:00{zone}"),
        ("b", f"2024-04-02 17:00:00{zone}"),
    ]
    assert star["known-products"].offending == "1 value: 21 (30 rows)"
    assert star["known-products"].sample is not None
    assert star["known-products"].sample.columns == ("sale_id", "product_id")


def test_people_read_what_is_broken_in_words(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows(HISTORY + SERIES + BALANCE + STAR)
    found = {rule: result for name in CASES for rule, result in verified(engine, name).items()}
    assert {
        rule: _of_data(found[rule])
        for rule in ("one-current-row", "no-overlaps", "no-gaps", "every-hour", "known-products")
    } == {
        "one-current-row": "3 keys of customers have not exactly one current row",
        "no-overlaps": "7 rows of customers overlap an earlier period of their key",
        "no-gaps": "3 rows of customers begin after a gap in the history",
        "every-hour": "3 gaps of readings are longer than a step",
        "known-products": "30 rows of sales point to rows of products that do not exist",
    }
    assert _of_data(found["as-many-as-staged"]) == (
        "orders: difference of rows from staged_orders must be 0: measured 3, expected 0"
    )
    assert str(words.measured(found["one-current-row"])) == "3 keys in 200 rows"
    assert str(words.measured(found["every-hour"])) == "3 gaps in 599 rows"


def test_periods_may_end_with_their_last_day_or_at_the_end_of_time(
    engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.rows("""
        CREATE TABLE t (k int, f date, u date, cur boolean);
        INSERT INTO t VALUES
          (1, '2024-01-01', '2024-01-31', false), (1, '2024-02-01', '9999-12-31', true),
          (2, '2024-01-01', '2024-02-01', true), (2, '2024-02-01', '9999-12-31', true),
          (3, '2024-01-01', '2024-01-30', NULL), (3, '2024-02-01', '9999-12-31', NULL),
          (4, '2024-01-01', NULL, false), (4, NULL, '2023-01-01', true)
        """)
    rules = {
        "current": "currentRowPerKey, key: k, validTo: u, openEnd: '9999-12-31'",
        "flag": "currentRowPerKey, key: k, current: cur",
        "overlap": "overlappingPeriods, key: k, validFrom: f, validTo: u, inclusive: true",
        "gap": "gapsBetweenPeriods, key: k, validFrom: f, validTo: u, inclusive: true",
        "touch": "overlappingPeriods, key: k, validFrom: f, validTo: u",
    }
    quality = "".join(
        f"\n    - {{id: {name}, type: custom, engine: pactwatch, implementation: {{metric: {text}}}}}"
        for name, text in rules.items()
    )
    columns = "[{name: k}, {name: f, logicalType: date}, {name: u, logicalType: date}, {name: cur}]"
    body = f"schema:\n- name: t\n  quality:{quality}\n  properties: {columns}\n"

    found = by_id(scan(engine, contract(tmp_path, body)))

    counted = {"t.current": 0, "t.flag": 2, "t.overlap": 2, "t.gap": 1, "t.touch": 1}
    assert {name: found[name].measured for name in counted} == counted


def test_a_step_may_be_a_calendar_month(engine: Engine, warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.rows(
        "CREATE TABLE m AS SELECT (date '2023-01-01' + n * interval '1 month')::date AS month"
        " FROM generate_series(0, 24) AS n WHERE n <> 14"
    )
    rule = "{type: custom, engine: pactwatch, implementation: {metric: gapsInSeries, element: month, step: P1M}}"
    body = f"schema: [{{name: m, quality: [{rule}], properties: [{{name: month, logicalType: date}}]}}]"
    found = by_id(scan(engine, contract(tmp_path, body)))
    assert found["m.gaps-in-series"].measured == 1


SUMS = """
schema:
  - name: here
    quality:
      - id: sums
        type: custom
        engine: pactwatch
        implementation: {metric: sumDifference, property: n, other: there.n}
    properties: [{name: n, logicalType: number}]
  - name: there
    properties: [{name: n, logicalType: number}]
"""


@pytest.mark.parametrize("type_", ["double precision", "real", "numeric(20, 6)"])
def test_sums_are_of_decimals_whatever_the_numbers_are_stored_as(
    engine: Engine, warehouse: Warehouse, tmp_path: Path, type_: str
) -> None:
    numbers = "FROM generate_series(1, 1000) AS numbers(n)"
    warehouse.rows(f"CREATE TABLE here AS SELECT CAST(n * 0.1 AS {type_}) AS n {numbers}")
    warehouse.rows(f"CREATE TABLE there AS SELECT CAST(n * 0.1 AS numeric(9, 1)) AS n {numbers} WHERE n <> 3")
    found = by_id(scan(engine, contract(tmp_path, SUMS)))["here.sums"]
    assert found.measured == Decimal("0.3")


@pytest.mark.parametrize("warehouse", ["duckdb"], indirect=True)
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("CAST('0.0000000000000000001' AS DECIMAL(38, 19))", "a number has more than 18 digits after the point"),
        ("CAST('1e20' AS HUGEINT)", "Could not cast value 100000000000000000000 to DECIMAL(38,18)"),
        ("CAST('NaN' AS double)", 'Could not convert string "nan" to DECIMAL(38,18)'),
    ],
)
def test_a_sum_that_cannot_be_exact_is_an_error(
    engine: Engine, warehouse: Warehouse, tmp_path: Path, number: str, reason: str
) -> None:
    warehouse.rows(f"CREATE TABLE here AS SELECT {number} AS n; CREATE TABLE there AS SELECT 0 AS n")
    found = by_id(scan(engine, contract(tmp_path, SUMS)))["here.sums"]
    assert found.outcome is Outcome.ERROR
    assert reason in found.reason
