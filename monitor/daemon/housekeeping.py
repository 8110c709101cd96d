"""What is done every minute beside the runs: telling what nobody verified, and at night forgetting what is old."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.daemon.library import Invalid
from monitor.daemon.parts import Keeper
from monitor.daemon.timetable import Timetable
from monitor.daemon.troubles import invalid_files, missed_runs
from monitor.domain.incident import IncidentKind
from monitor.schedule.rhythm import Cron, next_moment
from monitor.settings import Settings
from monitor.store.store import Store

NIGHT = Cron(expression="17 3 * * *")
"""When old history is removed, in the configured zone."""


class Housekeeping:
    """Keeps incidents up with what no run finds out, and history within its limits."""

    def __init__(self, store: Store, settings: Settings, keeper: Keeper | None) -> None:
        """Use this store; the first night is the next one."""
        self._store = store
        self._settings = settings
        self._keeper = keeper
        self._night: datetime | None = None

    def once(self, table: Timetable, invalid: Sequence[Invalid]) -> None:
        """Do what is due, given what is watched and which files are no contracts. Raises StoreError."""
        if self._keeper is None:
            return
        overdue = self._store.slots.overdue(timedelta(seconds=self._settings.schedule.grace))
        self._keeper.once(
            {
                IncidentKind.NO_RUN: missed_runs(overdue, table),
                IncidentKind.INVALID_FILE: invalid_files(invalid, table),
            }
        )
        now = self._store.slots.now()
        if self._night is not None and now >= self._night:
            state = self._settings.state
            self._keeper.prune(
                keep_results=timedelta(seconds=state.keep_results), keep_rollups=timedelta(seconds=state.keep_rollups)
            )
            self._night = None
        if self._night is None:
            self._night = next_moment(replace(NIGHT, zone=self._settings.schedule.timezone), now)
