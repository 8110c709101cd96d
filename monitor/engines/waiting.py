"""Wait for a blocking call and still hear Ctrl-C, or that there is no more time."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TypeVar

from monitor.engines.base import Interrupted, never_interrupted

T = TypeVar("T")

HEED = 0.5
"""Seconds between two looks whether to go on."""


CUT_OFF = 3.0
"""Seconds that a scan has to end by itself; then it waits for somebody who is not heard of any more."""


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


class Line(Protocol):
    """What is open to a server: a connection of libpq's, or a socket."""

    def fileno(self) -> int:
        """Return its number in this process."""


@contextmanager
def cut_off_in_the_end(opened: Line, interrupted: Interrupted) -> Iterator[None]:
    """While the block runs, cut a connection off on which somebody still waits when the scan should have ended.

    libpq waits without end for an answer that something on the way has swallowed: as long as the kernel of a proxy or a
    firewall acknowledges, keepalives find nothing wrong. Then whoever waits is told that the connection is lost.
    """
    if interrupted is never_interrupted:
        yield
        return
    over = threading.Event()
    with socket.socket(fileno=os.dup(opened.fileno())) as line:
        watcher = threading.Thread(target=_cut_off, args=[line, interrupted, over], daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def _cut_off(line: socket.socket, interrupted: Interrupted, over: threading.Event) -> None:
    end: float | None = None
    while not over.wait(HEED):
        if interrupted() is None:
            continue
        end = end or time.monotonic() + CUT_OFF
        if time.monotonic() >= end:
            with suppress(OSError):  # it has ended by itself
                line.shutdown(socket.SHUT_RDWR)
            return
