"""The program on DuckDB and on files: verified, drafted, examined, watched, remembered, like any other server."""

from pathlib import Path

import duckdb
import pytest

from tests.acceptance.program import Program

BODY = """
servers:
  - {server: here, type: duckdb, database: shop.duckdb, schema: main}
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, physicalType: BIGINT, primaryKey: true, primaryKeyPosition: 1}
      - {name: n, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 5}}
"""
ORDERS = "SELECT range AS id, range % 7 AS n FROM range(100)"
CONFIGURATION = """
[servers.here]
type = "duckdb"
path = "shop.duckdb"
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program where no PostgreSQL is."""
    return Program(folder=tmp_path, warehouse=None)  # type: ignore[arg-type]


def write(program: Program, *statements: str) -> None:
    with duckdb.connect(str(program.folder / "shop.duckdb")) as opened:
        for statement in statements:
            opened.execute(statement)


def test_a_contract_says_itself_where_its_database_is(program: Program) -> None:
    write(program, f"CREATE TABLE orders AS {ORDERS}")
    path = program.contract(BODY)

    verified = program.verify(str(path), "--no-record")

    assert verified.code == 1
    assert (verified.outcome("orders.n.range"), verified["orders.n.range"]["measured"]) == ("fail", 14)
    assert verified.outcome("orders.primary-key") == "pass"


def test_a_local_server_s_files_are_verified(program: Program) -> None:
    duckdb.sql(f"COPY ({ORDERS}) TO '{program.folder}/orders.csv'")
    path = program.contract(
        BODY.replace(
            "type: duckdb, database: shop.duckdb, schema: main", "type: local, path: '{table}.csv', format: csv"
        )
    )

    assert program.verify(str(path), "--no-record").measured()["orders.n.range"] == 14


def test_with_a_configuration_no_contract_chooses_a_file(program: Program) -> None:
    write(program, f"CREATE TABLE orders AS {ORDERS}")
    program.write("pactwatch.toml", CONFIGURATION)
    program.contract(BODY.replace("shop.duckdb", "/etc/other.duckdb"))

    assert program.verify("--no-record").measured()["orders.n.range"] == 14
    program.write("pactwatch.toml", '[servers.here]\ntype = "duckdb"\n')
    refused = program.run("verify")
    assert refused.code == 2
    assert "servers.here: path is missing" in refused.all


def test_a_server_is_drafted_examined_compiled_and_watched(program: Program) -> None:
    write(program, "CREATE TABLE orders (id BIGINT PRIMARY KEY, n INTEGER NOT NULL)", f"INSERT INTO orders {ORDERS}")
    program.write("pactwatch.toml", CONFIGURATION + '[http]\nbind = "127.0.0.1:0"\n')

    assert program.run("init", "--server", "here").code == 0
    (draft,) = (program.folder / "contracts").rglob("*.odcs.yaml")
    draft.write_text(draft.read_text().replace("status: draft", "status: active"))
    assert program.run("compile").code == 0
    assert (program.folder / "checks" / "orders" / "1.0.0.duckdb.yml").exists()
    examined = program.run("doctor")
    assert "1 table of the contracts can be read" in examined.all
    assert program.verify().code == 0

    write(program, "ALTER TABLE orders ALTER n TYPE BIGINT", "ALTER TABLE orders ADD COLUMN more VARCHAR")
    served = program.run("serve", "--once")
    assert served.code in {0, 1}, served.all
    drift = program.run("drift").all
    assert "more" in drift
    assert "BIGINT" in drift


def test_a_database_that_somebody_writes_to_is_an_outage_not_a_broken_promise(program: Program) -> None:
    path = program.contract(BODY)
    with duckdb.connect(str(program.folder / "shop.duckdb")) as writer:
        writer.execute(f"CREATE TABLE orders AS {ORDERS}")
        verified = program.verify(str(path), "--no-record")

    assert verified.code == 3
    assert set(verified.outcomes().values()) == {"blocked"}
    assert "has it open for writing" in verified.reason("orders.schema")
