"""Runs that somebody asks for: a slot like any other, with the id under which the run is recorded."""

import threading
import time
from contextlib import suppress

from monitor.daemon.timetable import Timetable
from monitor.domain.scan import Run
from monitor.domain.target import TargetKey
from monitor.errors import StoreError, UsageError
from monitor.run import new_run_id
from monitor.schedule.cadences import ALL
from monitor.store.slots import NewSlot, SlotState, Watched
from monitor.store.store import Store
from monitor.store.values import Trigger
from monitor.words import duration

PATIENCE = 600
"""Seconds for which somebody is waited for who asked in person; the run goes on when they are over."""

FIRST_LOOK, LAST_LOOK = 0.1, 1.0
"""Seconds between two looks for the end of a run: seldom for one that takes long."""


def request(store: Store, table: Timetable, contract: str, server: str, run_id: str) -> None:
    """Let a contract be verified on a server as soon as there is room; a second request of one id does nothing.

    `contract` is an id; of several major versions the highest runs. The run is history only. Raises UsageError if
    nobody watches that contract there, StoreError.
    """
    mine = [
        each
        for each in table.entries
        if each.target.contract == contract and each.target.server == server and not each.shadow
    ]
    if not mine:
        raise UsageError(f"no contract {contract!r} is watched on {server!r}")
    watched = max(mine, key=lambda each: (len(each.target.major), each.target.major))
    _ask(store, watched, run_id, Trigger.API, alert=False)


def request_in_person(store: Store, table: Timetable, target: TargetKey) -> str:
    """Let a target be verified as soon as there is room, as a scheduled run is; return the id of that run.

    Raises UsageError if nobody watches it, StoreError.
    """
    watched = Watched(target=target)
    if watched not in table.entries:
        raise UsageError(f"no contract is there any more for {target}")
    run_id = new_run_id()
    _ask(store, watched, run_id, Trigger.ON_DEMAND, alert=True)
    return run_id


def wait_for(store: Store, run_id: str, over: threading.Event, patience: int = PATIENCE) -> Run:
    """Return a run that was asked for when it is recorded.

    A state database that restarts is waited for. Raises UsageError if it was passed over, or is not there when `over`
    is set or the patience ends.
    """
    end, pause = time.monotonic() + patience, FIRST_LOOK
    while True:
        with suppress(StoreError):
            found = _recorded(store, run_id)
            if found is not None:
                return found
        if time.monotonic() >= end:
            raise UsageError(f"run {run_id} has not ended within {duration(patience)}; its result comes when it has")
        if over.wait(pause):
            raise UsageError(f"the daemon ends; run {run_id} is left to the next one")
        pause = min(LAST_LOOK, pause * 1.5)


def _recorded(store: Store, run_id: str) -> Run | None:
    if store.slots.requested(run_id) in {SlotState.DUE, SlotState.RUNNING}:
        return None
    with store.reading() as reader:
        found = reader.run(run_id)
    if found is None:
        raise UsageError(f"run {run_id} was passed over; the log of the daemon says why")
    return found[1]


def _ask(store: Store, watched: Watched, run_id: str, trigger: Trigger, *, alert: bool) -> None:
    now = store.slots.now()
    store.slots.request(
        NewSlot(watched=watched, instant=now, parts=(ALL,), start=now, trigger=trigger, alert=alert, run_id=run_id)
    )
