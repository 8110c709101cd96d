"""What the daemon says of itself: sentences for people, or one JSON object a line for machines; ids, never contents."""

import json
import logging
from datetime import UTC, datetime
from typing import Literal, TextIO

from monitor.visible import visible

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One object a line: at, level, logger, message, and whatever the caller gave as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {key: value for key, value in vars(record).items() if key not in _OWN}
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


class Sentences(logging.Formatter):
    """The time, how grave it is unless it is not, and the sentence."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        grave = "" if record.levelno <= logging.INFO else f"{record.levelname}: "
        error = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return f"{at} {grave}{visible(record.getMessage())}{error}"


def log_to(stream: TextIO, form: Literal["text", "json"]) -> None:
    """Send what Pactwatch logs to a stream, and of others only what is wrong."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if form == "json" else Sentences())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("monitor").setLevel(logging.INFO)
