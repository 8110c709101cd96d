"""A contract file becomes one Contract, or every reason why not."""

import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.contracts.reading import load
from monitor.domain.check import Operator, Threshold
from monitor.domain.contract import Contract, Owner
from monitor.domain.duration import Duration
from monitor.errors import ContractError

ORDERS = """\
name: Orders
domain: sales
description: {purpose: What customers bought}
tags: [gold]
team: {name: Sales data, members: [{username: ada, name: Ada}, {username: old, dateOut: "2020-01-01"}]}
support: [{channel: "#orders", tool: slack, scope: notifications}]
servers:
  - {server: warehouse, type: postgresql, host: db, port: "5432", database: shop, schema: public}
schema:
  - name: orders
    physicalName: sales.order_lines
    properties:
      - {name: id, logicalType: integer, primaryKey: true, required: true, criticalDataElement: true}
      - name: amount
        physicalName: Amount
        logicalType: number
        logicalTypeOptions: {minimum: 0, exclusiveMaximum: 1000000.5}
        quality:
          - {id: few-nulls, metric: nullValues, unit: percent, mustBeLessThan: 0.5, severity: warning, dimension: cp}
      - name: state
        enum: [{value: open}, {value: 5}, {value: null}]
    quality:
      - {metric: rowCount, mustBeBetween: [10, 20.5], scheduler: cron, schedule: 0 6 * * *}
slaProperties:
  - {property: LY, value: 1.5, unit: h, element: amount}
customProperties:
  - {vendor: pactwatch, property: extraColumns, value: fail}
"""


def test_a_contract_says_what_its_file_says(read: Callable[..., Contract]) -> None:
    contract = read(ORDERS)
    assert (contract.id, contract.slug, contract.name, contract.version) == (
        "shop-orders",
        "shop-orders",
        "Orders",
        "1.0.0",
    )
    assert contract.owner == Owner(team="Sales data", members=("Ada",), usernames=("ada",))
    assert contract.support[0].channel == "#orders"
    assert (contract.servers[0].type, contract.servers[0].port) == ("postgres", 5432)
    assert contract.extra_columns == "fail"
    assert contract.remarks == ()
    (orders,) = contract.datasets
    assert (orders.schema, orders.table) == ("sales", "order_lines")
    key, amount, state = orders.columns
    assert orders.primary_key == (key,)
    assert key.critical
    assert key.required
    assert amount.physical_name == "Amount"
    assert amount.limits.minimum == 0
    assert amount.limits.exclusive_maximum == Decimal("1000000.5")
    assert state.enum == ("open", 5, None)


def test_terms_and_sources_are_read_and_are_no_part_of_the_meaning(read: Callable[..., Contract]) -> None:
    told = ORDERS.replace("What customers bought", "What customers bought, usage: Reports, limitations: No returns")
    told = told.replace("name: amount\n", 'name: amount\n        transformSourceObjects: ["raw.lines", shop.baskets]\n')
    contract = read(told)
    assert (contract.usage, contract.limitations) == ("Reports", "No returns")
    assert contract.datasets[0].columns[1].sources == ("raw.lines", "shop.baskets")
    assert contract.meaning == read(ORDERS).meaning


def test_rules_carry_exact_thresholds_and_lines(read: Callable[..., Contract]) -> None:
    (orders,) = read(ORDERS).datasets
    (nulls,) = orders.columns[1].rules
    assert (nulls.type, nulls.metric, nulls.unit, nulls.dimension) == (
        "library",
        "nullValues",
        "percent",
        "completeness",
    )
    assert nulls.threshold == Threshold(operator=Operator.LESS, value=Decimal("0.5"))
    assert nulls.line == 24
    (rows,) = orders.rules
    assert rows.threshold == Threshold(operator=Operator.BETWEEN, value=Decimal(10), upper=Decimal("20.5"))
    assert rows.schedule == "0 6 * * *"


def test_service_levels_have_their_documented_name_and_a_duration(read: Callable[..., Contract]) -> None:
    (latency,) = read(ORDERS).service_levels
    assert latency.property == "latency"
    assert latency.duration == Duration(seconds=Decimal(5400))
    assert (latency.elements[0].dataset, latency.elements[0].column) == ("orders", "amount")


def test_all_problems_are_told_at_once_with_their_lines(problems: Callable[..., list[str]]) -> None:
    found = problems("""\
        schema:
          - name: orders
            properties:
              - name: amount
                logicalType: decimal
                isNullable: false
                quality:
                  - {metric: nullValues, mustBeLesThan: 5}
              - name: amount
        """)
    assert found == [
        (
            "10: schema.orders.amount.logicalType: found 'decimal', expected one of "
            "string, date, timestamp, time, number, integer, object, array, boolean, map, vector"
        ),
        "11: schema.orders.amount.isNullable: the standard knows no such key here; did you mean required?",
        (
            "13: schema.orders.amount.quality[0].mustBeLesThan: the standard knows no such key here; "
            "did you mean mustBeLessThan?"
        ),
        "14: schema.orders.amount.name: the property 'amount' stands here twice; first on line 9",
    ]


