"""What the store is told and what it tells, beside the nouns of `domain`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from monitor.domain.check import Check
from monitor.domain.scan import Outcome, Verdict
from monitor.domain.target import TargetKey


class Trigger(StrEnum):
    """What made a run happen."""

    ON_DEMAND = "on_demand"
    SCHEDULED = "scheduled"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A recorded run without its results.

    `slot` is the moment that a schedule asked for, None on demand. `stands` says whether "the verdict now" rests on it.
    `pruned` says that its results live on in the daily roll-ups only.
    """

    run_id: str
    target: TargetKey
    slug: str
    name: str
    version: str
    file: str
    fingerprint: str
    location: str | None
    trigger: Trigger
    slot: datetime | None
    shadow: bool
    subset: bool
    stands: bool
    started_at: datetime
    finished_at: datetime
    verdict: Verdict
    counts: Mapping[Outcome, int]
    pruned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """When a check last held: the last such run, what it measured, and since when it had held without a break."""

    at: datetime
    since: datetime
    run_id: str
    measured: int | Decimal | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The latest result of a check that stands. `since` is when its outcome became what it is."""

    target: TargetKey
    check: Check
    run_id: str
    at: datetime
    outcome: Outcome
    since: datetime
    measured: int | Decimal | None = None
    rows: int | None = None
    reason: str = ""
    last_held: Held | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSummary:
    """How many checks of a target have which outcome now, and when the latest result came in."""

    target: TargetKey
    counts: Mapping[Outcome, int]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One result in the history of a check."""

    at: datetime
    run_id: str
    outcome: Outcome
    stands: bool
    measured: int | Decimal | None = None
    rows: int | None = None
    seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a check did on one UTC day. The measured numbers are None if nothing was measured."""

    check: str
    day: date
    worst: Outcome
    counts: Mapping[Outcome, int]
    least: int | Decimal | None
    greatest: int | Decimal | None
    last: int | Decimal | None
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A released contract version that met us again with another meaning: it should have been a new version."""

    contract: str
    version: str
    before: str
    after: str
    file: str
    run_id: str
    at: datetime
