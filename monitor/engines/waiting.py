"""Wait for a blocking call and still hear Ctrl-C, or that there is no more time."""

import threading
from collections.abc import Callable
from typing import TypeVar

from monitor.engines.base import Interrupted, never_interrupted

T = TypeVar("T")

HEED = 0.5
"""Seconds between two looks whether to go on."""


class Interruption(Exception):  # noqa: N818 - nothing went wrong
    """Somebody wants the scan to end now; the message says why."""


def heed(interrupted: Interrupted) -> None:
    """Raise Interruption if the scan must end now."""
    reason = interrupted()
    if reason is not None:
        raise Interruption(reason)


def patiently(call: Callable[[], T], interrupted: Interrupted = never_interrupted) -> T:
    """Return what a call returns, or raise what it raises; KeyboardInterrupt is heard while libpq blocks inside it.

    An interrupted call is abandoned: it ends by its own timeout, or with the program. Raises Interruption.
    """
    outcomes: list[T] = []
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            outcomes.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(HEED)
    while thread.is_alive():
        heed(interrupted)
        thread.join(HEED)
    if errors:
        raise errors[0]
    return outcomes[0]
