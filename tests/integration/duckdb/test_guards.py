"""What a contract's own SQL can reach on a DuckDB server: its tables, and nothing else of this machine."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb as library
import pytest

from monitor.domain.scan import Outcome
from monitor.engines.warehouses import duckdb
from monitor.engines.warehouses.base import session_for
from monitor.engines.warehouses.duckdb_holder import DuckdbHolder
from monitor.errors import ContractError
from monitor.settings import ServerSettings
from tests.conftest import DuckdbWarehouse
from tests.integration.duckdb.conftest import Verify, write

READING = [
    "SELECT count(*) FROM read_csv('/etc/passwd')",
    "SELECT count(*) FROM '/etc/passwd'",
    'SELECT count(*) FROM "/etc/passwd"',
    "SELECT count(*) FROM read_text('/etc/passwd')",
    "SELECT count(*) FROM read_blob('/etc/*')",
    "SELECT count(*) FROM parquet_scan('/etc/passwd')",
    "SELECT count(*) FROM sniff_csv('/etc/passwd')",
    "SELECT count(*) FROM duckdb_secrets()",
    "SELECT count(*) FROM st_read('/etc/passwd')",
]
ACTING = [
    "SELECT count(*) FROM glob('/etc/*')",
    "SELECT nextval('s')",
    "SELECT count(*) FROM t; COPY t TO '/tmp/pactwatch-was-here.csv'",
    "COPY t TO '/tmp/pactwatch-was-here.csv'",
    "ATTACH '/tmp/pactwatch-was-here.duckdb'",
    "INSTALL httpfs",
    "SET enable_external_access = true",
]
RUNNING = ["SELECT count(*) FROM query('SELECT 1')"]


def with_rule(query: str) -> str:
    quoted = query.replace('"', '\\"')
    return f"""
    schema:
      - name: t
        properties: [{{name: id, required: true}}]
        quality:
          - {{id: reach, type: sql, query: "{quoted}", mustBe: 0}}
    """


@pytest.mark.parametrize("query", READING + RUNNING)
def test_a_rule_that_reaches_out_is_an_error(verify: Verify, duckdb_warehouse: DuckdbWarehouse, query: str) -> None:
    duckdb_warehouse.rows("CREATE TABLE t AS SELECT 1 AS id")

    found = verify(with_rule(query), duckdb_warehouse.settings.path)

    assert found["t.reach"].outcome is Outcome.ERROR
    assert found["t.id.not-null"].outcome is Outcome.PASS


@pytest.mark.parametrize("query", ACTING)
def test_a_rule_that_acts_makes_no_contract(verify: Verify, folder: Path, query: str) -> None:
    with pytest.raises(ContractError, match="query: "):
        verify(with_rule(query), folder)


@pytest.mark.parametrize("query", READING + ACTING)
@pytest.mark.parametrize("kind", ["database", "files"])
def test_duckdb_itself_would_refuse_it_too(
    duckdb_warehouse: DuckdbWarehouse, folder: Path, query: str, kind: str
) -> None:
    """The wall behind the guard."""
    duckdb_warehouse.rows("CREATE TABLE t AS SELECT 1 AS id")
    write("SELECT 1 AS id", folder / "t.csv")
    server = (
        duckdb_warehouse.settings
        if kind == "database"
        else ServerSettings(name="f", type="duckdb", path=str(folder), format="csv")
    )
    route = {**duckdb.route_to(server, ()), "tables": '["t"]'}
    opened = duckdb.connect(route, session_for(server, "test"))
    with opened, pytest.raises(library.Error):
        opened.execute(query).fetchall()
    assert not list(Path("/tmp").glob("pactwatch-was-here*"))


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO t VALUES (2)", "DROP TABLE t", "CREATE TABLE pactwatch.main.u (a int)", "UPDATE t SET id = 2"],
)
def test_nothing_can_be_written(duckdb_warehouse: DuckdbWarehouse, statement: str) -> None:
    duckdb_warehouse.rows("CREATE TABLE t AS SELECT 1 AS id")
    server = duckdb_warehouse.settings
    opened = duckdb.connect(duckdb.route_to(server, ()), session_for(server, "test"))
    with opened, pytest.raises(library.Error, match="read-only"):
        opened.execute(statement)


def test_a_block_of_sodacl_reaches_no_file(verify: Verify, duckdb_warehouse: DuckdbWarehouse) -> None:
    duckdb_warehouse.rows("CREATE TABLE t AS SELECT 1 AS id")
    body = """
    schema:
      - name: t
        properties: [{name: id}]
        quality:
          - type: custom
            engine: soda
            implementation: |
              - failed rows:
                  name: reach
                  fail query: SELECT * FROM read_text('/etc/passwd')
    """

    (result,) = [each for each in verify(body, duckdb_warehouse.settings.path).values() if each.check.kind == "soda"]

    assert result.outcome is Outcome.ERROR
    assert "root:" not in result.reason


def test_a_slow_statement_is_an_error_of_its_own_check(verify: Verify, duckdb_warehouse: DuckdbWarehouse) -> None:
    duckdb_warehouse.rows("CREATE TABLE t AS SELECT 1 AS id")
    slow = "SELECT count(*) FROM generate_series(1, 100000000) AS a(x), generate_series(1, 100000) AS b(y) WHERE a.x * b.y % 7 = 3"
    body = f"""
    schema:
      - name: t
        properties: [{{name: id, required: true}}]
        quality: [{{id: slow, type: sql, query: "{slow}", mustBe: 0}}]
    """

    found = verify(body, duckdb_warehouse.settings.path, statement_timeout=0.5)

    assert found["t.slow"].outcome is Outcome.ERROR
    assert found["t.slow"].reason == "stopped: statement timeout"
    assert "statement_timeout" in (found["t.slow"].remedy or "")
    assert found["t.id.not-null"].outcome is Outcome.PASS


def test_a_database_that_somebody_writes_to_says_who_and_what_helps(
    verify: Verify, duckdb_warehouse: DuckdbWarehouse
) -> None:
    duckdb_warehouse.rows("CREATE TABLE t AS SELECT 1 AS id")
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(duckdb_warehouse.settings.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        (result, *_) = verify("schema: [{name: t, properties: [{name: id}]}]", duckdb_warehouse.settings.path).values()
        writer.communicate("")

    assert result.outcome is Outcome.BLOCKED
    assert f"(process {writer.pid}) has it open for writing" in result.reason
    assert (
        result.remedy
        == "DuckDB lets one process write or many read: let that process close the file, or verify a copy of it"
    )


def test_many_may_read_at_once(verify: Verify, duckdb_warehouse: DuckdbWarehouse) -> None:
    """Another scan of the same daemon has an instance of its own, and another process reads too."""
    duckdb_warehouse.rows("CREATE TABLE t AS SELECT 1 AS id")
    server = duckdb_warehouse.settings
    read = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", read, str(server.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        with closing(DuckdbHolder(server, "another", ())):
            found = verify("schema: [{name: t, properties: [{name: id, required: true}]}]", server.path)
        reader.communicate("")
    assert found["t.id.not-null"].outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("name", "words"), [("none.duckdb", "there is no database file"), ("bad.duckdb", "not a valid DuckDB")]
)
def test_a_file_that_is_no_database_blocks_and_says_so(verify: Verify, folder: Path, name: str, words: str) -> None:
    (folder / "bad.duckdb").write_bytes(b"hello" * 4000)

    (result, *_) = verify("schema: [{name: t, properties: [{name: id}]}]", folder / name).values()

    assert result.outcome is Outcome.BLOCKED
    assert words in result.reason
    assert "correct its path" in (result.remedy or "")


def test_values_that_may_not_be_shown_are_not_in_a_reason(verify: Verify, duckdb_warehouse: DuckdbWarehouse) -> None:
    duckdb_warehouse.rows("CREATE TABLE t AS SELECT 'hunter2' AS c, 300 AS n")
    body = """
    schema:
      - name: t
        properties: [{name: c}]
        quality:
          - {id: text, type: sql, query: "SELECT SUM(CAST(c AS INTEGER)) FROM t", mustBe: 0}
          - {id: number, type: sql, query: "SELECT SUM(CAST(n AS TINYINT)) FROM t", mustBe: 0}
    """

    found = verify(body, duckdb_warehouse.settings.path)

    assert found["t.text"].outcome is found["t.number"].outcome is Outcome.ERROR
    assert "hunter2" not in found["t.text"].reason
    assert "300" not in found["t.number"].reason
    assert "INT8" in found["t.number"].reason
