"""All statements of a scan see the same moment, on however many connections they run."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from monitor.domain.scan import Outcome
from monitor.engines import split
from monitor.engines.base import Engine
from tests.conftest import Warehouse, until
from tests.integration.engines.conftest import MakeEngine, by_id, verify
from tests.plans import AT_LEAST_NOTHING, aggregate, plan, query

COUNT = 'SELECT COUNT(*) FROM "t", (SELECT pg_sleep(0.02)) AS s'


@pytest.fixture
def busy_table(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table into which somebody commits one row after the other."""
    monkeypatch.setattr(split, "SMALL", 0)
    warehouse.rows("CREATE TABLE t (n int); CREATE TABLE u AS SELECT 1 n; ANALYZE u")
    stop = threading.Event()

    def write() -> None:
        with closing(warehouse.connect()) as opened, opened.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("INSERT INTO t VALUES (1)")

    writer = threading.Thread(target=write)
    writer.start()
    until(lambda: warehouse.rows("SELECT COUNT(*) FROM t")[0][0])
    yield
    stop.set()
    writer.join()


@pytest.mark.usefixtures("busy_table")
def test_every_connection_sees_the_same_moment_even_after_errors(engine: Engine, warehouse: Warehouse) -> None:
    counts = [query(f"t.count{i}", COUNT, AT_LEAST_NOTHING) for i in range(8)]
    poison = [query("t.bad", "SELECT 1 / 0"), aggregate("t.worse", 'SUM(1 / ("n" - 1))')]
    checks = [*counts[:4], *poison, *counts[4:], aggregate("t.aggregate", "COUNT(*)", AT_LEAST_NOTHING)]
    (before,) = warehouse.rows("SELECT COUNT(*) FROM t")[0]

    results = by_id(verify(engine, plan(*checks)))

    (after,) = warehouse.rows("SELECT COUNT(*) FROM t")[0]
    assert {results.pop(check.id).outcome for check in poison} == {Outcome.ERROR}
    measured = {result.measured for result in results.values()}
    assert len(measured) == 1
    assert before <= measured.pop() < after


@pytest.mark.usefixtures("busy_table")
def test_heavy_statements_run_on_as_many_connections_as_allowed(warehouse: Warehouse, make_engine: MakeEngine) -> None:
    pids = 'SELECT pg_backend_pid() + 0 * COUNT(*) FROM "t", (SELECT pg_sleep(0.02)) AS s'
    checks = [query(f"t.pid{i}", pids, AT_LEAST_NOTHING) for i in range(6)]
    for heavy, most, expected in ((2, 4, 2), (3, 4, 3), (8, 3, 2), (2, 1, 1)):
        engine = make_engine(replace(warehouse.settings, heavy_statements=heavy, max_connections=most))
        results = verify(engine, plan(*checks)).results
        assert {result.outcome for result in results} == {Outcome.PASS}
        assert len({result.measured for result in results}) == expected


def test_a_server_that_takes_fewer_connections_is_asked_in_turn(
    warehouse: Warehouse, role: Warehouse, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split, "SMALL", 0)
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    warehouse.rows(f"ALTER ROLE {role.settings.user} CONNECTION LIMIT 2; GRANT SELECT ON t TO {role.settings.user}")
    engine = make_engine(replace(role.settings, heavy_statements=3))
    checks = [query(f"t.count{i}", COUNT, AT_LEAST_NOTHING) for i in range(6)]

    assert {result.outcome for result in verify(engine, plan(*checks)).results} == {Outcome.PASS}

    warehouse.rows(f"ALTER ROLE {role.settings.user} CONNECTION LIMIT 1")
    results = verify(engine, plan(*checks)).results
    assert {result.outcome for result in results} == {Outcome.BLOCKED}
    assert results[0].reason.startswith("no connection for the measurements: ")
    assert "too many connections for role" in results[0].reason
