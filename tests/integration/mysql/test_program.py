"""The program verifies a contract on a MariaDB that its configuration names."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.mysql import PASSWORD, MysqlWarehouse

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
servers: [{server: shop, type: mysql, host: elsewhere, port: 1, database: d}]
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - {name: state, logicalType: string, enum: [{value: open}, {value: closed}]}
"""
ROOT = Path(__file__).parents[3]


def test_a_contract_is_verified_end_to_end(warehouse: MysqlWarehouse, tmp_path: Path) -> None:
    warehouse.plain(
        "CREATE TABLE orders (id INT PRIMARY KEY, state VARCHAR(9))",
        "INSERT INTO orders VALUES (1, 'open'), (2, 'Open'), (3, 'closed')",
    )
    own = warehouse.settings
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT)
    (tmp_path / "pactwatch.toml").write_text(
        f'[servers.shop]\ntype = "mariadb"\nhost = "{own.host}"\nport = {own.port}\ndatabase = "{own.database}"\n'
        f'user = "{own.user}"\npassword = "${{SHOP_PASSWORD}}"\n'
    )
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from monitor.cli import main; main()",
            "verify",
            "--format",
            "json",
            "orders.odcs.yaml",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SHOP_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    found = {result["check"]: (result["outcome"], result["measured"]) for result in run["results"]}
    assert found["orders.state.enum"] == ("fail", 1)
    assert found["orders.primary-key"] == ("pass", 0)
