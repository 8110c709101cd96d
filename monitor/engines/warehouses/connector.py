"""One connection to a warehouse of a connector, opened by Soda's own data source class in a process of its own.

The driver is whatever that class imports (PEP 249). It knows no statement time limit that all servers share, so each
call waits for a while and then gives its connection up: the next one is new. There is no snapshot.
"""

import importlib
import json
import os
import re
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

from monitor.checks.dialect import dialect_of
from monitor.domain.check import TableName
from monitor.engines.sql_errors import StatementFailedError
from monitor.engines.warehouses.base import Route, Session, Unreachable
from monitor.engines.warehouses.connector_errors import failed, is_of_a_driver, told
from monitor.engines.warehouses.connector_kinds import KINDS, Kind
from monitor.engines.warehouses.cursor import Cursor
from monitor.settings import ServerSettings

T = TypeVar("T")
TIMED_OUT = "canceling statement due to statement timeout"
_TO_CANCEL = 5.0
"""Seconds that a driver may take to cancel."""
_STAND_INS = ("requests", "distutils.util")
_HEADING = re.compile(r'(?P<escaped>U&)?(?:"(?P<quoted>(?:[^"]|"")*)"|`(?P<ticked>[^`]*)`)(?P<more>\.)?')
_ESCAPED = re.compile(r"\\(?:\+([0-9A-Fa-f]{6})|([0-9A-Fa-f]{4}))")


def route_to(server: ServerSettings) -> Route:
    """Return what is configured of the way to a server, secrets included: Soda's own keys win over ours."""
    kind = KINDS[server.type]
    ours = {
        "host": server.host,
        "port": server.port,
        "database": server.database,
        "schema": server.schema,
        "user": server.user,
        "password": server.password,
    }
    given = {theirs: ours[our] for our, theirs in kind.given.items() if ours[our] is not None}
    properties = {**given, **json.loads(server.connection or "{}"), **kind.fixed}
    return {
        "type": server.type,
        "properties": json.dumps(properties),
        "connect_timeout": str(server.connect_timeout),
    }


