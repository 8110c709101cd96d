"""One thing that was looked at: fine, not as it should be, or in the way."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How much a finding matters: `bad` keeps Pactwatch from its work, `warn` will one day."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found about a part (`warehouse`, `slack`), and what to do about it where it is not fine."""

    about: str
    grade: Grade
    told: str
    mend: str | None = None


def fine(about: str, told: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(about=about, grade=Grade.OK, told=told)


def warn(about: str, told: str, mend: str) -> Finding:
    """Return that something is not as it should be."""
    return Finding(about=about, grade=Grade.WARN, told=told, mend=mend)


def bad(about: str, told: str, mend: str) -> Finding:
    """Return that something keeps Pactwatch from its work."""
    return Finding(about=about, grade=Grade.BAD, told=told, mend=mend)
