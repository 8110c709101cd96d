"""What one executable check is: how it is measured, what is expected, what it needs."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from monitor.domain.runbook import Runbook


class CheckKind(StrEnum):
    """The kinds of check; the words are part of the JSON output."""

    SCHEMA = "schema"
    EXTRA_COLUMNS = "extra_columns"
    COLUMN_ORDER = "column_order"
    COLUMN_TYPE = "column_type"
    NOT_NULL = "not_null"
    UNIQUE = "unique"
    PRIMARY_KEY = "primary_key"
    FOREIGN_KEY = "foreign_key"
    RANGE = "range"
    MULTIPLE_OF = "multiple_of"
    LENGTH = "length"
    PATTERN = "pattern"
    ENUM = "enum"
    FORMAT = "format"
    ITEMS = "items"
    ROW_COUNT = "row_count"
    NULL_VALUES = "null_values"
    MISSING_VALUES = "missing_values"
    INVALID_VALUES = "invalid_values"
    DUPLICATE_VALUES = "duplicate_values"
    SQL = "sql"
    SODA = "soda"
    CUSTOM = "custom"
    TEXT = "text"
    FRESHNESS = "freshness"
    LATENCY = "latency"
    RETENTION = "retention"
    FREQUENCY = "frequency"
    SERVICE_LEVEL = "service_level"
    CURRENT_ROW_PER_KEY = "current_row_per_key"
    OVERLAPPING_PERIODS = "overlapping_periods"
    GAPS_BETWEEN_PERIODS = "gaps_between_periods"
    GAPS_IN_SERIES = "gaps_in_series"
    ROW_COUNT_DIFFERENCE = "row_count_difference"
    SUM_DIFFERENCE = "sum_difference"
    ORPHANED_FACTS = "orphaned_facts"
    FACTS_WITHOUT_KEY = "facts_without_key"


class Dimension(StrEnum):
    """The data quality dimensions of ODCS (EDM Council)."""

    ACCURACY = "accuracy"
    COMPLETENESS = "completeness"
    CONFORMITY = "conformity"
    CONSISTENCY = "consistency"
    COVERAGE = "coverage"
    TIMELINESS = "timeliness"
    UNIQUENESS = "uniqueness"


class Operator(StrEnum):
    """The eight comparisons of ODCS, spelled as SodaCL and people write them. `between` includes its bounds."""

    EQUAL = "="
    NOT_EQUAL = "!="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    BETWEEN = "between"
    NOT_BETWEEN = "not between"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The numbers that a measured value is held against; exact."""

    operator: Operator
    value: Decimal
    upper: Decimal | None = None

    def holds(self, measured: Decimal) -> bool:
        """Say whether the measured value keeps the promise. NaN keeps nothing."""
        if measured.is_nan():
            return False
        upper = self.value if self.upper is None else self.upper
        match self.operator:
            case Operator.EQUAL:
                return measured == self.value
            case Operator.NOT_EQUAL:
                return measured != self.value
            case Operator.GREATER:
                return measured > self.value
            case Operator.GREATER_OR_EQUAL:
                return measured >= self.value
            case Operator.LESS:
                return measured < self.value
            case Operator.LESS_OR_EQUAL:
                return measured <= self.value
            case Operator.BETWEEN:
                return self.value <= measured <= upper
            case Operator.NOT_BETWEEN:
                return not self.value <= measured <= upper

    def __str__(self) -> str:
        """Return the threshold as SodaCL reads it: plain decimals, never an exponent."""
        if self.upper is None:
            return f"{self.operator} {plain(self.value)}"
        return f"{self.operator} {plain(self.value)} and {plain(self.upper)}"


