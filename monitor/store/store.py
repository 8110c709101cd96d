"""The store: one place for everything that Pactwatch remembers, in SQLite or PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from monitor.domain.scan import Seen
from monitor.domain.target import TargetKey
from monitor.store import columns, schema
from monitor.store.database import Database, create_file
from monitor.store.history import History
from monitor.store.recording import Recording


class Reader(History):
    """What was recorded, at one moment."""

    def columns(self, target: TargetKey) -> Seen:
        """Return the tables of a target as they were last seen."""
        return columns.last_seen(self._connection, target)


class Writer(Recording):
    """Everything that one transaction may write."""

    def __init__(self, connection: Connection) -> None:
        """Write on this connection."""
        super().__init__(connection)
        self.history = History(connection)

    def columns(self, target: TargetKey) -> Seen:
        """Return the tables of a target as they were last seen."""
        return columns.last_seen(self._connection, target)

    def save_columns(self, target: TargetKey, run_id: str, at: datetime, found: Seen) -> None:
        """Remember the tables whose columns are others than last time."""
        columns.save(self._connection, target, run_id, at, found)


class Store:
    """An open state database. Safe to use from several threads; each transaction has a connection of its own."""

    def __init__(self, database: Database) -> None:
        """Use this database, whose schema is ours."""
        self._database = database

    @property
    def place(self) -> str:
        """Return where it is, without a password."""
        return self._database.place

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Provide one moment of the store. Raises StoreError if it cannot be read."""
        with self._database.reading() as connection:
            yield Reader(connection)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Provide one transaction: all that is written in it stays, or after any trouble nothing of it.

        Raises StoreError if it cannot be written.
        """
        with self._database.writing() as connection:
            yield Writer(connection)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        """Use it until the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        self.close()


def open_store(url: str) -> Store:
    """Open the state database. A file of SQLite is made, and brought to this program's schema, by itself.

    Raises StoreError if it cannot be opened, or if its schema is older (PostgreSQL: `pactwatch migrate`) or newer.
    """
    database = _database(url)
    try:
        schema.check_schema(database)
    except BaseException:
        database.close()
        raise
    return Store(database)


def migrate_store(url: str) -> tuple[str | None, str]:
    """Bring the state database to this program's schema; return the schema that it had and the one it has now."""
    database = _database(url)
    try:
        return schema.migrate(database)
    finally:
        database.close()


def _database(url: str) -> Database:
    database = Database(url)
    if database.is_sqlite:
        create_file(Path(database.place))
    return database
