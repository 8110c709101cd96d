"""Slots that are handed out one by one: a job names the slot, and the slot's row decides whose it is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from monitor.store import tables
from monitor.store.database import Database, now
from monitor.store.jobs import Jobs
from monitor.store.slots import SlotClaim, SlotState, claimable, is_ready, running, take

AT_ONCE = 5_000
"""So many slots get a job again in one transaction."""


class HandingOut:
    """What those do who hand slots out and take them. Every method is a transaction of its own."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        """Use this database and the jobs in it."""
        self._database = database
        self._jobs = jobs

    def claim(self, owner: str, slot: int, *, lease: timedelta, room: Mapping[str, int]) -> SlotClaim | None:
        """Take this slot to run it now; None if it is done, somebody else's, or has to wait. See `Slots.claim`."""
        slots, targets = tables.slots, tables.targets
        with self._database.writing() as connection:
            moment = now(connection)
            mine = slots.c.id == slot
            where = select(targets.c.server).join(slots, slots.c.target_id == targets.c.id)
            server = connection.execute(where.where(mine, is_ready(moment))).scalar()
            if server is None or room.get(server, 1) <= running(connection, moment).get(server, 0):
                return None
            found = claimable(connection, server, moment, 1, mine)
            return take(connection, found[0], owner, moment + lease) if found else None

    def again(self, slot: int, pause: timedelta) -> datetime | None:
        """Return when to look at a slot again that waits, after a pause at the earliest; None where nobody need."""
        slots = tables.slots
        with self._database.reading() as connection:
            moment = now(connection)
            row = connection.execute(
                select(slots.c.state, slots.c.not_before, slots.c.until).where(slots.c.id == slot)
            ).first()
        if row is None or row.state in {SlotState.DONE.value, SlotState.SKIPPED.value}:
            return None
        if row.state == SlotState.RUNNING.value and row.until >= moment:  # if it gets lost, `mend` sees it
            return None
        waits_until: datetime = row.not_before
        return max(moment + pause, waits_until)

    def mend(self, patience: timedelta) -> int:
        """Give a job to each slot that could be run and has none; return how many got one.

        The jobs of workers that were not heard of for so long do not count, and are ended. Of several that mend at
        once one does. Raises StoreError.
        """
        slots = tables.slots
        with self._database.writing() as connection:
            if not self._jobs.is_our_turn(connection):
                return 0
            self._jobs.end_lost(connection, patience)
            missing = select(slots.c.id, slots.c.not_before).where(
                is_ready(now(connection)), slots.c.id.not_in(self._jobs.slots())
            )
            rows: Any = connection.execute(missing.order_by(slots.c.not_before, slots.c.id).limit(AT_ONCE)).all()
            self._jobs.put(connection, [(row.id, row.not_before) for row in rows])
            return len(rows)
