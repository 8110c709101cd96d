"""What travels between the scanning parent and its children: work one way, what was found the other."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from monitor.domain.check import Aggregate, Check, CheckPlan, Query, SodaBlock
from monitor.domain.scan import History, Measurement, Sample
from monitor.engines.sql_errors import Obstacle
from monitor.engines.warehouses.base import Route, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A sub-plan. Each group of checks is one Soda scan; `plan` knows the datasets but carries no checks itself."""

    route: Route
    session: Session
    snapshot: str | None
    plan: CheckPlan
    groups: tuple[tuple[Check, ...], ...]
    sample_rows: int = 0
    shown: frozenset[tuple[str, str]] = frozenset()
    history: History = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The child has its connection; `backend` is the server's process that answers it."""

    backend: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The exact value of a probe and whether Soda thinks that it keeps its promise (None: Soda gave no outcome).

    `only_warns` says that a custom block's own words make its breach a warning, `told` what it compared with what,
    `kept_for_later` is for later runs to compare with.
    """

    metric: str
    value: Decimal | None
    kept: bool | None
    only_warns: bool = False
    sql: str | None = None
    seconds: float | None = None
    told: str = ""
    kept_for_later: Measurement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncompared:
    """A block measured, but nothing was measured before that it could be compared with."""

    metric: str
    reason: str
    kept_for_later: Measurement


class Trouble(StrEnum):
    """Why there is no value: the probe itself, or the server that went away."""

    ERROR = "error"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No value for a probe, with the reason for people: it holds no data that may not be shown.

    `obstacle` is what stood in the way of the statement, `remedy` what helps: the parent knows, who knows the server.
    """

    metric: str
    trouble: Trouble
    reason: str
    obstacle: Obstacle | None = None
    remedy: str | None = None
    sql: str | None = None
    seconds: float | None = None


Found = Measured | Uncompared | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that was found for one group."""

    group: int
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The offending values of a broken check, as far as people may see them."""

    check_id: str
    offending: str | None
    sample: Sample | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The child could not open its connection."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The child has nothing more to say, and its connection is closed."""


Message = Connected | Answer | Shown | Refused | Done


def metric_of(check: Check, probe: Aggregate | Query | SodaBlock) -> str:
    """Name a probe: its metric; a custom block, of which a check has at most one, after its check."""
    return f"{check.id}#soda" if isinstance(probe, SodaBlock) else probe.metric
