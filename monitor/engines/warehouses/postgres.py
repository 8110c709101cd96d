"""How to open a guarded PostgreSQL connection: read only, one snapshot, every wait bounded, one exact search path.

A snapshot does not see everything as it was: TRUNCATE, a swap of tables and an ALTER that rewrites one take the old
rows away from whoever has no lock yet, and a table looks empty (PostgreSQL manual, "Caveats" of MVCC). So a statement
that succeeded keeps its locks until the end, and `rewritten` says what was no longer there when they were taken.

A guard, not a wall: the role that Pactwatch logs in with should itself be read only.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Self

import psycopg2
import psycopg2.extensions
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, connection, make_dsn

from monitor.engines.warehouses.base import Blocker, Route, Session, Unreachable
from monitor.settings import ServerSettings

_FIRST_SERVER_WITH_CLIENT_CHECK = 140000
_KEEPALIVES = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}


# A transaction sees one frozen list of sessions unless it asks anew.
_BLOCKERS = """\
SELECT DISTINCT ON (ours.pid) ours.pid, a.pid, a.usename, a.application_name, a.xact_start
FROM (SELECT pg_stat_clear_snapshot()) AS anew, unnest(%s::int[]) AS ours(pid),
  unnest(pg_blocking_pids(ours.pid)) AS theirs(pid)
JOIN pg_catalog.pg_stat_activity a ON a.pid = theirs.pid
"""

# What this transaction has locked, and what its snapshot knows of it: functions look at the present, tables are as
# they were. An index may be new; a table that the snapshot does not know, that had another name or other files, or that
# has lost a partition since, is another one.
_REWRITTEN = """\
SELECT l.relation::regclass::text
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid()
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
  AND (c.oid IS NULL AND pg_get_indexdef(l.relation) IS NULL
    OR c.relkind IN ('r', 'm') AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid) AND c.relfilenode <> 0
    OR c.relkind IN ('r', 'v', 'm', 'p', 'f') AND (pg_identify_object('pg_class'::regclass, c.oid, 0)).identity
      IS DISTINCT FROM quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    OR c.relkind = 'p' AND EXISTS (
      SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid
        AND NOT EXISTS (SELECT FROM pg_partition_tree(c.oid) AS now WHERE now.relid = i.inhrelid)))
ORDER BY 1
"""


def route_to(server: ServerSettings) -> Route:
    """Return what is configured of the way to a server; libpq's environment and defaults fill the gaps."""
    configured = {
        "host": server.host,
        "port": server.port,
        "dbname": server.database,
        "user": server.user,
        "password": server.password,
        "sslmode": server.sslmode,
        "connect_timeout": max(2, math.ceil(server.connect_timeout)),
    }
    return {key: str(value) for key, value in configured.items() if value is not None}


def route_of(open_connection: connection) -> Route:
    """Return the way an open connection took: a process with another environment reaches the same server by it."""
    info = open_connection.info
    resolved = {**info.dsn_parameters, "host": info.host, "port": str(info.port), "password": info.password}
    if "," in resolved.get("hostaddr", ""):  # of several servers, the one that answered
        del resolved["hostaddr"]
    return {key: value for key, value in resolved.items() if value}


def connect(route: Route, session: Session) -> connection:
    """Open a guarded connection in a read-only REPEATABLE READ transaction, whose next statement takes its snapshot.

    Raises Unreachable.
    """
    ours = {"application_name": session.application_name, "client_encoding": "UTF8"}
    try:
        opened = psycopg2.connect(make_dsn(**{**_KEEPALIVES, **route, **ours}))
    except psycopg2.OperationalError as error:
        raise Unreachable(one_line(str(error), route.get("password"))) from error
    try:
        _guard(opened, session)
        begin(opened, session)
    except BaseException:
        opened.close()
        raise
    return opened


def moment_of(opened: connection) -> datetime:
    """Return the moment at which the connection's transaction began, by the server's clock."""
    with opened.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        ((moment,),) = cursor.fetchall()
    if not isinstance(moment, datetime):
        raise TypeError(type(moment))
    return moment


def begin(opened: connection, session: Session) -> None:
    """Begin a transaction with the session's limits as its own: behind a pooler another process may answer this one."""
    limits = _limits(session)
    if session.schema is not None:
        limits["search_path"] = session.schema
    with opened.cursor() as cursor:  # SET takes no snapshot yet, set_config() would
        cursor.execute("; ".join(f"SET LOCAL {name} = %s" for name in limits), tuple(limits.values()))


def export_snapshot(holder: connection, session: Session) -> str | None:
    """Return the name of the snapshot that the connection's transaction sees, for others to join while it is open.

    None where the server cannot (some standbys and poolers); the transaction is then another one.
    """
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            ((name,),) = cursor.fetchall()
    except psycopg2.Error:
        holder.rollback()
        begin(holder, session)
        return None
    return str(name)


