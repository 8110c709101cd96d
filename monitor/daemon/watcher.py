"""Noticing that contract files change."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from watchfiles import watch

PAUSE = 10.0
"""Seconds before folders that cannot be watched are tried again; the daemon looks every minute anyway."""

DEBOUNCE = 500
"""Milliseconds in which changes that come together are told as one."""

log = logging.getLogger(__name__)


def watch_files(folders: Sequence[Path], changed: Callable[[], None], stopping: threading.Event) -> None:
    """Call `changed` soon after a file below the folders changed, until the daemon stops."""
    while not stopping.is_set():
        try:
            for _ in watch(*folders, stop_event=stopping, debounce=DEBOUNCE, step=100, raise_interrupt=False):
                changed()
        except (OSError, RuntimeError) as error:
            log.warning("Contracts are not watched: %s", error, extra={"action": "watch_failed"})
            stopping.wait(PAUSE)
