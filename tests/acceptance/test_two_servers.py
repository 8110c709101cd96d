"""A rule that compares with another server runs as configured, and the configuration alone says which servers there are."""

import duckdb

from tests.acceptance.program import Program

BODY = """
schema:
  - name: orders
    quality:
      - id: as-many
        type: custom
        engine: pactwatch
        implementation: {metric: rowCountDifference, server: erp, table: pg_catalog.pg_am}
    properties: [{name: id, required: true}]
servers:
  - {server: warehouse, type: postgres, host: localhost, port: 5432, database: x, schema: public}
"""


def test_a_configured_server_is_asked_and_no_other(program: Program) -> None:
    ((methods,),) = program.warehouse.rows("SELECT COUNT(*) FROM pg_am")
    program.warehouse.rows(f"CREATE TABLE orders AS SELECT n AS id FROM generate_series(1, {methods + 3}) AS n")
    program.contract(BODY)
    program.configure(program.server("erp"))

    found = program.verify()

    assert found["orders.as-many"]["measured"] == 3
    assert found.outcome("orders.as-many") == "fail"
    assert found.reason("orders.as-many").endswith(f"{methods + 3} here, {methods} on erp")

    lake = program.folder / "methods.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS oid FROM range({methods + 1})) TO '{lake}'")
    program.contract(BODY.replace("pg_catalog.pg_am", "methods"))
    program.configure(f'[servers.erp]\ntype = "duckdb"\npath = "{lake}"\n')
    found = program.verify()
    assert found.reason("orders.as-many").endswith(f"{methods + 3} here, {methods + 1} on erp")

    program.configure()
    found = program.verify()
    assert found.outcome("orders.as-many") == "error"
    assert found.reason("orders.as-many") == "no server erp to compare with is configured; known: warehouse"
    assert found.outcome("orders.id.not-null") == "pass"
