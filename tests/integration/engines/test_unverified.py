"""What could not be checked is blocked or an error, with the reason; an outage is never a data failure."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from monitor.domain.check import Catalogue, CheckKind, Need, NotChecked, TableName
from monitor.domain.scan import Outcome, Scan
from monitor.engines import split
from monitor.engines.base import Engine
from monitor.settings import ServerSettings
from tests.conftest import Warehouse, until
from tests.integration.engines.conftest import MakeEngine, by_id, verify
from tests.plans import aggregate, check, equals, plan, query

ONE = equals(1)


@contextmanager
def background(scan: Callable[[], Scan]) -> Iterator[list[Scan]]:
    """Run a scan in a thread; the list holds it after the block."""
    scans: list[Scan] = []
    thread = threading.Thread(target=lambda: scans.append(scan()))
    thread.start()
    yield scans
    thread.join(20)
    assert scans


def test_a_missing_table_blocks_its_checks_and_no_others(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE here AS SELECT 1 n")

    results = by_id(
        verify(
            engine,
            plan(
                check("gone.schema", Catalogue(columns=("n",)), kind=CheckKind.SCHEMA),
                aggregate("gone.count", "COUNT(*)", ONE),
                aggregate("here.count", "COUNT(*)", ONE),
            ),
        )
    )

    assert results["gone.schema"].outcome is Outcome.FAIL
    assert results["gone.count"].outcome is Outcome.BLOCKED
    assert results["gone.count"].reason == "table gone does not exist (see gone.schema)"
    assert results["here.count"].outcome is Outcome.PASS


def test_a_missing_column_blocks_the_checks_that_need_it(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows('CREATE TABLE t ("N" int, m int, dropped int); ALTER TABLE t DROP COLUMN dropped')

    results = by_id(
        verify(
            engine,
            plan(
                aggregate("t.n", 'COUNT("n")', needs=("n",)),
                aggregate("t.dropped", 'COUNT("dropped")', needs=("dropped",)),
                aggregate("t.m", 'COUNT("m")', needs=("m",)),
            ),
        )
    )

    assert [results[name].outcome for name in ("t.n", "t.dropped", "t.m")] == [
        Outcome.BLOCKED,
        Outcome.BLOCKED,
        Outcome.PASS,
    ]
    assert "column n of t is missing" in results["t.n"].reason


def test_a_missing_privilege_is_not_a_missing_table(
    warehouse: Warehouse, role: Warehouse, make_engine: MakeEngine
) -> None:
    user = role.settings.user
    warehouse.rows(
        "CREATE TABLE closed AS SELECT 1 n; CREATE TABLE open AS SELECT 1 n; CREATE TABLE part AS SELECT 1 n, 2 m"
    )
    warehouse.rows(f"GRANT SELECT ON open TO {user}; GRANT SELECT (n) ON part TO {user}")
    warehouse.rows("CREATE SCHEMA vault; CREATE TABLE vault.t AS SELECT 1 n")
    vault = (Need(table=TableName(schema="vault", name="t"), columns=("n",)),)

    scan = verify(
        make_engine(role.settings),
        plan(
            aggregate("closed.n", 'COUNT("n")', needs=("n",)),
            aggregate("open.n", 'COUNT("n")', ONE, needs=("n",)),
            query("part.n", 'SELECT COUNT("n") FROM part', ONE, needs=("n",)),
            query("part.m", 'SELECT COUNT("m") FROM part', ONE, needs=("m",)),
            query("open.vault", "SELECT COUNT(*) FROM vault.t", ONE),
        ),
    )
    results = by_id(scan)

    assert results["open.n"].outcome is Outcome.PASS
    assert results["part.n"].outcome is Outcome.PASS
    for name, culprit in (("closed.n", "closed"), ("part.m", "part")):
        assert results[name].outcome is Outcome.BLOCKED
        assert results[name].reason.startswith("no privilege to read")
        assert culprit in results[name].reason
    assert results["closed.n"].remedy == f'GRANT SELECT ON "public"."closed" TO "{user}"'
    assert results["part.m"].remedy == f'GRANT SELECT ("m") ON "public"."part" TO "{user}"'
    assert results["open.vault"].remedy == f'GRANT USAGE ON SCHEMA "vault" TO "{user}"'
    assert results["open.vault"].outcome is Outcome.ERROR
    assert results["open.vault"].reason == "permission denied for schema vault (SQLSTATE 42501)"

    locked = verify(make_engine(role.settings), plan(replace(query("open.vault", "SELECT 1", ONE), needs=vault)))
    assert by_id(locked)["open.vault"].outcome is Outcome.BLOCKED


def test_an_unqualified_name_in_a_closed_schema_is_seen(
    warehouse: Warehouse, role: Warehouse, make_engine: MakeEngine
) -> None:
    warehouse.rows("CREATE SCHEMA vault; CREATE TABLE vault.t AS SELECT 1 n")

    scan = verify(make_engine(replace(role.settings, schema="vault")), plan(aggregate("t.n", "COUNT(*)", needs=("n",))))

    assert not scan.seen[TableName(schema=None, name="t")].readable
    assert scan.results[0].outcome is Outcome.BLOCKED
    assert "no privilege" in scan.results[0].reason


@pytest.mark.parametrize(
    ("broken", "step"),
    [
        ({"port": 1}, "is the server up, and does it answer from here?"),
        ({"host": "127.0.0.1", "port": 1, "password": "hunter2"}, "is the server up, and does it answer from here?"),
        ({"database": "nowhere"}, "create the database, or correct its name: it comes from PGDATABASE"),
        ({"user": "nobody", "password": "hunter2"}, "create the role, or correct its name: it comes from PGUSER"),
    ],
)
def test_a_server_that_cannot_be_reached_blocks_everything_in_one_sentence(
    warehouse: Warehouse, make_engine: MakeEngine, broken: dict[str, object], step: str
) -> None:
    server: ServerSettings = replace(warehouse.settings, **broken)  # type: ignore[arg-type]
    text = check("t.text", NotChecked(reason="documentation"))

    scan = verify(make_engine(server), plan(aggregate("t.a", "COUNT(*)"), query("t.b", "SELECT 0"), text))

    assert [result.outcome for result in scan.results] == [Outcome.BLOCKED, Outcome.BLOCKED, Outcome.SKIPPED]
    (reason,) = {result.reason for result in scan.results[:2]}
    assert reason.startswith("server test cannot be reached: ")
    assert "\n" not in reason
    assert "hunter2" not in reason
    (remedy,) = {result.remedy for result in scan.results[:2]}
    assert remedy is not None
    assert remedy.startswith(step)


def test_a_statement_that_takes_too_long_is_the_only_error(warehouse: Warehouse, make_engine: MakeEngine) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n; CREATE TABLE u AS SELECT 1 n")
    engine = make_engine(replace(warehouse.settings, statement_timeout=0.5))

    results = by_id(
        verify(
            engine,
            plan(
                aggregate("t.slow", "COUNT(pg_sleep(60))", ONE),
                aggregate("t.beside", "COUNT(*)", ONE),
                aggregate("u.count", "COUNT(*)", ONE),
                query("t.slow-query", "SELECT COUNT(pg_sleep(60))", ONE),
                query("t.query", "SELECT COUNT(*) FROM t", ONE),
            ),
        )
    )

    assert results["u.count"].outcome is results["t.query"].outcome is Outcome.PASS
    assert results["t.slow-query"].outcome is Outcome.ERROR
    assert results["t.slow-query"].reason == "stopped: statement timeout"
    assert "raise statement_timeout (now 0.5 s)" in (results["t.slow-query"].remedy or "")
    for name in ("t.slow", "t.beside"):
        assert results[name].outcome is Outcome.ERROR
        assert results[name].reason == "stopped: statement timeout; 2 checks were measured in this one pass"


def test_a_lock_of_somebody_else_is_waited_for_and_told(warehouse: Warehouse, make_engine: MakeEngine) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n; CREATE TABLE u AS SELECT 1 n")
    engine = make_engine(replace(warehouse.settings, lock_timeout=2.0))
    checks = plan(aggregate("t.count", "COUNT(*)", ONE, needs=("n",)), aggregate("u.count", "COUNT(*)", ONE))

    with closing(warehouse.connect(application_name="nightly load")) as other, other.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        results = by_id(verify(engine, checks))

    assert results["u.count"].outcome is Outcome.PASS
    assert results["t.count"].outcome is Outcome.ERROR
    assert results["t.count"].reason.startswith(
        "the table is locked by somebody else: lock timeout; held by nightly load (postgres, process "
    )
    assert re.search(r"process \d+, since \d\d:\d\d:\d\d UTC\)$", results["t.count"].reason)
    assert (results["t.count"].remedy or "").startswith("wait for nightly load (postgres, process ")


def test_a_connection_that_breaks_blocks_what_was_not_measured_yet(
    engine: Engine, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split, "SMALL", 0)
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    checks = [
        aggregate("t.done", "COUNT(*)", ONE),
        query("t.ended", "SELECT COUNT(pg_sleep(60))", ONE),
        query("t.after", "SELECT 1", ONE),
    ]
    told: list[str] = []

    with background(
        lambda: verify(engine, plan(*checks), progress=lambda result: told.append(result.check.id))
    ) as scans:
        busy = until(lambda: [row for row in warehouse.backends() if "pg_sleep" in row[3] and row[2] == "active"])
        warehouse.rows(f"SELECT pg_terminate_backend({busy[0][0]})")

    results = by_id(scans[0])
    assert results["t.ended"].outcome is Outcome.BLOCKED
    assert results["t.ended"].reason.startswith("the server went away: ")
    assert {results["t.done"].outcome, results["t.after"].outcome} <= {Outcome.PASS, Outcome.BLOCKED}
    warehouse.wait_until_alone()


def test_two_scans_at_once_do_not_mix(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n; CREATE TABLE u AS SELECT n FROM generate_series(1, 2) n")

    started = time.monotonic()
    with background(
        lambda: verify(engine, plan(aggregate("t.count", "COUNT(*) + 0 * COUNT(pg_sleep(0.3))", ONE)))
    ) as ones:
        twos = verify(engine, plan(aggregate("u.count", "COUNT(*) + 0 * COUNT(pg_sleep(0.1))", equals(2))))

    assert time.monotonic() - started < 10
    assert [scan.results[0].outcome for scan in (ones[0], twos)] == [Outcome.PASS, Outcome.PASS]


def test_the_way_to_the_server_may_stand_in_the_environment(
    warehouse: Warehouse, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scanning process does not see PGHOST and its like, and still reaches the very same server."""
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    own = warehouse.settings
    for name, value in (("PGHOST", own.host), ("PGPORT", own.port), ("PGUSER", own.user), ("PGDATABASE", own.database)):
        monkeypatch.setenv(name, str(value))

    scan = verify(make_engine(ServerSettings(name="by environment")), plan(aggregate("t.count", "COUNT(*)", ONE)))

    assert scan.results[0].outcome is Outcome.PASS
