"""Failing rows are shown only as far as people may see them, and showing them never changes an outcome."""

import pytest

from monitor.domain.check import ZERO, Aggregate, Check, CheckKind, Offenders, Query
from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.integration.engines.conftest import by_id, verify
from tests.plans import aggregate, check, plan

ALL = frozenset({("t", "id"), ("t", "word"), ("t", "n")})


def offenders(condition: str, *offending: str) -> Offenders:
    columns = ("id", *offending) if offending else ("n",)
    return Offenders(
        table='"t"',
        condition=condition,
        columns=tuple((name, f'"{name}"') for name in columns),
        keys=1 if offending else 0,
    )


def counted(check_id: str, condition: str, *offending: str, **more: object) -> Check:
    return aggregate(
        check_id, f"COUNT(CASE WHEN {condition} THEN 1 END)", offenders=offenders(condition, *offending), **more
    )


@pytest.fixture
def words(warehouse: Warehouse) -> None:
    warehouse.rows(
        "CREATE TABLE t AS SELECT n AS id, n * 5 AS n,"
        " CASE WHEN n % 10 = 0 THEN 'ten' WHEN n % 7 = 0 THEN 'seven' END AS word FROM generate_series(1, 100) n"
    )


@pytest.mark.usefixtures("words")
def test_offending_values_are_counted_and_rows_are_kept(engine: Engine) -> None:
    checks = [
        counted("t.word", "\"word\" IN ('ten', 'seven')", "word", kind=CheckKind.ENUM),
        counted("t.n", '"n" < 20 OR "n" > 490', "n", kind=CheckKind.RANGE, severity="info"),
        counted("t.fine", '"n" < 0', "n", kind=CheckKind.RANGE),
    ]

    results = by_id(verify(engine, plan(*checks), samples=2, shown=ALL))

    assert results["t.word"].offending == "2 values: seven (13 rows) · ten (10 rows)"
    sample = results["t.word"].sample
    assert sample
    assert sample.columns == ("id", "word")
    assert len(sample.rows) == 2
    assert {row[1] for row in sample.rows} <= {"ten", "seven"}
    assert results["t.n"].outcome is Outcome.WARN
    assert results["t.n"].offending == "lowest 5, highest 500"
    assert results["t.fine"].sample is None
    assert results["t.fine"].offending is None


@pytest.mark.usefixtures("words")
def test_what_may_not_be_shown_is_masked(engine: Engine) -> None:
    checks = [counted("t.word", "\"word\" = 'ten'", "word")]

    results = by_id(verify(engine, plan(*checks), samples=3, shown=frozenset({("t", "id")})))

    sample = results["t.word"].sample
    assert sample
    assert all(identity.isdigit() and word == "•••" for identity, word in sample.rows)
    assert results["t.word"].offending is None


@pytest.mark.usefixtures("words")
def test_nothing_is_kept_unless_it_is_asked_for(engine: Engine) -> None:
    (result,) = verify(engine, plan(counted("t.word", "\"word\" = 'ten'", "word")), shown=ALL).results

    assert (result.outcome, result.sample, result.offending) == (Outcome.FAIL, None, None)


@pytest.mark.usefixtures("words")
def test_a_sample_that_fails_never_changes_the_outcome(engine: Engine) -> None:
    bad = aggregate("t.bad", "COUNT(*)", offenders=offenders('1 / ("id" - 50) > 0', "word"))
    checks = [bad, counted("t.word", "\"word\" = 'ten'", "word")]

    results = by_id(verify(engine, plan(*checks), samples=3, shown=ALL))

    assert results["t.bad"].outcome is Outcome.FAIL
    assert results["t.bad"].sample is None
    assert results["t.bad"].offending == "sample not available: division by zero (SQLSTATE 22012)"
    assert results["t.word"].sample


def test_long_cells_and_large_samples_are_cut(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT n AS id, repeat('€', 5000) AS word FROM generate_series(1, 1000) n")

    (result,) = verify(engine, plan(counted("t.word", "true", "word")), samples=1000, shown=ALL).results

    assert result.sample
    assert {len(word) for _, word in result.sample.rows} == {200}
    assert 10 < len(result.sample.rows) < 30
    assert sum(len(cell.encode()) for row in result.sample.rows for cell in row) <= 16_384


@pytest.mark.usefixtures("words")
def test_values_of_types_without_order_can_be_shown(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("ALTER TABLE t ALTER word TYPE json USING to_json(word)")

    (result,) = verify(
        engine, plan(counted("t.word", "CAST(\"word\" AS text) LIKE '%n%'", "word")), samples=1, shown=ALL
    ).results

    assert result.offending == '2 values: "seven" (13 rows) · "ten" (10 rows)'


def test_the_values_of_a_broken_key_are_those_that_repeat(engine: Engine, warehouse: Warehouse) -> None:
    """Rows without a key are counted by the reason, and NULL is no value."""
    warehouse.rows("CREATE TABLE t (id int); INSERT INTO t VALUES (1), (5), (5), (NULL), (NULL), (NULL)")
    repeated = 'SELECT "id" FROM "t" WHERE "id" IS NOT NULL GROUP BY "id" HAVING COUNT(*) > 1'
    key = check(
        "t.key",
        Aggregate(metric="t.key.nulls", expression='COUNT(CASE WHEN "id" IS NULL THEN 1 END)', threshold=ZERO),
        Query(metric="t.key.duplicates", sql=f"SELECT COUNT(*) FROM ({repeated}) AS d", threshold=ZERO),
        kind=CheckKind.PRIMARY_KEY,
        unit="keys",
        offenders=Offenders(
            table='"t"', condition=f'"id" IN ({repeated}) OR "id" IS NULL', columns=(("id", '"id"'),), keys=0
        ),
    )

    (result,) = verify(engine, plan(key), samples=9, shown=ALL).results

    assert (result.measured, result.reason) == (4, "1 key occurs more than once, 3 rows have no key")
    assert result.offending == "1 value: 5 (2 rows)"
    assert result.sample
    assert len(result.sample.rows) == 5
