"""Two servers: each number is measured where it is, by its own engine, and compared exactly."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from monitor.checks.plan import compile_plan
from monitor.checks.sodacl import compiled_file
from monitor.domain.check import CheckPlan
from monitor.domain.scan import CheckResult, Outcome, Scan
from monitor.engines.across import Across, difference_of
from monitor.engines.base import Engine, Wishes
from monitor.engines.soda import SodaEngine
from monitor.errors import SettingsError
from tests.conftest import DuckdbWarehouse, Postgres, Warehouse, fresh_database
from tests.contracts import by_id, contract
from tests.integration.engines.conftest import MakeEngine

BODY = """
schema:
  - name: orders
    quality:
      - {id: rows, type: custom, engine: pactwatch, implementation: {metric: rowCountDifference, server: erp, table: %s}}
      - id: sums
        type: custom
        engine: pactwatch
        severity: warning
        implementation:
          {metric: sumDifference, property: amount, server: erp, table: %s, column: Total, mustBeLessOrEqualTo: 0.02}
      - id: share
        type: custom
        engine: pactwatch
        unit: percent
        implementation: {metric: rowCountDifference, server: erp, table: %s, mustBeLessThan: 1}
      - {metric: rowCount, mustBe: 100}
    properties: [{name: id, required: true}, {name: amount, logicalType: number}]
