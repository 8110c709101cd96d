"""The real program through a connector: from `[servers.X.connection]` to the verdict."""

from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.conftest import Warehouse

pytestmark = pytest.mark.connectors

BODY = """\
servers: [{server: warehouse, type: redshift, host: elsewhere.example.com, port: 1, database: dwh, schema: public}]
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - {name: state, logicalType: string, required: true}
"""


@pytest.fixture
def program(postgres_warehouse: Warehouse, tmp_path: Path) -> Program:
    return Program(folder=tmp_path, warehouse=postgres_warehouse)


def test_a_contract_is_verified_with_soda_s_own_keys(program: Program) -> None:
    program.warehouse.rows("CREATE TABLE orders (id int, state text); INSERT INTO orders VALUES (1, 'x'), (2, NULL)")
    program.contract(BODY)
    secret = '[servers.warehouse.connection]\npassword = "${SECRET}"\nno_key_of_soda_s = 1\n'
    program.configure(secret, type="redshift", user=program.warehouse.settings.user or "postgres")

    found = program.verify(SECRET="hunter2")
    checked = program.run("doctor", SECRET="hunter2")

    assert found.code == 1
    assert found.outcomes() == {
        "orders.schema": "pass",
        "orders.id.column-type": "pass",
        "orders.state.column-type": "pass",
        "orders.primary-key": "pass",
        "orders.state.not-null": "fail",
        "orders.extra-columns": "pass",
    }
    assert found["orders.state.not-null"]["measured"] == 1
    assert "connected; what else its role may do is not looked into" in checked.all
    assert "1 table of the contracts can be read" in checked.all
    assert "hunter2" not in found.err + checked.all


def test_a_server_that_is_not_there_is_one_reason(program: Program) -> None:
    program.contract(BODY)
    program.configure(
        '[servers.warehouse.connection]\npassword = "${SECRET}"\n', type="redshift", host="127.0.0.1", port=1
    )

    found = program.verify("--no-record", SECRET="hunter2")

    assert found.code == 3
    assert "server warehouse cannot be reached" in found.reason("orders.schema")
    assert "Connection refused" in found.reason("orders.schema")
