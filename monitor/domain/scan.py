"""What was found: outcomes, results, scans, runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from monitor.domain.check import Check, TableName


class Outcome(StrEnum):
    """The outcome of one check; what could not be checked is never a pass."""

    PASS = "pass"  # noqa: S105 - not a password
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"
    BLOCKED = "blocked"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """What a run says of a contract."""

    KEPT = "kept"
    BROKEN = "broken"
    UNVERIFIED = "unverified"


LENIENT_SEVERITIES = frozenset({"info", "warning", "low", "minor"})


def broken_outcome(severity: str) -> Outcome:
    """Return what a broken rule of this severity counts as; unknown words are taken seriously."""
    return Outcome.WARN if severity.strip().lower() in LENIENT_SEVERITIES else Outcome.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSeen:
    """A column as the live catalogue shows it.

    `type` is the server's own full spelling, `position` starts at 1. `base_type` is what a domain rests on (`text` for
    an enumeration), None for other types.
    """

    name: str
    type: str
    nullable: bool
    position: int
    readable: bool = True
    base_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSeen:
    """A relation as the live catalogue shows it.

    `kind` is table, view, materialized view, partitioned table or foreign table. `usable` says whether its schema may
    be used at all, `readable` whether every column may be read.
    """

    kind: str
    schema: str
    readable: bool
    estimated_rows: int
    columns: tuple[ColumnSeen, ...]
    usable: bool = True

    def column(self, name: str) -> ColumnSeen | None:
        """Return the column with exactly this name."""
        return next((column for column in self.columns if column.name == name), None)


Seen = Mapping[TableName, TableSeen]
"""The tables that were found; a table that is not in it does not exist (or its schema may not be used)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What was measured for a check that compares runs: a number, or the (name, type) of every column in order.

    `metric` names what was measured; numbers of different metrics are never compared.
    """

    metric: str
    value: Decimal | tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A measurement of an earlier run."""

    at: datetime
    measurement: Measurement


History = Mapping[str, tuple[Earlier, ...]]
"""What earlier runs measured, by check id, latest first; a check that is not in it was never measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Failing rows kept for people. `cells` are already masked, cut and turned into text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The one result of one planned check.

    `measured` is exact: `int` where integral, `Decimal` otherwise, seconds for ages, None if nothing was measured.
    `rows` is the number of rows of the dataset that was looked at.
    `reason` says why the outcome is what it is, as far as the numbers do not. `remedy` is the next step where it is
    known better than by the kind of the check. `offending` summarises the offending values ("4 values: BQN (896 rows)
    · …") where they may be shown.
    `measurement` is kept for later runs to compare with.
    `cause` names what keeps a blocked check from running: the check that watches its table, or `table:<name>` where
    none does; None means the server itself.
    """

    check: Check
    outcome: Outcome
    reason: str
    measured: int | Decimal | None = None
    rows: int | None = None
    sql: str | None = None
    seconds: float | None = None
    offending: str | None = None
    sample: Sample | None = None
    cause: str | None = None
    remedy: str | None = None
    measurement: Measurement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One execution of one plan: exactly one result per planned check, in plan order."""

    started_at: datetime
    finished_at: datetime
    results: tuple[CheckResult, ...]
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A scan of one contract on one server, with its verdict."""

    run_id: str
    contract: str
    slug: str
    version: str
    file: str
    fingerprint: str
    server: str | None
    location: str | None
    shadow: bool
    scan: Scan

    @property
    def verdict(self) -> Verdict:
        """Return the verdict of the run."""
        return verdict_of(tuple(result.outcome for result in self.scan.results))

    def count(self, outcome: Outcome) -> int:
        """Return how many checks had this outcome."""
        return sum(result.outcome is outcome for result in self.scan.results)


def verdict_of(outcomes: tuple[Outcome, ...]) -> Verdict:
    """Return `broken` if anything failed, `unverified` if anything could not be looked at, else `kept`.

    Nothing evaluated at all is `unverified`: no run is green because nothing ran.
    """
    if Outcome.FAIL in outcomes:
        return Verdict.BROKEN
    if Outcome.ERROR in outcomes or Outcome.BLOCKED in outcomes:
        return Verdict.UNVERIFIED
    if not {Outcome.PASS, Outcome.WARN} & set(outcomes):
        return Verdict.UNVERIFIED
    return Verdict.KEPT
