"""How the daemon is, for whoever asks from outside: health pages, metrics, the heartbeat row."""

from dataclasses import dataclass
from datetime import datetime

from monitor.daemon.library import Invalid
from monitor.store.types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The daemon at one moment. Ages are seconds, None before the first time.

    `scheduler_alive` is said of the scheduler's thread itself. `reconciled_age` and `heartbeat_age` are since the
    database was last written to: while it cannot be reached they grow. `lag` is how long the slot that waits longest
    could have begun already; `fenced` counts runs that were not recorded because their slot had gone to somebody else;
    `trouble` is the latest error of the daemon's own loop that still lasts.
    """

    name: str
    started_at: datetime
    scheduler_alive: bool
    heartbeat_age: float | None
    reconciled_age: float | None
    contracts: int
    targets: int
    invalid: tuple[Invalid, ...]
    running: int
    waiting: int
    lag: float
    fenced: int
    is_stopping: bool
    trouble: str | None

    @property
    def is_healthy(self) -> bool:
        """Say whether the daemon does what it is there for; a restart may help where it does not."""
        ages = (self.heartbeat_age, self.reconciled_age)
        return self.scheduler_alive and all(age is not None and age < STALE for age in ages)

    @property
    def is_ready(self) -> bool:
        """Say whether it is healthy and every contract file is what its author meant."""
        return self.is_healthy and not self.invalid and not self.is_stopping

    def details(self) -> dict[str, Json]:
        """Return what the heartbeat row says beside the time."""
        return {
            "contracts": self.contracts,
            "targets": self.targets,
            "invalid": len(self.invalid),
            "running": self.running,
            "waiting": self.waiting,
            "lag": round(self.lag, 3),
        }


STALE = 60.0
"""Seconds after which a daemon that was not heard of is not well."""
