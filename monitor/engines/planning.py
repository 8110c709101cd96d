"""Which checks a server cannot even plan: found without reading a row."""

from collections.abc import Iterator

from monitor.checks.dialect import dialect_of
from monitor.checks.windows import where
from monitor.domain.check import Aggregate, Check, CheckPlan, Query
from monitor.engines import sql_errors
from monitor.engines.warehouses.base import Guarded


def unplannable(guarded: Guarded, plan: CheckPlan) -> tuple[tuple[Check, str], ...]:
    """Return the checks whose SQL the server refuses to plan, with its words; locks and privileges are no refusal.

    Raises a server's error where the connection is lost.
    """
    sources = {check.id: _source(plan, check) for check in plan.checks}
    return tuple(
        (check, reason)
        for check in plan.checks
        if (reason := _refusal(guarded, _statements(check, sources[check.id]))) is not None
    )


def _source(plan: CheckPlan, check: Check) -> str:
    """Return the rows that a check's expressions are of, as SQL names them."""
    sql = dialect_of(plan.server_type)
    table = next(dataset.table for dataset in plan.datasets if dataset.name == check.dataset)
    return f"{sql.table(table)}{where(plan.window(check))}"


def _statements(check: Check, source: str) -> Iterator[str]:
    for probe in check.probes:
        match probe:
            case Aggregate():
                yield f"SELECT {probe.expression} FROM {source}"
            case Query():
                yield probe.sql
            case _:
                pass


def _refusal(guarded: Guarded, statements: Iterator[str]) -> str | None:
    for statement in statements:
        try:
            guarded.rows(f"EXPLAIN {statement}")
        except sql_errors.SERVER_ERRORS as error:
            if guarded.loss():
                raise
            if sql_errors.obstacle_of(error) is None and not sql_errors.is_of_the_whole_statement(error):
                return sql_errors.reason_of(error, may_show_values=False)
    return None
