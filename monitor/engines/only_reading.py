"""What stands between a contract's custom SodaCL and the server: one SELECT that only reads passes, nothing else.

Soda writes the texts of a custom block into its statements as they are (it escapes no literal), so a block could
end Soda's statement and begin its own. Our own compiled statements need no such guard: their texts are escaped.
"""

from typing import Any, Self

from monitor.checks.dialect import dialect_of
from monitor.contracts.queries import statement_problem
from monitor.engines.warehouses.base import Guarded


class NotSentError(Exception):
    """A statement that never left: the message says why."""


class OnlyReading:
    """A guarded connection through which Soda can only send single SELECTs."""

    def __init__(self, guarded: Guarded) -> None:
        """Stand before a connection."""
        self._guarded = guarded

    @property
    def connection(self) -> Self:
        """Be the connection that Soda takes its cursors of."""
        return self

    @property
    def source(self) -> str:
        """Which of Soda's data sources knows its dialect."""
        return self._guarded.source

    def recover(self, error: BaseException) -> None:
        """Get back to the snapshot after a failed statement; what was not sent has changed nothing."""
        if not isinstance(error, NotSentError):
            self._guarded.recover(error)

    def cursor(self) -> "_Cursor":
        """Return a cursor that looks at a statement before it sends it."""
        dialect = dialect_of(self._guarded.source.removeprefix("guarded_"))
        return _Cursor(self._guarded.connection.cursor(), dialect.NAME)


class _Cursor:
    def __init__(self, cursor: Any, dialect: str) -> None:  # noqa: ANN401 - PEP 249 has no types
        self._cursor = cursor
        self._dialect = dialect

    def execute(self, statement: str) -> None:
        problem = statement_problem(statement, self._dialect)
        if problem is not None:
            raise NotSentError(f"not sent: {problem}")
        self._cursor.execute(statement)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a cursor has
        return getattr(self._cursor, name)
