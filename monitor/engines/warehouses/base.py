"""The seam between the engine and a warehouse: one connection that holds what a scan sees, one that measures."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from monitor.domain.check import TableName
from monitor.domain.scan import Seen
from monitor.domain.table import LivePlace, LiveTable
from monitor.engines.base import Interrupted
from monitor.settings import ServerSettings

_MAX_APPLICATION_NAME = 63

Route = Mapping[str, str]
"""The way to the very server of a first connection, secrets included, as it was resolved."""


class Unreachable(Exception):  # noqa: N818 - the server is, whatever the reason
    """The server cannot be reached or does not let us in; the message is one sentence without any password."""


class Unsupported(Unreachable):
    """Nothing here can read what is there, whoever asks; the message begins with that word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What every session of a scan is limited to. Durations are seconds, 0 is no limit.

    A session that `is_one_of_many` measures beside others with one process of the server's, without parallel workers:
    they would take the cores that its neighbours count on (grouping 10 million distinct keys costs 8 s of one core, or
    with two workers 10 s of two).
    """

    application_name: str
    schema: str | None
    statement_timeout: float
    lock_timeout: float
    idle_timeout: float = 60.0
    is_one_of_many: bool = False


def session_for(server: ServerSettings, slug: str) -> Session:
    """Return the limits of the sessions that scan a contract on a server."""
    return Session(
        application_name=f"pactwatch/{slug}"[:_MAX_APPLICATION_NAME],
        schema=server.schema,
        statement_timeout=server.statement_timeout,
        lock_timeout=server.lock_timeout,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A session that holds a lock which one of ours waits for; `since` is when its transaction began, if known."""

    application: str
    user: str
    process: int
    since: datetime | None = None

    def __str__(self) -> str:
        """Return it as people find it: `nightly load (analyst, process 4711, since 02:14:07 UTC)`.

        A moment, not an age: an incident's reason must not change as time goes by.
        """
        age = f", since {self.since.astimezone(UTC):%H:%M:%S} UTC" if self.since else ""
        return f"{self.application or 'a session'} ({self.user}, process {self.process}{age})"


class Guarded(Protocol):
    """A guarded connection that sees one snapshot, before and after any failed statement."""

    @property
    def connection(self) -> Any:  # noqa: ANN401 - PEP 249 has no types
        """The connection that Soda takes its cursors of."""

    @property
    def source(self) -> str:
        """Which of Soda's data sources knows its dialect."""

    @property
    def backend(self) -> int:
        """The process that answers."""

    def recover(self, error: BaseException) -> None:
        """Get back to the snapshot after a failed statement; where that is impossible, `loss` says why."""

    def loss(self) -> str | None:
        """Say why the connection is of no more use; None while it is."""

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a complete statement. Raises a server's error after having recovered."""

    def rewritten(self) -> tuple[str, ...]:
        """Name the tables looked at since this was asked last whose rows of the snapshot were gone by then.

        Raises a server's error.
        """

    def close(self) -> None:
        """End the connection."""


class Holder(Protocol):
    """The connection of a scan's parent: it reads the catalogue, and while it is open others see what it sees."""

    @property
    def role(self) -> str:
        """Whom the server takes us for."""

    @property
    def closed(self) -> bool | int:
        """Whether it is of no more use."""

    def look_up(self, tables: Sequence[TableName]) -> Seen:
        """Return every table of the list that exists, found by its exact name."""

    def has_schema(self, name: str) -> bool:
        """Say whether a schema of exactly this name exists."""

    def cut_off_in_the_end(self, interrupted: Interrupted) -> AbstractContextManager[None]:
        """While the block runs, end what somebody still waits for when the scan should have ended."""

    def export_snapshot(self) -> str | None:
        """Return what lets several connections see the same; None where only one can."""

    def route(self) -> Route:
        """Return the way it took."""

    def moment(self) -> datetime:
        """Return the moment at which the scan began, by the server's clock."""

    def blockers(self, backends: Sequence[int]) -> Mapping[int, Blocker]:
        """Say who makes each of our backends wait for a lock."""

    def end_backends(self, backends: Sequence[int]) -> None:
        """End our own backends at once, whatever they do."""

    def close(self) -> None:
        """End the connection."""


class Tables(Protocol):
    """One connection to all that a server's catalogue keeps, for drafts of contracts."""

    @property
    def place(self) -> LivePlace:
        """Where the tables are, as a contract names it."""

    def tables(self) -> tuple[LiveTable, ...]:
        """Return every table, by schema and name."""

    def profile(self, table: LiveTable) -> Mapping[str, Sequence[str]]:
        """Return what the data of a table shows, as lines of comment for each column."""

    def close(self) -> None:
        """End the connection."""
