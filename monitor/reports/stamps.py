"""What the pages of a target were made of: what is still the same is not made again, also by another process.

A stamp is a small file beside the pages. It names all that went into them (what history knew, what the contract said,
this very program) by a hash, and each file that came out with its size.
"""

import fcntl
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from monitor.reports import html

NAME = ".made"
"""Begins with a dot: it is no page, and no web server of ours shows it."""

LOCK = ".lock"


@contextmanager
def alone(site: Path) -> Iterator[None]:
    """Write to a site while nobody else does, however many daemons share it: pages and stamps stay of one piece."""
    site.mkdir(parents=True, exist_ok=True)
    with (site / LOCK).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def digest_of(*parts: object) -> str:
    """Return a hash of what pages are made of: of values that say all of themselves by `repr`, and of the program."""
    told = "\n".join((_program(), *map(repr, parts)))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


PAGE = ".html"
"""What a page ends in; a badge and a status beside it are no pages."""


def pages_of(site: Path, folder: str, digest: str) -> int | None:
    """Return how many pages of a target there are, None if they are not of this digest or one of them is gone."""
    try:
        first, *lines = (site / folder / NAME).read_text("utf-8").splitlines()
        if first != digest:
            return None
        for line in lines:
            size, _, path = line.partition(" ")
            if (site / path).stat().st_size != int(size):
                return None
    except (OSError, ValueError):  # never made, moved away, or written by somebody else
        return None
    return sum(line.endswith(PAGE) for line in lines)


def stamp(site: Path, folder: str, digest: str, paths: Iterable[str]) -> None:
    """Say of what these pages were made."""
    lines = (f"{(site / path).stat().st_size} {path}" for path in sorted(paths))
    html.write_changed(site / folder / NAME, "\n".join((digest, *lines)) + "\n")


@cache
def _program() -> str:
    """Return a hash of our own code and templates: another version may draw another page from the same history."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).resolve().parent.parent.rglob("*.py")):
        digest.update(path.read_bytes())
    shared = html.assets()
    for text in (shared.style_name, shared.script_name, *html.sources()):
        digest.update(text.encode())
    return digest.hexdigest()
