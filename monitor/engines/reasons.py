"""Measured values in plain words."""

from decimal import Decimal

from monitor.domain.check import Check, CheckKind, plain

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_TWO_PLACES = Decimal("0.01")


def measured(check: Check, value: Decimal, rows: int | None) -> str:
    """Say what was measured: "measured 7,602 of 336,776 rows (2.26 %)"."""
    if not value.is_finite():
        return _without_end(check, value, rows)
    match check.unit:
        case "rows" if check.kind is CheckKind.ROW_COUNT or rows is None or value != value.to_integral_value():
            return f"measured {number(value)} {'row' if value == 1 else 'rows'}"
        case "rows":
            share = f" ({percent(100 * value / rows)})" if rows and value else ""
            return f"measured {number(value)} of {rows:,} rows{share}"
        case "percent":
            of = f" of {rows:,} rows" if rows is not None else ""
            return f"measured {percent(value)}{of}"
        case "seconds":
            return f"measured {duration(value)}"
        case None:
            return f"measured {number(value)}"
        case unit:
            return f"measured {number(value)} {unit.removesuffix('s') if value == 1 else unit}"


def number(value: Decimal) -> str:
    """Write a number exactly, with thousands separated."""
    whole, _, fraction = plain(value).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}"
    return f"{sign}{grouped}.{fraction}" if fraction else f"{sign}{grouped}"


def percent(value: Decimal) -> str:
    """Write a percentage with two places, never rounding a breach to nothing or to everything."""
    rounded = value.quantize(_TWO_PLACES)
    if rounded == 0 and value > 0:
        return "< 0.01 %"
    if rounded == 100 and value < 100:  # noqa: PLR2004
        return "> 99.99 %"
    return f"{plain(rounded)} %"


def duration(seconds: Decimal) -> str:
    """Write a duration in its two largest units."""
    if seconds < 0:
        return f"{duration(-seconds)} in the future"
    whole = int(seconds)
    days, hours, minutes = whole // _DAY, whole % _DAY // _HOUR, whole % _HOUR // _MINUTE
    if days:
        return f"{days:,} d {hours} h" if hours else f"{days:,} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {whole % _MINUTE} s" if whole % _MINUTE else f"{minutes} min"
    return f"{plain(seconds.quantize(_TWO_PLACES))} s"


def _without_end(check: Check, value: Decimal, rows: int | None) -> str:
    if value.is_nan():
        return "the measured value is not a number (NaN)"
    if check.unit == "seconds" and value < 0:
        return "the newest value is infinity, in the future"
    if check.unit == "seconds":
        return "the table is empty" if not rows else f"none of {rows:,} rows has a value to measure by"
    return f"measured {'' if value > 0 else 'minus '}infinity"
