"""The runs that a daemon has in hand: how many more it may take, which were taken from it, and how they end."""

import logging
import threading
import time
from collections.abc import Callable, Collection

from monitor.daemon.timetable import Entry
from monitor.daemon.worker import Tools, Work, work_on
from monitor.errors import MonitorError
from monitor.store.slots import SlotClaim

log = logging.getLogger(__name__)


class InHand:
    """Pieces of work, each done in a thread of its caller's; safe to ask from every thread."""

    def __init__(self, tools: Tools, most: int, rung: Callable[[], None]) -> None:
        """Begin with empty hands; ring after each piece of work."""
        self._tools = tools
        self._most = most
        self._rung = rung
        self._works: dict[tuple[int, int], Work] = {}
        self._lock = threading.Lock()
        self._fenced = 0
        self._again = float("-inf")

    @property
    def works(self) -> tuple[Work, ...]:
        """What is being worked on."""
        with self._lock:
            return tuple(self._works.values())

    @property
    def free(self) -> int:
        """How many more pieces of work may be taken."""
        return self._most - len(self.works)

    @property
    def fenced(self) -> int:
        """How many runs could not be written down, because somebody else had them by then."""
        return self._fenced

    @property
    def again(self) -> float:
        """Until when, by the monotonic clock, work that came to know nothing waits for its next try."""
        return self._again

    def take(self, claim: SlotClaim, entry: Entry | None) -> Work:
        """Take a claimed slot in hand; `do` it next."""
        work = Work(claim=claim, entry=entry)
        with self._lock:
            self._works[claim.id, claim.attempt] = work
        return work

    def do(self, work: Work) -> None:
        """Do one piece of work in a thread of its own: the boundary beyond which no error goes."""
        about = {"action": "run_lost", "slot": work.claim.id, "target": str(work.claim.watched)}
        try:
            work_on(work, self._tools)
        except MonitorError as error:
            log.warning("%s: %s", work.claim.watched, error, extra=about)
        except Exception:
            log.exception("%s: unforeseen", work.claim.watched, extra=about)
        finally:  # a slot that is still ours comes back when its lease is over
            with self._lock:
                del self._works[work.claim.id, work.claim.attempt]
                self._fenced += work.was_fenced
                self._again = max(self._again, work.again or self._again)
            self._rung()

    def end(self, works: Collection[Work], why: str) -> None:
        """Let work end now, without a result."""
        for work in works:
            work.stop = why
            work.ended.set()

    def wait(self, end: float, in_a_hurry: Callable[[], bool] = lambda: False) -> None:
        """Wait until nothing is in hand, or it is `end` by the monotonic clock, or somebody is in a hurry."""
        while self.works and time.monotonic() < end and not in_a_hurry():
            time.sleep(0.05)
