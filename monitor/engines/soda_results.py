"""What was found for the probes of a check → the one result of that check. Pure.

Soda compares floats, we compare decimals. Where both agree the outcome is sure. Where they differ, our exact judgement
wins if rounding to floats explains it (beyond 2^53, or in the last digit of a fraction); anything else means that what
ran is not what was planned, and is an `error`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from monitor import words
from monitor.checks.windows import nothing_recent
from monitor.domain.check import Aggregate, Check, CheckKind, Query, SodaBlock, Threshold
from monitor.domain.scan import CheckResult, Measurement, Outcome, broken_outcome
from monitor.engines import reasons
from monitor.engines.messages import Failed, Found, Measured, Trouble, Uncompared, metric_of

DIGITS = 1_000
"""Digits that a number keeps; Python's own 28 are fewer than a sum may have."""
_UNKNOWN = frozenset({Outcome.ERROR, Outcome.BLOCKED})
_WORST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.BLOCKED, Outcome.WARN, Outcome.PASS, Outcome.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    metric: str
    outcome: Outcome
    reason: str
    measured: int | Decimal | None = None
    sql: str | None = None
    seconds: float | None = None
    remedy: str | None = None
    measurement: Measurement | None = None


def result_of(check: Check, found: Mapping[str, Found], rows: int | None) -> CheckResult:
    """Judge a check by what was found for its numeric and custom probes.

    The worst part decides. What is measured is the part that is called like the check, else the sum of all parts. Of
    several parts every one that does not hold is named.
    """
    parts = [
        _judge(check, probe, metric_of(check, probe), found.get(metric_of(check, probe)), rows)
        for probe in check.probes
        if isinstance(probe, Aggregate | Query | SodaBlock)
    ]
    worst = min(reversed(parts), key=lambda part: _WORST_FIRST.index(part.outcome))
    main = next((part for part in parts if part.metric == check.id), None)
    is_known = worst.outcome not in _UNKNOWN
    result = CheckResult(
        check=check,
        outcome=worst.outcome,
        reason=(main or worst).reason if len(parts) == 1 or (main and is_known) else _named(check, parts),
        measured=(_sum(parts) if main is None else main.measured) if is_known else None,
        rows=rows,
        sql=worst.sql,
        seconds=sum((part.seconds or 0.0 for part in parts), 0.0) if any(part.seconds for part in parts) else None,
        remedy=worst.remedy,
        measurement=next((part.measurement for part in parts if part.measurement), None),
    )
    is_empty = check.window is not None and rows == 0 and check.kind is not CheckKind.ROW_COUNT
    return nothing_recent(result) if is_known and is_empty else result


def row_counts(metrics: Collection[str], found: Iterable[Found]) -> dict[str, int]:
    """Return what the row metrics among these have counted."""
    return {
        item.metric: int(item.value)
        for item in found
        if item.metric in metrics and isinstance(item, Measured) and item.value is not None
    }


def judged(threshold: Threshold, measured: Decimal, soda_kept: bool | None) -> bool | None:
    """Say whether a promise is kept; None where Soda's outcome contradicts ours and rounding does not explain it."""
    ours = threshold.holds(measured)
    if soda_kept is ours or measured.is_nan():
        return ours
    rounded = Threshold(
        operator=threshold.operator,
        value=_as_float(threshold.value),
        upper=None if threshold.upper is None else _as_float(threshold.upper),
    )
    explained = soda_kept in {rounded.holds(measured), rounded.holds(_as_float(measured))}
    return ours if soda_kept is not None and explained else None


def tidy(value: Decimal) -> int | Decimal | None:
    """Return a number as it is stored: exact, `int` where whole, without trailing zeros, None for what is endless."""
    if not value.is_finite():
        return None
    with localcontext() as context:
        context.prec = DIGITS
        return int(value) if value == value.to_integral_value() else value.normalize()


def _judge(
    check: Check, probe: Aggregate | Query | SodaBlock, metric: str, found: Found | None, rows: int | None
) -> _Part:
    match found:
        case None:
            return _Part(metric=metric, outcome=Outcome.ERROR, reason="the engine gave no answer for this check")
        case Failed():
            outcome = Outcome.BLOCKED if found.trouble is Trouble.LOST else Outcome.ERROR
            return _Part(
                metric=metric,
                outcome=outcome,
                reason=found.reason,
                sql=found.sql,
                seconds=found.seconds,
                remedy=found.remedy,
            )
        case Uncompared():
            kept_for_later = found.kept_for_later
            return _Part(metric=metric, outcome=Outcome.SKIPPED, reason=found.reason, measurement=kept_for_later)
        case Measured(value=value):
            part = _Part(metric=metric, outcome=Outcome.PASS, reason="", sql=found.sql, seconds=found.seconds)
    if isinstance(probe, SodaBlock):
        kept = found.kept
        reason = f"Soda says {'pass' if kept else 'warn' if found.only_warns else 'fail'}"
        reason = f"{reason}: {found.told}" if found.told else reason
        part = replace(part, measurement=found.kept_for_later)
    elif value is None:
        return replace(part, outcome=Outcome.ERROR, reason="the server returned no number")
    else:
        kept = judged(probe.threshold, value, found.kept)
        reason = "" if value.is_finite() else reasons.endless(check, value, rows)
    if kept is None:
        says = {True: "pass", False: "fail", None: "nothing"}[found.kept]
        told = reason or f"measured {words.amount(check, value or Decimal(0), rows)}"
        return replace(part, outcome=Outcome.ERROR, reason=f"{told}, but Soda says {says}: what ran is not the plan")
    broken = Outcome.WARN if found.only_warns else broken_outcome(check.severity)
    outcome = Outcome.PASS if kept else broken
    return replace(part, outcome=outcome, reason=reason, measured=None if value is None else tidy(value))


def _named(check: Check, parts: Iterable[_Part]) -> str:
    """Name every part that does not hold: what it counted, or why nothing is known of it; broken ones first."""
    open_parts = sorted(
        (part for part in parts if part.outcome is not Outcome.PASS),
        key=lambda part: (part.outcome in _UNKNOWN, _name(check, part.metric)),
    )
    return ", ".join(
        f"{_name(check, part.metric)}: {part.reason}"
        if part.reason or part.measured is None
        else reasons.part(_name(check, part.metric), Decimal(part.measured))
        for part in open_parts
    )


def _sum(parts: Iterable[_Part]) -> int | Decimal | None:
    """Return all that the parts counted; None where nothing was."""
    values = [part.measured for part in parts if part.measured is not None]
    return sum(values) if values else None


def _name(check: Check, metric: str) -> str:
    return metric.removeprefix(check.id).strip(".-#_") or metric


def _as_float(value: Decimal) -> Decimal:
    return Decimal(float(value))
