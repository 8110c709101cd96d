"""Service levels that data can show: freshness, latency, retention, frequency (ODCS "Service-level agreement").

Ages are measured in seconds at the run's time. A limit in months or years is a calendar interval, so it is judged in
SQL by a second probe beside the age.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from monitor.checks.dialect import sql
from monitor.checks.drafts import Draft, base_id, need, not_checked
from monitor.contracts.service_levels import DAILY, PAIR, why_unchecked
from monitor.domain.check import (
    ZERO,
    Aggregate,
    Check,
    CheckKind,
    Dimension,
    NotChecked,
    Operator,
    Probe,
    Threshold,
    plain,
)
from monitor.domain.clock import TimeOfDay, time_of_day
from monitor.domain.contract import Column, Contract, Dataset, Element, Scalar, ServiceLevel
from monitor.domain.duration import Duration

FUTURE_TOLERANCE = Decimal(300)
"""Seconds by which clocks may differ before a newest value in the future breaks a promise."""

_KINDS = {
    "freshness": CheckKind.FRESHNESS,
    "latency": CheckKind.LATENCY,
    "retention": CheckKind.RETENTION,
    "frequency": CheckKind.FREQUENCY,
}
_EVER = Decimal(10) ** 15


def service_level_checks(contract: Contract, level: ServiceLevel) -> Iterator[Draft]:
    """Yield one draft per element of a service level; one skip with its reason where data cannot show it."""
    kind = _KINDS.get(level.property, CheckKind.SERVICE_LEVEL)
    if reason := why_unchecked(level):
        is_at_fault = bool(level.elements) and level.duration is None
        yield _unchecked(level, kind, not_checked(reason, is_error=is_at_fault))
    elif kind is CheckKind.LATENCY and len(level.elements) == PAIR:
        yield _delay(contract, level, level.elements[0], level.elements[1])
    else:
        for element in level.elements:
            daily = time_of_day(level.value) if level.property == DAILY else None
            yield _age(contract, level, kind, element) if daily is None else _daily(contract, level, element, daily)


def _age(contract: Contract, level: ServiceLevel, kind: CheckKind, element: Element) -> Draft:
    dataset, column = _resolve(contract, element)
    if dataset is None or column is None or level.duration is None:
        reason = element.problem or f"{element.text} is not declared in this contract"
        return _unchecked(level, kind, not_checked(reason, is_error=True), element)
    zone = column.limits.default_timezone or "UTC"
    oldest = kind is CheckKind.RETENTION
    value = f"{'MIN' if oldest else 'MAX'}({sql.identifier(column.physical_name)})"
    moment = sql.moment(value, zone)
    seconds = sql.age_of(moment)
    age = sql.age_of_oldest(seconds) if oldest else sql.age_or_endless(seconds)
    limit = sql.earlier("CURRENT_TIMESTAMP", level.duration.months, level.duration.seconds)
    kept = f"{moment} < {limit} THEN 1 ELSE 0" if oldest else f"{moment} >= {limit} THEN 0 ELSE 1"
    late = f"CASE WHEN {kept} END"
    words = {
        CheckKind.RETENTION: f"rows of {dataset.name} must not be older than {level.duration} ({column.name})",
        CheckKind.FREQUENCY: f"{dataset.name} must be renewed every {level.duration} ({column.name})",
    }.get(kind, f"{dataset.name}.{column.name} must not be older than {level.duration}")
    probes = _probes(level.duration, age, _bounds(level.duration, oldest=oldest), late)
    return _draft(level, kind, dataset, (column,), words, probes)


def _daily(contract: Contract, level: ServiceLevel, element: Element, time: TimeOfDay) -> Draft:
    """Draft that from a time of day on the newest value is of that day; before it, of the day before."""
    dataset, column = _resolve(contract, element)
    if dataset is None or column is None:
        reason = element.problem or f"{element.text} is not declared in this contract"
        return _unchecked(level, CheckKind.SERVICE_LEVEL, not_checked(reason, is_error=True), element)
    named = column.limits.default_timezone or "UTC"
    named = "UTC" if named.upper() == "Z" else named
    zone = sql.literal(named) if time.offset is None else sql.offset_zone(time.offset)
    newest = sql.instant(f"MAX({sql.identifier(column.physical_name)})", named)
    late = f"CASE WHEN {newest} >= {sql.day_begun(zone, time.minutes)} THEN 0 ELSE 1 END"
    age = sql.age_or_endless(sql.age_of(newest))
    words = f"{dataset.name}.{column.name} must be of the current day from {time} on"
    measured = Aggregate(metric="", expression=age, threshold=Threshold(operator=Operator.LESS, value=_EVER))
    probes = (measured, Aggregate(metric=".late", expression=late, threshold=ZERO))
    draft = _draft(level, CheckKind.FRESHNESS, dataset, (column,), words, probes)
    promised = replace(draft.check, expected=f"of the current day from {time} on", schedule=time.cron(named))
    return replace(draft, check=promised)


def _delay(contract: Contract, level: ServiceLevel, first: Element, second: Element) -> Draft:
    kind = CheckKind.LATENCY
    dataset, begin = _resolve(contract, first)
    _, end = _resolve(contract, second)
    if dataset is None or begin is None or end is None or level.duration is None:
        reason = first.problem or second.problem or f"{first.text}, {second.text}: not declared in this contract"
        return _unchecked(level, kind, not_checked(reason, is_error=True), first)
    earlier, later = (
        sql.instant(sql.identifier(each.physical_name), each.limits.default_timezone or "UTC") for each in (begin, end)
    )
    limit = level.duration
    delay = sql.age_or_endless(f"MAX({sql.seconds_between(earlier, later)})")
    late = sql.counted(f"{later} > {sql.later(earlier, limit.months, limit.seconds)}")
    most = Threshold(operator=Operator.LESS_OR_EQUAL, value=_EVER if limit.months else limit.seconds)
    words = f"{dataset.name}: from {begin.name} to {end.name} no more than {level.duration}"
    return _draft(level, kind, dataset, (begin, end), words, _probes(limit, delay, most, late))


def _bounds(duration: Duration, *, oldest: bool) -> Threshold:
    """Return what an age in seconds may be; the calendar probe judges the upper end where months are involved."""
    if oldest:
        return Threshold(operator=Operator.LESS_OR_EQUAL, value=_EVER if duration.months else duration.seconds)
    if duration.months:
        return Threshold(operator=Operator.GREATER_OR_EQUAL, value=-FUTURE_TOLERANCE)
    return Threshold(operator=Operator.BETWEEN, value=-FUTURE_TOLERANCE, upper=duration.seconds)


def _probes(duration: Duration, seconds: str, threshold: Threshold, late: str) -> tuple[Probe, ...]:
    measured = Aggregate(metric="", expression=seconds, threshold=threshold)
    if not duration.months:
        return (measured,)
    return (measured, Aggregate(metric=".late", expression=late, threshold=ZERO))


def _draft(
    level: ServiceLevel,
    kind: CheckKind,
    dataset: Dataset,
    columns: tuple[Column, ...],
    words: str,
    probes: tuple[Probe, ...],
) -> Draft:
    check = Check(
        id=base_id(dataset.name, *(column.name for column in columns), level.id or level.property),
        name=words,
        kind=kind,
        dataset=dataset.name,
        columns=tuple(column.name for column in columns),
        dimension=Dimension.TIMELINESS,
        expected=f"at most {level.duration}",
        unit="seconds",
        probes=probes,
        needs=(need(dataset, *columns),),
        runbook=level.runbook,
        line=level.line,
    )
    return Draft(
        check=check,
        has_own_id=level.id is not None,
        threshold=_whole(level.duration) if level.duration else None,
    )


def _whole(duration: Duration) -> Threshold:
    """Return a limit as one number of seconds, which tells service levels of one element apart in their ids."""
    return Threshold(operator=Operator.LESS_OR_EQUAL, value=duration.roughly)


def _unchecked(level: ServiceLevel, kind: CheckKind, probe: NotChecked, element: Element | None = None) -> Draft:
    told = f" {_shown(level.value)}" if level.value is not None else ""
    check = Check(
        id=base_id("sla", *([element.text] if element else []), level.id or level.property),
        name=f"{level.property}{told}{f' {level.unit}' if level.unit else ''}",
        kind=kind,
        dataset=element.dataset if element else "",
        columns=(element.column,) if element else (),
        dimension=Dimension.TIMELINESS,
        expected="",
        unit=None,
        probes=(probe,),
        runbook=level.runbook,
        line=level.line,
    )
    return Draft(check=check, has_own_id=level.id is not None)


def _resolve(contract: Contract, element: Element) -> tuple[Dataset | None, Column | None]:
    dataset = None if element.problem else contract.dataset(element.dataset)
    return dataset, dataset.column(element.column) if dataset else None


def _shown(value: Scalar) -> str:
    return plain(Decimal(value)) if isinstance(value, int | Decimal) and not isinstance(value, bool) else str(value)
