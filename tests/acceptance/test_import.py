"""What other tools were told becomes contracts that find the same, and what cannot is listed: nothing is dropped."""

import json
from typing import Any

import pytest

from tests.acceptance.program import Program, Verified

TABLES = """
CREATE TABLE customers (id integer);
INSERT INTO customers VALUES (1), (2);
CREATE TABLE orders (id integer, customer integer, state text, amount numeric, code text, at timestamptz);
INSERT INTO orders VALUES
  (1, 1, 'open', 5, 'AB', now()), (2, 2, 'paid', -1, 'ABC', now()), (2, 9, 'lost', 50, '', now()), (4, NULL, NULL, NULL, NULL, now())
"""
DBT = """
version: 2
models:
  - name: orders
    description: "one row an order: {odd} #text"
    config: {tags: [core], meta: {owner: shop-team}}
    data_tests:
      - dbt_utils.unique_combination_of_columns: {combination_of_columns: [id, code]}
      - dbt_expectations.expect_table_row_count_to_be_between: {min_value: 5}
      - dbt_utils.equal_rowcount: {compare_model: ref('other')}
    columns:
      - name: id
        data_type: integer
        tests: [unique, not_null]
      - name: customer
        tests:
          - not_null: {config: {severity: warn}}
          - relationships: {to: ref('customers'), field: id}
      - name: state
        tests:
          - accepted_values: {arguments: {values: [open, paid]}}
          - not_null: {config: {where: "id > 1"}}
      - name: amount
        tests:
          - dbt_utils.accepted_range: {min_value: 0, max_value: 50, inclusive: false}
          - my_own_test
      - name: code
        tests: [dbt_utils.not_empty_string, "dbt_utils.not_null_proportion": {at_least: 0.75}]
sources:
  - name: public
    freshness: {error_after: {count: 6, period: hour}, warn_after: {count: 1, period: hour}}
    loaded_at_field: at
    tables: [{name: raw_orders, identifier: orders_raw}]
"""
GX = {
    "expectations": [
        {"kwargs": {"column": "id"}, "type": "expect_column_values_to_be_unique"},
        {"kwargs": {"column": "id"}, "type": "expect_column_values_to_not_be_null"},
        {"kwargs": {"column": "customer", "mostly": 0.75}, "type": "expect_column_values_to_not_be_null"},
        {"kwargs": {"column": "state", "value_set": ["open", "paid"], "mostly": 0.66}, "type": "expect_column_values_to_be_in_set"},
        {"kwargs": {"column": "state", "value_set": ["open", "paid"], "mostly": 0.67}, "type": "expect_column_values_to_be_in_set"},
        {"kwargs": {"column": "amount", "min_value": -1, "max_value": 50, "strict_max": True}, "type": "expect_column_values_to_be_between"},
        {"kwargs": {"column": "code", "regex": "^[A-Z]*$"}, "type": "expect_column_values_to_match_regex"},
        {"kwargs": {"column": "amount", "min_value": 18, "max_value": 18}, "type": "expect_column_mean_to_be_between"},
        {"kwargs": {"min_value": 4, "max_value": 4}, "type": "expect_table_row_count_to_be_between"},
        {"kwargs": {"column_list": ["id", "code"]}, "type": "expect_compound_columns_to_be_unique"},
        {"kwargs": {"column_set": ["id", "customer"], "exact_match": False}, "type": "expect_table_columns_to_match_set"},
        {"kwargs": {"column": "amount", "quantile_ranges": {}}, "type": "expect_column_quantile_values_to_be_between"},
        {"kwargs": {"column": "amount", "min_value": {"$PARAMETER": "low"}}, "type": "expect_column_values_to_be_between"},
    ]
}  # fmt: skip
SODACL = """
checks for orders:
  - row_count > 4
  - missing_count(id) = 0
  - duplicate_count(id) = 0:
      name: ids are unique
  - duplicate_count(id, code) = 0
  - invalid_percent(state) < 30:
      valid values: [open, paid]
  - missing_count(code) = 2:
      missing values: [""]
  - avg(amount) between 18 and 18
  - freshness(at) < 1d
  - schema:
      fail:
        when required column missing: [id, gone]
        when wrong column type: {amount: numeric}
  - failed rows:
      name: no negative amounts
      fail condition: amount < 0
  - anomaly detection for row_count
filter orders [daily]:
  where: at > now()
checks for orders [daily]:
  - row_count > 0
"""


@pytest.fixture
def program(program: Program) -> Program:
    program.configure()
    program.warehouse.rows(TABLES)
    return program


