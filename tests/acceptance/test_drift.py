"""Schema drift: whatever differs between the table and its contract is seen and named, and nothing else is."""

from dataclasses import replace

import pytest

from tests.acceptance.program import Program
from tests.conftest import Warehouse

TABLES = """
CREATE TABLE kept (id integer, name text);
CREATE TABLE added (id integer, name text, surprise jsonb);
CREATE TABLE removed (id integer);
CREATE TABLE retyped (id bigint, name text);
CREATE TABLE moved (name text, id integer);
CREATE TABLE cased ("ID" integer, name text);
CREATE TABLE "Shouted" (id integer);
CREATE VIEW seen AS SELECT 1 AS id;
CREATE MATERIALIZED VIEW stored AS SELECT 1 AS id;
CREATE TABLE parted (id integer) PARTITION BY RANGE (id);
"""

CONTRACT = """
schema:
  - name: kept
    physicalType: table
    properties: [&id {name: id, physicalType: int4}, &name {name: name, logicalType: string}]
  - {name: added, properties: [*id, *name]}
  - name: removed
    properties: [*id, {name: name, required: true, logicalType: string, logicalTypeOptions: {maxLength: 3}}]
  - {name: retyped, properties: [*id, *name]}
  - {name: moved, properties: [*id, *name]}
  - {name: cased, properties: [{name: id, required: true}, *name]}
  - {name: shouted, properties: [*id]}
  - name: dropped
    properties: [{name: id, physicalType: integer, required: true}]
    quality: [{metric: rowCount, mustBe: 0}]
  - {name: seen, physicalType: table, properties: [*id]}
  - {name: stored, physicalType: TABLE, properties: [*id]}
  - {name: parted, physicalType: table, properties: [*id]}
  - {name: view, physicalName: seen, physicalType: view, properties: [*id]}
  - {name: anything, physicalName: stored, properties: [{name: id, required: true}]}
"""


@pytest.fixture
def drifted(program: Program) -> Program:
    program.warehouse.rows(TABLES)
    program.configure()
    return program


def test_every_difference_is_named_and_blocks_only_what_rests_on_it(drifted: Program) -> None:
    drifted.contract(CONTRACT)

    found = drifted.verify()

    assert (found.code, found.run["verdict"]) == (1, "broken")
    assert {check: outcome for check, outcome in found.outcomes().items() if outcome != "pass"} == {
        "added.extra-columns": "warn",
        "removed.schema": "fail",
        "removed.name.column-type": "blocked",
        "removed.name.not-null": "blocked",
        "removed.name.length": "blocked",
        "retyped.id.column-type": "fail",
        "cased.schema": "fail",
        "cased.extra-columns": "warn",
        "cased.id.not-null": "blocked",
        "shouted.schema": "fail",
        "shouted.extra-columns": "blocked",
        "shouted.id.column-type": "blocked",
        "dropped.schema": "fail",
        "dropped.extra-columns": "blocked",
        "dropped.id.column-type": "blocked",
        "dropped.id.not-null": "blocked",
        "dropped.row-count": "blocked",
        "seen.schema": "fail",
        "stored.schema": "fail",
    }
    assert "added.surprise is not in the contract (extra column, jsonb)" in found.reason("added.extra-columns")
    assert found.reason("removed.schema") == "column name is missing"
    assert found.reason("removed.name.length") == "column name of removed is missing (see removed.schema)"
    assert found.reason("retyped.id.column-type") == "is bigint"
    assert "ID is there" in found.reason("cased.schema")
    assert found.reason("dropped.row-count") == "table dropped does not exist (see dropped.schema)"
    assert found.reason("seen.schema") == "seen is a view, the contract says table"
    assert found.reason("stored.schema") == "stored is a materialized view, the contract says TABLE"


def test_the_order_of_columns_counts_only_where_the_contract_says_so(drifted: Program) -> None:
    columns = "[{name: id}, {name: name}]"
    tables = f"schema: [{{name: kept, properties: {columns}}}, {{name: moved, properties: {columns}}}]\n"
    for answer, expected in {"allow": {}, "warn": {"moved": "warn"}, "fail": {"moved": "fail"}}.items():
        own = f"customProperties: [{{vendor: pactwatch, property: columnOrder, value: {answer}}}]\n"
        drifted.contract(own + tables)

        found = drifted.verify()

        broken = {check: outcome for check, outcome in found.outcomes().items() if outcome != "pass"}
        assert broken == {f"{table}.column-order": outcome for table, outcome in expected.items()}
        assert found.code == (1 if answer == "fail" else 0)
    assert "name where id should be" in found.reason("moved.column-order")


