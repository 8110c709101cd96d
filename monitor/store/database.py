"""One connection to the state database at a time: reading sees one moment, writing happens as a whole or not at all."""

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError as SqliteError
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from monitor.errors import StoreError
from monitor.store.types import Moment

Key = TypeVar("Key", int, str)

BUSY_SECONDS = 30
"""How long a writer of SQLite waits for another one."""

BATCH = 5_000
"""So many values are asked for at a time: databases limit the length of a question."""

_WRITES = "pactwatch_writes"


class Database:
    """An engine with transactions as the store needs them. Safe to use from several threads."""

    def __init__(self, url: str) -> None:
        """Remember where it is; nothing is connected yet. Raises StoreError if it is no URL of a known database."""
        try:
            self._url = _with_driver(make_url(url))
            self._engine = _engine(self._url)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise StoreError(f"[state] url: {error}") from error

    @property
    def is_sqlite(self) -> bool:
        """Say whether it is a file of ours."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def _read_options(self) -> dict[str, Any]:
        if self.is_sqlite:  # in WAL mode a reader sees one moment by itself
            return {}
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    @property
    def place(self) -> str:
        """Return where it is, without a password."""
        return self._url.database or "" if self.is_sqlite else self._url.render_as_string(hide_password=True)

    @property
    def conninfo(self) -> str:
        """Return where a PostgreSQL is, as libpq is told: with its password."""
        return self._url.set(drivername="postgresql").render_as_string(hide_password=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Provide a connection that sees one moment of the database."""
        with (
            self._told("read"),
            self._engine.connect() as connection,
            connection.execution_options(**self._read_options).begin(),
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Provide a connection in one transaction, committed at the end; an exception leaves nothing of it behind."""
        with (
            self._told("written"),
            self._engine.connect() as connection,
            connection.execution_options(**{_WRITES: True}).begin(),
        ):
            yield connection

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """Provide what `writing` does, for a change of the schema: tables that others refer to may be made anew.

        SQLite can change little of a table in place, and would take its absence for a broken reference; so references
        are looked at when all is done. Raises StoreError, and changes nothing, if one is broken then.
        """
        if not self.is_sqlite:
            with self.writing() as connection:
                yield connection
            return
        with self._told("written"), self._engine.connect() as connection:
            _enforce_references(connection, "OFF")  # outside of a transaction, or SQLite does not hear it
            try:
                with connection.execution_options(**{_WRITES: True}).begin():
                    yield connection
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if broken:
                        raise StoreError(
                            f"the state database {self.place} refers to rows that are not there: {broken[0]}"
                        )
            finally:
                _enforce_references(connection, "ON")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _told(self, verb: str) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StoreError(f"the state database {self.place} cannot be {verb}: {_first_line(error)}") from error


def _enforce_references(connection: Connection, switch: str) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA foreign_keys = {switch}").close()


def in_batches(values: Collection[Key]) -> Iterator[list[Key]]:
    """Yield values in order, so many at a time that each statement may name them."""
    ordered = sorted(values)
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]


def now(connection: Connection) -> datetime:
    """Return the database's own time: the one clock that all replicas share."""
    if connection.dialect.name == "sqlite":
        moment = select(func.strftime("%Y-%m-%dT%H:%M:%fZ", "now", type_=Moment))
    else:
        moment = select(func.clock_timestamp(type_=Moment))
    found: datetime = connection.execute(moment).scalar_one()
    return found


def _with_driver(url: URL) -> URL:
    """Name the driver that is installed with Pactwatch where the URL leaves the choice open."""
    if url.drivername in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+psycopg2")
    return url


def _engine(url: URL) -> Engine:
    match url.get_backend_name():
        case "sqlite":
            return _sqlite(url)
        case "postgresql":
            return create_engine(
                url,
                pool_pre_ping=True,
                connect_args={
                    "application_name": "pactwatch/state",
                    "options": "-c timezone=UTC -c idle_in_transaction_session_timeout=60s",
                    "connect_timeout": 10,
                    "keepalives_idle": 30,  # a server that is gone is noticed in a minute, not in two hours
                    "keepalives_interval": 10,
                    "keepalives_count": 3,
                    "tcp_user_timeout": 60_000,
                },
            )
        case other:
            raise ArgumentError(f"Pactwatch keeps its state in SQLite or PostgreSQL, not in {other}")


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ArgumentError("state in memory would be forgotten; name a file: sqlite:///.pactwatch/state.db")
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: SqliteConnection, record: object) -> None:
    """Leave transactions to us: the driver begins none by itself."""
    del record
    connection.isolation_level = None
    _switch_to_wal(connection)
    for pragma in ("foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _switch_to_wal(connection: SqliteConnection) -> None:
    """Switch the file to WAL mode, once for ever. SQLite does not wait for others who do so just now: we try again."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except SqliteError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start: a reader that turns writer could not wait for its turn."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def create_file(path: Path) -> None:
    """Create the database's folder and file where they are missing, readable by their owner alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"the state database {path} cannot be written: {error.strerror}") from error


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]