def plain(number: Decimal) -> str:
    """Write a number exactly, without exponent and without trailing zeros after the point."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


ZERO = Threshold(operator=Operator.EQUAL, value=Decimal(0))
ANY_NUMBER = Threshold(operator=Operator.BETWEEN, value=-(Decimal(10) ** 60), upper=Decimal(10) ** 60)
"""Where a number is only wanted to be compared with another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableName:
    """A table's exact name; `schema` is None where the server's search path decides."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        """Return the name as people write it."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """A number from an SQL aggregate expression, computed in the one pass over the dataset's table."""

    metric: str
    expression: str
    threshold: Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A number from a statement of its own. `cost` is its weight per row, relative to a plain scan of the table."""

    metric: str
    sql: str
    threshold: Threshold
    cost: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Judged from the server's catalogue, without touching rows.

    `columns` are the declared physical names (for a column's type, just that column). `physical_type` is the declared
    type of the column, or what kind of relation the dataset is; `logical_type` counts only where there is none.
    `has_timezone` says whether a timestamp or time must carry a zone (None: not promised).
    """

    columns: tuple[str, ...] = ()
    physical_type: str | None = None
    logical_type: str | None = None
    has_timezone: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SodaBlock:
    """One check of a custom SodaCL block: YAML text of a scan of its own.

    `looks_back` is how many earlier measurements it compares with, 0 for one that needs only what is there now.
    """

    sodacl: str
    looks_back: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """Never executed: `skipped` (documentation, unsupported), or `error` where the rule itself is at fault."""

    reason: str
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A number from a table of another server, that the number of the check's query is compared with.

    What is held against `threshold` is their difference without sign, as `is_share` in percent of the other number.
    `column` is the exact name of what is summed there; without one its rows are counted.
    """

    server: str
    table: TableName
    column: str | None
    threshold: Threshold
    is_share: bool = False


Probe = Aggregate | Query | Catalogue | SodaBlock | NotChecked | Elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A table and the columns of it (exact names) that must exist and be readable before a check can run."""

    table: TableName
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offenders:
    """How to find the rows that break a check: a table, an SQL condition, the columns to show.

    `columns` are contract name and physical name pairs; the first `keys` of them identify the row, the others offend.
    """

    table: str
    condition: str
    columns: tuple[tuple[str, str], ...]
    keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The recent rows of a dataset: all that its row rules look at.

    `name` tells it apart from other windows on the same table, `words` say its length and what it goes by. `columns`
    (exact names) bound it; `bounds` is for each its SQL, and that of the moment from which on a row is recent.
    `rows_metric` counts it.
    """

    name: str
    words: str
    columns: tuple[str, ...]
    bounds: tuple[tuple[str, str], ...]
    rows_metric: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One executable test compiled from one rule of a contract; `monitor.checks.drafts` says how its `id` is formed.

    `name` is the promise in words. `expected` is its threshold in words. `unit` is `rows`, `percent`, `seconds`,
    `keys`, or None where nothing is counted. A check of several probes is as bad as its worst one. `schedule` is its
    rule's own (cron); without one it is checked when the contract is. `window` says in words at which rows alone it
    looks; None means all. None of these, nor the `runbook`, is part of its repr, from which an id may come.
    """

    id: str
    name: str
    kind: CheckKind
    dataset: str
    columns: tuple[str, ...] = ()
    dimension: Dimension | None = None
    severity: str = "error"
    expected: str = "= 0"
    unit: str | None = "rows"
    probes: tuple[Probe, ...]
    needs: tuple[Need, ...] = ()
    offenders: Offenders | None = None
    impact: str | None = None
    runbook: Runbook | None = field(default=None, repr=False)
    schedule: str | None = field(default=None, repr=False)
    window: str | None = field(default=None, repr=False)
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDataset:
    """A dataset of a plan: its contract name, its exact table and the metric that counts its rows.

    `schema_check` is the id of the check that watches the table itself, also in a plan that leaves it out.
    """

    name: str
    table: TableName
    rows_metric: str
    schema_check: str | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPlan:
    """Every check of one contract for one type of server: the list of truth that a scan answers one by one."""

    contract: str
    slug: str
    version: str
    source: str
    fingerprint: str
    server_type: str
    datasets: tuple[PlannedDataset, ...]
    checks: tuple[Check, ...]
    remarks: tuple[str, ...] = ()

    def window(self, check: Check) -> Window | None:
        """Return the window that a check looks through; None where it looks at all rows."""
        windows = (dataset.window for dataset in self.datasets if dataset.name == check.dataset)
        return next(windows, None) if check.window else None

    def tables(self) -> tuple[TableName, ...]:
        """Return every table that a check needs, each once, in plan order."""
        named = [dataset.table for dataset in self.datasets]
        needed = [need.table for check in self.checks for need in check.needs]
        return tuple(dict.fromkeys([*named, *needed]))
