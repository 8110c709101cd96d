"""What the web is told of the daemon that it speaks for, and the one thing that it may ask of it."""

from collections.abc import Sequence
from typing import Protocol

from monitor.run import Target

FRESH = 60.0
"""Seconds after which a heartbeat is too old: six that were missed."""


class Invalid(Protocol):
    """A file that is no contract now."""

    @property
    def file(self) -> str:
        """Its path."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with it."""


class Status(Protocol):
    """What the daemon knows of itself at one moment. Ages are seconds."""

    @property
    def is_ticking(self) -> bool:
        """Say whether the scheduler's thread lives."""

    @property
    def heartbeat_age(self) -> float | None:
        """How old the heartbeat is, None before the first one."""

    @property
    def reconciled_age(self) -> float | None:
        """How long ago it was last looked for what is due, None before the first time."""

    @property
    def loaded(self) -> Sequence[Target] | None:
        """What is watched, None while the contracts are being read."""

    @property
    def invalid(self) -> Sequence[Invalid]:
        """The files that are no contracts."""

    @property
    def is_stopping(self) -> bool:
        """Say whether it was told to end."""

    @property
    def due(self) -> int:
        """How many slots could begin."""

    @property
    def running(self) -> int:
        """How many slots are being run."""

    @property
    def lag(self) -> float:
        """For how long the work that waits longest could have begun."""

    @property
    def fenced(self) -> int:
        """How many runs were not recorded because their slot had gone to somebody else."""

    @property
    def behind(self) -> tuple[str, ...]:
        """Name the threads that cannot do their work now; the log says why."""


class Daemon(Protocol):
    """The daemon as the web sees it. Every method may be called from several threads."""

    def status(self) -> Status:
        """Return how the daemon is, without waiting for anything."""
        ...

    def request_run(self, contract: str, server: str, run_id: str) -> None:
        """Let a contract be verified on a server soon, as the run of this id; a second call with one id does nothing.

        `contract` is an id; of several major versions the highest runs. Raises UsageError where the daemon watches no
        such contract there, StoreError.
        """
        ...

    def requested(self, run_id: str) -> str | None:
        """Return where a requested run is: `due`, `running`, `skipped` or `done`; None for one that nobody asked for.

        Raises StoreError.
        """
        ...
