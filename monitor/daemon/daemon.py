"""The daemon itself: what rings, what is due, who works on it, and how it ends."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import uuid4

from monitor.contracts.versions import Library, resolve
from monitor.daemon.alarm import AlarmClock
from monitor.daemon.enqueuer import Enqueuer
from monitor.daemon.library import Invalid, Shelf
from monitor.daemon.loop import Loop
from monitor.daemon.signs import Ping, write_heartbeat
from monitor.daemon.status import Status
from monitor.daemon.timetable import Timetable, timetable
from monitor.daemon.troubles import invalid_files, missed_runs
from monitor.daemon.watcher import watch_files
from monitor.daemon.worker import Tools, Work, work_on
from monitor.deliver import Delivered
from monitor.domain.contract import Contract
from monitor.domain.incident import IncidentKind
from monitor.domain.target import TargetKey
from monitor.engines.base import Engine
from monitor.errors import ContractError, MonitorError, UsageError
from monitor.incidents.troubles import Trouble
from monitor.record import Alerting
from monitor.run import Target, new_run_id
from monitor.schedule.cadences import ALL
from monitor.schedule.rhythm import Cron, Rhythm, next_moment
from monitor.settings import ServerSettings, Settings
from monitor.store.slots import Backlog, NewSlot, Watched
from monitor.store.store import Store
from monitor.store.values import Trigger

LOOK = 1.0
"""Seconds between two looks for slots to run, if nothing rings."""

RECONCILE = 15.0
RESCAN = 60.0
UPKEEP = 60.0
DELIVER = 0.5
LONGEST_STOP = 25.0
"""Seconds within which the daemon ends after it was asked to; most service managers kill after thirty."""

FINISH = 15.0
"""Seconds of these in which runs may finish by themselves."""

NIGHT = Cron(expression="17 3 * * *")
"""When old history is removed, in the configured zone."""

Place = Callable[[Library], tuple[tuple[Target, ...], tuple[ContractError, ...]]]
"""Says on which servers the contracts of a library run, and which have none."""

log = logging.getLogger(__name__)


class Deliverer(Protocol):
    """Tells what waits in the outbox."""

    def once(self) -> Delivered:
        """Send what may go now."""
        ...


class Keeper(Protocol):
    """Does what only time does to incidents."""

    def once(self, troubles: Mapping[IncidentKind, Collection[Trouble]] | None = None) -> object:
        """Do what is due, given all troubles that there are now of these kinds."""
        ...

    def prune(self, *, keep_results: timedelta, keep_rollups: timedelta) -> object:
        """Forget what is older than that."""
        ...


ContractOf = Callable[[TargetKey], Contract | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the daemon is put together from. `keeper` gets to know how to find the contract of a target."""

    settings: Settings
    store: Store
    engine_of: Callable[[ServerSettings], Engine]
    place: Place
    alerting: Alerting
    deliverer: Deliverer
    keeper: Callable[[ContractOf], Keeper] | None = None


