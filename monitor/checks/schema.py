"""What the catalogue alone can answer: is the table there, with the promised columns, types and order?

Soda's own `schema` check matches names by lower case, cannot see materialised views, cannot tell a missing table from
a missing privilege and knows neither precision nor "no other columns". So the plan is judged from one exact catalogue
statement; and whatever a check needs that is gone makes it `blocked`, naming the culprit.
"""

from dataclasses import replace

from monitor.checks import mending
from monitor.checks.types import carries_zone, is_category, same_type
from monitor.domain.check import Catalogue, Check, CheckKind, CheckPlan, Need, TableName
from monitor.domain.scan import CheckResult, Outcome, Seen, TableSeen, broken_outcome

_MANY = 8


def judge(check: Check, plan: CheckPlan, seen: Seen) -> CheckResult:
    """Return the result of a check that has a `Catalogue` probe."""
    probe = next(probe for probe in check.probes if isinstance(probe, Catalogue))
    name = next(dataset.table for dataset in plan.datasets if dataset.name == check.dataset)
    table = seen.get(name)
    if check.kind is CheckKind.SCHEMA:
        return _schema(check, probe, name, table)
    blocked = blocked_by(check, plan, seen)
    if blocked:
        return blocked
    if table is None:
        return _blocked(check, plan, name, f"table {name} does not exist")
    match check.kind:
        case CheckKind.EXTRA_COLUMNS:
            return _extra_columns(check, probe, table)
        case CheckKind.COLUMN_ORDER:
            return _column_order(check, probe, table)
        case _:
            return _column_type(check, probe, table)


def blocked_by(check: Check, plan: CheckPlan, seen: Seen) -> CheckResult | None:
    """Return the result of a check that a missing table, column or privilege keeps from running, else None."""
    from_rows = not any(isinstance(probe, Catalogue) for probe in check.probes)
    for need in check.needs:
        watcher = _watcher(need.table, plan)
        hint = f" (see {watcher})" if watcher else ""
        table = seen.get(need.table)
        if table is None:
            return _blocked(check, plan, need.table, f"table {need.table} does not exist{hint}")
        missing = [column for column in need.columns if table.column(column) is None]
        if missing:
            reason = f"{_columns(missing)} of {need.table} {_is(missing)} missing{hint}"
            return _blocked(check, plan, need.table, reason)
        if from_rows and (hidden := _hidden(need, table)):
            return _blocked(check, plan, need.table, f"no privilege {hidden}")
    return None


def _hidden(need: Need, table: TableSeen) -> str | None:
    """Say which privilege is missing; rows can be counted by whoever may read at least one column."""
    if not table.usable:
        return f"to use schema {table.schema}, where {need.table.name} is"
    if table.readable:
        return None
    if not any(column.readable for column in table.columns):
        return f"to read {need.table}"
    hidden = [column.name for column in table.columns if column.name in need.columns and not column.readable]
    return f"to read {_columns(hidden)} of {need.table}" if hidden else None


def _schema(check: Check, probe: Catalogue, name: TableName, table: TableSeen | None) -> CheckResult:
    if table is None:
        return _broken(check, f"table {name} does not exist", len(probe.columns) or 1)
    missing = [column for column in probe.columns if table.column(column) is None]
    if missing:
        spellings = mending.other_spellings(missing, table)
        hint = (
            f" ({', '.join(f'{live} is there' for live in spellings.values())}: names are exact)" if spellings else ""
        )
        broken = _broken(check, f"{_columns(missing)} {_is(missing)} missing{hint}", len(missing))
        only_spelt = len(spellings) == len(missing)
        return replace(broken, remedy=mending.renamed(name, spellings)) if only_spelt else broken
    if probe.physical_type and not is_kind(probe.physical_type, table.kind):
        return _broken(check, f"{name} is a {table.kind}, the contract says {probe.physical_type}", 1)
    return CheckResult(
        check=check,
        outcome=Outcome.PASS,
        measured=0,
        reason=f"{table.kind} {name} {_with_all(probe.columns)}",
    )


def _extra_columns(check: Check, probe: Catalogue, table: TableSeen) -> CheckResult:
    extra = [column for column in table.columns if column.name not in probe.columns]
    if len(extra) == 1:
        reason = f"{check.dataset}.{extra[0].name} is not in the contract (extra column, {extra[0].type})"
        return _broken(check, reason, 1)
    if extra:
        words = ", ".join(f"{column.name} ({column.type})" for column in extra[:_MANY])
        more = f" and {len(extra) - _MANY} more" if len(extra) > _MANY else ""
        reason = f"{check.dataset} has {len(extra)} columns that are not in the contract: {words}{more}"
        return _broken(check, reason, len(extra))
    return CheckResult(check=check, outcome=Outcome.PASS, measured=0, reason="no other columns than the declared ones")


def _column_order(check: Check, probe: Catalogue, table: TableSeen) -> CheckResult:
    live = [column.name for column in table.columns if column.name in probe.columns]
    declared = [column for column in probe.columns if column in live]
    moved = [f"{have} where {want} should be" for want, have in zip(declared, live, strict=True) if want != have]
    if moved:
        return _broken(check, f"the table has {moved[0]}; {len(moved)} columns moved", len(moved))
    return CheckResult(check=check, outcome=Outcome.PASS, measured=0, reason="the columns stand in the declared order")


def _column_type(check: Check, probe: Catalogue, table: TableSeen) -> CheckResult:
    column = table.column(probe.columns[0])
    if column is None:
        raise ValueError(check.id)
    live = column.base_type or column.type
    if probe.physical_type:
        holds = same_type(probe.physical_type, column.type) or same_type(probe.physical_type, live)
    else:
        holds = is_category(probe.logical_type or "", live)
    if probe.has_timezone is not None:
        holds = holds and carries_zone(live) is probe.has_timezone
    if holds:
        return CheckResult(check=check, outcome=Outcome.PASS, reason=f"is {column.type}")
    return CheckResult(check=check, outcome=broken_outcome(check.severity), reason=f"is {column.type}")


def _broken(check: Check, reason: str, count: int) -> CheckResult:
    return CheckResult(check=check, outcome=broken_outcome(check.severity), measured=count, reason=reason)


def is_kind(declared: str, kind: str) -> bool:
    """Say whether a live relation is what a contract calls it; words that nobody knows are never wrong."""
    match declared.lower():
        case "table":
            return kind in {"table", "partitioned table", "foreign table"}
        case "view":
            return kind in {"view", "materialized view"}
        case "materialized view" | "materializedview":
            return kind == "materialized view"
        case _:
            return True


def _blocked(check: Check, plan: CheckPlan, table: TableName, reason: str) -> CheckResult:
    cause = _watcher(table, plan) or f"table:{table}"
    return CheckResult(check=check, outcome=Outcome.BLOCKED, reason=reason, cause=cause)


def _watcher(table: TableName, plan: CheckPlan) -> str | None:
    """Return the check that watches this table, whether or not it is part of this plan."""
    return next((dataset.schema_check for dataset in plan.datasets if dataset.table == table), None)


def _with_all(columns: tuple[str, ...]) -> str:
    match len(columns):
        case 0:
            return "is there"
        case 1:
            return "has its declared column"
        case many:
            return f"has all {many:,} declared columns"


def _columns(names: list[str]) -> str:
    shown = ", ".join(names[:_MANY]) + (f" and {len(names) - _MANY} more" if len(names) > _MANY else "")
    return f"column{'s' if len(names) > 1 else ''} {shown}"


def _is(names: list[str]) -> str:
    return "are" if len(names) > 1 else "is"
