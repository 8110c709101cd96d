"""MySQL and MariaDB as the parent of a scan sees them: the catalogue, and a way to end what a child left running."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from monitor.domain.check import TableName
from monitor.domain.scan import Seen
from monitor.engines.base import Interrupted
from monitor.engines.sql_errors import StatementFailedError
from monitor.engines.waiting import cut_off_in_the_end
from monitor.engines.warehouses import mysql, mysql_catalogue
from monitor.engines.warehouses.base import Blocker, Route, session_for
from monitor.settings import ServerSettings

# Only the two words of a lock are compared: a table that is altered or locked as a whole makes readers wait.
_BLOCKERS = """\
SELECT ours.processlist_id, theirs.processlist_id, theirs.processlist_user,
  (SELECT attr_value FROM performance_schema.session_connect_attrs
   WHERE processlist_id = theirs.processlist_id AND attr_name = 'program_name')
FROM performance_schema.metadata_locks waiting
JOIN performance_schema.metadata_locks held ON held.object_type = waiting.object_type
  AND held.object_schema = waiting.object_schema AND held.object_name = waiting.object_name
  AND held.lock_status = 'GRANTED' AND held.owner_thread_id <> waiting.owner_thread_id
  AND held.lock_type NOT IN ('INTENTION_EXCLUSIVE', 'SHARED', 'SHARED_HIGH_PRIO', 'SHARED_READ', 'SHARED_WRITE')
JOIN performance_schema.threads ours ON ours.thread_id = waiting.owner_thread_id
JOIN performance_schema.threads theirs ON theirs.thread_id = held.owner_thread_id
WHERE waiting.lock_status = 'PENDING' AND ours.processlist_id IN ({backends})
"""


class MysqlHolder:
    """The connection beside that of a scan. No two connections can see the same here, so one measures."""

    def __init__(self, server: ServerSettings, slug: str) -> None:
        """Connect. Raises Unreachable."""
        session = replace(session_for(server, slug), idle_timeout=0)
        self._schema = server.schema or server.database
        self._route = mysql.route_to(server)
        self._opened: Any = mysql.connect(self._route, session)
        self._closed = False

    @property
    def role(self) -> str:
        """Whom the server takes us for: `name@host`."""
        ((role,),), _ = mysql.run(self._opened, "SELECT CURRENT_USER()")
        return str(role)

    @property
    def closed(self) -> bool:
        """Whether it is of no more use."""
        return self._closed

    def look_up(self, tables: Sequence[TableName]) -> Seen:
        """Return every table of the list that exists, found by its exact name."""
        seen = mysql_catalogue.look_up(self._opened, tables, self._schema)
        held = [(name.schema, name.name) for name, table in seen.items() if table.kind == "table"]
        self._route = {**self._route, mysql.TABLES: json.dumps(held)}
        return seen

    def has_schema(self, name: str) -> bool:
        """Say whether a database of exactly this name can be seen."""
        return mysql_catalogue.has_schema(self._opened, name)

    def cut_off_in_the_end(self, interrupted: Interrupted) -> AbstractContextManager[None]:
        """While the block runs, cut the connection off on which somebody still waits in the end."""
        return cut_off_in_the_end(self._opened._socket.sock, interrupted)  # noqa: SLF001 - there is no public way to it

    def export_snapshot(self) -> None:
        """Share nothing: neither MySQL nor MariaDB lets two connections see one snapshot."""

    def route(self) -> Route:
        """Return the way it took."""
        return self._route

    def moment(self) -> datetime:
        """Return this moment by the server's clock."""
        ((moment,),), _ = mysql.run(self._opened, "SELECT UTC_TIMESTAMP(6)")
        if not isinstance(moment, datetime):
            raise TypeError(type(moment))
        return moment.replace(tzinfo=UTC)

    def grants(self) -> tuple[str, ...]:
        """Return what the account may do, as the server writes it."""
        rows, _ = mysql.run(self._opened, "SHOW GRANTS FOR CURRENT_USER")
        return tuple(str(row[0]) for row in rows)

    def blockers(self, backends: Sequence[int]) -> Mapping[int, Blocker]:
        """Say who makes our backends wait for a table, as far as the server keeps a record of locks and shows it us."""
        if not backends:
            return {}
        listed = ", ".join(str(int(backend)) for backend in backends)
        rows, _ = mysql.run(self._opened, _BLOCKERS.format(backends=listed))
        return {
            int(ours): Blocker(application=str(program or ""), user=str(user or ""), process=int(theirs))
            for ours, theirs, user, program in rows
        }

    def end_backends(self, backends: Sequence[int]) -> None:
        """End our own backends at once, whatever they do: the server itself does not notice that a child is gone."""
        for backend in backends:
            with suppress(StatementFailedError):  # it has ended by itself
                mysql.run(self._opened, f"KILL {int(backend)}")

    def close(self) -> None:
        """End the connection."""
        self._closed = True
        mysql.close(self._opened)
