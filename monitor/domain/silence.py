"""When nobody wants to hear of what is wrong: silences and maintenance windows."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A stretch of time, from `starts_at` until before `ends_at`, in which incidents are recorded but not told.

    It covers what fits every condition it names; one without conditions covers everything.
    """

    id: str
    starts_at: datetime
    ends_at: datetime
    contract: str | None = None
    dataset: str | None = None
    owner: str | None = None
    tag: str | None = None
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a silence may ask of an incident: whose it is and what it is about."""

    contract: str = ""
    dataset: str = ""
    owner: str | None = None
    tags: frozenset[str] = frozenset()
