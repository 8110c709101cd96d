"""Runs that somebody asks for: a slot like any other, with the id under which the run is recorded."""

from monitor.daemon.timetable import Timetable
from monitor.errors import UsageError
from monitor.schedule.cadences import ALL
from monitor.store.slots import NewSlot
from monitor.store.store import Store
from monitor.store.values import Trigger


def request(store: Store, table: Timetable, contract: str, server: str, run_id: str, *, alert: bool = False) -> None:
    """Let a contract be verified on a server as soon as there is room; a second request of one id does nothing.

    `contract` is an id; of several major versions the highest runs. Without `alert` the run is history only. Raises
    UsageError if nobody watches that contract there, StoreError.
    """
    mine = [
        each
        for each in table.entries
        if each.target.contract == contract and each.target.server == server and not each.shadow
    ]
    if not mine:
        raise UsageError(f"no contract {contract!r} is watched on {server!r}")
    watched = max(mine, key=lambda each: (len(each.target.major), each.target.major))
    now = store.slots.now()
    slot = NewSlot(
        watched=watched, instant=now, parts=(ALL,), start=now, trigger=Trigger.API, alert=alert, run_id=run_id
    )
    store.slots.request(slot)
