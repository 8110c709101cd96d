"""What no contract can say the same way is listed with its line, one line each: nothing is dropped unseen."""

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest

from monitor.contracts.yaml_reader import read_yaml
from monitor.drafting import dbt_tests, from_dbt, from_gx, from_sodacl
from monitor.drafting.imported import Imported

DBT = """\
models:
  - name: orders
    config: {schema: sales}
    versions: [{v: 1}]
    constraints: [{type: check, expression: a > 0}]
    tests:
      - shop.own_test
      - unique: {column_name: a || b}
      - dbt_utils.expression_is_true: {expression: "a = {{ var('x') }}"}
    columns:
      - name: id
        data_type: integer
        constraints: [{type: not_null}]
        tests:
          - unique: {config: {enabled: false}}
          - not_null: {severity: "{{ 'warn' if target.name == 'dev' else 'error' }}"}
          - not_null: {config: {severity: info}}
          - not_null: {config: {where: a > 0}}
          - accepted_values: {values: [a, null]}
          - accepted_values: {values: ["it's"]}
          - relationships: {to: ref('x', v=2), field: id}
  - {name: old, config: {enabled: false}, columns: [{name: id, tests: [unique]}]}
  - {name: other, config: {alias: "{{ target.name }}_other"}, columns: [{name: id, tests: [unique]}]}
  - name: ledger
    config: {contract: {enforced: true}}
    constraints: [{type: unique, columns: [a, b]}]
    columns: [{name: a, constraints: [{type: foreign_key, expression: other (id)}]}]
sources:
  - name: raw
    schema: "{{ target.schema }}"
    freshness: {warn_after: {count: 1, period: day}, filter: a > 0}
    tables:
      - {name: t, loaded_at_field: at}
      - {name: u, loaded_at_field: "at::date"}
      - {name: v, loaded_at_field: at, freshness: {warn_after: {count: 1, period: day}, error_after: {count: 2, period: day}}}
tests: {+severity: warn}
"""
DBT_LEFT = """\
2: orders: schema: sales: which one it becomes is known to dbt's target only
2: orders: versions: each is a table of its own
2: constraint check: dbt does not hold it without a contract
11: id: data_type integer: dbt does not hold it without a contract
11: constraint not_null: dbt does not hold it without a contract
7: shop.own_test: no rule says the same
8: unique: column_name: no rule says the same
9: dbt_utils.expression_is_true: it is a template
15: id: unique: it is switched off
16: id: not_null: it is a template
17: id: not_null: its arguments are not understood
18: id: not_null: where: no rule says the same
19: id: accepted_values: its arguments are not understood
20: id: accepted_values: its arguments are not understood
21: id: relationships: its arguments are not understood
22: old: it is switched off
23: other: alias: {{ target.name }}_other: it is a template
24: constraint unique: no rule says the same
27: constraint foreign_key: no rule says the same
33: t: schema: {{ target.schema }}: it is a template
33: freshness: warn_after: a service level does not warn, it is held
33: freshness: filter: all rows are looked at
34: u: schema: {{ target.schema }}: it is a template
34: freshness: loaded_at_field is no plain column
35: v: schema: {{ target.schema }}: it is a template
35: freshness: warn_after: a service level has one limit, error_after was taken
36: tests: +severity: what holds for many tests is not read
"""
GX = """\
{"name": "t", "expectations": [
{"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "a", "type_": "int"}},
{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a", "mostly": 0.9}},
{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "row_condition": "b > 0"}},
{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": {"$PARAMETER": "x"}}},
{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a"}},
{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": [null]}},
{"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["a", "b"], "ignore_row_if": "never"}},
{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1, "max_value": 10.5}},
{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1, "max_value": true}},
{"type": "expect_table_row_count_to_equal", "kwargs": {"value": "7"}}
]}
"""
GX_LEFT = """\
2: a: expect_column_values_to_be_of_type: no rule says the same
3: a: expect_column_values_to_be_unique: its arguments are not understood
4: a: expect_column_values_to_not_be_null: row_condition: no rule says the same
5: a: expect_column_values_to_be_between: a parameter: no rule says the same
6: a: expect_column_values_to_be_between: its arguments are not understood
7: a: expect_column_values_to_be_in_set: its arguments are not understood
8: expect_compound_columns_to_be_unique: its arguments are not understood
9: expect_table_row_count_to_be_between: its arguments are not understood
10: expect_table_row_count_to_be_between: its arguments are not understood
11: expect_table_row_count_to_equal: its arguments are not understood
"""
SODACL = """\
checks for t:
  - row_count > ${LOW}
  - anomaly detection for row_count
  - reference from (a) to u (a)
  - missing_count(a) = 0
  - missing_count(b) = 0
  - invalid_count(a, b) = 0
checks for t [daily]:
  - row_count > 0
filter t [daily]:
  where: a > 0
configurations for t:
  missing values for a: [n/a]
"""
SODACL_LEFT = """\
2: row_count > ${LOW}: it runs only inside Soda
3: anomaly detection for row_count: it runs only inside Soda
4: reference from (a) to u (a): it runs only inside Soda
5: missing_count(a) = 0: the file configures that column elsewhere
7: invalid_count(a, b) = 0: the file configures that column elsewhere
8: checks for t [daily]: a filter on the whole table
10: filter t [daily]: it is no list of checks for a table
12: configurations for t: it is no list of checks for a table
"""


