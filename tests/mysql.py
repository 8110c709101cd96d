"""A real MariaDB for the tests that want one, booted where it is installed, and its databases as tests see them."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor.engines.warehouses.mysql import converter
from monitor.settings import ServerSettings
from tests.conftest import Warehouse, until

PASSWORD = "hunter2 ß'\""


@dataclass(frozen=True)
class Mysql:
    """A running server."""

    port: int
    socket: str

    def connect(self, **options: Any) -> Any:
        import mysql.connector

        parts: dict[str, Any] = {"unix_socket": self.socket, "user": "root", "use_pure": True, "autocommit": True}
        parts |= {"charset": "utf8mb4", "collation": "utf8mb4_bin", "converter_class": converter(mysql.connector)}
        return mysql.connector.connect(**{**parts, **options})


@dataclass(frozen=True)
class MysqlWarehouse:
    """A fresh database on the server, and the settings with which Pactwatch reaches it.

    What tests say in PostgreSQL's SQL is done on a PostgreSQL beside it, and its tables are copied here: so what a
    query by hand answers there is what is to be measured here.
    """

    mysql: Mysql
    settings: ServerSettings
    beside: Warehouse | None = None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run PostgreSQL's SQL beside, and copy all tables if it has no answer."""
        assert self.beside is not None
        found = self.beside.rows(sql)
        if not found:
            copy(self.beside, self, sql)
        return found

    def plain(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run MySQL's own SQL as somebody who may write; return the rows of the last statement."""
        with closing(self.mysql.connect(database=self.settings.database)) as opened:
            run(opened, "SET time_zone = '+00:00', sql_mode = ''")
            return [run(opened, statement) for statement in statements][-1]

    def backends(self) -> list[tuple[Any, ...]]:
        """Return the sessions that Pactwatch has open."""
        return self.plain(
            f"SELECT id, command, info FROM information_schema.processlist WHERE user = '{self.settings.user}'"
        )

    def wait_until_alone(self, deadline: float = 10.0) -> None:
        until(lambda: not self.backends(), deadline)


def run(opened: Any, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of one statement."""
    with closing(opened.cursor()) as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def booted(*options: str) -> Iterator[Mysql]:
    """Provide a MariaDB of one's own; the test is skipped where none is installed."""
    if shutil.which("mariadbd") is None or shutil.which("mariadb-install-db") is None:
        pytest.skip("no MariaDB is installed")
    folder = Path(tempfile.mkdtemp(prefix="pactwatch-mysql-"))
    data, line = folder / "data", str(folder / "socket")
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", *_as_whoever_runs_it(),
         "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    port = _free_port()
    server = subprocess.Popen(
        ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={line}", f"--port={port}", *_as_whoever_runs_it(),
         "--bind-address=127.0.0.1", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0",
         f"--pid-file={folder / 'pid'}", f"--log-error={folder / 'log'}", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    found = Mysql(port=port, socket=line)
    try:
        until(lambda: server.poll() is not None or _answers(found), 20.0)
        assert server.poll() is None, (folder / "log").read_text()
        yield found
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server: Mysql, beside: Warehouse | None = None) -> Iterator[MysqlWarehouse]:
    """Provide a database of its own, and an account that may do everything in it."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with closing(server.connect()) as opened:
        escaped = PASSWORD.replace("'", "''")
        for statement in (
            f"CREATE DATABASE {name} CHARACTER SET utf8mb4",
            f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{escaped}'",
            f"GRANT ALL ON *.* TO {name}@'127.0.0.1'",
        ):
            run(opened, statement)
        settings = ServerSettings(
            name="test",
            type="mysql",
            host="127.0.0.1",
            port=server.port,
            database=name,
            user=name,
            password=PASSWORD,
            statement_timeout=20.0,
            lock_timeout=5.0,
        )
        try:
            yield MysqlWarehouse(mysql=server, settings=settings, beside=beside)
        finally:
            for database in (name, "other"):
                run(opened, f"DROP DATABASE IF EXISTS {database}")
            run(opened, f"DROP USER {name}@'127.0.0.1'")


_COLUMNS = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2, a.attnum
"""
_TYPES = {
    "timestamp with time zone": "DATETIME(6)",
    "timestamp without time zone": "DATETIME(6)",
    "time without time zone": "TIME(6)",
    "numeric": "DECIMAL(65,20)",
    "text": "LONGTEXT",
    "jsonb": "JSON",
    "integer[]": "JSON",
    "real": "FLOAT",
}
_CASTS = {
    "timestamp with time zone": "({} AT TIME ZONE 'UTC')::text",
    "boolean": "{}::int",
    "integer[]": "to_json({})::text",
}


def copy(there: Warehouse, here: MysqlWarehouse, sql: str) -> None:
    """Copy all tables of a PostgreSQL database that an SQL text names, whatever was here."""
    tables: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table, column, type_ in there.rows(_COLUMNS):
        if table in sql or quotes(table) in sql:
            tables.setdefault((schema, table), []).append((column, type_))
    with closing(here.mysql.connect(database=here.settings.database)) as opened, closing(opened.cursor()) as cursor:
        run(opened, "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES'")
        for schema in {schema for schema, _ in tables if schema != "public"}:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {backticks(schema)}")
        for (schema, table), columns in tables.items():
            name = backticks(table) if schema == "public" else f"{backticks(schema)}.{backticks(table)}"
            declared = ", ".join(f"{backticks(column)} {_TYPES.get(type_, type_)}" for column, type_ in columns)
            asked = ", ".join(_CASTS.get(type_, "{}::text").format(quotes(column)) for column, type_ in columns)
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            cursor.execute(f"CREATE TABLE {name} ({declared})")
            lines = there.rows(f"SELECT {asked} FROM {quotes(schema)}.{quotes(table)}")
            if lines:
                cursor.execute(f"INSERT INTO {name} VALUES {', '.join(map(row, lines))}")


def row(cells: Sequence[str | int | None]) -> str:
    """Write a row of values."""
    written = (
        "NULL" if each is None else "'" + str(each).replace("\\", "\\\\").replace("'", "''") + "'" for each in cells
    )
    return f"({', '.join(written)})"


def backticks(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def quotes(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _as_whoever_runs_it() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def _answers(server: Mysql) -> bool:
    import mysql.connector

    with suppress(mysql.connector.Error):
        server.connect().close()
        return True
    return False
