"""What Soda knows as a cursor (PEP 249), over a connection that answers a statement at once."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Protocol


class Answers(Protocol):
    """A guarded connection that returns all rows of a statement."""

    def run(self, statement: str, /) -> tuple[list[tuple[Any, ...]], Any]:
        """Return the rows and the description of a statement. Raises StatementFailedError."""


class Cursor:
    """Hands out the rows of the last statement."""

    def __init__(self, guarded: Answers) -> None:
        """Wait for a statement."""
        self._guarded = guarded
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self.description: Any = None

    def execute(self, statement: str) -> None:
        """Run a statement. Raises StatementFailedError."""
        rows, self.description = self._guarded.run(statement)
        self._rows = iter(rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row; None behind the last one."""
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """Return so many rows more, or what is left."""
        return list(islice(self._rows, size))

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rest of the rows."""
        return list(self._rows)

    def close(self) -> None:
        """Forget the rows."""
        self._rows = iter(())
