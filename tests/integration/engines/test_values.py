"""What an engine measures is what the server holds."""

from decimal import Decimal

import pytest

from monitor import words
from monitor.domain.check import Aggregate, CheckKind, NotChecked, Operator, Query, Threshold
from monitor.domain.scan import CheckResult, Outcome
from monitor.engines import split
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.integration.engines.conftest import by_id, verify
from tests.plans import aggregate, check, equals, plan, query

BEYOND_FLOATS = 2**53 + 1


def test_one_aggregate_becomes_one_result(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT n FROM generate_series(1, 10) n")

    scan = verify(engine, plan(aggregate("t.n", 'COUNT(CASE WHEN "n" > 8 THEN 1 END)', needs=("n",))))

    (result,) = scan.results
    assert (result.outcome, result.measured, result.rows) == (Outcome.FAIL, 2, 10)
    assert (result.measured, result.reason) == (2, "")
    assert result.sql
    assert 'COUNT(CASE WHEN "n" > 8 THEN 1 END)' in result.sql
    assert result.seconds


def test_integers_beyond_floats_stay_exact(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows(f"CREATE TABLE t AS SELECT {BEYOND_FLOATS}::bigint n")

    results = by_id(
        verify(
            engine,
            plan(
                aggregate("t.same", 'MAX("n")', equals(BEYOND_FLOATS)),
                aggregate("t.other", 'MAX("n")', equals(BEYOND_FLOATS - 1)),
                query("t.query-same", 'SELECT MAX("n") FROM "t"', equals(BEYOND_FLOATS)),
                query("t.query-other", 'SELECT MAX("n") FROM "t"', equals(BEYOND_FLOATS - 1)),
            ),
        )
    )

    assert {result.measured for result in results.values()} == {BEYOND_FLOATS}
    assert results["t.same"].outcome is results["t.query-same"].outcome is Outcome.PASS
    assert results["t.other"].outcome is results["t.query-other"].outcome is Outcome.FAIL


def test_fractions_come_back_as_the_server_wrote_them(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT n FROM generate_series(1, 3) n")

    results = by_id(
        verify(
            engine,
            plan(
                aggregate("t.numeric", "12.300", equals("12.3"), unit=None),
                aggregate("t.float", "0.1::float8", equals("0.1"), unit=None),
                aggregate(
                    "t.percent", 'COALESCE(100.0 * COUNT(CASE WHEN "n" = 1 THEN 1 END) / COUNT(*), 0)', unit="percent"
                ),
            ),
        )
    )

    assert results["t.numeric"].measured == Decimal("12.3")
    assert str(results["t.numeric"].measured) == "12.3"
    assert results["t.float"].measured == Decimal("0.1")
    assert results["t.float"].outcome is Outcome.PASS
    assert words.sentence(results["t.percent"]) == "measured 33.33… % of 3 rows"


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_soda_and_we_agree_on_every_comparison(engine: Engine, warehouse: Warehouse, severity: str) -> None:
    warehouse.rows("CREATE TABLE t (n int)")
    values = [Decimal(text) for text in ("-2", "0.5", "1", "3")]
    thresholds = [
        Threshold(operator=operator, value=Decimal(lower), upper=Decimal(3) if "between" in operator else None)
        for operator in Operator
        for lower in ("-2", "0.5", "1")
    ]
    cases = {f"t.c{i}-{j}": (v, t) for i, v in enumerate(values) for j, t in enumerate(thresholds)}

    scan = verify(
        engine, plan(*(aggregate(name, f"{value}", t, severity=severity) for name, (value, t) in cases.items()))
    )

    broken = Outcome.WARN if severity == "warning" else Outcome.FAIL
    for name, result in by_id(scan).items():
        value, threshold = cases[name]
        assert result.outcome is (Outcome.PASS if threshold.holds(value) else broken), (name, result.reason)


def test_what_is_no_number_is_never_a_pass(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    at_most = Threshold(operator=Operator.LESS_OR_EQUAL, value=Decimal(86400))

    results = by_id(
        verify(
            engine,
            plan(
                aggregate("t.null", "NULL::int"),
                aggregate(
                    "t.nan", "'NaN'::float8", Threshold(operator=Operator.BETWEEN, value=Decimal(0), upper=Decimal(9))
                ),
                aggregate("t.never", "'Infinity'::float8", at_most, unit="seconds"),
                aggregate("t.fine", "COUNT(*)", equals(1)),
                query("t.none", "SELECT n FROM t WHERE n > 5"),
                query("t.text", "SELECT 'seven'"),
                query("t.columns", "SELECT 1, 2"),
                query("t.two-rows", "SELECT generate_series(1, 2)"),
            ),
        )
    )

    assert results["t.fine"].outcome is Outcome.PASS
    assert results["t.nan"].outcome is Outcome.FAIL
    assert results["t.never"].outcome is Outcome.FAIL
    assert results["t.never"].measured is None
    assert results["t.never"].reason == "none of 1 row has a value to measure by"
    for name in ("t.null", "t.none", "t.text", "t.columns", "t.two-rows"):
        assert results[name].outcome is Outcome.ERROR, name
        assert results[name].reason


def test_of_several_parts_the_worst_decides_and_is_named(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n UNION ALL SELECT 1")
    zero = equals(0)
    key = check(
        "t.key",
        Aggregate(metric="t.key.nulls", expression='COUNT(CASE WHEN "n" IS NULL THEN 1 END)', threshold=zero),
        Query(
            metric="t.key.duplicates",
            sql='SELECT COUNT(*) FROM (SELECT 1 FROM "t" GROUP BY "n" HAVING COUNT(*) > 1) d',
            threshold=zero,
        ),
        kind=CheckKind.PRIMARY_KEY,
        unit="keys",
    )

    (result,) = verify(engine, plan(key)).results

    assert result.outcome is Outcome.FAIL
    assert result.reason == "1 key occurs more than once"


def test_what_is_not_checked_says_why_and_asks_no_server(engine: Engine) -> None:
    scan = verify(
        engine,
        plan(
            check("t.text", NotChecked(reason="documentation"), needs=()),
            check("t.bad", NotChecked(reason="no such column", is_error=True)),
        ),
    )

    assert [(result.outcome, result.reason) for result in scan.results] == [
        (Outcome.SKIPPED, "documentation"),
        (Outcome.ERROR, "no such column"),
    ]
    assert not scan.seen


def test_names_are_exact(engine: Engine, warehouse: Warehouse) -> None:
    odd = 'Zoë\'s "x" table; DROP'
    warehouse.rows('CREATE TABLE t1 AS SELECT 1 n; CREATE TABLE "T1" AS SELECT generate_series(1, 2) n')
    quoted = '"' + odd.replace('"', '""') + '"'
    warehouse.rows(f"CREATE TABLE {quoted} AS SELECT generate_series(1, 3) n")

    scan = verify(
        engine,
        plan(
            aggregate("lower.count", "COUNT(*)", equals(1)),
            aggregate("upper.count", "COUNT(*)", equals(2)),
            aggregate("odd.count", "COUNT(*)", equals(3)),
            tables={"lower": "t1", "upper": "T1", "odd": odd},
        ),
    )

    assert [(result.outcome, result.rows) for result in scan.results] == [
        (Outcome.PASS, 1),
        (Outcome.PASS, 2),
        (Outcome.PASS, 3),
    ]


def test_five_hundred_columns_are_one_pass(engine: Engine, warehouse: Warehouse) -> None:
    columns = [f"c{i}" for i in range(500)]
    warehouse.rows(
        f"CREATE TABLE t ({', '.join(f'{column} int' for column in columns)}); INSERT INTO t (c0) VALUES (1)"
    )
    checks = [
        aggregate(f"t.{name}", f'COUNT(CASE WHEN "{name}" IS NULL THEN 1 END)', needs=(name,)) for name in columns
    ]

    results = verify(engine, plan(*checks)).results

    assert [result.outcome for result in results] == [Outcome.PASS] + [Outcome.FAIL] * 499
    assert len({result.sql for result in results}) == 1


@pytest.mark.parametrize("small", [50_000, 0])
def test_progress_is_told_of_each_check_once(
    engine: Engine, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(split, "SMALL", small)
    warehouse.rows("CREATE TABLE t AS SELECT 1 n; ANALYZE t")
    told: list[CheckResult] = []
    checks = [aggregate("t.a", "COUNT(*)", equals(1)), query("t.b", "SELECT 0"), query("t.c", "SELECT 1 / 0")]
    skipped = check("t.d", NotChecked(reason="documentation"))

    scan = verify(engine, plan(*checks, skipped), progress=told.append)

    assert sorted(result.check.id for result in told) == ["t.a", "t.b", "t.c", "t.d"]
    assert [result.outcome for result in scan.results] == [Outcome.PASS, Outcome.PASS, Outcome.ERROR, Outcome.SKIPPED]
    assert {result.check.id: result.outcome for result in told} == {
        result.check.id: result.outcome for result in scan.results
    }
