"""Writing down what is due: from the watermark of each target up to the database's own time."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.daemon.timetable import Timetable, due_slots
from monitor.schedule.rhythm import Rhythm, next_moment
from monitor.settings import ScheduleSettings
from monitor.store.slots import NewSlot, Watched
from monitor.store.store import Store

STALE = timedelta(hours=1)
"""A watermark rises at least so often: a schedule that changes while no daemon is there counts from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """When it was last looked what is due in a rhythm, and its next moment after that: dear to count in some zones."""

    at: datetime
    following: datetime | None


class Enqueuer:
    """Writes slots down, when a rhythm rings and every so often for all; each slot is written once, whoever does it."""

    def __init__(self, store: Store, settings: ScheduleSettings) -> None:
        """Use this store."""
        self._store = store
        self._settings = settings
        self._lock = threading.Lock()
        self._table = Timetable()
        self._marks: dict[Watched, datetime] | None = None
        self._looked: dict[Rhythm, _Look] = {}

    def use(self, table: Timetable) -> None:
        """Watch these targets from now on.

        A schedule that changed counts from now on; what was due before by the one it had is written down first. Raises
        StoreError; then all stays as it was.
        """
        with self._lock:
            before = self._table.entries
            changed = [
                watched
                for watched, entry in table.entries.items()
                if watched in before and before[watched].cadences != entry.cadences
            ]
            if changed:
                self._enqueue(changed, self._store.slots.now(), anew=True)
            same = {
                rhythm for rhythm in table.by_rhythm if table.by_rhythm[rhythm] == self._table.by_rhythm.get(rhythm)
            }
            self._looked = {rhythm: look for rhythm, look in self._looked.items() if rhythm in same}
            if table.entries.keys() - before.keys():
                self._marks = None  # of what comes or returns the database knows better, whoever forgot it
            self._table = table

    def rung(self, rhythm: Rhythm) -> None:
        """Write down what is due of the targets of a rhythm. Raises StoreError; then it is found later."""
        with self._lock:
            self._look_at([rhythm], self._store.slots.now())

    def reconcile(self) -> None:
        """Write down what is due of all targets, whatever rang. Raises StoreError."""
        with self._lock:
            now = self._store.slots.now()
            self._look_at([rhythm for rhythm in self._table.by_rhythm if self._is_due(rhythm, now)], now)
            marks = self._marks or {}
            stale = [watched for watched in self._table.entries if now - marks.get(watched, now) >= STALE]
            self._enqueue(stale, now, anew=True)

    def _is_due(self, rhythm: Rhythm, now: datetime) -> bool:
        """Say whether a rhythm had a moment since it was last looked at; a clock that was put back starts anew."""
        look = self._looked.get(rhythm)
        if look is None or now < look.at:
            return True
        return look.following is not None and look.following <= now

    def _look_at(self, rhythms: Sequence[Rhythm], now: datetime) -> None:
        targets = dict.fromkeys(watched for rhythm in rhythms for watched in self._table.by_rhythm.get(rhythm, ()))
        self._enqueue(targets, now)
        self._looked |= {rhythm: _Look(at=now, following=next_moment(rhythm, now)) for rhythm in rhythms}

    def _enqueue(self, targets: Iterable[Watched], now: datetime, *, anew: bool = False) -> None:
        """Write down what is due of these targets by the timetable; `anew`: what comes later is counted from now on."""
        if self._marks is None:
            self._marks = dict(self._store.slots.watermarks())
        slots: list[NewSlot] = []
        raised: dict[Watched, datetime] = {}
        for watched in targets:
            mark = self._marks.get(watched)
            found = tuple(due_slots(watched, self._table.entries[watched], mark, now, self._settings))
            if found or mark is None or (anew and mark < now):
                slots += found
                raised[watched] = now
        self._store.slots.enqueue(slots, raised)
        self._marks.update(raised)
