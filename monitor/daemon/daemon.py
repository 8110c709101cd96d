"""The daemon itself: what rings, what is due, who works on it, and how it ends."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

from monitor.daemon.alarm import AlarmClock
from monitor.daemon.enqueuer import Enqueuer
from monitor.daemon.housekeeping import REMOVED, Housekeeping
from monitor.daemon.in_hand import InHand
from monitor.daemon.library import Invalid, Shelf
from monitor.daemon.loop import Loop
from monitor.daemon.others import Sight, sight
from monitor.daemon.parts import Parts, Role
from monitor.daemon.publisher import Publisher
from monitor.daemon.requests import request, request_in_person, wait_for
from monitor.daemon.signs import Ping, write_heartbeat
from monitor.daemon.status import Status
from monitor.daemon.taker import Taker
from monitor.daemon.timetable import Timetable, timetable
from monitor.daemon.troubles import whys
from monitor.daemon.watcher import watch_files
from monitor.daemon.worker import Tools, Work
from monitor.delivery.delivered import Delivered
from monitor.domain.contract import Contract
from monitor.domain.scan import Run
from monitor.domain.target import TargetKey
from monitor.errors import MonitorError
from monitor.incidents.actions import withdraw
from monitor.record import decide
from monitor.schedule.rhythm import Rhythm
from monitor.store.handing_out import HandingOut
from monitor.store.slots import Backlog, SlotClaim, Watched
from monitor.words import counted

LOOK = 1.0
"""Seconds between two looks for slots to run, if nothing rings."""

AGAIN = timedelta(seconds=1)
"""After so long a job comes back whose slot has to wait: its server is busy, or its target."""

RECONCILE = 15.0
RESCAN = 60.0
UPKEEP = 60.0
DELIVER = 0.5
PUBLISH = 1.0
LONGEST_STOP = 25.0
"""Seconds within which the daemon ends after it was asked to; most service managers kill after thirty."""

FINISH = 15.0
"""Seconds of these in which runs may finish by themselves."""

log = logging.getLogger(__name__)


class Daemon:
    """Verifies every contract when it is due. Any number of daemons may share one state database."""

    def __init__(self, parts: Parts) -> None:
        """Put it together; nothing is read or started yet."""
        settings = parts.settings
        self._parts = parts
        self._store = parts.store
        tools = Tools(
            store=parts.store,
            engine_of=parts.engine_of,
            samples=settings.samples,
            alerting=parts.alerting,
            settings=settings.daemon,
            catch_up=settings.schedule.catch_up,
        )
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._owner = f"{self.name}:{uuid4().hex[:8]}"  # a new process with an old number is somebody else
        self._started_at = datetime.now(UTC)
        self._lease = timedelta(seconds=settings.daemon.lease)
        self._shelf = Shelf(settings.contracts, settings.contract_variables)
        self._table: Timetable | None = None
        self._invalid: tuple[Invalid, ...] = ()
        self._sight, self._stays = Sight(), False
        self._rings = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._reload = threading.Event()
        self._reconcile_now = threading.Event()
        self._loaded_at = self._reconciled_at = self._beat_at = float("-inf")
        self._backlog = Backlog(due=0, running=0, oldest=None)
        self._house = Housekeeping(parts.store, settings, parts.keeper(self.contract_of), self.name)
        self._enqueuer = Enqueuer(parts.store, settings.schedule)
        self._alarm = AlarmClock(settings.daemon.workers, self._rung)
        self._desk = Loop("desk", self._at_the_desk, LOOK)
        self._in_hand = InHand(tools, settings.daemon.workers, self._desk.wake)
        self._heart = Loop("heart", self._beat, min(10.0, settings.daemon.lease / 6))
        self._upkeep = Loop("upkeep", self._keep_up, UPKEEP)
        self._delivery = Loop("delivery", self._deliver, DELIVER)
        self._publisher = Publisher(parts.store, settings.reports, settings.schedule, self._stopping.is_set)
        self._site = Loop("site", self._publisher.step, PUBLISH)
        self._ping: Loop | None = None
        if settings.daemon.ping_url is not None:
            ping = Ping(settings.daemon.ping_url, lambda: self.status().is_well)
            self._ping = Loop("ping", ping.step, settings.daemon.ping_every)
        self._schedules, self._runs = parts.role is not Role.WORKER, parts.role is not Role.SCHEDULER
        self._taker: Taker | None = None
        out = parts.store.handing_out
        if out is not None and self._runs:
            threads, run_slot = settings.daemon.workers, partial(self._run_slot, out)
            self._taker = Taker(parts.store.conninfo, threads, settings.daemon.lease, run_slot)
            self._jobs = Loop("jobs", self._taker.run, LOOK)

    # -- its life ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Read the contracts and begin. Raises StoreError if the state database cannot be reached."""
        self._stays = True
        self._load()
        self._beat()
        self._alarm.start()
        for loop in self._loops():
            loop.start()
        self._in_background("watch", watch_files, self._parts.settings.contracts, self.reload)
        if self._ping is not None:
            self._ping.start()
        log.info("Pactwatch is up", extra={"action": "started", "daemon": self._owner, "role": self._parts.role.value})

    def reload(self) -> None:
        """Look at the contract files again, soon."""
        self._reload.set()
        self._desk.wake()

    def run_once(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Run what is due, tell it, and return: for those who have a cron of their own but no place for a daemon.

        What came to know nothing is waited for until it has had its tries: who comes next may never end them. When
        `is_over` what is left is left to `stop`.
        """
        self._load()
        self._beat()
        self._enqueuer.reconcile()
        self._alarm.silence()  # what becomes due from now on is the next one's
        self._alarm.start()
        self._heart.start()
        while not is_over():
            self._claim()
            is_idle = not self._in_hand.works and time.monotonic() > self._in_hand.again
            if is_idle and not self._store.slots.backlog().due:
                break
            time.sleep(0.05)
        else:
            return
        for finish in (
            self._keep_up,
            self._house.prune,
            self._parts.deliverer.until_quiet,
            Loop("site", self._publisher.finish, PUBLISH).once,
        ):
            if is_over():
                return
            finish()

    def stop(self, in_a_hurry: Callable[[], bool] = lambda: False) -> bool:
        """End within 25 seconds: claim nothing more, let runs finish or hand them back, deliver once more.

        `in_a_hurry` is asked while runs may still finish: if so they are handed back now. False says that a thread
        hangs in a call that nobody can end; what it had to do is done by others, or at the next start.
        """
        end = time.monotonic() + LONGEST_STOP
        log.info("Stopping", extra={"action": "stopping"})
        self._stopping.set()
        self._alarm.silence()
        for loop in (self._desk, self._upkeep, self._site):
            loop.end()
        if self._taker is not None:
            self._jobs.end()
            self._taker.end()
        self._desk.join(5.0)
        self._in_hand.wait(end - LONGEST_STOP + FINISH, in_a_hurry)
        self._in_hand.end(self._in_hand.works, "the daemon shuts down")
        self._in_hand.wait(end - 4.0)
        self._delivery.end()
        if self._schedules and self._delivery.join(end - 3.0 - time.monotonic()):
            self._flush(end - 1.0)
        if self._taker is not None:  # what is handed back gets its job back
            self._jobs.join(end - time.monotonic())
        self._heart.end()
        if self._ping is not None:
            self._ping.end()
        self._alarm.stop()
        with self._lock:
            left = len(self._in_hand.works) + self._rings
        log.info("Stopped", extra={"action": "stopped", "left": left})
        return not left

    def _loops(self) -> tuple[Loop, ...]:
        """Return what goes on in this role."""
        loops: tuple[Loop, ...] = (self._desk, self._heart)
        if self._schedules:
            loops += (self._upkeep, self._delivery, self._site)
        return loops if self._taker is None else (*loops, self._jobs)

    def _in_background(self, name: str, task: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=task, args=[*arguments, self._stopping], name=name, daemon=True).start()

    # -- what others may ask -------------------------------------------------------------------------------------

    def status(self) -> Status:
        """Return how the daemon is, without waiting for anything."""
        now = time.monotonic()
        with self._lock:
            table, invalid, backlog = self._table, self._invalid, self._backlog
        waits = (datetime.now(UTC) - backlog.oldest).total_seconds() if backlog.oldest is not None else 0.0
        loops = self._loops()
        return Status(
            name=self.name,
            started_at=self._started_at,
            is_ticking=self._alarm.is_alive(),
            heartbeat_age=_age(self._beat_at, now),
            reconciled_age=_age(self._reconciled_at, now),
            loaded=None if table is None else tuple(entry.target for entry in table.entries.values()),
            invalid=invalid,
            is_stopping=self._stopping.is_set(),
            due=backlog.due,
            running=backlog.running,
            lag=max(0.0, waits),
            fenced=self._in_hand.fenced,
            trouble=next((loop.trouble for loop in loops if loop.trouble), None),
            behind=tuple(loop.name for loop in loops if loop.trouble),
        )

    def request_run(self, contract: str, server: str, run_id: str) -> None:
        """Let a contract be verified on a server soon, as the run of this id; see `requests.request`."""
        request(self._store, self._now_watched(), contract, server, run_id)
        self._desk.wake()

    def verify(self, target: TargetKey) -> Run:
        """Let a target be verified in its turn for somebody who waits; see `requests.wait_for`."""
        run_id = request_in_person(self._store, self._now_watched(), target)
        self._desk.wake()
        return wait_for(self._store, run_id, self._stopping)

    def requested(self, run_id: str) -> str | None:
        """Return where a requested run is: due, running, done or skipped; None for one that nobody asked for."""
        found = self._store.slots.requested(run_id)
        return None if found is None else found.value

    def contract_of(self, target: TargetKey) -> Contract | None:
        """Return the contract of a target, None where nobody has it any more."""
        entries = self._now_watched().entries
        found = entries.get(Watched(target=target)) or entries.get(Watched(target=target, shadow=True))
        return None if found is None else found.target.contract

    def _now_watched(self) -> Timetable:
        return self._table or Timetable()

    # -- contracts -----------------------------------------------------------------------------------------------

    def _load(self) -> None:
        """Read the contracts and watch those that run."""
        library, invalid = self._shelf.look()
        targets, unplaced = self._parts.place(library)
        invalid += tuple(Invalid(file=error.file, problems=tuple(error.problems)) for error in unplaced)
        before = self._now_watched()
        table = timetable(targets, self._parts.settings.schedule, before)
        if self._table is None or table.entries != before.entries:
            if self._schedules:
                self._enqueuer.use(table)
            self._publisher.use(library, table)
            self._reconcile_now.set()
            told = {"action": "contracts_loaded", "targets": len(table.entries), "invalid": len(invalid)}
            log.info("Watching %s", counted(len(table.entries), "target"), extra=told)
        for each in invalid:
            if each not in self._invalid:
                about = {"action": "contract_invalid", "file": each.file}
                log.warning("%s is no valid contract: %s", each.file, "; ".join(each.problems), extra=about)
        is_news = invalid != self._invalid
        with self._lock:
            self._table, self._invalid = table, invalid
            self._sight = sight(table.entries.keys(), whys(invalid))
        if is_news:  # people hear of it now, not within a minute
            self._upkeep.wake()
        if self._schedules:
            self._alarm.ring_for(table.by_rhythm.keys())
        self._loaded_at = time.monotonic()

    # -- work ----------------------------------------------------------------------------------------------------

    def _rung(self, rhythm: Rhythm) -> None:
        """Write down what is due now; where that does not work, the next look at the desk does."""
        with self._lock:
            self._rings += 1
        try:
            self._enqueuer.rung(rhythm)
        except MonitorError as error:
            self._reconcile_now.set()
            log.warning("Not written down yet: %s", error, extra={"action": "tick_failed", "rhythm": str(rhythm)})
        finally:
            with self._lock:
                self._rings -= 1
        self._desk.wake()

    def _at_the_desk(self) -> None:
        """Look at contracts and schedules when it is time to, and claim what is due."""
        now = time.monotonic()
        if self._reload.is_set() or now - self._loaded_at >= RESCAN:
            with _answering(self._reload):
                self._load()
        if self._reconcile_now.is_set() or now - self._reconciled_at >= RECONCILE:
            with _answering(self._reconcile_now):
                self._reconcile()
            if self._taker is None or self._schedules or self._taker.is_taking:
                self._reconciled_at = time.monotonic()
        if self._runs and self._taker is None:
            self._claim()

    def _reconcile(self) -> None:
        """See to it that what is due is written down, and that all of it has jobs. Raises StoreError."""
        if self._schedules:
            self._enqueuer.reconcile()
            if self._store.handing_out is not None:
                self._mend(self._store.handing_out)

    def _mend(self, out: HandingOut) -> None:
        count = out.mend(self._lease)
        if count:
            log.info("%d slots get a job again", count, extra={"action": "jobs_mended", "slots": count})

    def _run_slot(self, out: HandingOut, slot: int) -> datetime | None:
        """Run the slot of a job if it is ours to run; return when it must be looked at again."""
        if not self._stopping.is_set():
            claim = out.claim(self._owner, slot, lease=self._lease, room=self._now_watched().rooms())
            if claim is not None:
                self._in_hand.do(self._take(claim))
        return out.again(slot, AGAIN)

    def _take(self, claim: SlotClaim) -> Work:
        return self._in_hand.take(claim, self._now_watched().entries.get(claim.watched))

    def _claim(self) -> None:
        free, table = self._in_hand.free, self._now_watched()
        if free <= 0 or self._stopping.is_set():
            return
        for claim in self._store.slots.claim(self._owner, limit=free, lease=self._lease, room=table.rooms()):
            self._alarm.work(partial(self._in_hand.do, self._take(claim)), str(claim.watched))

    # -- signs of life, people, time -----------------------------------------------------------------------------

    def _beat(self) -> None:
        """Keep what we run, and say that we live."""
        works = self._in_hand.works
        kept = self._store.slots.renew([work.claim for work in works], self._lease) if works else frozenset()
        lost = [work for work in works if work.claim.id not in kept]  # it has ended meanwhile, or somebody else has it
        self._in_hand.end(lost, "somebody else runs it by now")
        self._backlog = self._store.slots.backlog()
        details = {"role": self._parts.role.value, **self.status().details()}
        if self._stays:  # who runs once only is no longer there when others ask
            details |= self._sight.told()
        with self._store.writing() as writer:
            writer.beat(self.name, self._started_at, details)
        self._beat_at = time.monotonic()
        file = self._parts.settings.daemon.heartbeat_file
        if file is not None:
            write_heartbeat(file, datetime.now(UTC))

    def _deliver(self) -> None:
        """Send until nothing may go any more."""
        while self._parts.deliverer.once() != Delivered() and not self._stopping.is_set():
            pass

    def _flush(self, end: float) -> None:
        """Send once what may go, for as long as there is time."""
        last = threading.Thread(target=Loop("flush", self._pass, DELIVER).once, daemon=True)
        last.start()
        last.join(max(0.0, end - time.monotonic()))

    def _pass(self) -> None:
        self._parts.deliverer.once()

    def _keep_up(self) -> None:
        """Do what time does to incidents, and let go of what is no longer watched."""
        table = self._now_watched()
        self._house.once(table, self._sight)
        for watched in self._house.removed(table, self._sight):
            self._house.remove(watched, self._withdraw)

    def _withdraw(self, incident_id: str) -> None:
        decide(
            self._store,
            incident_id,
            lambda incident, now: withdraw(incident, REMOVED, now),
            self.contract_of,
            self._parts.alerting,
        )


@contextmanager
def _answering(wish: threading.Event) -> Iterator[None]:
    """Do what somebody wishes; where that fails the wish stays."""
    wish.clear()
    try:
        yield
    except BaseException:
        wish.set()
        raise


def _age(at: float, now: float) -> float | None:
    return None if at == float("-inf") else now - at
