"""Where results go: a reader who may leave early, a file that must be writable before the work begins."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.errors import UsageError


@contextmanager
def while_somebody_reads() -> Iterator[None]:
    """Stop writing to stdout without a word once its reader is gone (`| head -1`): what was found out stays so."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        give_up_stdout()


def give_up_stdout() -> None:
    """Send what is still buffered nowhere: else Python would fail on it once more when the program ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def check_writable(path: Path, option: str) -> None:
    """Raise UsageError if a file or folder that an option names cannot be written or made."""
    nearest = next((each for each in (path, *path.parents) if each.exists()), Path())
    if (nearest != path and not nearest.is_dir()) or not os.access(nearest, os.W_OK):
        raise UsageError(f"{option} {path}: {nearest} is no place to write to")
