"""DuckDB's catalogue is read exactly: names, types in the contract's words, keys, constraints, comments."""

import sys
from pathlib import Path

import pytest

from monitor.domain.scan import Outcome
from monitor.engines.warehouses.base import Unreachable
from monitor.engines.warehouses.duckdb_tables import DuckdbTables
from monitor.engines.warehouses.opening import open_holder
from monitor.settings import ServerSettings
from tests.conftest import DuckdbWarehouse
from tests.integration.duckdb.conftest import Verify, write

TYPES = {
    "TINYINT": ("int1", "integer"),
    "SMALLINT": ("int2", "integer"),
    "INTEGER": ("int4", "integer"),
    "BIGINT": ("long", "integer"),
    "HUGEINT": ("int128", "integer"),
    "UBIGINT": ("uint64", "integer"),
    "DECIMAL(9,2)": ("numeric(9,2)", "number"),
    "FLOAT": ("float4", "number"),
    "DOUBLE": ("double precision", "number"),
    "BOOLEAN": ("bool", "boolean"),
    "VARCHAR": ("varchar(20)", "string"),
    "VARCHAR(5)": ("text", "string"),
    "UUID": ("uuid", "string"),
    "BLOB": ("bytea", "string"),
    "DATE": ("date", "date"),
    "TIMESTAMP": ("datetime", "timestamp"),
    "TIMESTAMP_NS": ("timestamp_ns", "timestamp"),
    "TIMESTAMPTZ": ("timestamp with time zone", "timestamp"),
    "TIME": ("time", "time"),
    "ENUM('a', 'b')": ("enum('a', 'b')", "string"),
    "INTEGER[]": ("int[]", "array"),
    "STRUCT(a INTEGER, b VARCHAR)": ("struct(a integer, b varchar)", "object"),
    "MAP(VARCHAR, INTEGER)": ("map(varchar, integer)", "object"),
    "JSON": ("json", "object"),
}


def test_every_type_is_what_a_contract_calls_it(verify: Verify, duckdb_warehouse: DuckdbWarehouse) -> None:
    columns = ", ".join(f"c{place} {live}" for place, live in enumerate(TYPES))
    duckdb_warehouse.rows(f"CREATE TABLE physical ({columns}); CREATE TABLE logical AS FROM physical")
    physical = "\n".join(
        f'      - {{name: c{n}, physicalType: "{said}"}}' for n, (said, _) in enumerate(TYPES.values())
    )
    logical = "\n".join(f"      - {{name: c{n}, logicalType: {word}}}" for n, (_, word) in enumerate(TYPES.values()))
    body = f"""
schema:
  - name: physical
    properties:
{physical}
  - name: logical
    properties:
{logical}
"""

    found = verify(body, duckdb_warehouse.settings.path)

    wrong = {each.check.id: each.reason for each in found.values() if each.outcome is not Outcome.PASS}
    assert not wrong
    assert len(found) == 2 * (len(TYPES) + 2)


@pytest.mark.parametrize(
    ("live", "declared"),
    [("DOUBLE", "float"), ("FLOAT", "double"), ("BIGINT", "integer"), ("DECIMAL(9,2)", "decimal(9,3)")],
)
def test_another_type_is_a_failure(verify: Verify, duckdb_warehouse: DuckdbWarehouse, live: str, declared: str) -> None:
    duckdb_warehouse.rows(f"CREATE TABLE t (c {live})")

    found = verify(
        f"schema: [{{name: t, properties: [{{name: c, physicalType: '{declared}'}}]}}]", duckdb_warehouse.settings.path
    )

    assert found["t.c.column-type"].outcome is Outcome.FAIL


def test_names_are_exact_though_duckdb_does_not_mind(verify: Verify, duckdb_warehouse: DuckdbWarehouse) -> None:
    duckdb_warehouse.rows(
        'CREATE TABLE t ("Id" INTEGER); CREATE VIEW v AS SELECT 1 AS a; CREATE SCHEMA o; CREATE TABLE o.t (a INT)'
    )
    body = """
    schema:
      - {name: t, physicalType: table, properties: [{name: id, required: true}]}
      - {name: v, physicalType: view, properties: [{name: a}]}
      - {name: other, physicalName: o.t, properties: [{name: a, required: true}]}
      - {name: T, properties: [{name: Id}]}
    """

    found = verify(body, duckdb_warehouse.settings.path)

    assert found["t.schema"].reason == "column id is missing (Id is there: names are exact)"
    assert found["t.id.not-null"].outcome is Outcome.BLOCKED
    assert found["T.schema"].reason == "table T does not exist"
    assert found["v.schema"].outcome is found["other.a.not-null"].outcome is Outcome.PASS