def left(found: list[Imported]) -> str:
    return "".join(f"{text.removeprefix('f:')}\n" for table in found for text in table.left)


def test_dbt() -> None:
    found = from_dbt.imported(read_yaml(DBT), "f")
    assert left(found) == DBT_LEFT
    assert {table.name for table in found if table.has_promises} == {"orders", "other", "ledger", "t", "v"}


def test_great_expectations() -> None:
    assert left(from_gx.imported(read_yaml(GX), "f")) == GX_LEFT


def test_sodacl() -> None:
    found = from_sodacl.imported(read_yaml(SODACL), "f")
    assert left(found) == SODACL_LEFT
    assert [list(table.columns) for table in found if table.name == "t"] == [["b"]]


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ("[open, Paid out]", {"metric": "invalidValues"}),
        ("[open, 'true']", {"query": """ WHERE "c" NOT IN ('open', 'true')"""}),
        ("[1, 2.50]", {"query": """ WHERE "c" NOT IN ('1', '2.5')"""}),
        ("[true]", {"query": """ WHERE "c" NOT IN ('True')"""}),
        ("[it''s]", {"query": """ WHERE "c" NOT IN ('it''s')"""}),
        ("[5], quote: false", {"query": """ WHERE "c" NOT IN (5)"""}),
    ],
)
def test_values_are_compared_as_dbt_pastes_them(values: str, rule: dict[str, str]) -> None:
    """Text that can only be text is a list of ODCS; what a column of another type may hold is compared by the server."""
    text = f"""\
    models:
      - name: t
        columns: [{{name: c, tests: [{{accepted_values: {{values: {values}}}}}]}}]
    """
    (table,) = from_dbt.imported(read_yaml(textwrap.dedent(text)), "f")
    (made,) = table.rules or table.column("c")["quality"]
    for key, value in rule.items():
        assert str(made[key]).endswith(value)


@pytest.mark.parametrize(
    ("tool", "carried"),
    [
        ("dbt", dbt_tests.CARRIED),
        ("Great Expectations", from_gx.CARRIED),
        ("SodaCL", [*from_sodacl.METRICS, "freshness", "schema"]),
    ],
)
def test_the_documents_name_what_is_carried_over(tool: str, carried: Iterable[str]) -> None:
    text = (Path(__file__).parents[3] / "docs/imports.md").read_text(encoding="utf-8")
    section = text.partition(f"## {tool}\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)) == set(carried)


@pytest.mark.parametrize(
    ("bounds", "rule"),
    [
        ('"min_value": 1, "max_value": 1000.0', {"mustBeBetween": [1, 1000]}),
        ('"min_value": 1.0, "max_value": null', {"mustBeGreaterOrEqualTo": 1}),
        ('"max_value": 1.5e3', {"mustBeLessOrEqualTo": 1500}),
    ],
)
def test_a_number_of_rows_may_be_written_as_a_float(bounds: str, rule: dict[str, object]) -> None:
    suite = '{"name": "t", "expectations": [{"type": "expect_table_row_count_to_be_between", "kwargs": {%s}}]}'
    tests = "models: [{name: t, data_tests: [{dbt_expectations.expect_table_row_count_to_be_between: {%s}}]}]"
    for found in (
        from_gx.imported(read_yaml(suite % bounds), "f"),
        from_dbt.imported(read_yaml(tests % bounds.replace('"', "")), "f"),
    ):
        (table,) = found
        assert (table.rules, table.left) == ([{"metric": "rowCount", **rule}], [])


def test_values_of_a_column_that_are_named_like_keys_are_values() -> None:
    tests = "models: [{name: t, columns: [{name: c, data_tests: [{accepted_values: {values: [properties, shop]}}]}]}]"
    (table,) = from_dbt.imported(read_yaml(tests), "f")
    assert (table.left, table.rules) == ([], [])
    (rule,) = cast("list[dict[str, object]]", table.columns["c"]["quality"])
    assert rule["metric"] == "invalidValues"