"""
FAR = 'CREATE SCHEMA "Sales"; CREATE TABLE "Sales".orders (id int, "Total" numeric);'


@pytest.fixture
def erp(postgres: Postgres) -> Iterator[Warehouse]:
    with fresh_database(postgres) as made:
        yield replace(made, settings=replace(made.settings, name="erp"))


def across(near: Engine, far: Engine | None, type_: str = "postgres") -> Across:
    def far_of(name: str) -> tuple[Engine, str]:
        if far is None or name != "erp":
            raise SettingsError(f"no server {name} to compare with is configured; known: none")
        return far, type_

    return Across(near, far_of)


def verified(
    engine: Engine, folder: Path, table: str = "Sales.orders", type_: str = "postgres"
) -> dict[str, CheckResult]:
    plan = compile_plan(contract(folder, BODY % (table, table, table)), type_)
    return by_id(engine.scan(plan, Wishes()))


def measured(found: dict[str, CheckResult]) -> tuple[object, ...]:
    return tuple(found[f"orders.{name}"].measured for name in ("rows", "sums", "share"))


@pytest.fixture
def here(warehouse: Warehouse) -> Warehouse:
    warehouse.rows("CREATE TABLE orders AS SELECT n AS id, n * 0.1 AS amount FROM generate_series(1, 100) AS n")
    return warehouse


def test_numbers_of_two_servers_are_compared_exactly(
    make_engine: MakeEngine, here: Warehouse, erp: Warehouse, tmp_path: Path
) -> None:
    erp.rows(FAR + 'INSERT INTO "Sales".orders SELECT n, n * 0.1 FROM generate_series(1, 98) AS n')
    erp.rows("""INSERT INTO "Sales".orders VALUES (99, 9.90 + 10.00 + 1e-30)""")

    found = verified(across(make_engine(here.settings), make_engine(erp.settings)), tmp_path)

    rows, sums, share = (found[f"orders.{name}"] for name in ("rows", "sums", "share"))
    assert (rows.measured, rows.outcome) == (1, Outcome.FAIL)
    assert rows.reason == "100 here, 99 on erp"
    assert (sums.measured, sums.outcome) == (Decimal("1e-30"), Outcome.PASS)
    assert share.outcome is Outcome.FAIL
    assert share.measured == Decimal(100) / 99
    assert rows.sql is not None
    assert 'FROM "orders"' in rows.sql
    assert 'FROM "Sales"."orders"' in rows.sql
    assert found["orders.row-count"].outcome is Outcome.PASS


def test_equal_tables_hold(make_engine: MakeEngine, here: Warehouse, erp: Warehouse, tmp_path: Path) -> None:
    erp.rows(FAR + 'INSERT INTO "Sales".orders SELECT n, n * 0.1 FROM generate_series(1, 100) AS n')
    found = verified(across(make_engine(here.settings), make_engine(erp.settings)), tmp_path)
    assert {found[f"orders.{name}"].measured for name in ("rows", "sums", "share")} == {0}
    assert {result.outcome for result in found.values() if result.check.id != "orders.schema"} <= {
        Outcome.PASS,
        Outcome.WARN,
    }


FLOATS = "CREATE TABLE orders AS SELECT n AS id, CAST(n * 0.1 AS double precision) AS {name}"
FLOATS += " FROM generate_series(1, {rows}) AS numbers(n)"


def test_every_type_of_server_is_asked_in_its_own_sql(
    make_engine: MakeEngine, warehouse: Warehouse, duckdb_warehouse: DuckdbWarehouse, tmp_path: Path
) -> None:
    """The same floats have the same sum everywhere."""
    warehouse.rows(FLOATS.format(name="amount", rows=100) + '; ALTER TABLE orders ADD "Total" float8')
    warehouse.rows('UPDATE orders SET "Total" = amount')
    duckdb_warehouse.rows(FLOATS.format(name="amount", rows=99) + '; ALTER TABLE orders ADD "Total" DOUBLE')
    duckdb_warehouse.rows('UPDATE orders SET "Total" = amount')
    duckdb_warehouse.rows(f"COPY orders TO '{tmp_path}/orders.parquet'")
    there, file = make_engine(warehouse.settings), make_engine(duckdb_warehouse.settings)
    files = make_engine(replace(duckdb_warehouse.settings, path=str(tmp_path), format="parquet"))

    to_file, to_files = (verified(across(there, far, "duckdb"), tmp_path, "orders") for far in (file, files))
    back = verified(across(file, there), tmp_path, "orders", "duckdb")

    assert measured(to_file) == measured(to_files) == (1, 10, Decimal(100) / 99)
    assert measured(back) == (1, 10, 1)


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("not configured", "no server erp to compare with is configured; known: none"),
        ("not there", "server erp cannot be reached"),
        ("no table", "server erp: table Sales.nowhere does not exist"),
        ("no column", "server erp: column Total of Sales.bare is missing"),
    ],
)
def test_what_the_other_server_does_not_say_is_an_error_of_its_checks_alone(
    make_engine: MakeEngine, here: Warehouse, erp: Warehouse, tmp_path: Path, why: str, reason: str
) -> None:
    erp.rows(FAR + 'CREATE TABLE "Sales".bare (id int)')
    server = replace(erp.settings, port=1) if why == "not there" else erp.settings
    far = None if why == "not configured" else make_engine(server)
    table = {"no table": "Sales.nowhere", "no column": "Sales.bare"}.get(why, "Sales.orders")

    found = verified(across(make_engine(here.settings), far), tmp_path, table)

    assert found["orders.sums"].outcome is Outcome.ERROR
    assert found["orders.sums"].reason.startswith(reason)
    assert found["orders.sums"].measured is None
    assert found["orders.sums"].cause is None
    assert found["orders.row-count"].outcome is Outcome.PASS


def test_a_side_that_is_missing_here_is_blocked_as_ever(
    make_engine: MakeEngine, warehouse: Warehouse, erp: Warehouse, tmp_path: Path
) -> None:
    erp.rows(FAR)
    found = verified(across(make_engine(warehouse.settings), make_engine(erp.settings)), tmp_path)
    assert found["orders.rows"].outcome is Outcome.BLOCKED
    assert found["orders.rows"].cause == "orders.schema"


def test_an_engine_that_reaches_no_other_server_is_never_green(here: Warehouse, tmp_path: Path) -> None:
    with SodaEngine(here.settings) as alone:
        found = verified(alone, tmp_path)
    assert found["orders.rows"].outcome is Outcome.ERROR
    assert found["orders.rows"].reason == "nobody here reaches server erp"


def test_each_check_is_told_once_with_what_was_found(
    make_engine: MakeEngine, here: Warehouse, erp: Warehouse, tmp_path: Path
) -> None:
    erp.rows(FAR)
    plan = compile_plan(contract(tmp_path, BODY % (("Sales.orders",) * 3)), "postgres")
    told: list[CheckResult] = []
    engine = across(make_engine(here.settings), make_engine(erp.settings))

    engine.scan(plan, Wishes(progress=told.append))

    assert sorted(result.check.id for result in told) == sorted(check.id for check in plan.checks)
    assert {result.measured for result in told if result.check.id in {"orders.rows", "orders.share"}} == {100}


def test_who_must_stop_while_the_other_server_is_asked_says_why_in_the_same_words(
    make_engine: MakeEngine, here: Warehouse, tmp_path: Path
) -> None:
    why: list[str] = []

    class Stopped:
        def scan(self, plan: CheckPlan, _: Wishes) -> Scan:
            why.append("the daemon shuts down")
            results = [CheckResult(check=each, outcome=Outcome.ERROR, reason=why[0]) for each in plan.checks]
            now = datetime.now(UTC)
            return Scan(started_at=now, finished_at=now, results=tuple(results), seen={})

    plan = compile_plan(contract(tmp_path, BODY % (("Sales.orders",) * 3)), "postgres")
    engine = across(make_engine(here.settings), cast("Engine", Stopped()))

    found = by_id(engine.scan(plan, Wishes(interrupted=lambda: why[0] if why else None)))

    assert found["orders.rows"].reason == "the daemon shuts down"  # by that its slot is handed back
    assert found["orders.row-count"].outcome is Outcome.PASS


def test_the_compiled_file_says_what_only_we_can_run(tmp_path: Path) -> None:
    text = compiled_file(compile_plan(contract(tmp_path, BODY % (("Sales.orders",) * 3)), "postgres"))
    assert "# orders.rows compares with another server, which only `pactwatch` reaches" in text
    assert "identity: orders.rows\n" not in text


def test_a_difference_of_long_numbers_is_exact() -> None:
    one, other = Decimal(10**40 + 1), Decimal(f"{10**40 - 1}.99999999999999999999")
    assert difference_of(one, other, is_share=False) == Decimal("1.00000000000000000001")
    assert difference_of(Decimal(5), Decimal(0), is_share=True) == 100
    assert difference_of(Decimal(0), Decimal(0), is_share=True) == 0
    assert difference_of(Decimal(-3), Decimal(-4), is_share=True) == 25


def test_what_the_other_server_cannot_say_exactly_is_skipped(
    here: Warehouse, make_engine: MakeEngine, tmp_path: Path
) -> None:
    with SodaEngine(replace(here.settings, name="erp", type="snowflake")) as far:
        found = verified(across(make_engine(here.settings), far, "snowflake"), tmp_path)

    assert found["orders.sums"].outcome is Outcome.SKIPPED
    assert found["orders.sums"].reason == "unsupported: sums are not compared exactly on Snowflake (server erp)"
    assert found["orders.rows"].outcome is Outcome.ERROR
    assert "the package soda-core-snowflake is not installed" in found["orders.rows"].reason
