"""What the program writes, and where: results to stdout, progress to stderr, nothing else anywhere."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.conftest import until

CONTRACT = """
name: Orders
schema:
  - name: orders
    quality:
      - {id: filled, metric: rowCount, mustBe: 3, severity: warning, businessImpact: Nobody is billed.}
      - {id: manual, type: text, description: Somebody looks at it}
    properties:
      - {name: id, logicalType: integer, physicalType: integer, primaryKey: true, classification: public}
      - {name: amount, logicalType: number, required: true, logicalTypeOptions: {minimum: 0.5}}
slaProperties: [{property: availability, value: 99}]
"""


@pytest.fixture
def program(program: Program) -> Program:
    program.warehouse.rows(
        "CREATE TABLE orders (id int, amount numeric, note text); INSERT INTO orders VALUES (1, 0.1), (2, 5)"
    )
    program.configure()
    program.contract(CONTRACT, name="orders")
    return program


def test_json_has_the_promised_shape(program: Program) -> None:
    done = program.run("verify", "--format", "json")

    document = done.document
    (run,) = document["runs"]
    assert done.code == 1
    assert list(document)[:3] == ["schema_version", "verdict", "runs"]
    assert (document["schema_version"], document["verdict"], run["verdict"]) == (1, "broken", "broken")
    assert {key: run[key] for key in ("contract", "version", "server", "shadow")} == {
        "contract": "orders",
        "version": "1.0.0",
        "server": "warehouse",
        "shadow": False,
    }
    assert run["fingerprint"].startswith("sha256:")
    assert run["started_at"] <= run["finished_at"]
    assert run["counts"] == {"pass": 5, "warn": 2, "fail": 1, "error": 0, "blocked": 0, "skipped": 2}
    assert sum(run["counts"].values()) == len(run["results"])
    by_id = {result["check"]: result for result in run["results"]}
    assert [(each["check"], each["kind"], each["outcome"]) for each in run["results"]] == [
        ("orders.schema", "schema", "pass"),
        ("orders.extra-columns", "extra_columns", "warn"),
        ("orders.id.column-type", "column_type", "pass"),
        ("orders.amount.column-type", "column_type", "pass"),
        ("orders.primary-key", "primary_key", "pass"),
        ("orders.amount.not-null", "not_null", "pass"),
        ("orders.amount.range", "range", "fail"),
        ("orders.filled", "row_count", "warn"),
        ("orders.manual", "text", "skipped"),
        ("sla.availability", "service_level", "skipped"),
    ]
    broken = by_id["orders.amount.range"]
    assert {
        key: broken[key] for key in ("dataset", "columns", "dimension", "severity", "measured", "unit", "rows")
    } == {
        "dataset": "orders",
        "columns": ["amount"],
        "dimension": "accuracy",
        "severity": "error",
        "measured": 1,
        "unit": "rows",
        "rows": 2,
    }
    assert "0.5" in broken["sql"]


def test_results_go_to_stdout_and_progress_to_stderr(program: Program) -> None:
    loud = program.run("verify")
    quiet = program.run("verify", "--quiet")

    assert loud.err.splitlines()[0] == "verifying orders 1.0.0 on warehouse: 10 checks"
    assert "verifying" not in loud.out
    assert quiet.err == ""
    assert "BROKEN" in quiet.out
    assert quiet.out.splitlines()[-1] == "Exit 1    a promise is broken"
    assert "\x1b" not in loud.all


def test_the_verdict_can_go_to_a_file_and_pages_to_a_folder(program: Program) -> None:
    done = program.run("verify", "--format", "json", "--output", "verdict.json", "--report", "pages")
    page = program.run("verify", "--report", "sub/page.html")

    assert (done.code, done.out) == (1, "")
    assert '"orders.amount.range"' in (program.folder / "verdict.json").read_text()
    assert [path.name for path in (program.folder / "pages").iterdir()] == ["orders-1.0.0-warehouse.html"]
    assert "Nobody is billed." in (program.folder / "sub/page.html").read_text()
    assert "sub/page.html" in page.out


@pytest.mark.parametrize("option", ["--output", "--report"])
def test_a_place_that_cannot_be_written_to_is_wrong_usage_and_no_verdict(program: Program, option: str) -> None:
    program.write("file", "")

    done = program.run("verify", option, "file/below.html")

    assert done.code == 2
    assert "file/below.html" in done.err
    assert "Traceback" not in done.err
    assert "verifying" not in done.err


@pytest.mark.parametrize(("colour", "environment"), [(True, {}), (False, {"NO_COLOR": "1"}), (False, {"TERM": "dumb"})])
def test_colour_is_for_terminals_that_want_it(program: Program, colour: bool, environment: dict[str, str]) -> None:
    controller, terminal = os.openpty()
    program.environment |= {"TERM": "xterm", **environment}
    with os.fdopen(controller, "rb", buffering=0) as screen:
        process = program.start("verify", "--quiet", stdout=terminal, stderr=terminal)
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = screen.read(4096)
            except OSError:  # what Linux says when nobody holds the terminal any more
                break
            shown += part
        assert process.wait(30) == 1

    assert b"BROKEN" in shown
    assert (b"\x1b[" in shown) is colour


def test_ctrl_c_ends_at_once_and_leaves_no_backend(program: Program) -> None:
    program.warehouse.rows("CREATE VIEW slow AS SELECT pg_sleep(600)::text AS n")
    program.contract("schema: [{name: slow, properties: [{name: n, required: true}]}]\n", name="slow")
    process = program.start("verify", "slow", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: [row for row in program.warehouse.backends() if row[2] == "active" and "NULL" in row[3]])

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=5)

    assert (process.returncode, out) == (130, b"")
    assert err.endswith(b"interrupted\n")
    assert b"Traceback" not in err
    program.warehouse.wait_until_alone()


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_reader_that_leaves_early_changes_nothing(program: Program, output: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        process = program.start("verify", "--quiet", "--format", output, stdout=closed, stderr=subprocess.PIPE)
    _, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (1, b"")


def test_a_mistake_of_our_own_is_never_a_broken_promise(program: Program) -> None:
    """An exit code of 1 says that data broke a promise; Python's own for a crash is 1 as well."""
    crash = program.write("crash/sitecustomize.py", "import monitor.run\nmonitor.run.run_contract = None\n")
    program.environment["PYTHONPATH"] = f"{crash.parent}:{Path(__file__).parents[2]}"

    done = program.run("verify")

    assert done.code == 3
    assert "Traceback" in done.err
