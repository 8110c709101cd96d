"""What a check promised and what was found, in the words that people read: exact to the last digit, built only here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.check import Catalogue, Check, CheckKind, plain
from monitor.domain.scan import CheckResult, Outcome
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
        CheckKind.OVERLAPPING_PERIODS,
        CheckKind.GAPS_BETWEEN_PERIODS,
        CheckKind.ORPHANED_FACTS,
        CheckKind.FACTS_WITHOUT_KEY,
    }
)
"""Kinds that count rows out of all rows of their dataset when their unit is rows: only there a share has a meaning."""

_SHAPES: Mapping[CheckKind, str] = {
    CheckKind.SCHEMA: "the declared columns",
    CheckKind.EXTRA_COLUMNS: "no other columns",
    CheckKind.COLUMN_ORDER: "the declared order",
}
"""What is promised where columns are counted: nobody expects "0 columns"."""

_THINGS: Mapping[str, str] = {"keys": "key", "gaps": "gap"}
"""Units that count things among rows, and one of them."""

_AGES = frozenset({CheckKind.FRESHNESS, CheckKind.FREQUENCY, CheckKind.RETENTION})
_SECONDS: Mapping[str, int] = {"d": 86_400, "h": 3_600, "min": 60}
_LONGEST = 30
_PLACES = 4
_SILENT: Mapping[Outcome, str] = {
    Outcome.PASS: "as promised",
    Outcome.FAIL: "the promise does not hold",
    Outcome.WARN: "the promise does not hold",
}


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


def about(count: int) -> str:
    """Write a count that nobody knows exactly, with two digits: "1.2 M"."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{plain(Decimal(f'{count / size:.2g}'))} {unit}"
    return number(count)


def plain_number(value: Decimal) -> int | Decimal:
    """Return a number as results hold it: an `int` where it has no fraction at all."""
    return int(value) if value.is_finite() and value == value.to_integral_value() else value


def counted(count: int | Decimal, noun: str) -> str:
    """Write a count with its noun in the right number."""
    return f"{number(count)} {noun if count == 1 else f'{noun}s'}"


def outcome(found: Outcome) -> str:
    """Return an outcome as people read it: what fails is a promise that is broken."""
    return "broken" if found is Outcome.FAIL else found.value


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


def percent(value: int | Decimal) -> str:
    """Write a measured percentage: its own digits, or "33.33… %" where they do not end soon.

    What is cut so never reads like a threshold that it differs from, nor as nothing or all.
    """
    exact = Decimal(value)
    exponent = exact.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -_PLACES:
        return f"{number(exact)} %"
    if 0 < exact < Decimal("0.01"):
        return "< 0.01 %"
    if Decimal("99.99") < exact < Decimal(100):
        return "> 99.99 %"
    whole, _, fraction = plain(exact).partition(".")
    return f"{number(int(whole))}.{fraction[:2]}… %"


def share_of(part: int | Decimal, whole: int) -> str:
    """Write a share in percent with two digits; what is not quite nothing or not quite all never reads as such."""
    share = Decimal(part) * 100 / whole
    if 0 < share < Decimal("0.01"):
        return "< 0.01 %"
    if Decimal("99.99") < share < Decimal(100):
        return "> 99.99 %"
    return f"{plain(share.quantize(Decimal('0.01')))} %"


def expected(check: Check) -> str:
    """Write what was promised: `at most 6 h` for `<= 21600` seconds; words that are no threshold stay as they are."""
    text, unit = check.expected, check.unit
    if unit == "columns" and check.kind in _SHAPES:
        return _SHAPES[check.kind]
    if match := _COMPARISON.fullmatch(text):
        return _OPERATORS[match[1]] + _amount(Decimal(match[2]), unit)
    if match := _INTERVAL.fullmatch(text):
        lower, upper = (_amount(Decimal(bound), unit) for bound in match.group(2, 3))
        return f"{match[1] or ''}between {lower} and {upper}"
    return visible(text)


