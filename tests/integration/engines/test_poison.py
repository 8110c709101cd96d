"""One bad check never hides another: whatever a batch trips over, only the culprit is an error."""

import pytest

from monitor.domain.check import Check
from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.integration.engines.conftest import by_id, verify
from tests.plans import aggregate, equals, plan, query

POISONS = {
    "missing-column": ('COUNT("nowhere")', '"nowhere" does not exist'),
    "missing-function": ('no_such_function("n")', "no_such_function"),
    "bad-regex": ("COUNT(CASE WHEN NOT (\"s\" ~ '(') THEN 1 END)", "parentheses () not balanced"),
    "bad-constant": ("COUNT(CASE WHEN \"n\" > 'x'::int THEN 1 END)", "invalid input syntax"),
    "wrong-type": ('SUM(CAST("s" AS integer))', "invalid input syntax"),
    "zero-division": ('SUM(1 / ("n" - 1))', "division by zero"),
    "late-zero-division": ('SUM(1 / ("n" - 2000))', "division by zero"),
}


def good(count: int) -> list[Check]:
    return [aggregate(f"t.good{i}", f'COUNT(CASE WHEN "n" <= {i} THEN 1 END)', equals(i)) for i in range(count)]


@pytest.fixture
def poisoned(warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT n, 's' || n AS s FROM generate_series(1, 3000) n")


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize("name", POISONS)
def test_only_the_culprit_is_an_error(engine: Engine, name: str) -> None:
    expression, message = POISONS[name]
    checks = good(5)
    checks.insert(2, aggregate("t.bad", expression))

    results = by_id(verify(engine, plan(*checks)))

    assert results.pop("t.bad").outcome is Outcome.ERROR
    assert {result.outcome for result in results.values()} == {Outcome.PASS}
    assert {result.rows for result in results.values()} == {3000}
    assert message in by_id(verify(engine, plan(*checks)))["t.bad"].reason


@pytest.mark.usefixtures("poisoned")
def test_all_poisons_at_once_leave_the_others_right(engine: Engine) -> None:
    bad = [aggregate(f"t.{name}", expression) for name, (expression, _) in POISONS.items()]
    queries = [query("t.bad-query", "SELECT 1 / 0"), query("t.good-query", "SELECT 0")]

    results = by_id(verify(engine, plan(*bad, *good(9), *queries)))

    errors = {name for name, result in results.items() if result.outcome is Outcome.ERROR}
    assert errors == {check.id for check in bad} | {"t.bad-query"}
    assert {result.outcome for name, result in results.items() if name not in errors} == {Outcome.PASS}
    assert all(POISONS[name][1] in results[f"t.{name}"].reason for name in POISONS)


@pytest.mark.usefixtures("poisoned")
def test_an_error_gives_away_no_value_that_may_not_be_shown(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("UPDATE t SET s = 'secret \"word\"'")
    checks = [aggregate("t.cast", 'SUM(CAST("s" AS integer))', needs=("s",), columns=("s",)), *good(2)]

    hidden = by_id(verify(engine, plan(*checks)))["t.cast"].reason
    shown = by_id(verify(engine, plan(*checks), shown=frozenset({("t", "s")})))["t.cast"].reason

    assert hidden == "invalid input syntax for type integer: ••• (SQLSTATE 22P02)"
    assert "secret" in shown
