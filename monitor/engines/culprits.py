"""Which expression of a failed aggregate pass is to blame, found without reading the table where that is possible."""

from collections.abc import Mapping

from monitor.engines import sql_errors
from monitor.engines.warehouses.base import Guarded

_FIRST_ROWS = 1000


def find(
    guarded: Guarded, table: str, bare_table: str, expressions: Mapping[str, str], where: str = ""
) -> dict[str, Exception]:
    """Return the error of each expression that does not even plan, or else fails on the first rows.

    `expressions` maps metrics to SQL, `table` is how SQL names the table, `bare_table` is that name without its schema,
    `where` begins with WHERE if not all rows are looked at.
    What fails only on later rows is not found: the caller bisects.
    """
    unplannable = _failing(
        guarded, {name: f"EXPLAIN SELECT {sql} FROM {table}{where}" for name, sql in expressions.items()}
    )
    if unplannable or guarded.loss():
        return unplannable
    first_rows = f"(SELECT * FROM {table}{where} LIMIT {_FIRST_ROWS}) AS {bare_table}"
    tried = _failing(guarded, {name: f"SELECT {sql} FROM {first_rows}" for name, sql in expressions.items()})
    return {
        name: error
        for name, error in tried.items()
        if not sql_errors.is_about_names(error) and not sql_errors.is_of_the_whole_statement(error)
    }


def _failing(guarded: Guarded, statements: Mapping[str, str]) -> dict[str, Exception]:
    failing: dict[str, Exception] = {}
    for name, statement in statements.items():
        try:
            guarded.rows(statement)
        except sql_errors.SERVER_ERRORS as error:
            failing[name] = error
        if guarded.loss():
            break
    return failing
