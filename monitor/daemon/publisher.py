"""Keeps the report site up with history: looks what is new, and writes the pages that it changes.

It runs in a thread of its own and asks the state database, not those who write to it: what another replica, a command
or somebody's press of a button recorded is on the pages as soon as what this daemon did. No run ever waits for a page.
"""

import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

from monitor.checks.plan import compile_plan
from monitor.contracts.versions import Library, current
from monitor.daemon.timetable import Timetable
from monitor.domain.check import CheckPlan
from monitor.domain.contract import Contract
from monitor.domain.target import TargetKey
from monitor.reports.promises import Promises, scheduled
from monitor.reports.site import FEW, Site
from monitor.settings import ScheduleSettings
from monitor.store.marks import Mark, Pulse
from monitor.store.store import Store

BATCH = 8
"""So many targets are written before it is looked again what is new: that goes first."""

FRONT = 5.0
"""Seconds after which the front page is written at the latest while there is more to do."""

REST = 10.0
"""So many times as long as it took to write, the front page is left as it is."""

SURE = 30.0
"""Seconds after which every target is looked at, whatever the quick look says."""


class Publisher:
    """The site of a daemon. `use` may be called by any thread, all else by one."""

    def __init__(self, store: Store, folder: Path, schedule: ScheduleSettings, stopping: Callable[[], bool]) -> None:
        """Write to this folder; `stopping` is asked between two pages' worth of work."""
        self._store = store
        self._site = Site(folder)
        self._schedule = schedule
        self._stopping = stopping
        self._contracts: tuple[Library, Timetable] | None = None
        self._known: tuple[Library, Timetable] | None = None
        self._promises: Promises | None = None
        self._marks: Mapping[TargetKey, Mark] = {}
        self._pulse: Pulse | None = None
        self._sure_at = self._front_at = float("-inf")
        self._rest = 0.0
        self._seen_at = datetime.now(UTC)
        self._queue: dict[TargetKey, None] = {}
        self._is_front_old = False

    def use(self, library: Library, table: Timetable) -> None:
        """Tell on the pages what these contracts promise, from the next step on; their plans are in the table."""
        self._contracts = library, table

    def step(self) -> None:
        """Write what is new. Raises StoreError, and OSError where the folder takes no pages: all is tried again.

        The front page tells of all targets, so it is the dearest: it takes a tenth of the time at most, and what the
        last runs changed may be on it a step later.
        """
        while self._look() and not self._stopping():
            self._write_batch()
            if time.monotonic() - self._front_at > (FRONT if self._queue else self._rest):
                self._write_front()
            elif not self._queue:
                return

    def finish(self) -> None:
        """Write all that is new, the front page too. Raises as a step does."""
        self.step()
        if self._is_front_old and not self._stopping():
            self._write_front()

    def _write_batch(self) -> None:
        batch = tuple(self._queue)[:BATCH]
        if self._promises is not None and batch:
            self._site.refresh(self._store, self._promises, batch, datetime.now(UTC))
        for target in batch:
            del self._queue[target]

    def _write_front(self) -> None:
        begun = time.monotonic()
        self._site.front(self._store, datetime.now(UTC))
        self._front_at, self._is_front_old = time.monotonic(), bool(self._queue)
        self._rest = REST * (self._front_at - begun)

    def _look(self) -> bool:
        """Queue what is new; say whether there is anything to write."""
        self._take_contracts()
        if self._promises is None:
            return False
        self._take_history(self._promises)
        now = datetime.now(UTC)
        self._enqueue(self._site.overdue(self._seen_at, now))
        self._seen_at = now
        return bool(self._queue) or self._is_front_old

    def _take_contracts(self) -> None:
        """Read everything anew where contracts have changed; a page that stays the same is not made again."""
        found = self._contracts
        if found is None or found is self._known:
            return
        library, table = found
        promises = Promises(current(library), scheduled(self._schedule), _plans_of(table))
        with self._store.reading() as reader:
            marks = reader.marks()
        self._site.read(self._store, promises)
        self._known, self._promises, self._marks = found, promises, marks
        self._enqueue(self._site.targets)
        self._is_front_old = True

    def _take_history(self, promises: Promises) -> None:
        """Read what was recorded, decided or forgotten since the last look."""
        with self._store.reading() as reader:
            pulse = reader.pulse()
            if pulse == self._pulse and time.monotonic() - self._sure_at < SURE:
                return
            marks = reader.marks()
        changed = [target for target, mark in marks.items() if self._marks.get(target) != mark]
        known = set(self._site.targets)
        if changed:
            self._site.read(self._store, promises, *(changed if len(changed) <= FEW else ()))
            self._is_front_old = True
        self._marks, self._pulse, self._sure_at = marks, pulse, time.monotonic()
        if known != set(self._site.targets):  # others may link to what is there now
            self._enqueue(self._site.targets)
        contracts = {target.contract for target in changed}
        self._enqueue([target for target in self._site.targets if target.contract in contracts])

    def _enqueue(self, targets: Collection[TargetKey]) -> None:
        """Put targets before all that wait already."""
        if targets:
            self._queue = dict.fromkeys([*targets, *self._queue])
            self._is_front_old = True


def _plans_of(table: Timetable) -> Callable[[Contract, str], CheckPlan]:
    """Return how to find the plan of a contract for a type of server: most are made already."""
    known = {(entry.target.contract.file, entry.target.server.type): entry for entry in table.entries.values()}

    def plan_of(contract: Contract, server_type: str) -> CheckPlan:
        entry = known.get((contract.file, server_type))
        if entry is None or entry.target.contract is not contract:
            return compile_plan(contract, server_type)
        return entry.plan

    return plan_of
