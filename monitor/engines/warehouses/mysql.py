"""How to open a guarded connection to MySQL or MariaDB: read only, one snapshot, every wait bounded.

A guard, not a wall: the account that Pactwatch logs in with should itself be read only. With its siblings this is the
only place that knows the driver, imported only when needed. A value that the server cut, clamped or could not read is
told by a warning, which is an error here: SQL elsewhere would have refused, and a wrong number must not pass.
"""

import json
import math
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from monitor.checks import mysql as dialect
from monitor.checks.mysql import ENDLESS
from monitor.contracts import mysql_text
from monitor.domain.check import TableName
from monitor.engines.sql_errors import StatementFailedError
from monitor.engines.warehouses.base import Route, Session, Unreachable, Unsupported
from monitor.engines.warehouses.cursor import Cursor
from monitor.engines.warehouses.mysql_errors import UNTRUE, failed, first_line, is_the_end, untrue
from monitor.engines.warehouses.names import written_out
from monitor.settings import ServerSettings

PORT = 3306
TABLES = "tables"
"""Where a route names the tables that are to be held, as JSON: a list of schema and name."""

_UTF8MB4_BIN = 46
_NO_LIMIT = 31_536_000
_KEEPALIVES = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
_SQL_MODE = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"
"""Neither ANSI_QUOTES nor NO_BACKSLASH_ESCAPES: a text is read as the guard of queries has read it."""


def route_to(server: ServerSettings) -> Route:
    """Return what is configured of the way to a server."""
    configured = {
        "host": server.host,
        "port": server.port,
        "database": server.schema or server.database,
        "user": server.user,
        "password": server.password,
        "sslmode": server.sslmode,
        "connect_timeout": max(2, math.ceil(server.connect_timeout)),
    }
    return {key: str(value) for key, value in configured.items() if value is not None}


def connect(route: Route, session: Session) -> Any:  # noqa: ANN401 - the driver has no types
    """Open a guarded connection on which nothing can be written. Raises Unreachable."""
    library = _library()
    try:
        opened = library.connect(**_options(route, session, library))
    except (library.Error, OSError, AttributeError) as error:
        raise Unreachable(_why(error, route)) from error
    try:
        _guard(opened, route, session)
    except library.Error as error:
        opened.close()
        raise Unreachable(_why(error, route)) from error
    except BaseException:
        opened.close()
        raise
    return opened


def open_guarded(route: Route, session: Session) -> "Guarded":
    """Open a guarded connection that sees one snapshot from now on. Raises Unreachable or StatementFailedError."""
    opened = connect(route, session)
    try:
        return Guarded(
            opened, [TableName(schema=schema, name=name) for schema, name in json.loads(route.get(TABLES, "[]"))]
        )
    except BaseException:
        close(opened)
        raise


class Guarded:
    """A guarded connection in one transaction, which sees one snapshot; a failed statement does not end it."""

    source = "guarded_mysql"

    def __init__(self, opened: Any, tables: Sequence[TableName] = ()) -> None:  # noqa: ANN401 - the driver has no types
        """Begin the transaction, take hold of these tables, then take the snapshot. Raises StatementFailedError.

        What was emptied or rebuilt since a snapshot is an error of the server's, but a table that came to have another
        one's name looks empty; so nobody may rename these once the snapshot is taken. The first statement that reads a
        row takes it (measured on MariaDB 10.11: one with LIMIT 0 does not). A table that somebody else holds is left
        to its own checks.
        """
        self._opened = opened
        self._loss: str | None = None
        held = self._hold(tables) if tables else []
        if held:
            self.run(f"SELECT 1 FROM {held[0]} LIMIT 1")
        else:
            self.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def _hold(self, tables: Sequence[TableName]) -> list[str]:
        """Begin the transaction and return the tables whose metadata locks it has."""
        self.run("START TRANSACTION READ ONLY")
        ((limit,),), _ = self.run("SELECT @@SESSION.lock_wait_timeout")
        self.run("SET SESSION lock_wait_timeout = 1")
        held = []
        for name in map(dialect.table, tables):
            with suppress(StatementFailedError):
                self.run(f"SELECT 1 FROM {name} LIMIT 0")
                held.append(name)
        self.run(f"SET SESSION lock_wait_timeout = {int(str(limit))}")
        return held

    @property
    def connection(self) -> Self:
        """Be the connection that Soda takes its cursors of."""
        return self

    @property
    def backend(self) -> int:
        """The server's thread that answers."""
        return int(self._opened.connection_id)

    def cursor(self) -> Cursor:
        """Return a cursor in this very transaction."""
        return Cursor(self)

    def run(self, statement: str) -> tuple[list[tuple[Any, ...]], Any]:
        """Return the rows and the description of a statement. Raises StatementFailedError."""
        return run(self._opened, written_out(statement, mysql_text.pieces, _backticked))

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a complete statement. Raises StatementFailedError after having recovered."""
        try:
            return self.run(statement)[0]
        except StatementFailedError as error:
            self.recover(error)
            raise

    def recover(self, error: BaseException) -> None:
        """Go on in the same snapshot; where the connection has ended with the statement, `loss` says why."""
        if is_the_end(error):
            self._loss = self._loss or first_line(error)

    def rewritten(self) -> tuple[str, ...]:
        """Name none: nobody renames what is held, and what was rebuilt before is an error of the server's own."""
        return ()

    def loss(self) -> str | None:
        """Say why the connection is of no more use; None while it is."""
        return self._loss

    def close(self) -> None:
        """End the connection."""
        close(self._opened)


