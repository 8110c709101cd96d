"""What `verify` found is remembered, and trouble with remembering never hides a verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.store.schema import REVISIONS
from tests.conftest import Warehouse

DRIVER = "from monitor.cli import main; main()"
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: orders
version: 1.0.0
status: active
servers:
  - {server: test, type: postgres, host: elsewhere, port: 5432, database: any, schema: public}
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, required: true}
      - {name: amount, logicalType: number, logicalTypeOptions: {minimum: 0}}
"""


class Folder:
    """A folder with a contract and a configuration, in which the real program runs."""

    def __init__(self, path: Path, warehouse: Warehouse) -> None:
        self.path = path
        own = warehouse.settings
        (path / "contracts").mkdir()
        (path / "contracts" / "orders.odcs.yaml").write_text(CONTRACT)
        self.server = (
            f'[servers.test]\nhost = "{own.host}"\nport = {own.port}\nuser = "{own.user}"\n'
            f'database = "{own.database}"\nschema = "public"\npassword = "${{PASSWORD}}"\n'
        )
        self.environment = {**os.environ, "PASSWORD": own.password or "", "PYTHONPATH": str(Path.cwd())}
        self.configure("")

    def configure(self, text: str) -> None:
        (self.path / "pactwatch.toml").write_text(text + self.server)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", DRIVER, *arguments]
        return subprocess.run(command, cwd=self.path, env=self.environment, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path, warehouse: Warehouse) -> Folder:
    warehouse.rows("CREATE TABLE orders (id integer, amount integer)")
    warehouse.rows("INSERT INTO orders VALUES (1, 5), (2, -1)")
    return Folder(tmp_path, warehouse)


def test_a_verified_contract_is_remembered_and_nobody_is_alerted(folder: Folder) -> None:
    verified = folder.run("verify", "orders", "--quiet")
    assert verified.returncode == 1
    listed = json.loads(folder.run("runs", "--format", "json").stdout)
    (run,) = listed["runs"]
    assert f"Recorded as run {run['run_id']}; nobody was alerted." in " ".join(verified.stdout.split())
    assert listed["schema_version"] == 1
    assert (run["contract"], run["verdict"], run["trigger"], run["slot"]) == ("orders", "broken", "on_demand", None)
    assert run["counts"]["fail"] == 1
    assert "results" not in run
    assert (folder.path / ".pactwatch" / "state.db").exists()


def test_runs_tell_what_verify_told(folder: Folder) -> None:
    (told,) = json.loads(folder.run("verify", "--quiet", "--format", "json").stdout)["runs"]
    (run,) = json.loads(folder.run("runs", "orders@1.0.0", "--format", "json").stdout)["runs"]
    assert {key: run[key] for key in told if key != "results"} == {key: told[key] for key in told if key != "results"}
    text = folder.run("runs").stdout
    assert text.startswith("BROKEN      orders 1.0.0 on test")
    assert f"run {told['run_id']}, on demand" in text
    unknown = folder.run("runs", "nobody")
    assert (unknown.returncode, "no run of a contract 'nobody'" in unknown.stderr) == (2, True)


def test_nothing_is_remembered_that_shall_not_be(folder: Folder) -> None:
    verified = folder.run("verify", "--quiet", "--no-record")
    assert verified.returncode == 1
    assert "Recorded" not in verified.stdout
    assert not (folder.path / ".pactwatch").exists()


@pytest.mark.parametrize(("rows", "code"), [("INSERT INTO orders VALUES (3, -1)", 1), ("DELETE FROM orders", 3)])
def test_a_state_that_cannot_be_written_hides_no_verdict(
    folder: Folder, warehouse: Warehouse, rows: str, code: int
) -> None:
    """A broken promise still ends with 1; one that is kept ends with 3, as nobody will remember it."""
    warehouse.rows(rows)
    (folder.path / "blocked").write_text("a file, not a folder")
    folder.configure('[state]\nurl = "sqlite:///blocked/state.db"\n')
    verified = folder.run("verify", "--quiet", "--format", "json")
    assert verified.returncode == code
    assert json.loads(verified.stdout)["verdict"] == {1: "broken", 3: "kept"}[code]
    assert "not recorded: the state database" in verified.stderr


def test_state_in_postgresql_wants_to_be_migrated_first(folder: Folder, warehouse: Warehouse) -> None:
    own = warehouse.settings
    url = f"postgresql://{own.user}:${{PASSWORD}}@/{own.database}?host={own.host}&port={own.port}"
    folder.configure(f'[state]\nurl = "{url}"\n')
    verified = folder.run("verify", "--quiet")
    assert verified.returncode == 1
    assert "run `pactwatch migrate`" in verified.stderr
    assert folder.run("migrate").stdout == f"schema {REVISIONS[-1]}, made new\n"
    assert folder.run("verify", "--quiet").stderr == ""
    assert len(json.loads(folder.run("runs", "--format", "json").stdout)["runs"]) == 1
