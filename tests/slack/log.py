"""The log of a campaign: one JSON line for each request, written before it is answered."""

import json
import time
from pathlib import Path
from threading import Lock
from typing import Any


class Log:
    """Appends entries to a file; `entries` keeps them in memory as well.

    An entry of a request: `n`, `at` (arrival, seconds of a clock that never goes back), `method`, `channel`, `body`,
    `answer` (`status`, `ok`, `error`, `retry_after`, `fault`), `visible` (the message is there now), `ts`. A message
    that appears after its call was given up has a second entry of the method `late`, and `of` names the request.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.entries: list[dict[str, Any]] = []
        self._lock = Lock()
        self._file = path.open("a", encoding="utf-8") if path else None

    def number(self) -> int:
        """Return the number the next request gets; reserve it."""
        with self._lock:
            self.entries.append({})
            return len(self.entries) - 1

    def write(self, number: int, **entry: object) -> None:
        """Write the entry of a request."""
        line = {"n": number, "at": time.monotonic(), "wall": time.time(), **entry}
        with self._lock:
            self.entries[number] = line
            if self._file:
                self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
                self._file.flush()

    def add(self, **entry: object) -> None:
        """Write an entry that no request made: a message that came late, an acknowledgement."""
        self.write(self.number(), **entry)

    def calls(self, method: str) -> list[dict[str, Any]]:
        """Return the entries of one method."""
        with self._lock:
            return [entry for entry in self.entries if entry.get("method") == method]

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