@pytest.mark.parametrize(("answer", "outcome"), [("allow", None), ("warn", "warn"), ("fail", "fail")])
def test_a_contract_says_what_extra_columns_mean(drifted: Program, answer: str, outcome: str | None) -> None:
    drifted.contract(
        f"""
        customProperties: [{{vendor: pactwatch, property: extraColumns, value: {answer}}}]
        schema: [{{name: added, properties: [{{name: id}}]}}]
        """
    )

    found = drifted.verify()

    assert found.outcomes().get("added.extra-columns") == outcome
    assert found.code == (1 if outcome == "fail" else 0)
    if outcome:
        assert found["added.extra-columns"]["measured"] == 2
        assert found.reason("added.extra-columns") == (
            "added has 2 columns that are not in the contract: name (text), surprise (jsonb)"
        )


TYPES = {
    "varchar": ("character varying(10)", True),
    "VARCHAR(10)": ("character varying(10)", True),
    "varchar(20)": ("character varying(10)", False),
    "character varying": ("text", False),
    "int4": ("integer", True),
    "int8": ("integer", False),
    "decimal": ("numeric(10,2)", True),
    "numeric(10, 2)": ("numeric(10,2)", True),
    "numeric(10)": ("numeric(10,2)", False),
    "timestamp": ("timestamp without time zone", True),
    "timestamptz": ("timestamp(3) with time zone", True),
    "timestamp(3) with time zone": ("timestamp(3) with time zone", True),
    "timestamp with time zone": ("timestamp without time zone", False),
    "float8": ("double precision", True),
    "float": ("double precision", True),
    "text[]": ("text[]", True),
    "text": ("text[]", False),
    "bool": ("boolean", True),
    "char(3)": ("character(3)", True),
    "serial": ("integer", True),
    "logicalType: string": ("character varying(10)", True),
    "logicalType: integer": ("bigint", True),
    "logicalType: number": ("integer", True),
    "logicalType: date": ("timestamp", False),
    "logicalType: timestamp": ("timestamptz", True),
    "logicalType: boolean": ("integer", False),
    "logicalType: object": ("jsonb", True),
    "logicalType: array": ("integer[]", True),
}


def test_types_are_compared_by_meaning_and_precision_only_where_declared(program: Program) -> None:
    columns = [f"c{number} {live}" for number, (live, _) in enumerate(TYPES.values())]
    program.warehouse.rows(f"CREATE TABLE t ({', '.join(columns)})")
    declared = [word if ":" in word else f"physicalType: '{word}'" for word in TYPES]
    properties = [f"{{name: c{number}, {word}}}" for number, word in enumerate(declared)]
    program.configure()
    program.contract("schema:\n  - name: t\n    properties:\n      - " + "\n      - ".join(properties) + "\n")

    found = program.verify().outcomes()

    judged = {word: found[f"t.c{number}.column-type"] for number, word in enumerate(TYPES)}
    assert judged == {word: "pass" if same else "fail" for word, (_, same) in TYPES.items()}


def test_what_may_not_be_read_is_blocked_and_named(role: Warehouse, program: Program) -> None:
    who = role.settings.user
    program.warehouse.rows(
        f"""
        CREATE TABLE open (id integer); GRANT SELECT ON open TO {who};
        CREATE TABLE closed (id integer);
        CREATE TABLE partly (id integer, secret text); GRANT SELECT (id) ON partly TO {who};
        CREATE SCHEMA vault; CREATE TABLE vault.gold (id integer); GRANT SELECT ON vault.gold TO {who};
        """
    )
    program = replace(program, warehouse=role)
    program.configure()
    program.contract(
        """
        schema:
          - {name: open, properties: [{name: id, required: true}], quality: [{metric: rowCount, mustBe: 0}]}
          - {name: closed, properties: [{name: id, physicalType: int, required: true}]}
          - name: partly
            quality: [{metric: rowCount, mustBe: 0}]
            properties: [{name: id, required: true}, {name: secret, required: true}]
          - {name: gold, physicalName: vault.gold, properties: [{name: id, required: true}]}
        """
    )

    found = program.verify()

    assert (found.code, found.run["verdict"]) == (3, "unverified")
    assert {check: result["reason"] for check, result in found.results.items() if result["outcome"] != "pass"} == {
        "closed.id.not-null": "no privilege to read closed",
        "partly.secret.not-null": "no privilege to read column secret of partly",
        "gold.id.not-null": "no privilege to use schema vault, where gold is",
    }
    assert {result["outcome"] for result in found.results.values()} == {"pass", "blocked"}
