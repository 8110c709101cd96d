"""DuckDB as the parent of a scan sees it: the catalogue, and a database that nobody can write to while it is open."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from monitor.domain.check import TableName
from monitor.domain.scan import Seen
from monitor.engines.base import Interrupted
from monitor.engines.warehouses import duckdb, duckdb_catalogue
from monitor.engines.warehouses.base import Blocker, Route, session_for
from monitor.settings import ServerSettings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class DuckdbHolder:
    """The connection that keeps writers away until the scan is over; DuckDB itself uses the cores it may."""

    role = "duckdb"

    def __init__(self, server: ServerSettings, slug: str, tables: Sequence[TableName]) -> None:
        """Connect. Raises Unreachable."""
        self._schema = server.schema
        self._spill = mkdtemp(prefix="pactwatch-duckdb-")
        self._route = {**duckdb.route_to(server, tables), "spill": self._spill}
        self._opened: DuckDBPyConnection | None = None
        try:
            self._opened = duckdb.connect(self._route, session_for(server, slug))
        except BaseException:
            self.close()
            raise

    @property
    def closed(self) -> bool:
        """Whether it is of no more use."""
        return self._opened is None

    @property
    def connection(self) -> "DuckDBPyConnection":
        """The open connection."""
        if self._opened is None:
            raise ValueError("the connection is closed")
        return self._opened

    def look_up(self, tables: Sequence[TableName]) -> Seen:
        """Return every table of the list that exists, found by its exact name."""
        return duckdb_catalogue.look_up(self.connection, tables, self._schema)

    def has_schema(self, name: str) -> bool:
        """Say whether a schema of exactly this name exists."""
        return duckdb_catalogue.has_schema(self.connection, name)

    @contextmanager
    def cut_off_in_the_end(self, interrupted: Interrupted) -> Iterator[None]:  # noqa: ARG002 - the seam's own shape
        """Do nothing: nobody waits on a line that something on the way could swallow."""
        yield

    def export_snapshot(self) -> None:
        """Share nothing: one connection measures, and DuckDB spreads a statement over the cores by itself."""

    def route(self) -> Route:
        """Return the way it took."""
        return self._route

    def moment(self) -> datetime:
        """Return this moment: DuckDB's clock is this machine's."""
        return datetime.now(UTC)

    def blockers(self, backends: Sequence[int]) -> Mapping[int, Blocker]:  # noqa: ARG002 - the seam's own shape
        """Name nobody: readers wait for no lock once the database is open."""
        return {}

    def end_backends(self, backends: Sequence[int]) -> None:
        """Do nothing: whoever measures is a child, which ends with its channel."""

    def close(self) -> None:
        """Let writers in again, and remove what was spilled to disk: by children too, which may have been killed."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        rmtree(self._spill, ignore_errors=True)
