"""What two ranges allow: is the newer one inside the older one, around it, or neither?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from monitor.domain.check import Operator, Threshold
from monitor.domain.drift import Hurt

Bound = int | Decimal | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """All values between two bounds; None is no bound. Bounds belong to it unless they are `open`."""

    low: Bound = None
    high: Bound = None
    low_open: bool = False
    high_open: bool = False


def relation(*, is_tighter: bool, is_looser: bool) -> Hurt | None:
    """Return whom it hurts that a promise allows less (tighter), more (looser) or other things; None if the same."""
    match is_tighter, is_looser:
        case True, True:
            return None
        case True, False:
            return Hurt.PRODUCERS
        case False, True:
            return Hurt.CONSUMERS
        case _:
            return Hurt.BOTH


def compare_ranges(old: Sequence[Interval], new: Sequence[Interval]) -> Hurt | None:
    """Return whom it hurts that other values are allowed; None if they are the same."""
    return relation(is_tighter=_all_inside(new, old), is_looser=_all_inside(old, new))


def allowed(threshold: Threshold) -> tuple[Interval, ...]:
    """Return the numbers that keep a threshold."""
    value, upper = threshold.value, threshold.value if threshold.upper is None else threshold.upper
    match threshold.operator:
        case Operator.EQUAL:
            return (Interval(low=value, high=value),)
        case Operator.NOT_EQUAL:
            return (Interval(high=value, high_open=True), Interval(low=value, low_open=True))
        case Operator.GREATER:
            return (Interval(low=value, low_open=True),)
        case Operator.GREATER_OR_EQUAL:
            return (Interval(low=value),)
        case Operator.LESS:
            return (Interval(high=value, high_open=True),)
        case Operator.LESS_OR_EQUAL:
            return (Interval(high=value),)
        case Operator.BETWEEN:
            return (Interval(low=value, high=upper),)
        case Operator.NOT_BETWEEN:
            return (Interval(high=value, high_open=True), Interval(low=upper, low_open=True))


def _all_inside(inner: Sequence[Interval], outer: Sequence[Interval]) -> bool:
    return all(any(_is_inside(one, other) for other in outer) for one in inner)


def _is_inside(inner: Interval, outer: Interval) -> bool:
    low = _order(inner.low, outer.low) if outer.low is not None and inner.low is not None else None
    high = _order(inner.high, outer.high) if outer.high is not None and inner.high is not None else None
    low_fits = outer.low is None or (
        low is not None and (low > 0 or (low == 0 and (inner.low_open or not outer.low_open)))
    )
    high_fits = outer.high is None or (
        high is not None and (high < 0 or (high == 0 and (inner.high_open or not outer.high_open)))
    )
    return low_fits and high_fits


def _order(one: int | Decimal | str, other: int | Decimal | str) -> int | None:
    """Return -1, 0 or 1; None where the two cannot be compared."""
    if one == other:
        return 0
    left, right = _number(one), _number(other)
    return None if left is None or right is None or left[0] != right[0] else (left[1] > right[1]) - (left[1] < right[1])


def _number(bound: int | Decimal | str) -> tuple[str, Decimal] | None:
    """Return a bound as a number of its sort: a count, or moments of a day or of the calendar."""
    if not isinstance(bound, str):
        return "number", Decimal(bound)
    try:
        moment = datetime.fromisoformat(bound)
    except ValueError:
        return _time(bound)
    sort = "date" if _is_date(bound) else "moment" if moment.tzinfo else "local"
    since = moment.replace(tzinfo=moment.tzinfo or UTC) - datetime(1, 1, 1, tzinfo=UTC)
    return sort, Decimal(since // timedelta(microseconds=1))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _time(text: str) -> tuple[str, Decimal] | None:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is not None:
        return None
    return "time", Decimal(found.hour * 3600 + found.minute * 60 + found.second) + Decimal(found.microsecond) / 10**6
