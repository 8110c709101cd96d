"""The window of a dataset: which of its checks look at recent rows only, and which rows are recent.

A row without a moment is always looked at: nobody can say that it is old, and a NULL must not hide a row from its
rules. A row of the future is looked at too. There is no row that is in no window because its moment is odd.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from monitor import words
from monitor.checks.dialect import dialect_of, sql
from monitor.checks.drafts import base_id, table_name
from monitor.checks.packs import PACKS
from monitor.checks.types import carries_zone, is_category
from monitor.domain.check import Aggregate, Check, CheckKind, CheckPlan, PlannedDataset, Window
from monitor.domain.contract import CheckWindow, Column, Contract, Dataset
from monitor.domain.duration import DAY
from monitor.domain.scan import CheckResult, Outcome, Seen

NOW = "CURRENT_TIMESTAMP"
_OF_ALL = {CheckKind.FOREIGN_KEY, CheckKind.UNIQUE, CheckKind.PRIMARY_KEY, CheckKind.DUPLICATE_VALUES}
ROW_RULES = words.ROW_RULES - _OF_ALL - PACKS | {CheckKind.ROW_COUNT}
"""Kinds that judge rows one by one, or count them; keys, references and ages are of all rows."""


def window_of(contract: Contract, dataset: Dataset, free: Callable[[str], str]) -> Window | None:
    """Return the window that a dataset declares; `free` makes the name of a metric its own in the contract."""
    declared = dataset.window
    column = dataset.column(declared.column) if declared else None
    if declared is None or column is None:
        return None
    partition = dataset.column(declared.partition) if declared.partition else None
    bounds = [each for each in (column, partition) if each is not None]
    return Window(
        name=_name_of(contract, dataset),
        words=f"last {declared.last} by {column.name}",
        columns=tuple(each.physical_name for each in bounds),
        bounds=tuple(
            (sql.identifier(each.physical_name), _since(contract, declared, each, partition)) for each in bounds
        ),
        rows_metric=free(f"{base_id(dataset.name)}.recent-rows"),
    )


def condition(window: Window) -> str:
    """Return the SQL that is true for recent rows. Every column stands alone, for indexes and partitions to serve."""
    return " AND ".join(f"({column} >= {since} OR {column} IS NULL)" for column, since in window.bounds)


def where(window: Window | None) -> str:
    """Return the clause behind a table that leaves only what a window shows; nothing where there is none."""
    return f" WHERE {condition(window)}" if window else ""


def anchored(plan: CheckPlan, moment: datetime) -> CheckPlan:
    """Let all windows of a plan end at one moment, whenever their statements run."""
    literal = dialect_of(plan.server_type).instant_literal(moment)
    return replace(plan, datasets=tuple(_at(dataset, literal) for dataset in plan.datasets))


def has_windows(plan: CheckPlan) -> bool:
    """Say whether a check of the plan looks through a window."""
    return any(plan.window(check) for check in plan.checks)


def narrowed(check: Check, dataset: PlannedDataset | None) -> Check:
    """Let a row rule look through its dataset's window; other checks, and those without one, stay as they are."""
    if dataset is None or dataset.window is None or check.kind not in ROW_RULES:
        return check
    if not all(isinstance(probe, Aggregate) for probe in check.probes):
        return check
    of_rows, *others = check.needs
    names = (*of_rows.columns, *dataset.window.columns)
    return replace(
        check,
        name=f"{check.name} ({dataset.window.words})",
        needs=(replace(of_rows, columns=tuple(dict.fromkeys(names))), *others),
        window=dataset.window.words,
    )


def unfit(check: Check, plan: CheckPlan, seen: Seen) -> CheckResult | None:
    """Return the result of a check whose window goes by a column that holds no moments, None where all is well."""
    window = plan.window(check)
    table = seen.get(check.needs[0].table) if check.needs else None
    for name in window.columns if window and table else ():
        column = table.column(name) if table else None
        if column is not None and not is_category("temporal", column.base_type or column.type):
            reason = f"checkWindow goes by {name}, which is {column.type}, expected a date or a timestamp"
            return CheckResult(check=check, outcome=Outcome.ERROR, reason=reason)
    return None


def told(result: CheckResult, seen: Seen) -> CheckResult:
    """Add to a result of a window how many rows there are in all, as far as the server's statistics say."""
    table = seen.get(result.check.needs[0].table) if result.check.needs else None
    if result.check.window is None or result.rows is None or table is None or table.estimated_rows <= result.rows:
        return result
    looked = f"looked at {words.number(result.rows)} of about {words.about(table.estimated_rows)} rows"
    return replace(result, reason="; ".join(filter(None, (result.reason, looked))))


def nothing_recent(result: CheckResult) -> CheckResult:
    """Return the result of a check that found no row in its window: nothing was looked at, and that is not green."""
    return replace(
        result,
        outcome=Outcome.ERROR,
        measured=None,
        reason="no row is recent enough to be looked at",
        remedy="load recent rows, or let checkWindow reach further back",
    )


def _since(contract: Contract, declared: CheckWindow, column: Column, partition: Column | None) -> str:
    """Return from which moment on a row is recent, in the type that the column is declared to have.

    A day counts whole: the window of a date begins with the day in which it begins. Partitions are read from a day
    earlier on, so that no row is hidden whatever time zone its day is of.
    """
    margin = DAY if column is partition else Decimal(0)
    since = sql.earlier(NOW, declared.last.months, declared.last.seconds + margin)
    physical, limits = column.physical_type, column.limits
    is_day = is_category("date", physical) if physical else column.logical_type == "date"
    if is_day and (physical or not contract.api_version.startswith("v3.0")):
        return sql.day_of(since, _zone(column))
    has_no_zone = not carries_zone(physical) if physical else limits.timezone is False or limits.default_timezone
    return sql.wall_clock(since, _zone(column)) if has_no_zone else since


def _name_of(contract: Contract, dataset: Dataset) -> str:
    """Name the window after its place among those on the same table: two datasets may be of one."""
    same = [each for each in contract.datasets if each.window and table_name(each) == table_name(dataset)]
    place = same.index(dataset)
    return f"recent_{place + 1}" if place else "recent"


def _zone(column: Column) -> str:
    name = column.limits.default_timezone or "UTC"
    return sql.literal("UTC" if name.upper() == "Z" else name)


def _at(dataset: PlannedDataset, literal: str) -> PlannedDataset:
    if dataset.window is None:
        return dataset
    bounds = tuple((column, since.replace(NOW, literal, 1)) for column, since in dataset.window.bounds)
    return replace(dataset, window=replace(dataset.window, bounds=bounds))
