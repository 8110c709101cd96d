"""Only reading statements reach the server, and only over sessions that could not write."""

import re
from dataclasses import replace

import pytest

from monitor.domain.check import Catalogue, CheckKind, SodaBlock
from monitor.domain.scan import Outcome
from monitor.engines import split
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.integration.engines.conftest import MakeEngine, by_id, verify
from tests.integration.engines.test_samples import offenders
from tests.plans import AT_LEAST_NOTHING, aggregate, check, equals, plan, query

ALLOWED = re.compile(
    r"SELECT\b|EXPLAIN SELECT |WITH wanted AS |BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY$|ROLLBACK$"
    r"|SET TRANSACTION SNAPSHOT '[0-9A-F-]+'$|SHOW |SET datestyle TO 'ISO'$|SET client_encoding TO 'UTF8'$"
    r"|(SET LOCAL \w+ = '[^']*'(; )?)+$|((ROLLBACK TO |RELEASE )?SAVEPOINT (sound|before)(; )?)+$"
)


def test_only_reading_statements_are_sent(
    engine: Engine, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = warehouse.postgres.log
    if log is None:
        pytest.skip("the log of a server that is not ours cannot be read")
    monkeypatch.setattr(split, "SMALL", 0)
    database = warehouse.settings.database
    warehouse.rows("CREATE TABLE t AS SELECT n FROM generate_series(1, 9) n")
    warehouse.rows(f"ALTER DATABASE {database} SET log_statement = 'all'")

    scan = verify(
        engine,
        plan(
            check("t.schema", Catalogue(columns=("n",)), kind=CheckKind.SCHEMA),
            aggregate("t.broken", 'COUNT(CASE WHEN "n" > 3 THEN 1 END)', offenders=offenders('"n" > 3')),
            aggregate("t.bad", "COUNT(nowhere)"),
            aggregate("t.worse", 'SUM(1 / ("n" - 1))'),
            query("t.query", "SELECT 1 / 0"),
            check("t.block", SodaBlock(sodacl="checks for t:\n  - row_count > 0\n")),
        ),
        samples=5,
    )

    assert len({result.outcome for result in scan.results}) == 3
    warehouse.wait_until_alone()
    lines = [
        line.partition("LOG:")[2].strip().removeprefix("statement: ").strip()
        for line in log.read_text(errors="replace").splitlines()
        if line.startswith(f"pactwatch/test|{database}|") and "LOG:" in line
    ]
    assert len(lines) > 20
    assert [line for line in lines if not ALLOWED.match(line)] == []


@pytest.mark.parametrize("attempt", ["nextval('s')", "lo_create(0)", "pg_notify('c', 'x')"])
def test_a_rule_cannot_write(engine: Engine, warehouse: Warehouse, attempt: str) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n; CREATE SEQUENCE s")
    checks = [query("t.attempt", f"SELECT COUNT({attempt})"), aggregate("t.count", "COUNT(*)", equals(1))]

    results = by_id(verify(engine, plan(*checks)))

    assert results["t.count"].outcome is Outcome.PASS
    assert warehouse.rows("SELECT last_value, is_called FROM s") == [(1, False)]
    assert warehouse.rows("SELECT COUNT(*) FROM pg_largeobject_metadata") == [(0,)]


def test_sessions_are_told_apart_and_limited(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    expected = {
        "statement_timeout": "20s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "1min",
        "transaction_isolation": "repeatable read",
        "transaction_read_only": "on",
        "default_transaction_read_only": "on",
        "application_name": "pactwatch/test",
        "client_connection_check_interval": "1s",
        "TimeZone": "UTC",
    }
    checks = [
        query(f"t.c{i}", f"SELECT COUNT(*) WHERE current_setting('{name}') = '{value}'", equals(1))
        for i, (name, value) in enumerate(expected.items())
    ]

    results = verify(engine, plan(*checks)).results

    assert {name: result.outcome for name, result in zip(expected, results, strict=True)} == dict.fromkeys(
        expected, Outcome.PASS
    )


@pytest.mark.parametrize("schema", ["plain", 'od"d, public', "Ümläut-x"])
def test_the_search_path_is_one_exact_schema(warehouse: Warehouse, schema: str, make_engine: MakeEngine) -> None:
    quoted = '"' + schema.replace('"', '""') + '"'
    warehouse.rows(f"CREATE TABLE t (n int); CREATE SCHEMA {quoted}; CREATE TABLE {quoted}.t AS SELECT 1 n")

    scan = verify(
        make_engine(replace(warehouse.settings, schema=schema)), plan(aggregate("t.count", "COUNT(*)", equals(1)))
    )

    assert scan.results[0].outcome is Outcome.PASS
    assert {table.schema for table in scan.seen.values()} == {schema}


def test_a_slow_statement_of_a_rule_names_its_sql(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")

    (result,) = verify(engine, plan(query("t.query", "SELECT 42", AT_LEAST_NOTHING))).results

    assert result.sql == "SELECT CAST((\nSELECT 42\n) AS numeric)"
