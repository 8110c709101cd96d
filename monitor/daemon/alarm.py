"""The alarm clock: APScheduler rings when something may be due, and its executor does the work. It promises nothing.

What is due, and who runs it, is in the database. So a job that is late, lost or rung twice does no harm: misfires are
never judged (`misfire_grace_time=None`), jobs live in memory, and the cron that counts is cronsim's.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.schedule.rhythm import Rhythm, next_moment

TICKS, RUNS = "ticks", "runs"

Rung = Callable[[Rhythm], None]


class RhythmTrigger(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """Rings at the moments of a rhythm."""

    def __init__(self, rhythm: Rhythm) -> None:
        """Keep the rhythm."""
        self._rhythm = rhythm

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the next moment; one that was missed is found by the database's watermark, not here."""
        return next_moment(self._rhythm, now if previous_fire_time is None else max(previous_fire_time, now))


class AlarmClock:
    """Rings for each rhythm, and runs what it is given in a few threads."""

    def __init__(self, workers: int, rung: Rung) -> None:
        """Prepare; `rung` is called in a thread of its own, never twice at a time for one rhythm."""
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it tells every tick; we tell what matters
        self._rung = rung
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={TICKS: ThreadPoolExecutor(2), RUNS: ThreadPoolExecutor(workers)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone="UTC",
        )
        self._rhythms: dict[Rhythm, Any] = {}

    def start(self) -> None:
        """Begin to ring."""
        self._scheduler.start()

    def is_alive(self) -> bool:
        """Say whether the scheduler's thread lives: `running` stays true when it has died."""
        thread = getattr(self._scheduler, "_thread", None)
        return thread is not None and thread.is_alive()

    def ring_for(self, rhythms: Collection[Rhythm]) -> None:
        """Ring for these rhythms from now on, and for no others."""
        for gone in self._rhythms.keys() - set(rhythms):
            self._rhythms.pop(gone).remove()
        for rhythm in set(rhythms) - self._rhythms.keys():
            trigger = RhythmTrigger(rhythm)
            job = self._scheduler.add_job(self._rung, trigger, [rhythm], executor=TICKS, name=str(rhythm))
            self._rhythms[rhythm] = job

    def work(self, task: Callable[[], None], name: str) -> None:
        """Do this as soon as a worker is free."""
        self._scheduler.add_job(task, executor=RUNS, name=name)

    def silence(self) -> None:
        """Ring no more; what is being worked on goes on."""
        self.ring_for(())

    def stop(self) -> None:
        """End the scheduler's thread without waiting for anybody."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
