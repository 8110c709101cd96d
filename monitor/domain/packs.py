"""What the rules of a check pack ask of a dataset: its history, its series, its balance with another, its keys."""

from dataclasses import dataclass

from monitor.domain.check import TableName
from monitor.domain.duration import Duration

NO_TIME = Duration()


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """A slowly changing dimension of type 2: each row of a key is valid from one moment to another.

    The current row is the one whose `current` is true, else the one that ends never, or at `open_end`. `is_inclusive`
    says that the day on which a period ends still belongs to it. Columns are contract names.
    """

    metric: str
    key: tuple[str, ...]
    valid_from: str | None = None
    valid_to: str | None = None
    current: str | None = None
    open_end: str | None = None
    is_inclusive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A time series: within each series, a row follows the one before after a step, or at most `tolerance` later."""

    metric: str
    element: str
    step: Duration
    tolerance: Duration = NO_TIME
    series: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Two tables that must agree: in their rows, or in the sums of a column of each.

    The other one is the dataset `other` of the same contract, or a table of another server: there `table` and
    `other_column` are exact names.
    """

    metric: str
    other: str = ""
    server: str | None = None
    table: TableName | None = None
    column: str | None = None
    other_column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts whose key points to a row of a dimension. Without a dimension only the key itself is asked for."""

    metric: str
    key: tuple[str, ...]
    dimension: str | None = None
    dimension_key: tuple[str, ...] = ()


Pack = Periods | Steps | Balance | Facts
