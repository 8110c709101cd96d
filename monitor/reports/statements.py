"""The SQL behind a number: a check's own expression, and once per dataset the one pass that computes many of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.checks import postgres as sql
from monitor.domain.check import Aggregate
from monitor.domain.scan import CheckResult

_WHERE = "\nWHERE "
"""How Soda begins the filter at a statement's end; an expression has no line breaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedStatement:
    """A statement that measured several checks of a dataset in one pass."""

    dataset: str
    sql: str
    checks: int


def shared_statements(results: Iterable[CheckResult]) -> tuple[SharedStatement, ...]:
    """Return every statement that measured more than one check, in order of first appearance."""
    found: dict[tuple[str, str], int] = {}
    for result in results:
        if result.sql and own_statement(result) is not None:
            key = result.check.dataset, result.sql
            found[key] = found.get(key, 0) + 1
    return tuple(
        SharedStatement(dataset=dataset, sql=statement, checks=checks)
        for (dataset, statement), checks in found.items()
        if checks > 1
    )


def place_of(result: CheckResult, shared: Sequence[SharedStatement]) -> int | None:
    """Return the place of the statement that a result shares with others, None where it has its own."""
    if result.sql is None or own_statement(result) is None:
        return None
    same = (place for place, each in enumerate(shared) if each.sql == result.sql)
    return next((place for place in same if shared[place].dataset == result.check.dataset), None)


def statement_of(result: CheckResult, shared: Sequence[SharedStatement]) -> str | None:
    """Return what to show of a result: its own expression where it shares a statement, else the statement."""
    return result.sql if place_of(result, shared) is None else own_statement(result)


def own_statement(result: CheckResult) -> str | None:
    """Return the statement that would measure this check alone; None where it has no expression in a pass."""
    expressions = [
        probe.expression
        for probe in result.check.probes
        if isinstance(probe, Aggregate) and probe.expression in (result.sql or "")
    ]
    if not expressions:
        return None
    listed = ",\n  ".join(expressions)
    table = f"\nFROM {sql.table(result.check.needs[0].table)}" if result.check.needs else ""
    where = f"\nWHERE {result.sql.rpartition(_WHERE)[2]}" if result.check.window and result.sql else ""
    return f"SELECT {listed}{table}{where}"
