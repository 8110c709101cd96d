"""What the program logs, on stderr, where somebody asks for it with `--log-level`."""

import logging
import sys

from monitor.visible import visible

LEVELS = ("debug", "info", "warning", "error")
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class Lines(logging.Formatter):
    """A line for each record; characters that would move the cursor are shown, not obeyed."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        return visible(super().format(record), keep="\n")


def log_from(level: str) -> None:
    """Log what is as grave as this, of the libraries too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler])
