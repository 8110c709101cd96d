"""A server of type `spark`: files of each format, time limits, what SQL can reach, and a quiet terminal."""

import time
from pathlib import Path

import duckdb
import pytest

from monitor.domain.scan import CheckResult, Outcome
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from monitor.engines.warehouses import spark_jvm
from monitor.errors import ContractError
from monitor.settings import ServerSettings
from tests.acceptance.program import Program
from tests.contracts import by_id, contract, scan

pytestmark = pytest.mark.spark
BODY = """
schema:
  - name: t
    properties: [{name: id, logicalType: integer, unique: true}, {name: w, logicalType: string, required: true}]
"""
HIVE = "servers: [{server: lake, type: hive, host: lake.example.com, database: shop}]"
"""What ODCS calls a server whose SQL is Spark's."""
ROWS = "SELECT range AS id, CASE WHEN range % 10 = 0 THEN NULL ELSE 'it''s, \"w\"\nx' END AS w FROM range(100)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    return made


def verified(nursery: Nursery, folder: Path, body: str = BODY, **changed: object) -> dict[str, CheckResult]:
    settings = {"path": str(folder), "statement_timeout": 60.0, **changed}
    server = ServerSettings(name="s", type="spark", master="local[2]", **settings)  # type: ignore[arg-type]
    return by_id(scan(SodaEngine(server, nursery), contract(folder.parent, body)))


@pytest.mark.parametrize(
    ("format_", "file", "options"),
    [
        ("parquet", "t.parquet", "FORMAT parquet"),
        ("csv", "t.csv", "FORMAT csv, HEADER"),
        ("json", "t.json", "FORMAT json"),
        ("json", "t.json", "FORMAT json, ARRAY true"),
    ],
)
def test_a_file_of_each_format_is_a_table(
    nursery: Nursery, folder: Path, format_: str, file: str, options: str
) -> None:
    duckdb.sql(f"COPY ({ROWS}) TO '{folder / file}' ({options})")

    found = verified(nursery, folder, format=format_)

    assert (found["t.w.not-null"].measured, found["t.id.unique"].measured) == (10, 0)
    assert found["t.id.column-type"].outcome is Outcome.PASS


def test_folders_of_partitions_and_placeholders_are_tables(nursery: Nursery, folder: Path) -> None:
    (folder / "t").mkdir()
    duckdb.sql(
        f"COPY (SELECT *, range % 2 AS part FROM ({ROWS}), range(1)) TO '{folder}/t' (FORMAT parquet, PARTITION_BY part, OVERWRITE_OR_IGNORE)".replace(
            "range % 2", "id % 2"
        )
    )
    body = BODY.replace("properties: [", "properties: [{name: part, logicalType: integer, required: true}, ")

    by_folder = verified(nursery, folder, body, format="parquet")
    by_scheme = verified(nursery, folder, body, path=f"file://{folder}/{{table}}", format="parquet")

    for found in (by_folder, by_scheme):
        assert (found["t.w.not-null"].measured, found["t.part.not-null"].measured) == (10, 0)


@pytest.mark.parametrize("path", ["{folder}", "file://{folder}/{{table}}"])
def test_a_file_that_is_not_there_is_a_table_that_does_not_exist(nursery: Nursery, folder: Path, path: str) -> None:
    found = verified(nursery, folder, path=path.format(folder=folder), format="parquet")
    assert found["t.schema"].outcome is Outcome.FAIL
    assert found["t.w.not-null"].outcome is Outcome.BLOCKED


def test_a_format_that_this_spark_does_not_read_is_skipped_with_that_word(nursery: Nursery, folder: Path) -> None:
    (folder / "t" / "_delta_log").mkdir(parents=True)
    delta, odd = verified(nursery, folder, format="delta"), verified(nursery, folder, format="avro")
    assert delta["t.w.not-null"].outcome is Outcome.SKIPPED
    assert delta["t.w.not-null"].reason == "unsupported: this Spark has no package that reads delta"
    assert odd["t.w.not-null"].reason.startswith("unsupported: the format 'avro', expected parquet, csv, json")


def test_a_row_of_another_form_is_an_error_and_no_null(nursery: Nursery, folder: Path) -> None:
    (folder / "t.csv").write_text("id,w\n1,a\n2,b,c,d\n")
    found = verified(nursery, folder, format="csv")
    assert found["t.w.not-null"].outcome in {Outcome.ERROR, Outcome.BLOCKED}