class Daemon:
    """Verifies every contract when it is due. Any number of daemons may share one state database."""

    def __init__(self, parts: Parts) -> None:
        """Put it together; nothing is read or started yet."""
        settings = parts.settings
        self._parts = parts
        self._store = parts.store
        self._tools = Tools(
            store=parts.store,
            engine_of=parts.engine_of,
            samples=settings.samples,
            alerting=parts.alerting,
            settings=settings.daemon,
            fenced=self._count_fenced,
        )
        self._fenced = 0
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._owner = f"{self.name}:{uuid4().hex[:8]}"  # a new process with an old number is somebody else
        self._started_at = datetime.now(UTC)
        self._lease = timedelta(seconds=settings.daemon.lease)
        self._shelf = Shelf(settings.contracts, settings.contract_variables)
        self._library = Library(contracts=(), invalid=())
        self._table = Timetable()
        self._invalid: tuple[Invalid, ...] = ()
        self._works: dict[tuple[int, int], Work] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._reload = threading.Event()
        self._reconcile_now = threading.Event()
        self._loaded_at = self._reconciled_at = self._beat_at = float("-inf")
        self._backlog = Backlog(due=0, running=0, oldest=None)
        self._keeper = None if parts.keeper is None else parts.keeper(self.contract_of)
        self._night = self._next_night()
        self._enqueuer = Enqueuer(parts.store, settings.schedule)
        self._alarm = AlarmClock(settings.daemon.workers, self._rung)
        self._desk = Loop("desk", self._at_the_desk, LOOK)
        self._heart = Loop("heart", self._beat, min(10.0, settings.daemon.lease / 6))
        self._upkeep = Loop("upkeep", self._keep_up, UPKEEP)
        self._delivery = Loop("delivery", self._deliver, DELIVER)

    # -- its life ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Read the contracts and begin. Raises StoreError if the state database cannot be reached."""
        self.load()
        self._beat()
        self._alarm.start()
        for loop in (self._desk, self._heart, self._delivery, self._upkeep):
            loop.start()
        self._in_background("watch", watch_files, self._parts.settings.contracts, self.reload)
        daemon = self._parts.settings.daemon
        if daemon.ping_url is not None:
            ping = Ping(daemon.ping_url, daemon.ping_every, lambda: self.status().is_healthy)
            self._in_background("ping", ping.run)
        log.info("Pactwatch watches %d contracts", len(self._table.entries), extra={"action": "started"})

    def reload(self) -> None:
        """Look at the contract files again, soon."""
        self._reload.set()
        self._desk.wake()

    def stop(self, in_a_hurry: Callable[[], bool] = lambda: False) -> None:
        """End within 25 seconds: claim nothing more, let runs finish or hand them back, deliver once more.

        `in_a_hurry` is asked while runs may still finish: if so they are handed back now.
        """
        self._stopping.set()
        end = time.monotonic() + LONGEST_STOP
        log.info("Stopping", extra={"action": "stopping"})
        self._alarm.silence()
        self._desk.end()
        self._upkeep.end()
        self._desk.join(5.0)
        self._await_works(end - LONGEST_STOP + FINISH, in_a_hurry)
        for work in self._running():
            work.stop = "the daemon shuts down"
            work.ended.set()
        self._await_works(end - 4.0)
        self._delivery.end()
        if self._delivery.join(end - 3.0 - time.monotonic()):
            self._flush(end - 1.0)
        self._heart.end()
        self._alarm.stop()
        left = len(self._running())
        log.info("Stopped", extra={"action": "stopped", "left": left})

    def run_once(self) -> None:
        """Run what is due, tell it, and return: for those who have a cron of their own but no place for a daemon."""
        self.load()
        self._beat()
        self._enqueuer.reconcile()
        self._alarm.start()
        self._heart.start()
        while not self._stopping.is_set():
            self._claim()
            if not self._running() and not self._store.slots.backlog().due:
                break
            self._stopping.wait(0.05)
        self._keep_up()
        end = time.monotonic() + LONGEST_STOP
        while time.monotonic() < end and self._parts.deliverer.once() != Delivered():
            pass

    def _await_works(self, end: float, in_a_hurry: Callable[[], bool] = lambda: False) -> None:
        while self._running() and time.monotonic() < end and not in_a_hurry():
            time.sleep(0.05)

    def _in_background(self, name: str, task: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=task, args=[*arguments, self._stopping], name=name, daemon=True).start()

    # -- contracts -----------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Read the contracts and watch those that run."""
        library, invalid = self._shelf.look()
        targets, unplaced = self._parts.place(library)
        invalid += tuple(Invalid(file=error.file, problems=tuple(error.problems)) for error in unplaced)
        table = timetable(targets, self._parts.settings.schedule, self._table)
        if table.entries != self._table.entries:
            self._enqueuer.use(table)
            self._reconcile_now.set()
            told = {"action": "contracts_loaded", "targets": len(table.entries), "invalid": len(invalid)}
            log.info("Contracts: %d run", len(table.entries), extra=told)
        for each in invalid:
            if each not in self._invalid:
                about = {"action": "contract_invalid", "file": each.file}
                log.warning("%s is no valid contract: %s", each.file, "; ".join(each.problems), extra=about)
        with self._lock:
            self._library, self._table, self._invalid = library, table, invalid
        self._alarm.ring_for(table.by_rhythm.keys())
        self._loaded_at = time.monotonic()

    def contract_of(self, target: TargetKey) -> Contract | None:
        """Return the contract of a target, None where nobody has it any more."""
        for shadow in (False, True):
            entry = self._table.entries.get(Watched(target=target, shadow=shadow))
            if entry is not None:
                return entry.target.contract
        return None

    # -- work ----------------------------------------------------------------------------------------------------

    def request_run(
        self, contract: str, server: str | None = None, *, alert: bool = False, run_id: str | None = None
    ) -> str:
        """Ask for a run of a contract as soon as there is room, and return its id; it is recorded under that id.

        `contract` is an id, a slug or a unique name, also with @version. Of several major versions the highest runs.
        A second call with one `run_id` asks for nothing more.
        Raises UsageError if there is no such contract, or if it runs on several servers and none is named.
        """
        with self._lock:
            library, table = self._library, self._table
        ids = {each.contract.id for each in resolve(library, contract)}
        found = [each for each in table.entries if each.target.contract in ids and not each.shadow]
        servers = sorted({each.target.server for each in found})
        if server is None and len(servers) > 1:
            raise UsageError(f"{contract} runs on {', '.join(servers)}: which server?")
        mine = [each for each in found if server is None or each.target.server == server]
        if not mine:
            raise UsageError(f"{contract} does not run on {server}; it runs on {', '.join(servers) or 'no server'}")
        watched = max(mine, key=lambda each: (len(each.target.major), each.target.major))
        run_id, now = run_id or new_run_id(), self._store.slots.now()
        slot = NewSlot(
            watched=watched, instant=now, parts=(ALL,), start=now, trigger=Trigger.API, alert=alert, run_id=run_id
        )
        self._store.slots.request(slot)
        self._desk.wake()
        return run_id

    def targets(self) -> tuple[Target, ...] | None:
        """Return what is watched, None before the contracts were read."""
        with self._lock:
            table, is_loaded = self._table, self._loaded_at > float("-inf")
        return tuple(entry.target for entry in table.entries.values()) if is_loaded else None

    def _count_fenced(self) -> None:
        with self._lock:
            self._fenced += 1

    def _rung(self, rhythm: Rhythm) -> None:
        """Write down what is due now; where that does not work, the next look at the desk does."""
        try:
            self._enqueuer.rung(rhythm)
        except MonitorError as error:
            self._reconcile_now.set()
            log.warning("Not written down yet: %s", error, extra={"action": "tick_failed", "rhythm": str(rhythm)})
        self._desk.wake()

    def _at_the_desk(self) -> None:
        """Look at contracts and schedules when it is time to, and claim what is due."""
        now = time.monotonic()
        if self._stopping.is_set():
            return
        if self._reload.is_set() or now - self._loaded_at >= RESCAN:
            self._reload.clear()
            self.load()
        if self._reconcile_now.is_set() or now - self._reconciled_at >= RECONCILE:
            self._reconcile_now.clear()
            try:
                self._enqueuer.reconcile()
            except BaseException:
                self._reconcile_now.set()
                raise
            self._reconciled_at = time.monotonic()
            self._backlog = self._store.slots.backlog()
        self._claim()

    def _claim(self) -> None:
        with self._lock:
            free = self._parts.settings.daemon.workers - len(self._works)
            table = self._table
        if free <= 0 or self._stopping.is_set():
            return
        for claim in self._store.slots.claim(self._owner, limit=free, lease=self._lease, room=table.rooms()):
            work = Work(claim=claim, entry=table.entries.get(claim.watched))
            with self._lock:
                self._works[claim.id, claim.attempt] = work
            self._alarm.work(partial(self._work, work), str(claim.watched))

    def _work(self, work: Work) -> None:
        """Do one piece of work in a thread of its own: the boundary beyond which no error goes."""
        about = {"slot": work.claim.id, "target": str(work.claim.watched)}
        try:
            work_on(work, self._tools)
        except MonitorError as error:
            log.warning("%s: %s", work.claim.watched, error, extra={"action": "run_lost", **about})
        except Exception:
            log.exception("%s: unforeseen", work.claim.watched, extra={"action": "run_lost", **about})
        finally:  # a slot that is still ours comes back when its lease is over
            with self._lock:
                del self._works[work.claim.id, work.claim.attempt]
            self._desk.wake()

    def _running(self) -> tuple[Work, ...]:
        with self._lock:
            return tuple(self._works.values())

    # -- signs of life -------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        """Keep what we run, and say that we live."""
        works = self._running()
        if works:
            kept = self._store.slots.renew([work.claim for work in works], self._lease)
            for work in works:
                if work.claim.id not in kept and (work.claim.id, work.claim.attempt) in self._works:
                    work.stop = "somebody else runs it by now"
                    work.ended.set()
        with self._store.writing() as writer:
            writer.beat(self.name, self._started_at, self.status().details())
        self._beat_at = time.monotonic()
        file = self._parts.settings.daemon.heartbeat_file
        if file is not None:
            try:
                write_heartbeat(file, datetime.now(UTC))
            except OSError as error:
                log.warning("%s: %s", file, error.strerror or error, extra={"action": "heartbeat_failed"})

    def status(self) -> Status:
        """Return how the daemon is."""
        now = time.monotonic()
        with self._lock:
            table, invalid, running, backlog = self._table, self._invalid, len(self._works), self._backlog
        waits = (datetime.now(UTC) - backlog.oldest).total_seconds() if backlog.oldest is not None else 0.0
        return Status(
            name=self.name,
            started_at=self._started_at,
            scheduler_alive=self._alarm.is_alive(),
            heartbeat_age=_age(self._beat_at, now),
            reconciled_age=_age(self._reconciled_at, now),
            contracts=len({watched.target.contract for watched in table.entries}),
            targets=len(table.entries),
            invalid=invalid,
            running=running,
            waiting=backlog.due,
            lag=max(0.0, waits),
            fenced=self._fenced,
            is_stopping=self._stopping.is_set(),
            trouble=self._desk.trouble or self._heart.trouble or self._upkeep.trouble or self._delivery.trouble,
        )

    # -- people --------------------------------------------------------------------------------------------------

    def _deliver(self) -> None:
        """Send until nothing may go any more."""
        while self._parts.deliverer.once() != Delivered():
            if self._stopping.is_set():
                return

    def _flush(self, end: float) -> None:
        """Send once what may go, for as long as there is time."""
        last = threading.Thread(target=Loop("flush", self._pass, DELIVER).once, daemon=True)
        last.start()
        last.join(max(0.0, end - time.monotonic()))

    def _pass(self) -> None:
        self._parts.deliverer.once()

    def _keep_up(self) -> None:
        """Do what time does to incidents, given what nobody verified and which files are no contracts."""
        if self._keeper is None:
            return
        with self._lock:
            table, invalid = self._table, self._invalid
        grace = timedelta(seconds=self._parts.settings.schedule.grace)
        overdue = self._store.slots.overdue(grace)
        troubles = {
            IncidentKind.NO_RUN: missed_runs(overdue, table),
            IncidentKind.INVALID_FILE: invalid_files(invalid, table),
        }
        self._keeper.once(troubles)
        if self._night is not None and datetime.now(UTC) >= self._night:
            self._night = self._next_night()
            state = self._parts.settings.state
            self._keeper.prune(
                keep_results=timedelta(seconds=state.keep_results), keep_rollups=timedelta(seconds=state.keep_rollups)
            )

    def _next_night(self) -> datetime | None:
        zone = self._parts.settings.schedule.timezone
        return next_moment(replace(NIGHT, zone=zone), datetime.now(UTC))


def _age(at: float, now: float) -> float | None:
    return None if at == float("-inf") else now - at
