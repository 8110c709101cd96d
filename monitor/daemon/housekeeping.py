"""What is done every minute beside the runs: telling what nobody verified, and at night forgetting what is old."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.daemon.others import Sight, sights_of_others
from monitor.daemon.parts import Keeper
from monitor.daemon.timetable import Timetable
from monitor.daemon.troubles import invalid_files, is_in, missed_runs
from monitor.domain.incident import IncidentKind
from monitor.incidents.troubles import Trouble
from monitor.schedule.rhythm import Cron, next_moment
from monitor.settings import Settings
from monitor.store.slots import Watched
from monitor.store.store import Store

NIGHT = Cron(expression="17 3 * * *")
"""When old history is removed, in the configured zone."""


GONE = 600.0
"""Seconds for which a contract must be gone before it counts as removed: folders are moved and mounted anew."""

REMOVED = "its contract is no longer watched"

log = logging.getLogger(__name__)


class Housekeeping:
    """Keeps incidents up with what no run finds out, and history within its limits."""

    def __init__(self, store: Store, settings: Settings, keeper: Keeper, name: str) -> None:
        """Use this store, as the daemon of this name; the first night is the next one."""
        self._store = store
        self._settings = settings
        self._keeper = keeper
        self._name = name
        self._night: datetime | None = None
        self._missing: dict[Watched, float] = {}

    def removed(self, table: Timetable, own: Sight) -> Sequence[Watched]:
        """Return what was watched once, by any daemon, and has been gone for long enough. Raises StoreError.

        Nothing is gone while a living daemon watches something else than this one, and no contract whose file is there
        and invalid.
        """
        gone = self._store.slots.watermarks().keys() - table.entries.keys()
        self._missing = {watched: self._missing.get(watched, time.monotonic()) for watched in gone}
        long = [watched for watched, since in sorted(self._missing.items()) if time.monotonic() - since >= GONE]
        if not long or any(other.watches != own.watches for other in self._others()):
            return []
        versions = self._versions() if own.invalid else {}
        return [watched for watched in long if not is_in(own.invalid, versions, watched.target)]

    def remove(self, watched: Watched, end: Callable[[str], object]) -> None:
        """Let go of what is no longer watched: its slots, and by `end` each of its living incidents."""
        if not watched.shadow:
            with self._store.reading() as reader:
                living = reader.open_incidents(watched.target)
            for incident in living:
                end(incident.id)
        self._store.slots.forget(watched, REMOVED)
        log.info("No longer watched: %s", watched, extra={"action": "target_removed", "target": str(watched)})

    def once(self, table: Timetable, own: Sight) -> None:
        """Do what is due, given what is watched and what this daemon sees. Raises StoreError."""
        overdue = self._store.slots.overdue(timedelta(seconds=self._settings.schedule.grace))
        self._keeper.once(
            {
                IncidentKind.NO_RUN: missed_runs(overdue, table),
                IncidentKind.INVALID_FILE: self._invalid_files(own),
            }
        )
        now = self._store.slots.now()
        if self._night is not None and now >= self._night:
            self.prune()
            self._night = None
        if self._night is None:
            self._night = next_moment(replace(NIGHT, zone=self._settings.schedule.timezone), now)

    def prune(self) -> None:
        """Forget what is older than is configured to be kept. Raises StoreError."""
        state = self._settings.state
        self._keeper.prune(
            keep_results=timedelta(seconds=state.keep_results), keep_rollups=timedelta(seconds=state.keep_rollups)
        )

    def _invalid_files(self, own: Sight) -> tuple[Trouble, ...]:
        """Return the files that are no contracts for any daemon that lives: one of them alone must not end it."""
        others = {file: why for other in self._others() for file, why in other.invalid.items()}
        invalid = {**others, **own.invalid}
        return invalid_files(invalid, self._versions(), self._store.slots.watermarks()) if invalid else ()

    def _others(self) -> tuple[Sight, ...]:
        with self._store.reading() as reader:
            return tuple(sights_of_others(reader.heartbeats(), self._name, reader.now()))

    def _versions(self) -> Mapping[str, tuple[str, str]]:
        with self._store.reading() as reader:
            return reader.versions_in_files()
