"""What a scan starts, it ends; what it knows, nobody else can read."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from monitor.domain.check import SodaBlock
from monitor.domain.scan import Outcome
from monitor.engines import split
from monitor.engines.base import Engine, Wishes
from tests.conftest import Warehouse, hear_interrupts, until
from tests.integration.engines.conftest import MakeEngine, by_id, verify
from tests.integration.engines.test_unverified import background
from tests.plans import aggregate, check, equals, plan, query

ROOT = Path(__file__).parents[3]
SCRIPT = """
    import sys
    sys.path.insert(0, {root!r})
    from pathlib import Path
    from monitor.engines.base import Wishes
    from monitor.settings import ServerSettings
    from tests.plans import aggregate, equals, plan
    from {module} import {engine}

    Path({marker!r}).open("a").write("x")  # once, and never in a child
    with {engine}(ServerSettings(**{server!r})) as engine:
        scan = engine.scan(plan(aggregate("t.count", {expression!r}, equals(1))), Wishes())
    print(scan.results[0].outcome.value, scan.results[0].measured)
"""


@contextmanager
def program(
    engine: Engine, warehouse: Warehouse, folder: Path, expression: str, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """Run a scan as a program of its own, in an empty home."""
    text = textwrap.dedent(SCRIPT).format(
        root=str(ROOT),
        module=type(engine).__module__,
        engine=type(engine).__name__,
        server=asdict(warehouse.settings),
        expression=expression,
        marker=str(folder / "started"),
    )
    script = folder / "scan.py"
    script.write_text(text)
    home = folder / "home"
    home.mkdir()
    with subprocess.Popen(
        [sys.executable, str(script)],
        env={"PATH": os.environ["PATH"], "HOME": str(home), **environment},
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    return warehouse


def test_nothing_is_written_in_the_home_and_the_program_is_not_run_again(
    engine: Engine, table: Warehouse, tmp_path: Path
) -> None:
    with program(engine, table, tmp_path, "COUNT(*)") as process:
        output, errors = process.communicate(timeout=20)

    assert (output, errors) == ("pass 1\n", "")
    assert list((tmp_path / "home").rglob("*")) == []
    assert (tmp_path / "started").read_text() == "x"
    table.wait_until_alone()


def test_ctrl_c_ends_everything_within_a_second(engine: Engine, table: Warehouse, tmp_path: Path) -> None:
    with program(engine, table, tmp_path, "COUNT(pg_sleep(60))") as process:
        until(lambda: [row for row in table.backends() if "pg_sleep" in row[3] and row[2] == "active"])
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 2
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        table.wait_until_alone()
        took = time.monotonic() - began

    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert took < 1.0
    assert not [member for member in family if member.is_running() and member.status() != psutil.STATUS_ZOMBIE]


def test_a_scan_that_must_end_leaves_nothing_running_and_keeps_what_it_knows(
    engine: Engine, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time limit of a run: its children are killed, their backends are gone."""
    monkeypatch.setattr(split, "SMALL", 0)
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    checks = plan(
        aggregate("t.count", "COUNT(*)", equals(1)), query("t.slow", "SELECT 1 FROM (SELECT pg_sleep(60)) s", equals(1))
    )
    known: list[str] = []

    def interrupted() -> str | None:
        return "stopped: it ran for longer than 1 s" if known else None

    begun = time.monotonic()
    wishes = Wishes(progress=lambda result: known.append(result.check.id), interrupted=interrupted)
    scan = engine.scan(checks, wishes)
    assert time.monotonic() - begun < 10
    results = by_id(scan)
    assert results["t.count"].outcome is Outcome.PASS
    assert results["t.slow"].outcome is Outcome.ERROR
    assert results["t.slow"].reason == "stopped: it ran for longer than 1 s"
    warehouse.wait_until_alone(10)


def test_a_killed_program_leaves_no_backend(engine: Engine, table: Warehouse, tmp_path: Path) -> None:
    with program(engine, table, tmp_path, "COUNT(pg_sleep(60))") as process:
        until(lambda: [row for row in table.backends() if "pg_sleep" in row[3] and row[2] == "active"])
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        table.wait_until_alone(10.0)
        until(lambda: not [member for member in family if member.is_running()], 10.0)


def test_children_see_no_secret(
    warehouse: Warehouse, role: Warehouse, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACTWATCH_SLACK_TOKEN", "xoxb-secret")
    monkeypatch.setenv("LC_TIME", "C")
    monkeypatch.setenv("KRB5CCNAME", "FILE:ticket")
    warehouse.rows(f"CREATE TABLE t AS SELECT 1 n; GRANT SELECT ON t TO {role.settings.user}")
    engine = make_engine(replace(role.settings, env=("KRB5CCNAME",)))
    slow = plan(aggregate("t.count", "COUNT(pg_sleep(60))", equals(1)))
    strangers = set(psutil.Process().children(recursive=True))

    with background(lambda: verify(engine, slow)) as scans:
        busy = until(lambda: [row for row in warehouse.backends() if "pg_sleep" in row[3] and row[2] == "active"])
        family = set(psutil.Process().children(recursive=True)) - strangers
        seen = [(member.environ(), " ".join(member.cmdline())) for member in family if "python" in member.name()]
        warehouse.rows(f"SELECT pg_cancel_backend({busy[0][0]})")

    assert len(seen) >= 2
    for environment, command in seen:
        assert set(environment) <= {"PATH", "HOME", "LANG", "TZ", "LC_TIME", "LC_ALL", "LC_CTYPE", "KRB5CCNAME"}
        assert environment["KRB5CCNAME"] == "FILE:ticket"
        assert "hunter2" not in command
    assert "hunter2" not in str(scans)
    assert scans[0].results[0].outcome is Outcome.ERROR
    assert scans[0].results[0].reason.startswith("canceling statement due to user request")


def test_a_custom_block_reads_neither_the_environment_nor_a_dotenv_file(
    make_engine: MakeEngine, table: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("FROM_FILE=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FROM_ENVIRONMENT", "1")
    blocks = {name: f"checks for t:\n  - row_count = ${{{name}}}\n" for name in ("FROM_FILE", "FROM_ENVIRONMENT")}

    scan = verify(
        make_engine(replace(table.settings, env=("ELSE",))),
        plan(*(check(f"t.{name.lower()}", SodaBlock(sodacl=text), unit=None) for name, text in blocks.items())),
    )

    assert {result.outcome for result in scan.results} == {Outcome.ERROR}


def test_no_backend_is_left_after_a_scan(engine: Engine, table: Warehouse) -> None:
    for _ in range(3):
        verify(engine, plan(aggregate("t.count", "COUNT(*)", equals(1))))

    table.wait_until_alone()


def test_a_closed_engine_has_no_processes(make_engine: MakeEngine, table: Warehouse) -> None:
    engine = make_engine(replace(table.settings, env=("ELSE",)))
    before = set(psutil.Process().children(recursive=True))
    with engine:
        assert (
            by_id(verify(engine, plan(aggregate("t.count", "COUNT(*)", equals(1)))))["t.count"].outcome is Outcome.PASS
        )

    until(lambda: set(psutil.Process().children(recursive=True)) <= before)
