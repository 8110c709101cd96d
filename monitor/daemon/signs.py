"""Signs of life for those who watch from outside: a file with the time, a call to an address that misses it."""

import logging
import os
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path

PATIENCE = 10.0

log = logging.getLogger(__name__)


def write_heartbeat(file: Path, at: datetime) -> None:
    """Write the time into the file, at once or not at all; one that cannot be written is logged."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(f"{at.astimezone(UTC).isoformat(timespec='seconds')}\n", encoding="ascii")
        beside.replace(file)
    except OSError as error:
        log.warning("%s: %s", file, error.strerror or error, extra={"action": "heartbeat_failed"})


class Ping:
    """Calls an address while all is well: whoever owns it notices when the calls stop."""

    def __init__(self, url: str, is_well: Callable[[], bool]) -> None:
        """Prepare; nothing is called yet."""
        self._url = url
        self._is_well = is_well

    def step(self) -> None:
        """Call if all is well; an address that does not answer is logged."""
        if self._is_well():
            self.once()

    def once(self) -> bool:
        """Call once; say whether it was answered with success."""
        request = urllib.request.Request(self._url, headers={"User-Agent": "pactwatch"})  # noqa: S310 - http(s) only
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE):  # noqa: S310 - the settings say so
                return True
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or type(error).__name__
            log.warning("ping_url does not answer: %s", reason, extra={"action": "ping_failed"})
            return False
