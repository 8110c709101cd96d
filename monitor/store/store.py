"""The store: one place for everything that Pactwatch remembers, in SQLite or PostgreSQL."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import select

from monitor.domain import scan
from monitor.domain.scan import Seen
from monitor.domain.target import TargetKey
from monitor.settings import Dispatcher
from monitor.store import columns, measurements, schema, tables
from monitor.store.alerts import AlertReader, AlertWriter
from monitor.store.audit import AuditReader
from monitor.store.database import Database, create_file, now
from monitor.store.handing_out import HandingOut
from monitor.store.history import History
from monitor.store.incidents import IncidentReader, IncidentWriter
from monitor.store.jobs import Jobs
from monitor.store.jobs_schema import check_jobs_schema, migrate_jobs
from monitor.store.marks import MarkReader
from monitor.store.measures import MeasureReader
from monitor.store.outbox import Outbox
from monitor.store.pages import PageReader
from monitor.store.paging import PagedReader
from monitor.store.recording import Recording
from monitor.store.retention import prune
from monitor.store.slots import SlotClaim, Slots, finish
from monitor.store.types import Json
from monitor.store.upsert import upsert
from monitor.store.values import DriftRecord, Heartbeat, Pruned


class Reader(History, PageReader, PagedReader, MeasureReader, MarkReader, IncidentReader, AlertReader, AuditReader):
    """What was recorded, at one moment."""

    def now(self) -> datetime:
        """Return the database's own time."""
        return now(self._connection)

    def earlier(self, target: TargetKey, wanted: Mapping[str, int], *, shadow: bool = False) -> scan.History:
        """Return what earlier runs measured for these checks: so many of each, and the same day last week."""
        return measurements.earlier(self._connection, target, wanted, self.now(), shadow=shadow)

    def columns(self, target: TargetKey) -> Seen:
        """Return the tables of a target as they were last seen."""
        return columns.last_seen(self._connection, target)

    def drift(
        self,
        *,
        limit: int,
        contract: str | None = None,
        target: TargetKey | None = None,
        since: datetime | None = None,
    ) -> tuple[DriftRecord, ...]:
        """Return drift events, latest first."""
        return columns.drift(self._connection, limit=limit, contract=contract, target=target, since=since)

    def heartbeats(self) -> tuple[Heartbeat, ...]:
        """Return when each daemon was last alive, latest first."""
        beats = tables.heartbeats
        rows = self._connection.execute(select(beats).order_by(beats.c.at.desc(), beats.c.name)).mappings()
        return tuple(Heartbeat(**row) for row in rows)


class Writer(Recording, IncidentWriter, AlertWriter, Reader):
    """Everything that one transaction may write; it reads what it has written."""

    def save_columns(self, target: TargetKey, run_id: str, at: datetime, found: Seen) -> None:
        """Remember the tables that are others than last time; how many rows they have does not count."""
        columns.save(self._connection, target, run_id, at, found)

    def save_drift(self, events: Iterable[DriftRecord]) -> None:
        """Write drift events into the ledger."""
        columns.save_drift(self._connection, events)

    def finish_slot(self, claim: SlotClaim) -> None:
        """End a slot with the run that this transaction records. Raises FencedError if it went to somebody else."""
        finish(self._connection, claim)

    def beat(self, name: str, started_at: datetime, details: Mapping[str, Json]) -> None:
        """Say that a daemon is alive."""
        row = {"name": name, "started_at": started_at, "at": self.now(), "details": dict(details)}
        upsert(self._connection, tables.heartbeats, [row])


class Store:
    """An open state database. Safe to use from several threads; each transaction has a connection of its own."""

    def __init__(self, database: Database, jobs: Jobs | None = None) -> None:
        """Use this database, whose schema is ours. With `jobs` slots are handed out by them."""
        self._database = database
        self.outbox = Outbox(database)
        self.slots = Slots(database, jobs)
        self.handing_out = None if jobs is None else HandingOut(database, jobs)

    @property
    def place(self) -> str:
        """Return where it is, without a password."""
        return self._database.place

    @property
    def conninfo(self) -> str:
        """Return where a state database in PostgreSQL is, as its own programs are told: with its password."""
        return self._database.conninfo

    def now(self) -> datetime:
        """Return the moment by the database's clock. Raises StoreError if it cannot be asked."""
        with self.reading() as reader:
            return reader.now()

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

    def prune(self, *, keep_results: timedelta, keep_rollups: timedelta, now: datetime | None = None) -> Pruned:
        """Forget what is older than that, by the database's clock unless told otherwise; see `retention`."""
        return prune(self._database, now or self.now(), keep_results=keep_results, keep_rollups=keep_rollups)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        """Use it until the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        self.close()


def has_store(url: str) -> bool:
    """Say whether there is a state database to open; a file of SQLite may not be made yet. Raises StoreError."""
    database = Database(url)
    try:
        return not database.is_sqlite or Path(database.place).is_file()
    finally:
        database.close()


def open_store(url: str, dispatcher: Dispatcher = Dispatcher.DATABASE) -> Store:
    """Open the state database. A file of SQLite is made, and brought to this program's schema, by itself.

    Raises StoreError if it cannot be opened, or if its schema is older (PostgreSQL: `pactwatch migrate`) or newer;
    SettingsError where the dispatcher is not installed.
    """
    jobs = Jobs() if dispatcher is Dispatcher.PROCRASTINATE else None
    database = _database(url)
    try:
        schema.check_schema(database)
        if jobs is not None:
            check_jobs_schema(database)
    except BaseException:
        database.close()
        raise
    return Store(database, jobs)


def migrate_store(url: str) -> tuple[str | None, str]:
    """Bring the state database to this program's schema; return the schema that it had and the one it has now."""
    with closing(_database(url)) as database:
        return schema.migrate(database)


def migrate_dispatcher(url: str) -> tuple[str | None, str]:
    """Bring the tables of Procrastinate to the installed version; return the version before and now."""
    with closing(_database(url)) as database:
        return migrate_jobs(database)


def _database(url: str) -> Database:
    database = Database(url)
    if database.is_sqlite:
        create_file(Path(database.place))
    return database
