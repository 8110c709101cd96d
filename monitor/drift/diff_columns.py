"""Two versions of one column → what is promised otherwise of its values."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from monitor.contracts.findings import shown
from monitor.domain.contract import Column, Limits, Scalar
from monitor.domain.drift import Hurt
from monitor.drift.edits import Edit, between, flag, reworded
from monitor.drift.ranges import Bound, Interval, compare_ranges, relation

_WIDER = {("integer", "number"), ("date", "timestamp")}


def column_edits(old: Column, new: Column) -> Iterator[Edit]:
    """Yield what is different between two versions of a column; name, type and NULL of the table are told elsewhere."""
    yield from _types(old, new)
    yield from flag("unique", old.unique, new.unique)
    yield from _limits(old.limits, new.limits)
    yield from _enum(old.enum, new.enum)
    if old.physical_name == new.physical_name:
        yield from reworded("name", old.name, new.name, is_promised=True)
    for word, was, now in (
        ("description", old.description, new.description),
        ("classification", old.classification, new.classification),
        ("criticalDataElement", old.critical, new.critical),
        ("tags", old.tags, new.tags),
        ("sources", old.sources, new.sources),
        ("runbook", old.runbook, new.runbook),
    ):
        yield from reworded(word, was, now)


def _types(old: Column, new: Column) -> Iterator[Edit]:
    """Two physical types are compared by what fits into them; here is what else is said of the type."""
    if (old.physical_type is None) != (new.physical_type is None):
        yield from between("physicalType", old.physical_type, new.physical_type, Hurt.BOTH)
    if old.logical_type == new.logical_type:
        return
    was, now = old.logical_type or "", new.logical_type or ""
    hurts = Hurt.BOTH
    if (was, now) in _WIDER:
        hurts = Hurt.CONSUMERS
    elif (now, was) in _WIDER:
        hurts = Hurt.PRODUCERS
    yield from between("logicalType", old.logical_type, new.logical_type, hurts)


def _limits(old: Limits, new: Limits) -> Iterator[Edit]:
    for what, was, now in (
        ("range", _values(old), _values(new)),
        (
            "length",
            Interval(low=old.min_length, high=old.max_length),
            Interval(low=new.min_length, high=new.max_length),
        ),
        ("items", Interval(low=old.min_items, high=old.max_items), Interval(low=new.min_items, high=new.max_items)),
        (
            "number of properties",
            Interval(low=old.min_properties, high=old.max_properties),
            Interval(low=new.min_properties, high=new.max_properties),
        ),
    ):
        hurts = None if was == now else compare_ranges((was,), (now,))
        if hurts is not None:
            yield Edit(what=f"{what} was {_written(was)}, is {_written(now)}", hurts=hurts)
    yield from between("multipleOf", old.multiple_of, new.multiple_of, _multiple(old.multiple_of, new.multiple_of))
    for word, one, other in (
        ("pattern", old.pattern, new.pattern),
        ("format", old.format, new.format),
        ("timezone", old.timezone, new.timezone),
        ("defaultTimezone", old.default_timezone, new.default_timezone),
    ):
        yield from between(word, one, other, Hurt.BOTH)
    yield from flag("uniqueItems", old.unique_items, new.unique_items)
    yield from _members("required properties", old.required_properties, new.required_properties, more=Hurt.PRODUCERS)


def _values(limits: Limits) -> Interval:
    low, low_open = _tightest(limits.minimum, limits.exclusive_minimum, sign=1)
    high, high_open = _tightest(limits.maximum, limits.exclusive_maximum, sign=-1)
    return Interval(low=low, high=high, low_open=low_open, high_open=high_open)


def _tightest(bound: Bound, exclusive: Bound, *, sign: int) -> tuple[Bound, bool]:
    """Return the bound that decides, and whether it is excluded."""
    if bound is None or exclusive is None:
        return (bound, False) if exclusive is None else (exclusive, True)
    if isinstance(bound, str) or isinstance(exclusive, str):
        return exclusive, True
    return (bound, False) if (bound - exclusive) * sign > 0 else (exclusive, True)


def _written(interval: Interval) -> str:
    if interval.low is None and interval.high is None:
        return "free"
    low = "" if interval.low is None else f"{'more than ' if interval.low_open else 'at least '}{interval.low}"
    high = "" if interval.high is None else f"{'less than ' if interval.high_open else 'at most '}{interval.high}"
    return " and ".join(part for part in (low, high) if part)


def _multiple(old: int | Decimal | None, new: int | Decimal | None) -> Hurt:
    if not old or not new:
        return Hurt.BOTH
    return relation(is_tighter=new % old == 0, is_looser=old % new == 0) or Hurt.NOBODY


def _enum(old: tuple[Scalar, ...] | None, new: tuple[Scalar, ...] | None) -> Iterator[Edit]:
    if old is None or new is None:
        was, now = (None if values is None else f"{len(values)} values" for values in (old, new))
        yield from between("enum", was, now, Hurt.BOTH)
        return
    yield from _members("enum", old, new, more=Hurt.CONSUMERS)


def _members(word: str, old: Iterable[Scalar], new: Iterable[Scalar], *, more: Hurt) -> Iterator[Edit]:
    """Yield what joined and what left a set whose order says nothing; `more` is whom it hurts that something joined."""
    was, now = ({(isinstance(value, bool), value): value for value in values} for values in (old, new))
    less = Hurt.PRODUCERS if more is Hurt.CONSUMERS else Hurt.CONSUMERS
    come = [shown(value) for key, value in now.items() if key not in was]
    gone = [shown(value) for key, value in was.items() if key not in now]
    if come:
        yield Edit(what=f"{word} also has {_listed(come)}", hurts=more)
    if gone:
        yield Edit(what=f"{word} no longer has {_listed(gone)}", hurts=less)
    if not come and not gone and tuple(was) != tuple(now):
        yield Edit(what=f"{word} stands in another order", hurts=Hurt.NOBODY)


def _listed(words: list[str], most: int = 10) -> str:
    more = f" and {len(words) - most:,} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