class Guarded:
    """A connection that is replaced when a statement takes too long; every statement sees the tables as they are."""

    def __init__(self, route: Route, session: Session) -> None:
        """Connect. Raises Unreachable."""
        self._route = route
        self._session = session
        self._server_type = route["type"]
        self._kind = KINDS[self._server_type]
        self._properties: Mapping[str, object] = json.loads(route["properties"])
        self._loss: str | None = None
        os.environ["TZ"] = "UTC"  # this is a process of our own, and Trino's driver tells the server its zone
        time.tzset()
        self._own = _data_source(self._kind)
        self.source = _register(self._server_type, self._own, self._properties)
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._opened = self._connect()
        self.schema = self._settled()

    @property
    def connection(self) -> Self:
        """Be the connection that Soda takes its cursors of."""
        return self

    @property
    def backend(self) -> int:
        """No process of the server's is known."""
        return 0

    def cursor(self) -> Cursor:
        """Return a cursor of this connection, or of the one that replaces it."""
        return Cursor(self)

    def run(self, statement: str) -> tuple[list[tuple[Any, ...]], Any]:
        """Return the rows and the description of a statement. Raises StatementFailedError."""
        opened = self._opened
        asked: list[Any] = [opened]

        def ask() -> tuple[list[tuple[Any, ...]], Any]:
            cursor = opened.cursor()
            asked.append(cursor)
            try:
                cursor.execute(self._kind.as_sent(statement))
                return [tuple(row) for row in cursor.fetchall()], cursor.description
            finally:
                cursor.close()

        try:
            return self._within(self._session.statement_timeout, ask)
        except TimeoutError:
            self._replace(asked)
            raise StatementFailedError(TIMED_OUT, "57014") from None
        except Exception as error:
            if not is_of_a_driver(error):
                raise
            raise failed(error, self._properties) from error

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a complete statement. Raises StatementFailedError after having recovered.

        What a server that explains nothing would do to a statement is not found out: nothing is returned.
        """
        if statement.startswith("EXPLAIN ") and not self._kind.explains:
            return []
        try:
            return self.run(statement)[0]
        except StatementFailedError as error:
            self.recover(error)
            raise

    def rewritten(self) -> tuple[str, ...]:
        """Name nothing: each statement sees the rows of its own moment."""
        return ()

    def recover(self, error: BaseException) -> None:
        """End a failed transaction where the server has one; where that is impossible, `loss` says why."""
        if not self._kind.rolls_back or self._loss:
            return
        if self._calmly(self._opened.rollback, self._session.statement_timeout):
            self._loss = told(error, self._properties)

    def loss(self) -> str | None:
        """Say why the connection is of no more use; None while it is."""
        return self._loss

    def close(self) -> None:
        """End the connection; one that does not answer ends with this process."""
        self._calmly(self._opened.close, self._session.statement_timeout)
        self._worker.shutdown(wait=False)

    def _calmly(self, act: Callable[[], object], seconds: float) -> str | None:
        """Do what may fail as drivers do, or not end in time; return what was said then."""
        try:
            self._within(seconds, act)
        except TimeoutError:
            self._worker = ThreadPoolExecutor(max_workers=1)
            return "it did not answer in time"
        except Exception as error:
            if not is_of_a_driver(error):
                raise
            return told(error, self._properties)
        return None

    def _within(self, seconds: float, act: Callable[[], T]) -> T:
        """Return what a call returns, or raise what it raises. Raises TimeoutError where it takes longer."""
        return self._worker.submit(act).result(seconds or None)

    def _replace(self, asked: Sequence[Any]) -> None:
        """Leave a call behind that nobody waits for any more, and go on with a new connection.

        PEP 249 has no word for it, but most drivers cancel: by the connection (psycopg2) or by the cursor (pyodbc,
        Trino, Databricks, Athena). Where that does not work either, the statement is the server's to end.
        """
        self._worker = ThreadPoolExecutor(max_workers=1)
        for each in asked:
            cancel = getattr(each, "cancel", None)
            if callable(cancel):
                self._calmly(cancel, _TO_CANCEL)
        try:
            self._opened = self._connect()
        except Unreachable as error:
            self._loss = str(error)

    def _connect(self) -> Any:  # noqa: ANN401 - PEP 249 has no types
        from soda.common.logs import Logs

        def opened() -> Any:  # noqa: ANN401
            source = self._own(Logs(), self._server_type, {**self._properties})
            source.connect()
            if source.connection is None:
                raise Unreachable("Soda's data source opened no connection: its settings are not complete")
            cursor = source.connection.cursor()
            for statement in self._kind.begin:
                cursor.execute(statement)
            cursor.close()
            if self._kind.rolls_back:
                source.connection.commit()
            if self._kind.can_only_read:
                source.connection.set_session(readonly=True)
            return source.connection

        limit = float(self._route["connect_timeout"])
        try:
            return self._within(limit, opened)
        except Unreachable:
            raise
        except TimeoutError:
            raise Unreachable(f"no connection within {limit:g} s (connect_timeout)") from None
        except Exception as error:  # whatever a driver makes of settings that are not its own idea of them
            raise Unreachable(told(error, self._properties)) from error

    def _settled(self) -> str | None:
        """Return the schema in which unqualified names are. Raises Unreachable where it is not the configured one."""
        wanted = self._session.schema
        if self._kind.schema_now is None:
            return wanted
        try:
            ((found,),) = self.run(self._kind.schema_now)[0]
        except StatementFailedError as error:
            raise Unreachable(str(error)) from error
        if wanted is not None and str(found).casefold() != wanted.casefold():
            self.close()
            raise Unreachable(f"the session is in schema {found}, and cannot be brought to {wanted}: is it there?")
        return None if found is None else str(found)


def exact_name(heading: str) -> TableName | None:
    """Return the exact name that a heading of ours stands for; None for a name that somebody else wrote."""
    parts: list[str] = []
    position = 0
    while found := _HEADING.match(heading, position):
        name = found["ticked"] if found["quoted"] is None else found["quoted"].replace('""', '"')
        if found["escaped"]:
            name = _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), name)
        parts.append(name)
        position = found.end()
    if position != len(heading) or not 1 <= len(parts) <= len(("schema", "table")):
        return None
    return TableName(schema=parts[0] if len(parts) > 1 else None, name=parts[-1])


def _data_source(kind: Kind) -> Any:  # noqa: ANN401 - one of Soda's classes
    """Return Soda's data source class. Raises Unreachable where its package, or what that needs, is missing."""
    for name in _STAND_INS:  # ours stand there for Soda; a driver needs the real ones
        if name in sys.modules and sys.modules[name].__spec__ is None:
            del sys.modules[name]
    try:
        module = importlib.import_module(f"soda.data_sources.{kind.soda}_data_source")
    except ImportError:
        reason = f"the package {kind.package} is not installed: pip install 'pactwatch[{kind.extra}]'"
        raise Unreachable(reason) from None
    return getattr(module, kind.class_name)


def _register(server_type: str, own: Any, properties: Mapping[str, object]) -> str:  # noqa: ANN401
    """Make Soda's data source known over a connection of ours, and return the name that it has there."""
    dialect = dialect_of(server_type)

    class GuardedDataSource(own):  # type: ignore[misc]
        def __init__(self, logs: Any, name: str, ours: Mapping[str, Any]) -> None:  # noqa: ANN401
            super().__init__(logs, name, {**properties, **ours})

        def connect(self) -> None:
            self.connection = self.data_source_properties["guarded"].connection

        def query_failed(self, e: BaseException) -> None:
            self.data_source_properties["guarded"].recover(e)

        def qualified_table_name(self, table_name: str) -> str:
            name = exact_name(table_name)
            return table_name if name is None else dialect.table(name)

    source = f"guarded_{server_type}"
    module = types.ModuleType(f"soda.data_sources.{source}_data_source")
    setattr(module, f"G{source[1:]}DataSource", GuardedDataSource)  # as Soda spells the class of `guarded_<type>`
    sys.modules[module.__name__] = module
    return source
