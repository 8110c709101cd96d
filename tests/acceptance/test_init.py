"""`init` writes down what a catalogue keeps: drafts that lint, that hold at once, and that guess nothing."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.acceptance.program import Program

TABLES = """
CREATE TYPE mood AS ENUM ('glad', 'so-so', 'it''s sad');
CREATE DOMAIN cents AS bigint CHECK (VALUE >= 0);
CREATE SCHEMA sales;
CREATE TABLE customers (id integer PRIMARY KEY, mail text UNIQUE, "Größe, x" text, feels mood, vip boolean NOT NULL);
COMMENT ON TABLE customers IS E'people: {"we" #know}\\n- ${HOME}';
COMMENT ON COLUMN customers.mail IS 'where they read';
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY, customer integer NOT NULL REFERENCES customers, parent bigint, line integer,
  state text CHECK (state IN ('open', 'paid')), amount numeric(10,2) CHECK (amount >= 0 AND amount < 1000.5),
  code varchar(5) CHECK (char_length(code) >= 2 AND code ~ '^[A-Z]+$'), stars int CHECK (stars BETWEEN -1 AND 5),
  due date CHECK (due > '2020-01-01'), paid cents, tags text[], doc jsonb, at timestamptz(3), took interval, raw bytea,
  CHECK (amount > 0 OR state = 'open'), CHECK (stars IS NOT NULL),
  PRIMARY KEY (line, id), UNIQUE (customer, line), UNIQUE (id), FOREIGN KEY (parent) REFERENCES orders (id)
);
CREATE VIEW open_orders AS SELECT id, state FROM orders WHERE state = 'open';
CREATE TABLE sales."we.ird" (a integer REFERENCES customers (id));
CREATE TABLE parts (day date) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO customers VALUES (1, 'a@b.c', NULL, 'it''s sad', true), (2, NULL, 'x', 'glad', false);
INSERT INTO orders (customer, line, state, amount, code, stars, due, paid, at)
  VALUES (1, 1, 'open', 0, 'ABC', 5, '2024-02-29', 7, now()), (2, 1, 'paid', 3.5, NULL, 1, NULL, NULL, now());
INSERT INTO sales."we.ird" VALUES (1), (NULL);
"""


@pytest.fixture
def program(program: Program) -> Program:
    program.configure(schema="public")
    program.warehouse.rows(TABLES)
    return program


def columns(path: Path) -> dict[str, Any]:
    document = YAML(typ="safe", pure=True).load(path)
    return {column["name"]: column for column in document["schema"][0]["properties"]}


def test_drafts_lint_and_hold_at_once(program: Program) -> None:
    done = program.run("init", "--server", "warehouse", "--tables", "*")
    assert (done.code, done.out) == (0, "wrote 5 draft contracts to contracts; 0 were there already\n"), done.all
    lint = program.run("lint")
    assert (lint.code, lint.out.splitlines()[-1][:19]) == (0, "5 files: 0 problems")
    verified = program.run("verify", "--no-record", "--format", "json")
    runs = {run["contract"]: run for run in verified.document["runs"]}
    assert sorted(runs) == ["customers", "open_orders", "orders", "parts", "sales.we.ird"]
    wrong = {
        result["check"]: result["reason"]
        for run in runs.values()
        for result in run["results"]
        if result["outcome"] != "pass"
    }
    assert wrong == {}


def test_what_the_catalogue_keeps_is_promised_and_nothing_else(program: Program) -> None:
    assert program.run("init", "--server", "warehouse").code == 0
    text = (program.folder / "contracts/orders/1.0.0.odcs.yaml").read_text()
    found = columns(program.folder / "contracts/orders/1.0.0.odcs.yaml")
    assert found["state"]["enum"] == [{"value": "open"}, {"value": "paid"}]
    assert found["amount"]["logicalTypeOptions"] == {"minimum": 0, "exclusiveMaximum": 1000.5}
    assert found["code"]["logicalTypeOptions"] == {"minLength": 2, "pattern": "^[A-Z]+$"}
    assert found["stars"] == {
        "name": "stars", "logicalType": "integer", "physicalType": "integer", "required": True,
        "logicalTypeOptions": {"minimum": -1, "maximum": 5},
    }  # fmt: skip
    assert found["due"]["logicalTypeOptions"] == {"exclusiveMinimum": "2020-01-01"}
    assert (found["line"]["primaryKeyPosition"], found["id"]["primaryKeyPosition"], found["id"]["unique"]) == (
        1,
        2,
        True,
    )
    assert "CHECK ((amount > (0)::numeric) OR (state = 'open'::text))" in text
    assert "mustBeGreater" not in text
    customers = columns(program.folder / "contracts/customers/1.0.0.odcs.yaml")
    assert customers["feels"]["enum"] == [{"value": "glad"}, {"value": "so-so"}, {"value": "it's sad"}]
    assert customers["mail"]["description"] == "where they read"
    assert not (program.folder / "contracts/sales.we.ird").exists()


def test_a_foreign_key_to_another_contract_is_really_checked(program: Program) -> None:
    program.run("init", "--server", "warehouse", "--tables", "orders")
    program.warehouse.rows(
        "ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey; UPDATE orders SET customer = 99 WHERE customer = 1"
    )
    verified = program.verify("orders", "--no-record")
    assert verified["orders.customer-foreign-key"]["measured"] == 1


def test_what_is_there_is_never_touched(program: Program) -> None:
    mine = program.write("contracts/orders/2.0.0.odcs.yaml", "mine")
    done = program.run("init", "--server", "warehouse")
    assert done.out == "wrote 3 draft contracts to contracts; 1 were there already\n"
    assert [path.name for path in mine.parent.iterdir()] == ["2.0.0.odcs.yaml"]
    assert mine.read_text() == "mine"
    again = program.run("init", "--server", "warehouse")
    assert again.out == "wrote 0 draft contracts to contracts; 4 were there already\n"


def test_a_profile_is_proposed_and_promises_nothing(program: Program) -> None:
    program.run("init", "--server", "warehouse", "--out", "plain")
    done = program.run("init", "--server", "warehouse", "--out", "profiled", "--profile")
    assert done.code == 0, done.all
    for plain in (program.folder / "plain").rglob("*.yaml"):
        profiled = program.folder / "profiled" / plain.relative_to(program.folder / "plain")
        lines = [
            line
            for line in profiled.read_text().splitlines()
            if not line.lstrip().startswith(("# observed", "# propose"))
        ]
        assert lines == plain.read_text().splitlines()
    text = (program.folder / "profiled/customers/1.0.0.odcs.yaml").read_text()
    assert (
        '# observed: 1 of 2 rows are NULL    SELECT COUNT(*) FILTER (WHERE "mail" IS NULL) FROM "public"."customers"'
        in text
    )
    assert "all are an e-mail address" in text
    assert '# observed: 1 to 2    SELECT MIN("id")::text, MAX("id")::text' in text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--server", "nowhere"), 2, "no server 'nowhere'"),
        (("--server", "warehouse", "--tables", "nothing*"), 2, "no table is called nothing*"),
    ],
)
def test_what_cannot_be_drafted_is_said(program: Program, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = program.run("init", *arguments)
    assert (done.code, said in done.err) == (code, True)


def test_three_hundred_tables_take_one_pass(program: Program) -> None:
    program.warehouse.rows("; ".join(f"CREATE TABLE many_{n} (id integer PRIMARY KEY, x text)" for n in range(300)))
    done = program.run("init", "--server", "warehouse", "--tables", "many_*")
    assert done.out == "wrote 300 draft contracts to contracts; 0 were there already\n"
    assert "300 of 300 tables" in done.err