class Guarded:
    """A guarded connection that sees one snapshot, before and after any failed statement."""

    source = "guarded_postgres"

    def __init__(self, open_connection: connection, snapshot: str | None) -> None:
        """Begin to see the exported snapshot, or one of its own where there is none to share."""
        self._opened = open_connection
        self._loss: str | None = None
        with self._opened.cursor() as cursor:
            if snapshot is not None:
                cursor.execute("SET TRANSACTION SNAPSHOT %s", (snapshot,))
            cursor.execute("SAVEPOINT sound; SAVEPOINT before")

    @property
    def connection(self) -> Self:
        """Be the connection that Soda takes its cursors of."""
        return self

    @property
    def backend(self) -> int:
        """The server's process that answers."""
        return int(self._opened.info.backend_pid)

    def cursor(self) -> "_Cursor":
        """Return a cursor in this very transaction."""
        return self._opened.cursor(cursor_factory=_Cursor)

    def close(self) -> None:
        """End the connection."""
        self._opened.close()

    def recover(self, error: BaseException) -> None:
        """Undo a failed statement, and nothing before it; where that is impossible, `loss` says why."""
        try:
            with self._opened.cursor() as cursor:
                cursor.execute("ROLLBACK TO SAVEPOINT before")
        except psycopg2.Error:
            self._loss = self._loss or (str(error).strip().splitlines() or [type(error).__name__])[0]

    def loss(self) -> str | None:
        """Say why the connection is of no more use; None while it is."""
        return self._loss

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a complete statement. Raises psycopg2.Error after having recovered."""
        try:
            with self.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        except psycopg2.Error as error:
            self.recover(error)
            raise

    def rewritten(self) -> tuple[str, ...]:
        """Name the tables looked at since this was asked last whose rows of the snapshot were gone by then."""
        found = tuple(str(name) for (name,) in self.rows(_REWRITTEN))
        with self._opened.cursor() as cursor:  # what was sound stays locked; what was not is looked at anew
            cursor.execute(f"{'ROLLBACK TO' if found else 'RELEASE'} SAVEPOINT sound")
            cursor.execute("SAVEPOINT before" if found else "SAVEPOINT sound; SAVEPOINT before")
        return found


class _Cursor(psycopg2.extensions.cursor):
    """A cursor whose every statement can be undone alone: what the ones before have locked stays locked."""

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002, ANN401 - as psycopg2 spells it
        """Run a statement. Raises psycopg2.Error."""
        # A message of its own: one that cannot be parsed is not run at all, and the savepoint would be an older one.
        super().execute("RELEASE SAVEPOINT before; SAVEPOINT before")
        super().execute(query, vars)


def open_guarded(route: Route, session: Session, snapshot: str | None) -> Guarded:
    """Open a guarded connection that sees a snapshot. Raises Unreachable, or psycopg2.Error where it is gone."""
    opened = connect(route, session)
    try:
        return Guarded(opened, snapshot)
    except BaseException:
        opened.close()
        raise


def blockers(holder: connection, backends: Sequence[int]) -> dict[int, Blocker]:
    """Say who makes each of our backends wait for a lock."""
    with holder.cursor() as cursor:
        cursor.execute(_BLOCKERS, (list(backends),))
        return {
            waiting: Blocker(application=application, user=user, process=process, since=since)
            for waiting, process, user, application, since in cursor.fetchall()
        }


def end_backends(holder: connection, backends: Sequence[int]) -> None:
    """End our own backends at once, whatever they do; does nothing where the holder cannot ask any more."""
    with suppress(psycopg2.Error), holder.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", (list(backends),))


def one_line(message: str, secret: str | None = None) -> str:
    """Return a server's message as one line that does not contain the secret; libpq's indented advice goes."""
    said = [line for line in message.splitlines() if line.strip() and not line.startswith("\t")]
    text = "; ".join(" ".join(line.split()) for line in said)
    return text.replace(secret, "•••") if secret else text


def quoted(name: str) -> str:
    """Quote an identifier for a search path."""
    return '"' + name.replace('"', '""') + '"'


def _guard(opened: connection, session: Session) -> None:
    opened.autocommit = True
    settings = {"default_transaction_read_only": "on", **_limits(session)}
    if session.schema is not None:
        settings["search_path"] = quoted(session.schema)
    _configure(opened, settings)
    if opened.server_version >= _FIRST_SERVER_WITH_CLIENT_CHECK:
        # It ends the query of a client that is gone; a server whose platform lacks it refuses the value.
        with suppress(psycopg2.errors.InvalidParameterValue):
            _configure(opened, {"client_connection_check_interval": "1000"})
    opened.autocommit = False
    opened.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)


def _limits(session: Session) -> dict[str, str]:
    limits = {
        "statement_timeout": _milliseconds(session.statement_timeout),
        "lock_timeout": _milliseconds(session.lock_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(session.idle_timeout),
        "standard_conforming_strings": "on",
        "TimeZone": "UTC",
        "DateStyle": "ISO, MDY",
        "row_security": "off",  # a policy that would hide rows is an error of the check, not a quiet pass
    }
    if session.is_one_of_many:
        limits["max_parallel_workers_per_gather"] = "0"
    return limits


def _configure(opened: connection, settings: Mapping[str, str]) -> None:
    calls = ", ".join("set_config(%s, %s, false)" for _ in settings)
    with opened.cursor() as cursor:
        cursor.execute(f"SELECT {calls}", [part for setting in settings.items() for part in setting])


def _milliseconds(seconds: float) -> str:
    return str(math.ceil(seconds * 1000))