def test_a_statement_that_takes_too_long_is_cancelled_and_the_next_one_is_not(nursery: Nursery, folder: Path) -> None:
    duckdb.sql(f"COPY ({ROWS}) TO '{folder}/t.parquet' (FORMAT parquet)")
    slow = BODY + (
        "    quality: [{id: slow, type: sql, mustBe: 0, query: 'SELECT SUM(HASH(a.id, b.id)) FROM range(10000000) AS a"
        " CROSS JOIN range(10000000) AS b'}]\n"
    )
    verified(nursery, folder, format="parquet")  # so that no start is part of the time
    began = time.monotonic()

    found = verified(nursery, folder, slow, format="parquet", statement_timeout=8.0)

    assert found["t.slow"].outcome is Outcome.ERROR
    assert found["t.slow"].reason == "stopped: statement timeout"
    assert found["t.w.not-null"].outcome is Outcome.FAIL
    assert time.monotonic() - began < 40
    (machine,) = [each for each in spark_jvm._running.values() if not each.is_over]
    context = machine.gateway.jvm.org.apache.spark.SparkContext.getOrCreate()
    assert list(context.statusTracker().getActiveJobIds()) == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM text.`/etc/passwd`",
        "SELECT count(*) FROM csv.`/etc/passwd`",
        "SELECT length(java_method('java.lang.System', 'getenv', 'HOME'))",
        "SELECT length(reflect('java.lang.System', 'getenv', 'HOME'))",
        "SELECT length('${env:HOME}')",
    ],
)
def test_a_rule_that_reaches_out_is_an_error(nursery: Nursery, folder: Path, query: str) -> None:
    duckdb.sql(f"COPY ({ROWS}) TO '{folder}/t.parquet' (FORMAT parquet)")
    quoted = query.replace('"', '\\"')
    body = HIVE + BODY + f'    quality: [{{id: reach, type: sql, mustBe: 0, query: "{quoted}"}}]\n'

    found = verified(nursery, folder, body, format="parquet")

    if "${" in query:  # text it is, and text it stays
        assert (found["t.reach"].outcome, found["t.reach"].measured) == (Outcome.FAIL, len("${env:HOME}"))
    else:
        assert found["t.reach"].outcome is Outcome.ERROR
    assert found["t.w.not-null"].measured == 10


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM (SELECT TRANSFORM(id) USING 'cat' AS (a) FROM t)",
        "SET spark.sql.runSQLOnFiles = true",
        "INSERT INTO t VALUES (1, 'a')",
        "ADD JAR '/tmp/a.jar'",
    ],
)
def test_a_rule_that_acts_makes_no_contract(tmp_path: Path, query: str) -> None:
    with pytest.raises(ContractError, match="query: "):
        contract(tmp_path, HIVE + BODY + f'    quality: [{{id: reach, type: sql, mustBe: 0, query: "{query}"}}]\n')


def test_a_machine_that_does_not_start_blocks_and_says_why(nursery: Nursery, folder: Path) -> None:
    duckdb.sql(f"COPY ({ROWS}) TO '{folder}/t.parquet' (FORMAT parquet)")
    server = ServerSettings(name="s", type="spark", master="no-such://here", path=str(folder), format="parquet")

    found = by_id(scan(SodaEngine(server, nursery), contract(folder.parent, BODY)))["t.w.not-null"]

    assert found.outcome is Outcome.BLOCKED
    assert found.reason.startswith("server s cannot be reached: Spark cannot be started: ")
    assert "aster" in found.reason
    assert found.remedy is not None
    assert found.remedy.startswith("Spark 3.5 wants Java")


CONFIGURATION = """
[servers.lake]
type = "spark"
master = "local[2]"
path = "lake"
format = "parquet"
"""


def test_the_program_verifies_what_spark_reads_and_says_nothing_of_spark_s(tmp_path: Path) -> None:
    program = Program(folder=tmp_path, warehouse=None)  # type: ignore[arg-type]
    (tmp_path / "lake").mkdir()
    duckdb.sql(f"COPY ({ROWS}) TO '{tmp_path}/lake/t.parquet' (FORMAT parquet)")
    (tmp_path / "pactwatch.toml").write_text(CONFIGURATION)
    path = program.contract("servers: [{server: lake, type: local, path: lake, format: parquet}]" + BODY)

    found = program.verify(str(path), "--no-record")

    assert found.code == 1
    assert found.measured()["t.w.not-null"] == 10
    assert "Spark" not in found.err
    assert "WARN" not in found.err
    assert len(found.err.splitlines()) <= 2
    assert {each.name for each in tmp_path.iterdir()} >= {"lake", "pactwatch.toml"}
    assert not list(tmp_path.glob("*warehouse*")) + list(tmp_path.glob("metastore*"))