def verified(program: Program, name: str) -> Verified:
    assert program.run("lint").code == 0, program.run("lint").all
    return program.verify(name, "--no-record")


def broken(found: Verified) -> dict[str, Any]:
    return {
        check: found[check]["measured"]
        for check, outcome in found.outcomes().items()
        if outcome in {"fail", "warn", "error"}
    }


def test_dbt_tests_find_the_same(program: Program) -> None:
    program.write("dbt/models/schema.yml", DBT)
    program.write("dbt/target/junk.yml", "::: not YAML [")
    done = program.run("import", "dbt", "dbt")
    assert done.code == 0, done.all
    told = [line.removeprefix("not carried over: dbt/models/schema.yml:") for line in done.out.splitlines()]
    assert told == [
        "12: id: data_type integer: dbt does not hold it without a contract",
        "10: dbt_utils.equal_rowcount: no rule says the same",
        "22: state: not_null: where: no rule says the same",
        "26: amount: my_own_test: no rule says the same",
        "33: freshness: warn_after: a service level has one limit, error_after was taken",
        "wrote 2 draft contracts to contracts; 5 not carried over",
    ]
    found = verified(program, "orders")
    assert {check: found.outcome(check) for check in broken(found)} == {
        "orders.id.unique": "fail",
        "orders.customer.null-values": "warn",
        "orders.row-count": "fail",
        "orders.state.invalid-values": "fail",
        "orders.customer-must-exist-in-customers-id": "fail",
        "orders.amount-amount-0-and-amount-50": "fail",
        "orders.code-must-not-be-empty": "fail",
    }
    text = (program.folder / "contracts/orders/1.0.0.odcs.yaml").read_text()
    assert "# Not carried over: dbt/models/schema.yml:10: dbt_utils.equal_rowcount" in text
    assert "team: {name: shop-team}" in text
    assert "element: orders_raw.at" in (program.folder / "contracts/orders_raw/1.0.0.odcs.yaml").read_text()


@pytest.mark.parametrize("generation", ["0.x", "1.x"])
def test_expectations_find_the_same(program: Program, generation: str) -> None:
    suite: dict[str, Any] = {"name": "orders", **GX}
    if generation == "0.x":
        old = [{"expectation_type": each["type"], "kwargs": each["kwargs"], "meta": {}} for each in GX["expectations"]]
        suite = {"expectation_suite_name": "orders", "data_asset_type": None, "expectations": old}
    program.write("gx/orders.json", json.dumps(suite, indent=2))
    done = program.run("import", "gx", "gx")
    assert done.code == 0, done.all
    assert [line.split(": ", 2)[2] for line in done.out.splitlines()[:-1]] == [
        "amount: expect_column_quantile_values_to_be_between: no rule says the same",
        "amount: expect_column_values_to_be_between: a parameter: no rule says the same",
    ]
    found = verified(program, "orders")
    assert {check: int(measured) for check, measured in broken(found).items()} == {
        "orders.id.duplicate-values": 1,
        "orders.amount-must-keep-amount-1-and-amount-50": 1,
        "orders.state-must-be-one-of-open-paid-2": 33,
    }


def test_sodacl_finds_the_same(program: Program) -> None:
    program.write("checks.yml", SODACL)
    done = program.run("import", "sodacl", "checks.yml")
    assert done.code == 0, done.all
    assert [line.split(": ", 1)[1] for line in done.out.splitlines()[:-1]] == [
        "checks.yml:21: anomaly detection for row_count: it runs only inside Soda",
        "checks.yml:24: checks for orders [daily]: a filter on the whole table",
        "checks.yml:22: filter orders [daily]: it is no list of checks for a table",
    ]
    found = verified(program, "orders")
    assert {check: found.outcome(check) for check in broken(found)} == {
        "orders.schema": "fail",
        "orders.row-count": "fail",
        "orders.id.duplicate-values": "fail",
        "orders.failed-rows-name-no-negative-amounts-fail-condition-amount": "fail",
    }


def test_what_is_there_is_never_touched_and_what_cannot_be_read_is_told(program: Program) -> None:
    program.write("contracts/orders/9.9.9.odcs.yaml", "mine")
    program.write("in/a.yml", SODACL)
    program.write("in/b.yml", "a: [")
    done = program.run("import", "sodacl", "in")
    assert done.code == 2
    assert "holds a contract already" in done.err
    assert "in/b.yml:" in done.err
    assert [path.name for path in (program.folder / "contracts/orders").iterdir()] == ["9.9.9.odcs.yaml"]
    empty = program.folder / "empty"
    empty.mkdir()
    assert program.run("import", "gx", "empty").code == 2
