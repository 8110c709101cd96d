"""All statements of a scan see the same moment, on however many connections they run."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from monitor.domain.scan import Outcome
from monitor.engines import split
from monitor.engines.base import Engine
from monitor.engines.soda_child import REWRITTEN
from monitor.engines.warehouses import base, postgres
from monitor.engines.warehouses.postgres_holder import PostgresHolder
from tests.conftest import Warehouse, until
from tests.integration.engines.conftest import MakeEngine, by_id, verify
from tests.plans import AT_LEAST_NOTHING, aggregate, equals, plan, query

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


BAD = "INSERT INTO {} VALUES (1), (1), (NULL)"
TAKEN_AWAY = {
    "truncated and loaded again": f"BEGIN; TRUNCATE t; {BAD.format('t')}; COMMIT",
    "swapped": "BEGIN; CREATE TABLE u AS SELECT n FROM t; DROP VIEW v; ALTER TABLE t RENAME TO old;"
    " ALTER TABLE u RENAME TO t; CREATE VIEW v AS SELECT n FROM t; COMMIT",
    "swapped with one that was there": "BEGIN; DROP VIEW v; ALTER TABLE t RENAME TO old; ALTER TABLE spare RENAME TO t;"
    " INSERT INTO t SELECT n FROM old; CREATE VIEW v AS SELECT n FROM t; COMMIT",
    "rewritten": "BEGIN; DROP VIEW v; ALTER TABLE t ALTER n TYPE bigint; CREATE VIEW v AS SELECT n FROM t; COMMIT",
}
"""What takes the rows of a table away from whoever has only a snapshot: bad rows are there before and afterwards."""


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen after the snapshot was taken and before anything is measured."""

    def set_up(happens: Callable[[], object]) -> None:
        take = PostgresHolder.export_snapshot

        def taken(holder: PostgresHolder) -> str | None:
            name = take(holder)
            happens()
            return name

        monkeypatch.setattr(PostgresHolder, "export_snapshot", taken)

    return set_up


@pytest.mark.parametrize("table", ["t", "v"])
@pytest.mark.parametrize("how", TAKEN_AWAY)
def test_a_table_whose_rows_were_taken_away_is_not_taken_for_an_empty_one(
    engine: Engine,
    warehouse: Warehouse,
    meanwhile: Callable[[Callable[[], object]], None],
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    table: str,
) -> None:
    monkeypatch.setattr(split, "SMALL", 0)
    warehouse.rows(f"CREATE TABLE t (n int); CREATE VIEW v AS SELECT n FROM t; {BAD.format('t')}")
    warehouse.rows("CREATE TABLE other AS SELECT 1 n; CREATE TABLE spare (n int)")
    meanwhile(lambda: warehouse.rows(TAKEN_AWAY[how]))
    nulls = aggregate(f"{table}.nulls", 'COUNT(CASE WHEN "n" IS NULL THEN 1 END)')
    twice = query(f"{table}.twice", f"SELECT COUNT(*) FROM (SELECT n FROM {table} GROUP BY n HAVING COUNT(*) > 1) AS x")
    wrong = query(f"{table}.wrong", "SELECT 1 / 0")
    broken = query(f"{table}.broken", "SELECT 1 LIMIT 1,2")  # cannot even be parsed
    fine = [query(f"other.fine{i}", "SELECT COUNT(*) - 1 FROM other") for i in range(2)]

    results = by_id(verify(engine, plan(fine[0], nulls, wrong, twice, broken, fine[1])))

    for check in (nulls, twice):
        assert results[check.id].outcome is Outcome.ERROR
        assert results[check.id].reason.startswith(f"{REWRITTEN}: t")
        assert str(results[check.id].remedy).startswith("verify again; ")
    assert {results[check.id].outcome for check in fine} == {Outcome.PASS}


@pytest.mark.parametrize(
    ("how", "named"),
    [(TAKEN_AWAY["truncated and loaded again"], "t"), ("ALTER TABLE p DETACH PARTITION t", "p"), ("DROP TABLE t", "p")],
)
def test_a_partition_whose_rows_were_taken_away_is_not_taken_for_an_empty_one(
    engine: Engine, warehouse: Warehouse, meanwhile: Callable[[Callable[[], object]], None], how: str, named: str
) -> None:
    warehouse.rows("CREATE TABLE p (n int) PARTITION BY RANGE (n); CREATE TABLE t PARTITION OF p DEFAULT")
    warehouse.rows(BAD.format("p"))
    meanwhile(lambda: warehouse.rows(how))

    (result,) = verify(engine, plan(aggregate("p.nulls", 'COUNT(CASE WHEN "n" IS NULL THEN 1 END)'))).results

    assert (result.outcome, result.reason) == (Outcome.ERROR, f"{REWRITTEN}: {named}")


@pytest.mark.parametrize(
    "harmless",
    ["CREATE INDEX ON t (n)", "INSERT INTO t VALUES (9)", "VACUUM t", "ALTER TABLE t ADD COLUMN z int", "ANALYZE t"],
)
def test_what_leaves_the_rows_where_they_are_disturbs_nobody(
    engine: Engine, warehouse: Warehouse, meanwhile: Callable[[Callable[[], object]], None], harmless: str
) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    meanwhile(lambda: warehouse.rows(harmless))

    (result,) = verify(engine, plan(aggregate("t.count", "COUNT(*)", equals(1)))).results

    assert (result.outcome, result.measured) == (Outcome.PASS, 1)


def test_a_transaction_brings_its_own_limits_along(warehouse: Warehouse) -> None:
    session = replace(base.session_for(replace(warehouse.settings, schema='odd" one'), "test"), is_one_of_many=True)
    with closing(postgres.connect(postgres.route_to(warehouse.settings), session)) as opened:
        opened.rollback()
        with opened.cursor() as cursor:
            cursor.execute("RESET ALL")  # as if a pooler gave this transaction to another process
        opened.commit()
        postgres.begin(opened, session)
        guarded = postgres.Guarded(opened, None)

        names = ("search_path", "row_security", "lock_timeout", "timezone", "max_parallel_workers_per_gather")
        found = [guarded.rows(f"SHOW {name}")[0][0] for name in names]

    assert found == ['"odd"" one"', "off", "5s", "UTC", "0"]


def test_a_statement_that_cannot_be_parsed_lets_go_of_nothing(
    engine: Engine, warehouse: Warehouse, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    warehouse.rows(f"CREATE TABLE t (n int); {BAD.format('t')}; CREATE TABLE u (n int)")
    meanwhile(lambda: warehouse.rows("TRUNCATE t"))
    nulls = query("t.nulls", "SELECT COUNT(*) FROM t WHERE n IS NULL")
    wrong = query("u.wrong", "SELECT COUNT(*) FROM u LIMIT 1,2")

    results = by_id(verify(engine, plan(nulls, wrong)))  # one group

    assert results["t.nulls"].reason == f"{REWRITTEN}: t"
