"""What the web is told of the daemon that it speaks for, and the one thing that it may ask of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.contracts.files import InvalidFile
from monitor.domain.contract import Contract

FRESH = 60.0
"""Seconds after which a heartbeat is too old: six that were missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A contract version that the daemon watches on a server."""

    contract: Contract
    server: str
    shadow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the daemon knows of itself at one moment. Ages are seconds.

    `heartbeat_age` is None before the first one, `loaded` is None while the contracts are being read. `lag` says for
    how long the work that waits longest could have begun. `fenced` counts the runs that were not recorded because their
    slot had gone to somebody else.
    """

    is_ticking: bool
    heartbeat_age: float | None
    loaded: Sequence[Loaded] | None = None
    invalid: Sequence[InvalidFile] = ()
    is_stopping: bool = False
    due: int = 0
    running: int = 0
    lag: float = 0.0
    fenced: int = 0


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