def test_a_view_has_the_columns_that_can_be_read_now(verify: Verify, duckdb_warehouse: DuckdbWarehouse) -> None:
    duckdb_warehouse.rows(
        "CREATE TABLE t (a INT, b INT); CREATE VIEW named AS SELECT a, b FROM t; CREATE VIEW whole AS FROM t;"
        " ALTER TABLE t DROP COLUMN b"
    )
    body = """
    schema:
      - {name: named, properties: [{name: a, logicalType: integer}, {name: b}]}
      - {name: whole, properties: [{name: a, logicalType: integer}, {name: b}]}
    """

    found = verify(body, duckdb_warehouse.settings.path)

    assert found["named.schema"].reason == "columns a, b are missing"  # nobody can read this view any more
    assert found["named.a.column-type"].outcome is Outcome.BLOCKED
    assert found["whole.schema"].reason == "column b is missing"
    assert found["whole.a.column-type"].outcome is Outcome.PASS


@pytest.mark.parametrize("name", ["a b", 'q"u', "${HOME}", "{{ 7*7 }}", "ünï", "select", "it's", "U&", "a\\b"])
def test_odd_names_are_only_names(verify: Verify, duckdb_warehouse: DuckdbWarehouse, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    duckdb_warehouse.rows(
        f"CREATE SCHEMA {quoted}; CREATE TABLE {quoted} AS SELECT NULL AS {quoted}; CREATE TABLE {quoted}.{quoted} AS SELECT 1 AS {quoted}"
    )
    told = "'" + quoted.replace("'", "''") + "'"
    both = "'" + f"{quoted}.{quoted}".replace("'", "''") + "'"
    body = f"""
    schema:
      - {{name: here, physicalName: {told}, properties: [{{name: c, physicalName: {told}, required: true, unique: true}}]}}
      - {{name: there, physicalName: {both}, properties: [{{name: c, physicalName: {told}, required: true}}]}}
    """

    found = verify(body, duckdb_warehouse.settings.path, samples=1, api="v3.1.0")

    assert (found["here.c.not-null"].measured, found["there.c.not-null"].measured) == (1, 0)
    assert found["here.c.unique"].outcome is Outcome.PASS


def test_samples_are_taken_and_masked(verify: Verify, duckdb_warehouse: DuckdbWarehouse) -> None:
    duckdb_warehouse.rows(
        "CREATE TABLE t AS SELECT range AS id, CASE WHEN range = 7 THEN 'x' ELSE 'ok' END AS c FROM range(10)"
    )
    body = """
    schema:
      - name: t
        properties:
          - {name: id, primaryKey: true, primaryKeyPosition: 1, classification: public}
          - {name: c, classification: public, enum: [{value: ok}]}
    """

    found = verify(body, duckdb_warehouse.settings.path, samples=5)["t.c.enum"]

    assert found.sample is not None
    assert (found.sample.columns, found.sample.rows) == (("id", "c"), (("7", "x"),))
    assert found.offending == "1 value: x (1 row)"


def test_a_catalogue_is_drafted_from(duckdb_warehouse: DuckdbWarehouse) -> None:
    duckdb_warehouse.rows(
        """
        CREATE TABLE parent (k INTEGER PRIMARY KEY, l VARCHAR NOT NULL UNIQUE, m INTEGER CHECK (m > 0), e ENUM('x', 'it''s'));
        CREATE TABLE child (k INTEGER REFERENCES parent(k));
        COMMENT ON TABLE parent IS 'all of them'; COMMENT ON COLUMN parent.l IS 'a label'
        """
    )
    opened = DuckdbTables(duckdb_warehouse.settings)
    child, parent = opened.tables()
    proposals = opened.profile(parent)
    opened.close()

    assert (parent.comment, parent.primary_key, parent.uniques, parent.checks) == (
        "all of them",
        ("k",),
        (("l",),),
        ("(m > 0)",),
    )
    assert [column.nullable for column in parent.columns] == [False, False, True, True]
    assert (parent.columns[1].comment, parent.columns[3].labels) == ("a label", ("x", "it's"))
    assert [(each.columns, each.table, each.to) for each in child.references] == [(("k",), "parent", ("k",))]
    assert proposals[""][0].startswith("observed: 0 rows")
    assert opened.place.address["schema"] == "main"


def test_a_folder_is_a_catalogue_of_its_files(folder: Path) -> None:
    write("SELECT 1 AS id", folder / "orders.csv")
    write("SELECT 2 AS id", folder / "lines" / "1.csv")
    write("SELECT 3 AS id", folder / "other.parquet")
    opened = DuckdbTables(ServerSettings(name="files", type="duckdb", path=str(folder), format="csv"))
    tables = opened.tables()
    opened.close()

    assert [(table.name, table.kind, table.columns[0].type) for table in tables] == [
        ("lines", "table", "BIGINT"),
        ("orders", "table", "BIGINT"),
    ]
    assert (opened.place.type, opened.place.address["format"]) == ("local", "csv")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, duckdb_warehouse: DuckdbWarehouse) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(Unreachable, match=r"package duckdb is not installed: pip install 'pactwatch\[duckdb\]'"):
        open_holder(duckdb_warehouse.settings, "test", ())
