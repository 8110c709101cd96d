"""PostgreSQL as the parent of a scan sees it: the catalogue, the snapshot for its children, who stands in their way."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime

from psycopg2.extensions import connection

from monitor.domain.check import TableName
from monitor.domain.scan import Seen
from monitor.engines.base import Interrupted
from monitor.engines.waiting import cut_off_in_the_end
from monitor.engines.warehouses import postgres, postgres_catalogue
from monitor.engines.warehouses.base import Blocker, Route, session_for
from monitor.settings import ServerSettings


class PostgresHolder:
    """The connection that holds a scan's snapshot."""

    def __init__(self, server: ServerSettings, slug: str) -> None:
        """Connect. Raises Unreachable."""
        self._session = replace(session_for(server, slug), idle_timeout=0)
        self._opened: connection = postgres.connect(postgres.route_to(server), self._session)

    @property
    def role(self) -> str:
        """Whom the server takes us for."""
        return str(self._opened.info.user)

    @property
    def closed(self) -> int:
        """Whether it is of no more use."""
        return int(self._opened.closed)

    def look_up(self, tables: Sequence[TableName]) -> Seen:
        """Return every table of the list that exists, found by its exact name."""
        return postgres_catalogue.look_up(self._opened, tables)

    def has_schema(self, name: str) -> bool:
        """Say whether a schema of exactly this name exists."""
        return postgres_catalogue.has_schema(self._opened, name)

    def cut_off_in_the_end(self, interrupted: Interrupted) -> AbstractContextManager[None]:
        """While the block runs, cut the connection off on which somebody still waits in the end."""
        return cut_off_in_the_end(self._opened, interrupted)

    def export_snapshot(self) -> str | None:
        """Return the name of the snapshot that this transaction sees; None where the server cannot."""
        return postgres.export_snapshot(self._opened, self._session)

    def route(self) -> Route:
        """Return the way it took."""
        return postgres.route_of(self._opened)

    def moment(self) -> datetime:
        """Return the moment at which this transaction began, by the server's clock."""
        return postgres.moment_of(self._opened)

    def blockers(self, backends: Sequence[int]) -> Mapping[int, Blocker]:
        """Say who makes each of our backends wait for a lock."""
        return postgres.blockers(self._opened, backends)

    def end_backends(self, backends: Sequence[int]) -> None:
        """End our own backends at once, whatever they do."""
        postgres.end_backends(self._opened, backends)

    def close(self) -> None:
        """End the connection."""
        self._opened.close()