def test_after_a_hundred_problems_the_rest_are_counted(problems: Callable[..., list[str]]) -> None:
    found = problems("schema:\n" + "".join(f"  - {{name: t{n}, foo: 1}}\n" for n in range(150)))
    assert len(found) == 101
    assert found[-1].endswith("and 50 more problems")


def test_the_file_may_be_shown_under_another_name(write: Callable[..., Path]) -> None:
    with pytest.raises(ContractError, match=r"^contracts/orders:6: nonsense: "):
        load(write("nonsense: 1"), shown_as="contracts/orders")


@pytest.mark.parametrize(
    ("api", "text"),
    [
        ("v2.2.2", "1: apiVersion: ODCS 'v2.2.2' is not supported; convert the contract to v3"),
        ("3.1.0", "1: apiVersion: found '3.1.0', expected v3.1.0"),
        ("v9", "1: apiVersion: found 'v9', expected one of v3.2.0, v3.1.0, v3.0.2, v3.0.1, v3.0.0"),
        ("", "1: apiVersion is missing, expected v3.2.0"),
    ],
)
def test_other_versions_of_the_standard_are_told_what_to_do(
    problems: Callable[..., list[str]], api: str, text: str
) -> None:
    assert problems("", api=api) == [text]


@pytest.mark.parametrize("api", ["v3.2.0", "v3.1.0", "v3.0.2", "v3.0.1", "v3.0.0"])
def test_every_version_3_is_read(read: Callable[..., Contract], api: str) -> None:
    assert read("schema: [{name: t}]", api=api).api_version == api


def test_what_3_0_says_differently_means_the_same(read: Callable[..., Contract]) -> None:
    old = read(
        """\
        team: [{username: ada}]
        schema:
          - name: t
            properties:
              - name: c
                logicalType: integer
                logicalTypeOptions: {minimum: 5, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false}
                quality:
                  - {rule: validValues, validValues: [6, 7], mustBe: 0}
                  - {type: library, rule: duplicateCount, mustBeLessThan: 3}
        """,
        api="v3.0.2",
    )
    column = old.datasets[0].columns[0]
    assert (column.limits.minimum, column.limits.exclusive_minimum) == (None, 5)
    assert (column.limits.maximum, column.limits.exclusive_maximum) == (9, None)
    assert [rule.metric for rule in column.rules] == ["invalidValues", "duplicateValues"]
    assert column.rules[0].arguments.valid_values == (6, 7)
    assert old.owner.members == ("ada",)
    assert old.remarks == ()


def test_newer_keys_in_an_older_contract_are_read_with_a_remark(read: Callable[..., Contract]) -> None:
    contract = read("schema: [{name: t, properties: [{name: c, enum: [{value: a}]}]}]", api="v3.1.0")
    assert contract.datasets[0].columns[0].enum == ("a",)
    assert contract.remarks == (
        "6: schema.t.c.enum: enum came with v3.2.0 but the contract declares v3.1.0; read as v3.2.0",
    )


def test_status_was_required_before_3_2(problems: Callable[..., list[str]], tmp_path: Path) -> None:
    path = tmp_path / "x.odcs.yaml"
    path.write_text("{apiVersion: v3.1.0, kind: DataContract, id: a, version: 1.0.0}")
    with pytest.raises(ContractError, match="1: status is missing"):
        load(path)
    assert problems("support: [{channel: data}]", api="v3.0.2") == ["6: support.data: url is missing"]


def test_a_bare_enum_value_gets_a_hint(problems: Callable[..., list[str]]) -> None:
    assert problems("schema: [{name: t, properties: [{name: c, enum: [a]}]}]") == [
        "6: schema.t.c.enum[0]: found 'a', expected a mapping; write it as {value: …}"
    ]


def test_unquoted_numbers_where_text_is_expected_get_a_hint(problems: Callable[..., list[str]]) -> None:
    assert problems("name: 1.10") == ["6: name: found 1.10, expected text; put it in quotes"]


def test_reading_needs_neither_the_published_models_nor_a_network() -> None:
    code = (
        "import sys, monitor.contracts.versions\n"
        "heavy = {'jsonschema', 'sqlglot', 'ruamel.yaml', 'pydantic', 'open_data_contract_standard', 'soda'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
