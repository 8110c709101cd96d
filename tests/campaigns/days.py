"""A day of several daemons in a second: their scheduling, their claims and a real state database, on a clock of ours.

What runs and what rings is played; what is due, who has it and what becomes of it is the daemon's own code.
"""

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.daemon.enqueuer import Enqueuer
from monitor.daemon.timetable import Timetable
from monitor.errors import FencedError
from monitor.schedule.rhythm import Rhythm, between
from monitor.settings import ScheduleSettings
from monitor.store.slots import SlotClaim, SlotState
from monitor.store.store import Store

LEASE = timedelta(seconds=60)
RENEWED = timedelta(seconds=10)
WORKERS = 2
ROOM = {"warehouse": 4}
RECORDED = Counter[int]


@dataclass
class Clock:
    """The database's clock: it goes on, and may be put forward or back. `steady` is the time that nobody changes."""

    now: datetime
    steady: timedelta = timedelta(0)

    def pass_by(self, span: timedelta) -> None:
        self.now += span
        self.steady += span


@dataclass
class Replica:
    """One daemon: what it holds in memory is lost when it dies."""

    store: Store
    table: Timetable
    name: str
    dice: random.Random
    sleeps_until: timedelta = timedelta(0)
    is_dead: bool = False
    reconciled: timedelta = timedelta(-1)
    every: timedelta = timedelta(seconds=15)
    renewed: timedelta = timedelta(0)
    works: list[tuple[SlotClaim, timedelta]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.enqueuer = Enqueuer(self.store, ScheduleSettings())
        self.enqueuer.use(self.table)

    def step(self, clock: Clock, done: RECORDED, table: Timetable) -> None:
        """Do what is due by the steady clock: read contracts that have changed, end runs, renew, look, claim."""
        if table is not self.table:
            self.enqueuer.use(table)
            self.table = table
        for claim, ends in [work for work in self.works if work[1] <= clock.steady]:
            self.works.remove((claim, ends))
            self._end(claim, done)
        if self.works and clock.steady - self.renewed >= RENEWED:
            kept = self.store.slots.renew([claim for claim, _ in self.works], LEASE)
            self.works = [work for work in self.works if work[0].id in kept]
            self.renewed = clock.steady
        if clock.steady - self.reconciled >= self.every:
            self.enqueuer.reconcile()
            self.reconciled = clock.steady
        for claim in self.store.slots.claim(self.name, limit=WORKERS - len(self.works), lease=LEASE, room=ROOM):
            self.works.append((claim, clock.steady + timedelta(seconds=self.dice.choice((1, 20, 90, 300)))))

    def hears(self, rhythms: Sequence[Rhythm]) -> None:
        """Hear rhythms ring, but for the rings that are lost."""
        for rhythm in rhythms:
            if self.dice.random() < 0.9:
                self.enqueuer.rung(rhythm)

    def wakes_at(self, clock: Clock) -> timedelta:
        """Return when it has something to do next, by the steady clock."""
        soon = [self.reconciled + self.every, *(ends for _, ends in self.works)]
        if self.works:
            soon.append(self.renewed + RENEWED)
        return max(self.sleeps_until, min(soon), clock.steady)

    def _end(self, claim: SlotClaim, done: RECORDED) -> None:
        later = self.store.slots.overtaken(claim)
        if later is not None:
            self.store.slots.skip(claim, f"overtaken by the slot of {later}")
            return
        if self.dice.random() < 0.05:
            self.store.slots.hand_back(claim, "nothing could be verified", after=timedelta(seconds=10), tried=True)
            return
        try:
            with self.store.writing() as writer:
                writer.finish_slot(claim)
        except FencedError:
            done[0] += 1  # no slot has this number: so many were fenced
        else:
            done[claim.id] += 1


class Rings:
    """When which rhythms ring."""

    def __init__(self, rhythms: Iterable[Rhythm], begin: datetime, end: datetime) -> None:
        self._at: dict[datetime, list[Rhythm]] = {}
        for rhythm in rhythms:
            for moment in between(rhythm, begin, end):
                self._at.setdefault(moment, []).append(rhythm)
        self._moments = sorted(self._at)

    def after(self, now: datetime) -> tuple[datetime, Sequence[Rhythm]]:
        """Return the next moment, and what rings then."""
        moment = self._moments[bisect_right(self._moments, now)]
        return moment, self._at[moment]


def play(  # noqa: PLR0913 - what makes a day, by name
    store: Store,
    tables: Mapping[timedelta, Timetable],
    clock: Clock,
    *,
    replicas: int,
    seed: int,
    span: timedelta,
    every: timedelta,
    steps: Mapping[timedelta, timedelta] | None = None,
) -> RECORDED:
    """Let time pass with pauses, deaths and restarts; at the end everybody lives, until nothing waits any more.

    `tables` says from which steady times on which contracts are there, `steps` at which the clock jumps, and how far.
    Returns how often each slot was recorded.
    """
    dice = random.Random(seed)  # noqa: S311 - the same day for the same seed
    names = iter(range(1_000_000))
    jumps = sorted((steps or {}).items())
    done: RECORDED = Counter()

    def new() -> Replica:
        return Replica(store, _at(tables, clock), f"replica-{next(names)}", random.Random(dice.random()), every=every)  # noqa: S311

    living = [new() for _ in range(replicas)]
    rhythms = dict.fromkeys(rhythm for table in tables.values() for rhythm in table.by_rhythm)
    rings = Rings(rhythms, clock.now - timedelta(days=1), clock.now + span + timedelta(days=1))
    while clock.steady < span:
        _strike(living, clock, dice)
        ready = [place for place, each in enumerate(living) if each.wakes_at(clock) <= clock.steady]
        for place in dice.sample(ready, len(ready)):
            if living[place].is_dead:
                living[place] = new()
            living[place].step(clock, done, _at(tables, clock))
        _pass(clock, living, rings, jumps)
    return _finish(new(), store, clock, done)


def _at(tables: Mapping[timedelta, Timetable], clock: Clock) -> Timetable:
    """Return the contracts that are there now."""
    return tables[max(since for since in tables if since <= clock.steady)]


def _strike(living: Sequence[Replica], clock: Clock, dice: random.Random) -> None:
    """Now and then let one stand still, or die and come back later."""
    if dice.random() >= 0.05:
        return
    struck = dice.choice(living)
    struck.sleeps_until = clock.steady + timedelta(seconds=dice.choice((5, 45, 120, 1_800)))
    struck.is_dead = dice.random() < 0.5


def _pass(clock: Clock, living: Sequence[Replica], rings: Rings, jumps: list[tuple[timedelta, timedelta]]) -> None:
    """Go to when the next has something to do, or a rhythm rings, or the clock jumps."""
    wait = min(each.wakes_at(clock) for each in living) - clock.steady
    wait = max(wait, timedelta(seconds=1))
    moment, rhythms = rings.after(clock.now)
    if moment - clock.now <= wait:
        clock.pass_by(moment - clock.now)
        for each in living:
            if each.sleeps_until <= clock.steady and not each.is_dead:
                each.hears(rhythms)
        return
    clock.pass_by(wait)
    if jumps and jumps[0][0] <= clock.steady:
        clock.now += jumps.pop(0)[1]


def _finish(last: Replica, store: Store, clock: Clock, done: RECORDED) -> RECORDED:
    for _ in range(10_000):
        clock.pass_by(timedelta(seconds=5))
        last.step(clock, done, last.table)
        if not store.slots.slots(limit=1, states=(SlotState.DUE, SlotState.RUNNING)):
            return done
    raise AssertionError(f"never done: {store.slots.backlog()}")