def bounds(check: Check) -> tuple[Decimal, ...]:
    """Return the numbers that a check's threshold names; none where its promise is no comparison."""
    for form in (_COMPARISON, _INTERVAL):
        if match := form.fullmatch(check.expected):
            return tuple(Decimal(bound) for bound in match.groups()[1:] if bound)
    return ()


def measured(result: CheckResult) -> Measured | None:
    """Write what was found; None where nothing was measured, and where columns are missing: the reason names them."""
    check = result.check
    if check.unit == "columns":
        return _whole_shape(check) if result.outcome is Outcome.PASS else None
    return None if result.measured is None else amount(check, result.measured, result.rows)


def amount(check: Check, value: int | Decimal, rows: int | None) -> Measured:
    """Write a value of a check, with the rows it was found in and their share where both count the same thing."""
    if check.unit == "seconds":
        if check.kind not in _AGES:
            return Measured(number=duration(value))
        told = duration(_age(check, -value if value < 0 else value))
        return Measured(number=told, rest="in the future") if value < 0 else Measured(number=told)
    if check.unit == "percent":
        return Measured(number=percent(value), rest="" if rows is None else f"of {counted(rows, 'row')}")
    if check.kind is CheckKind.ROW_COUNT:
        return Measured(number=number(value), rest="row" if value == 1 else "rows")
    if check.unit == "rows" and check.kind in ROW_RULES and rows is not None:
        if not 0 <= value <= rows:
            return Measured(number=number(value), rest=f"in {counted(rows, 'row')}")
        if not value:
            return Measured(number="0", rest=f"of {counted(rows, 'row')}")
        rest = f"of {counted(rows, 'row')} ({share_of(value, rows)})"
        return Measured(number=number(value), rest=rest, share=float(value / rows))
    if check.unit is not None and check.unit in _THINGS:
        inside = "" if rows is None else f" in {counted(rows, 'row')}"
        return Measured(number=number(value), rest=(_THINGS[check.unit] if value == 1 else check.unit) + inside)
    if check.unit == "columns":
        return Measured(number=number(value), rest="column" if value == 1 else "columns")
    return Measured(number=number(value), rest="" if check.unit in (None, "rows") else visible(check.unit))


def reason(result: CheckResult) -> str | None:
    """Return what the numbers do not say; None where they say all.

    Lines stay lines. PostgreSQL's line with nothing but the caret that points into the line above goes: it points
    nowhere in the type that people read it in.
    """
    lines = visible(result.reason, keep="\n").strip().split("\n")
    return "\n".join(line.rstrip() for line in lines if line.strip() != "^") or None


def sentence(result: CheckResult) -> str:
    """Say why the outcome is what it is, numbers included: never empty."""
    found = None if result.check.unit == "columns" and result.reason else measured(result)
    told = f"measured {found}" if found else ""
    return "; ".join(filter(None, (told, result.reason))) or _SILENT.get(result.outcome, "no reason was given")


def _whole_shape(check: Check) -> Measured | None:
    """Say how many declared columns are there, where that is what was promised."""
    declared = sum(len(probe.columns) for probe in check.probes if isinstance(probe, Catalogue))
    if check.kind is not CheckKind.SCHEMA or not declared:
        return None
    if declared == 1:
        return Measured(number="1", rest="declared column")
    return Measured(number=f"all {declared:,}", rest="declared columns")


def _age(check: Check, seconds: int | Decimal) -> int | Decimal:
    """Return an age in whole seconds from a minute on, unless it would then read like its threshold."""
    if not Decimal(seconds).is_finite() or seconds < _SECONDS["min"]:
        return seconds
    whole = int(seconds)
    return seconds if whole in bounds(check) else whole


def _amount(value: Decimal, unit: str | None) -> str:
    """Write the number of a threshold in its unit, where the unit changes how it is read."""
    if unit == "seconds":
        return duration(value)
    return f"{number(value)} %" if unit == "percent" else number(value)
