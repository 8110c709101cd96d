"""What the daemon is put together from, and what it wants of those who are not its own."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from monitor.contracts.versions import Library
from monitor.delivery.delivered import Delivered
from monitor.domain.contract import Contract
from monitor.domain.incident import IncidentKind
from monitor.domain.target import TargetKey
from monitor.engines.base import Engine
from monitor.errors import ContractError
from monitor.incidents.troubles import Trouble
from monitor.record import Alerting
from monitor.run import Target
from monitor.settings import ServerSettings, Settings
from monitor.store.store import Store

Place = Callable[[Library], tuple[tuple[Target, ...], tuple[ContractError, ...]]]
"""Says on which servers the contracts of a library run, and which have none."""

ContractOf = Callable[[TargetKey], Contract | None]
"""Finds the contract of a target, None where nobody has it any more."""


class Deliverer(Protocol):
    """Tells what waits in the outbox."""

    def once(self) -> Delivered:
        """Send what may go now."""
        ...

    def until_quiet(self) -> Delivered:
        """Send until nothing waits any more that may be told, or nothing could be sent for a while."""
        ...


class Keeper(Protocol):
    """Does what only time does to incidents."""

    def once(self, troubles: Mapping[IncidentKind, Collection[Trouble]] | None = None) -> object:
        """Do what is due, given all troubles that there are now of these kinds."""
        ...

    def prune(self, *, keep_results: timedelta, keep_rollups: timedelta) -> object:
        """Forget what is older than that."""
        ...


class Role(StrEnum):
    """What a daemon does: all of it; all but the runs; or the runs alone."""

    ALL = "all"
    SCHEDULER = "scheduler"
    WORKER = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the daemon is put together from. `keeper` gets to know how to find the contract of a target."""

    settings: Settings
    store: Store
    engine_of: Callable[[ServerSettings], Engine]
    place: Place
    alerting: Alerting
    deliverer: Deliverer
    keeper: Callable[[ContractOf], Keeper]
    role: Role = Role.ALL
