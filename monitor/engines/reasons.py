"""What the numbers of a check do not say by themselves: values without end, and which of its parts are broken."""

from decimal import Decimal

from monitor import words
from monitor.domain.check import Check

_PARTS = {
    "nulls": ("row has no key", "rows have no key"),
    "duplicates": ("key occurs more than once", "keys occur more than once"),
}
"""What is wrong where a part of this name is broken: for one, and for many."""


def endless(check: Check, value: Decimal, rows: int | None) -> str:
    """Say what a value that is no number means."""
    if value.is_nan():
        return "the measured value is not a number (NaN)"
    if check.unit == "seconds" and value < 0:
        return "the newest value is infinity, in the future"
    if check.unit == "seconds":
        return "the table is empty" if not rows else f"none of {words.counted(rows, 'row')} has a value to measure by"
    return f"measured {'' if value > 0 else 'minus '}infinity"


def part(name: str, value: Decimal) -> str:
    """Say what a broken part of a check of several parts has counted."""
    if name not in _PARTS:
        return f"{name}: {words.number(value)}"
    one, many = _PARTS[name]
    return f"{words.number(value)} {one if value == 1 else many}"