def run(opened: Any, statement: str) -> tuple[list[tuple[Any, ...]], Any]:  # noqa: ANN401 - the driver has no types
    """Return the rows and the description of a statement, sent as it stands: no percent sign means anything.

    Raises StatementFailedError, also where a value is not what was asked for.
    """
    library = _library()
    try:
        told = opened.cmd_query(statement)
        if "columns" not in told:
            return [], None
        rows, end = opened.get_rows()
        warnings = _warnings(opened) if end["warning_count"] else ()
    except (library.Error, OSError) as error:
        raise failed(error) from error
    for number, message in warnings:
        if number in UNTRUE:
            raise untrue(message)
    return [tuple(_value(cell) for cell in row) for row in rows], [column[:7] for column in told["columns"]]


def close(opened: Any) -> None:  # noqa: ANN401 - the driver has no types
    """End a connection, whatever state it is in."""
    with suppress(_library().Error, OSError):
        opened.close()


def _warnings(opened: Any) -> tuple[tuple[int, str], ...]:  # noqa: ANN401 - the driver has no types
    opened.cmd_query("SHOW WARNINGS")
    rows, _ = opened.get_rows()
    return tuple((int(number), str(message)) for level, number, message in rows if level != "Note")


def _value(cell: object) -> object:
    return math.inf if cell == ENDLESS and isinstance(cell, float) else cell


def _options(route: Route, session: Session, library: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a module
    flags = library.constants.ClientFlag
    host, sslmode = route.get("host", "127.0.0.1"), route.get("sslmode", "prefer")
    place = {"unix_socket": host} if host.startswith("/") else {"host": host, "port": int(route.get("port", PORT))}
    verified: dict[str, Any] = {}
    if sslmode in {"verify-ca", "verify-full"}:
        verified = {"ssl_verify_cert": True, "ssl_ca": _authorities(sslmode)}
    return {
        **place,
        **{key: route[key] for key in ("user", "password", "database") if key in route},
        **verified,
        "ssl_verify_identity": sslmode == "verify-full",
        "ssl_disabled": sslmode == "disable",
        "connection_timeout": int(route["connect_timeout"]),
        "use_pure": True,
        "charset": "utf8mb4",
        "collation": "utf8mb4_bin",
        "autocommit": True,
        "converter_class": converter(library),
        "conn_attrs": {"program_name": session.application_name},
        "client_flags": [-flags.MULTI_STATEMENTS, -flags.LOCAL_FILES],
    }


def converter(library: Any) -> type:  # noqa: ANN401 - a module
    """Return how the driver reads values; its own looks its character set up by the server's version.

    Of versions other than 5.7 and 8.0, as MySQL 8.4's or MariaDB's, it knows none and refuses to connect (8.0.30).
    """
    own: type = library.conversion.MySQLConverter

    class Converter(own):  # type: ignore[misc]
        def set_charset(self, _charset: str) -> None:
            self.charset, self.charset_id = "utf8", _UTF8MB4_BIN

    return Converter


def _authorities(sslmode: str) -> str:
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None:
        raise Unsupported(f"unsupported: sslmode {sslmode}, this machine has no file of certificate authorities")
    return paths.cafile


def _guard(opened: Any, route: Route, session: Session) -> None:  # noqa: ANN401 - the driver has no types
    if route.get("sslmode") in {"require", "verify-ca", "verify-full"} and not opened._ssl_active:  # noqa: SLF001
        raise Unreachable("the server takes no SSL connection, which sslmode asks for")
    line = opened._socket.sock  # noqa: SLF001 - the driver has no public way to its socket
    if line.family != socket.AF_UNIX:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVES.items():
            if hasattr(socket, option):
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    settings = {
        "sql_mode": f"'{_SQL_MODE}'",
        "time_zone": "'+00:00'",
        "sql_auto_is_null": "0",
        "max_error_count": "65535",  # a bent value is known by its warning
        "lock_wait_timeout": _seconds(session.lock_timeout),
        "innodb_lock_wait_timeout": _seconds(session.lock_timeout),
        "wait_timeout": _seconds(session.idle_timeout),
    }
    if is_mariadb(opened):
        settings["max_statement_time"] = repr(float(session.statement_timeout))
        settings["default_regex_flags"] = "''"
    else:
        settings["max_execution_time"] = str(math.ceil(session.statement_timeout * 1000))
    opened.cmd_query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    opened.cmd_query("SET SESSION " + ", ".join(f"{name} = {value}" for name, value in settings.items()))


def is_mariadb(opened: Any) -> bool:  # noqa: ANN401 - the driver has no types
    """Say which of the two it is."""
    return "mariadb" in str(opened.get_server_info()).lower()


def _seconds(limit: float) -> str:
    return str(max(1, math.ceil(limit)) if limit else _NO_LIMIT)


def _why(error: BaseException, route: Route) -> str:
    text = " ".join(str(getattr(error, "msg", None) or error).split())
    if isinstance(error, AttributeError) and "match_hostname" in text:
        raise Unsupported("unsupported: sslmode verify-full, by this driver and Python together") from error
    secret = route.get("password")
    return text.replace(secret, "•••") if secret else text


def _backticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _library() -> Any:  # noqa: ANN401 - a module
    try:
        import mysql.connector as library
        import soda.data_sources.mysql_data_source  # noqa: F401 - the package that brings the driver
    except ImportError:
        raise Unreachable("the package soda-core-mysql is not installed: pip install 'pactwatch[mysql]'") from None
    return library
