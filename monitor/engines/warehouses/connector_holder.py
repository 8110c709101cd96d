"""A connector's warehouse as the parent of a scan sees it: its catalogue, asked once by a process of its own."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from monitor.domain.check import TableName
from monitor.domain.scan import Seen
from monitor.engines.base import Interrupted
from monitor.engines.process import Nursery, scrubbed
from monitor.engines.warehouses.base import Blocker, Route, Unreachable, session_for
from monitor.engines.warehouses.connector import route_to
from monitor.engines.warehouses.connector_child import Looked, NoAnswer, Question
from monitor.settings import ServerSettings

_PROGRAM = "monitor.engines.warehouses.connector_child:run"
_TO_BEGIN = 60.0
"""Seconds that a process may take to import a driver."""


class ConnectorHolder:
    """What was seen when the scan began. No connection is held: nothing here has a snapshot to share."""

    closed = False

    def __init__(self, server: ServerSettings, slug: str, tables: Sequence[TableName]) -> None:
        """Ask the catalogue. Raises Unreachable."""
        self.role = server.user or ""
        self._route = route_to(server)
        session = session_for(server, slug)
        limit = _TO_BEGIN + server.connect_timeout + 2 * server.statement_timeout
        with closing(Nursery(_PROGRAM, scrubbed(os.environ, server.env))) as nursery:
            child = nursery.spawn()
            try:
                child.channel.send(Question(route=self._route, session=session, tables=tuple(tables)))
                answer = child.channel.recv() if child.channel.poll(limit) else None
            except (EOFError, OSError):
                raise Unreachable("the process that reads its catalogue died") from None
            finally:
                child.kill()
        match answer:
            case Looked(seen=seen):
                self._seen = seen
            case NoAnswer(reason=reason):
                raise Unreachable(reason)
            case _:
                raise Unreachable(f"its catalogue did not answer within {limit:g} s")

    def look_up(self, tables: Sequence[TableName]) -> Seen:
        """Return every table of the list that existed when it was asked for."""
        return {table: self._seen[table] for table in tables if table in self._seen}

    def has_schema(self, name: str) -> bool:  # noqa: ARG002 - the seam's own shape
        """Say yes: where the session's schema can be asked for, another one is no connection at all."""
        return True

    @contextmanager
    def cut_off_in_the_end(self, interrupted: Interrupted) -> Iterator[None]:  # noqa: ARG002
        """Do nothing: no line is open."""
        yield

    def export_snapshot(self) -> None:
        """Share nothing: one connection measures."""

    def route(self) -> Route:
        """Return the way it took."""
        return self._route

    def moment(self) -> datetime:
        """Return this moment, by this machine's clock."""
        return datetime.now(UTC)

    def blockers(self, backends: Sequence[int]) -> Mapping[int, Blocker]:  # noqa: ARG002
        """Name nobody: whose lock a statement waits for is not known."""
        return {}

    def end_backends(self, backends: Sequence[int]) -> None:
        """Do nothing: whoever measures is a child, which ends with its channel."""

    def close(self) -> None:
        """Do nothing: no line is open."""
