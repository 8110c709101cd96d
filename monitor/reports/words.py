"""Numbers of a result in the words that people read, exact to the last digit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.check import CheckKind, plain
from monitor.domain.scan import CheckResult
from monitor.visible import visible

_NUMBER = r"-?\d+(?:\.\d+)?"
_COMPARISON = re.compile(rf"(=|!=|>=|<=|>|<) ({_NUMBER})")
_INTERVAL = re.compile(rf"(not )?between ({_NUMBER}) and ({_NUMBER})")
_OPERATORS = {"=": "", "!=": "not ", ">": "more than ", ">=": "at least ", "<": "less than ", "<=": "at most "}

ROW_RULES = frozenset(
    {
        CheckKind.NOT_NULL,
        CheckKind.FOREIGN_KEY,
        CheckKind.RANGE,
        CheckKind.MULTIPLE_OF,
        CheckKind.LENGTH,
        CheckKind.PATTERN,
        CheckKind.ENUM,
        CheckKind.FORMAT,
        CheckKind.ITEMS,
        CheckKind.NULL_VALUES,
        CheckKind.MISSING_VALUES,
        CheckKind.INVALID_VALUES,
        CheckKind.UNIQUE,
        CheckKind.PRIMARY_KEY,
        CheckKind.DUPLICATE_VALUES,
    }
)
"""Kinds that count rows out of all rows of their dataset when their unit is rows: only there a share has a meaning."""

_ROUNDED = re.compile(r"measured(?: [\d,.]+ (?:d|h|min|s))+")
_SECONDS: Mapping[str, int] = {"d": 86_400, "h": 3_600, "min": 60}
_LONGEST = 30
_FILLER = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "at",
        "be",
        "but",
        "expected",
        "found",
        "in",
        "is",
        "least",
        "measured",
        "most",
        "of",
        "row",
        "rows",
        "the",
        "was",
        "were",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measured value in words: the `number` itself, and `rest`, what it is a number of. `share` is 0 to 1 or None."""

    number: str
    rest: str = ""
    share: float | None = None

    def __str__(self) -> str:
        """Return both as one phrase."""
        return f"{self.number} {self.rest}".rstrip()


def number(value: int | Decimal) -> str:
    """Write a number exactly with thousands separators; an exponent only where the digits would fill a page."""
    if isinstance(value, int):
        return f"{value:,}"
    if not value.is_finite():
        return str(value)
    if abs(value.adjusted()) > _LONGEST:
        return str(value)
    whole, _, fraction = plain(value).partition(".")
    sign = "-" if whole.startswith("-") else ""
    grouped = f"{sign}{int(whole.removeprefix('-')):,}"
    return f"{grouped}.{fraction}" if fraction else grouped


def duration(seconds: int | Decimal) -> str:
    """Write a number of seconds exactly, in days, hours, minutes and seconds."""
    left = Decimal(seconds)
    if not left.is_finite() or abs(left.adjusted()) > _LONGEST:
        return f"{number(left)} s"
    sign, left = ("-" if left < 0 else ""), abs(left)
    parts = []
    for unit, size in _SECONDS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{number(int(count))} {unit}")
    if left or not parts:
        parts.append(f"{number(left)} s")
    return sign + " ".join(parts)


def share_of(part: int | Decimal, whole: int) -> str:
    """Write a share in percent with two digits; what is not quite nothing or not quite all never reads as such."""
    share = Decimal(part) * 100 / whole
    if 0 < share < Decimal("0.01"):
        return "< 0.01 %"
    if Decimal("99.99") < share < Decimal(100):
        return "> 99.99 %"
    return f"{plain(share.quantize(Decimal('0.01')))} %"


def expected(result: CheckResult) -> str:
    """Write what was promised: `at most 6 h` for `<= 21600` seconds; words that are no threshold stay as they are."""
    text, unit = result.check.expected, result.check.unit
    if match := _COMPARISON.fullmatch(text):
        return _OPERATORS[match[1]] + _amount(Decimal(match[2]), unit)
    if match := _INTERVAL.fullmatch(text):
        lower, upper = (_amount(Decimal(bound), unit) for bound in match.group(2, 3))
        return f"{match[1] or ''}between {lower} and {upper}"
    return visible(text)


def measured(result: CheckResult) -> Measured | None:
    """Write what was found, with the rows it was found in and their share where both count the same thing."""
    value, rows, check = result.measured, result.rows, result.check
    if value is None:
        return None
    if check.unit == "seconds":
        return Measured(number=duration(value))
    if check.unit == "percent":
        return Measured(number=f"{number(value)} %", rest="" if rows is None else f"of {_counted(rows, 'row')}")
    if check.kind is CheckKind.ROW_COUNT:
        return Measured(number=number(value), rest="row" if value == 1 else "rows")
    if check.unit == "columns":
        return Measured(number=number(value), rest="column" if value == 1 else "columns")
    if check.unit == "rows" and check.kind in ROW_RULES and rows is not None:
        if not 0 <= value <= rows:
            return Measured(number=number(value), rest=f"in {_counted(rows, 'row')}")
        if not value:
            return Measured(number="0", rest=f"of {_counted(rows, 'row')}")
        rest = f"of {_counted(rows, 'row')} ({share_of(value, rows)})"
        return Measured(number=number(value), rest=rest, share=float(value / rows))
    if check.unit == "keys":
        inside = "" if rows is None else f" in {_counted(rows, 'row')}"
        return Measured(number=number(value), rest=("key" if value == 1 else "keys") + inside)
    return Measured(number=number(value), rest="" if check.unit in (None, "rows") else visible(check.unit))


def reason(result: CheckResult) -> str | None:
    """Return the reason if it tells more than the promise, the expected and the measured value already do.

    Lines stay lines. PostgreSQL's line with nothing but the caret that points into the line above goes: it points
    nowhere in the type that people read it in.
    """
    told = _words(" ".join((result.check.name, result.check.expected, expected(result), str(measured(result)))))
    is_rounded = result.check.unit == "seconds" and _ROUNDED.fullmatch(result.reason)
    if result.measured is not None and (is_rounded or _words(result.reason) <= told | _FILLER):
        return None
    lines = visible(result.reason, keep="\n").strip().split("\n")
    return "\n".join(line.rstrip() for line in lines if line.strip() != "^") or None


def _words(text: str) -> frozenset[str]:
    """Return the words and numbers of a text, whatever their case and separators."""
    return frozenset(re.findall(r"[\w.]*\w", text.casefold().replace(",", "")))


def _amount(value: Decimal, unit: str | None) -> str:
    """Write the number of a threshold in its unit, where the unit changes how it is read."""
    if unit == "seconds":
        return duration(value)
    return f"{number(value)} %" if unit == "percent" else number(value)


def _counted(count: int, noun: str) -> str:
    """Write a count with its noun in the right number."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
