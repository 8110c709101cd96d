"""A contract on a warehouse of a connector is linted and compiled for it; what is missing to run it is named."""

from pathlib import Path

import pytest

from monitor.settings_file import parse
from monitor.wiring import targets
from tests.acceptance.program import Program

SERVERS = {
    "snowflake": "account: acme, database: SALES, schema: PUBLIC, warehouse: CHECKS",
    "bigquery": "project: SALES, dataset: PUBLIC",
    "databricks": "catalog: SALES, schema: PUBLIC, host: db.example.com",
    "redshift": "database: SALES, schema: PUBLIC, host: rs.example.com, port: 5439",
    "trino": "catalog: SALES, schema: PUBLIC, host: trino.example.com, port: 443",
    "athena": "catalog: SALES, schema: PUBLIC, stagingDir: 's3://x', regionName: eu-central-1",
    "sqlserver": "database: SALES, schema: PUBLIC, host: sql.example.com, port: 1433",
    "dremio": "schema: PUBLIC, host: dremio.example.com, port: 31010",
}
BODY = """\
servers: [{{server: wh, type: {kind}, {place}}}]
schema:
  - name: orders
    properties:
      - {{name: id, logicalType: integer, primaryKey: true}}
      - {{name: doc, logicalType: array, logicalTypeOptions: {{minItems: 1}}}}
"""


@pytest.mark.parametrize("kind", SERVERS)
def test_where_the_data_is_comes_from_the_contract_and_who_reads_it_from_the_configuration(
    kind: str, tmp_path: Path
) -> None:
    from monitor.contracts.versions import Selected
    from tests.contracts import contract

    promised = contract(tmp_path, BODY.format(kind=kind, place=SERVERS[kind]))
    settings = parse(f'[servers.wh]\ntype = "{kind}"\nhost = "ours"\n', tmp_path / "pactwatch.toml", {})

    ((target,), _) = targets([Selected(contract=promised, shadow=False)], settings, {}, None)

    assert (target.server.type, target.server.host, target.server.connection) == (kind, "ours", None)
    assert target.server.schema == "PUBLIC"
    assert target.server.database == ("SALES" if kind != "dremio" else None)


def test_a_contract_is_linted_and_compiled_for_its_own_warehouse(program: Program) -> None:
    program.contract(BODY.format(kind="snowflake", place=SERVERS["snowflake"]))
    program.write("pactwatch.toml", '[servers.wh]\ntype = "snowflake"\n[servers.wh.connection]\naccount = "acme"\n')

    linted = program.run("lint")
    compiled = program.run("compile")

    assert linted.code == 0, linted.all
    assert "orders.doc.items: unsupported: documents and arrays" in linted.all
    assert compiled.code == 0, compiled.all
    assert 'COUNT(CASE WHEN "id" IS NULL' in (program.folder / "checks/test/1.0.0.snowflake.yml").read_text()


def test_a_package_that_is_missing_is_named_by_a_run(program: Program) -> None:
    program.contract(BODY.format(kind="snowflake", place=SERVERS["snowflake"]))
    text = '[servers.wh]\ntype = "snowflake"\n[servers.wh.connection]\naccount = "acme"\npassword = "${SECRET}"\n'
    program.write("pactwatch.toml", text)

    found = program.verify("--no-record", SECRET="hunter2")

    assert found.code == 3
    assert "pip install 'pactwatch[snowflake]'" in found.reason("orders.schema")
    assert found.outcome("orders.doc.items") == "skipped"
    assert "hunter2" not in str(found)
