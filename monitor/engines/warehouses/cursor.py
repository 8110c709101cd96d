"""What Soda knows as a cursor (PEP 249), over a guarded connection that runs whole statements."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Protocol


class Runs(Protocol):
    """What a cursor needs of a connection."""

    def run(self, statement: str, /) -> tuple[list[tuple[Any, ...]], Any]:
        """Return the rows and the description of a statement."""


class Cursor:
    """The rows of the last statement, one after the other."""

    def __init__(self, guarded: Runs) -> None:
        """Wait for a statement."""
        self._guarded = guarded
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self.description: Any = None

    def execute(self, statement: str) -> None:
        """Run a statement. Raises StatementFailedError."""
        rows, self.description = self._guarded.run(statement)
        self._rows = iter(rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """Return the next rows."""
        return list(islice(self._rows, size))

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rest of the rows."""
        return list(self._rows)

    def close(self) -> None:
        """Forget the rows."""
        self._rows = iter(())
