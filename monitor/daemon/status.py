"""How the daemon is, for whoever asks from outside: health pages, metrics, the heartbeat row."""

from dataclasses import dataclass
from datetime import datetime

from monitor.daemon.library import Invalid
from monitor.run import Target
from monitor.store.types import Json

STALE = 60.0
"""Seconds after which a daemon that was not heard of is not well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The daemon at one moment. Ages are seconds, None before the first time.

    `is_ticking` is said of the scheduler's thread itself. `heartbeat_age` and `reconciled_age` are since the database
    was last written to: while it cannot be reached they grow. `due` and `running` count slots, of all replicas; `lag`
    is how long the one that waits longest could have begun already. `fenced` counts runs of this daemon that were not
    recorded because somebody else had taken over. `trouble` is the latest error that still lasts, `behind` names all
    threads that have one.
    """

    name: str
    started_at: datetime
    is_ticking: bool
    heartbeat_age: float | None
    reconciled_age: float | None
    loaded: tuple[Target, ...] | None
    invalid: tuple[Invalid, ...]
    is_stopping: bool
    due: int
    running: int
    lag: float
    fenced: int
    trouble: str | None
    behind: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Say whether the daemon does what it is there for; a restart may help where it does not."""
        ages = (self.heartbeat_age, self.reconciled_age)
        return self.is_ticking and all(age is not None and age < STALE for age in ages)

    def details(self) -> dict[str, Json]:
        """Return what the heartbeat row says beside the time."""
        return {
            "targets": len(self.loaded or ()),
            "invalid": len(self.invalid),
            "due": self.due,
            "running": self.running,
            "lag": round(self.lag, 3),
            "fenced": self.fenced,
        }
