"""A thread that does one thing again and again, whatever happens in between."""

import logging
import threading
from collections.abc import Callable

from monitor.errors import MonitorError

LONGEST = 30.0
"""Seconds after which what failed is tried again at the latest."""

log = logging.getLogger(__name__)


class Loop:
    """Calls a step every so many seconds by the monotonic clock, and at once when it is woken."""

    def __init__(self, name: str, step: Callable[[], None], every: float) -> None:
        """Prepare; `step` may raise: that is logged, and the pause grows until it works again."""
        self.name = name
        self._step = step
        self._every = every
        self._woken = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._failures = 0
        self.trouble: str | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Do the next step now."""
        self._woken.set()

    def end(self) -> None:
        """Begin no other step."""
        self._over.set()
        self._woken.set()

    def join(self, timeout: float) -> bool:
        """Wait for the step that goes on; say whether it has ended."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, timeout))
        return not self._thread.is_alive()

    def once(self) -> None:
        """Do a step and remember how it went."""
        try:
            self._step()
        except MonitorError as error:
            self._failed(str(error))
            log.warning("%s: %s", self.name, error, extra={"action": f"{self.name}_failed"})
        except Exception as error:  # the boundary of a job: the daemon lives on, and says what happened
            self._failed(f"{type(error).__name__}: {error}")
            log.exception("%s: unforeseen", self.name, extra={"action": f"{self.name}_failed"})
        else:
            self._failures, self.trouble = 0, None

    def _failed(self, trouble: str) -> None:
        self._failures += 1
        self.trouble = trouble

    def _run(self) -> None:
        while not self._over.is_set():
            self.once()
            pause = min(
                LONGEST, max(self._every, 0.5 * 2 ** min(self._failures, 10)) if self._failures else self._every
            )
            self._woken.wait(pause)
            self._woken.clear()
