"""Two versions of the rules and service levels of one place → what is promised otherwise."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeVar

from monitor.contracts.findings import shown
from monitor.domain.change import Change
from monitor.domain.check import Threshold
from monitor.domain.contract import QualityRule, Scalar, ServiceLevel
from monitor.domain.drift import Hurt
from monitor.domain.scan import Outcome, broken_outcome
from monitor.drift.edits import Edit, between, placed, reason_for, reworded
from monitor.drift.ranges import Bound, Interval, allowed, compare_ranges

TEXT = "text"
MORE_IS_MORE = frozenset({"availability", "throughput", "endOfSupport", "endOfLife"})
"""Service levels of which a greater or later value promises more; of the others that are known, a smaller one does."""
LESS_IS_MORE = frozenset({"errorRate", "generalAvailability", "timeToDetect", "timeToNotify", "timeToRepair"})

T = TypeVar("T", QualityRule, ServiceLevel)
Key = Callable[[T], Hashable | None]


def rule_changes(where: str, old: Sequence[QualityRule], new: Sequence[QualityRule]) -> Iterator[Change]:
    """Yield what is different between the rules of one dataset or column."""
    pairs = _paired(old, new, (_rule_id, _rule_subject, _rule_sort))
    for was, now in pairs:
        if now is None:
            assert was is not None  # noqa: S101 one of a pair is there
            yield _come_or_gone(where, f"the rule {_rule_name(was)}", was.line, _weight(was), is_gone=True)
        elif was is None:
            yield _come_or_gone(where, f"the rule {_rule_name(now)}", now.line, _weight(now), is_gone=False)
        else:
            for edit in _rule_edits(was, now):
                yield placed(edit, f"{where}.{_rule_name(now)}", now.line)


def level_changes(old: Sequence[ServiceLevel], new: Sequence[ServiceLevel]) -> Iterator[Change]:
    """Yield what is different between service levels."""
    for was, now in _paired(old, new, (_level_id, _level_subject, _level_sort)):
        if now is None:
            assert was is not None  # noqa: S101 one of a pair is there
            yield _come_or_gone("slaProperties", f"{was.property} {_amount(was)}", was.line, Hurt.BOTH, is_gone=True)
        elif was is None:
            yield _come_or_gone("slaProperties", f"{now.property} {_amount(now)}", now.line, Hurt.BOTH, is_gone=False)
        else:
            for edit in _level_edits(was, now):
                yield placed(edit, f"slaProperties.{now.property}", now.line)


def _paired(old: Sequence[T], new: Sequence[T], keys: Sequence[Key[T]]) -> list[tuple[T | None, T | None]]:
    """Pair what is about the same thing: by each key in turn, among equals in file order; then what is alone."""
    left_old: list[T] = list(old)
    left_new: list[T] = list(new)
    pairs: list[tuple[T | None, T | None]] = []
    for key in keys:
        for was in tuple(left_old):
            wanted = key(was)
            now = next((each for each in left_new if wanted is not None and key(each) == wanted), None)
            if now is not None:
                pairs.append((was, now))
                left_old.remove(was)
                left_new.remove(now)
    pairs.extend((was, None) for was in left_old)
    pairs.extend((None, now) for now in left_new)
    return pairs


def _come_or_gone(where: str, name: str, line: int, weight: Hurt, *, is_gone: bool) -> Change:
    hurts = Hurt.NOBODY if weight is Hurt.NOBODY else Hurt.CONSUMERS if is_gone else Hurt.PRODUCERS
    what = f"{name} is gone" if is_gone else f"{name} is new"
    return Change(where=where, what=what, hurts=hurts, reason=reason_for(hurts), line=line, is_gone=is_gone)


def _rule_id(rule: QualityRule) -> Hashable | None:
    return rule.id


def _rule_subject(rule: QualityRule) -> Hashable | None:
    operator = rule.threshold.operator if rule.threshold else None
    outcome = broken_outcome(rule.severity or "error")
    looks_at = rule.arguments, rule.query, rule.implementation, rule.pack
    return rule.type, rule.metric, *looks_at, rule.name, operator, outcome


def _rule_sort(rule: QualityRule) -> Hashable | None:
    return None if rule.id is not None else (rule.type, rule.metric, rule.engine, rule.name)


def _rule_name(rule: QualityRule) -> str:
    return rule.id or rule.metric or rule.name or rule.type


def _weight(rule: QualityRule) -> Hurt:
    return Hurt.NOBODY if rule.type == TEXT else Hurt.BOTH


def _rule_edits(old: QualityRule, new: QualityRule) -> Iterator[Edit]:
    if old.type != new.type or old.metric != new.metric or old.unit != new.unit:
        counted = [f"{rule.metric or rule.type} in {rule.unit}" for rule in (old, new)]
        yield Edit(what=f"was {counted[0]}, is {counted[1]}", hurts=Hurt.BOTH)
    elif old.threshold != new.threshold:
        yield from _threshold(old.threshold, new.threshold)
    yield from _arguments(old, new)
    if old.pack != new.pack and old.metric == new.metric:
        yield Edit(what="what it compares is another", hurts=Hurt.BOTH)
    for word, was, now in (
        ("query", old.query, new.query),
        ("implementation", old.implementation, new.implementation),
        ("engine", old.engine, new.engine),
    ):
        yield from between(word, was, now, Hurt.BOTH)
    yield from _severity(old.severity, new.severity)
    words: tuple[tuple[str, object, object, bool], ...] = (
        ("id", old.id, new.id, True),
        ("name", old.name, new.name, True),
        ("dimension", old.dimension, new.dimension, True),
        ("schedule", old.schedule, new.schedule, True),
        ("scheduler", old.scheduler, new.scheduler, True),
        ("description", old.description, new.description, False),
        ("businessImpact", old.business_impact, new.business_impact, False),
        ("runbook", old.runbook, new.runbook, False),
    )
    for word, one, other, is_promised in words:
        yield from reworded(word, one, other, is_promised=is_promised)


def _threshold(old: Threshold | None, new: Threshold | None) -> Iterator[Edit]:
    if old is None or new is None:
        yield from between("threshold", None if old is None else str(old), None if new is None else str(new), Hurt.BOTH)
        return
    hurts = compare_ranges(allowed(old), allowed(new)) or Hurt.NOBODY
    yield Edit(what=f"must be {new}, was {old}", hurts=hurts)


def _arguments(old: QualityRule, new: QualityRule) -> Iterator[Edit]:
    """Yield that other values count. Whether that is more or less to keep depends on the comparison: it may be both."""
    for word, was, now in (
        ("missingValues", old.arguments.missing_values, new.arguments.missing_values),
        ("validValues", old.arguments.valid_values, new.arguments.valid_values),
        ("pattern", old.arguments.pattern, new.arguments.pattern),
        ("properties", old.arguments.properties, new.arguments.properties),
    ):
        if was != now:
            is_short = isinstance(was, str) and isinstance(now, str)
            told = f" was {shown(was)}, is {shown(now)}" if is_short else " is another"
            yield Edit(what=f"{word}{told}", hurts=Hurt.BOTH)


def _severity(old: str | None, new: str | None) -> Iterator[Edit]:
    if old == new:
        return
    was, now = broken_outcome(old or "error"), broken_outcome(new or "error")
    hurts = Hurt.NOBODY if was == now else Hurt.CONSUMERS if now is Outcome.WARN else Hurt.PRODUCERS
    yield Edit(what=f"severity was {shown(old)}, is {shown(new)}", hurts=hurts)


def _level_id(level: ServiceLevel) -> Hashable | None:
    return level.id


def _level_subject(level: ServiceLevel) -> Hashable | None:
    return level.property, tuple(element.text for element in level.elements)


def _level_sort(level: ServiceLevel) -> Hashable | None:
    return None if level.id is not None else level.property


def _amount(level: ServiceLevel) -> str:
    if level.duration is not None:
        return str(level.duration)
    return " ".join(str(part) for part in (level.value, level.value_ext, level.unit) if part is not None)


def _level_edits(old: ServiceLevel, new: ServiceLevel) -> Iterator[Edit]:
    was, now = _subject_words(old), _subject_words(new)
    if was != now:
        yield Edit(what=f"was about {was}, is about {now}", hurts=Hurt.BOTH)
    if (old.duration, old.value, old.value_ext, old.unit) != (new.duration, new.value, new.value_ext, new.unit):
        is_same_length = old.duration is not None and old.duration == new.duration
        hurts = Hurt.NOBODY if is_same_length else _level_hurts(old, new)
        yield Edit(what=f"was {_amount(old)}, is {_amount(new)}", hurts=hurts)
    words: tuple[tuple[str, object, object, bool], ...] = (
        ("id", old.id, new.id, True),
        ("schedule", old.schedule, new.schedule, True),
        ("scheduler", old.scheduler, new.scheduler, True),
        ("description", old.description, new.description, False),
        ("runbook", old.runbook, new.runbook, False),
    )
    for word, one, other, is_promised in words:
        yield from reworded(word, one, other, is_promised=is_promised)


def _subject_words(level: ServiceLevel) -> str:
    return " ".join([level.property, *(element.text for element in level.elements)])


def _level_hurts(old: ServiceLevel, new: ServiceLevel) -> Hurt:
    """Return whom another amount hurts; where nobody can say which promises more, both."""
    if old.property != new.property:
        return Hurt.BOTH
    if old.duration is not None and new.duration is not None:
        before, after = Interval(high=old.duration.roughly), Interval(high=new.duration.roughly)
        return compare_ranges((before,), (after,)) or Hurt.NOBODY
    was, now = _bound(old.value), _bound(new.value)
    if old.unit != new.unit or old.value_ext != new.value_ext or was is None or now is None:
        return Hurt.BOTH
    if old.property in MORE_IS_MORE:
        return compare_ranges((Interval(low=was),), (Interval(low=now),)) or Hurt.NOBODY
    if old.property in LESS_IS_MORE:
        return compare_ranges((Interval(high=was),), (Interval(high=now),)) or Hurt.NOBODY
    return Hurt.BOTH


def _bound(value: Scalar) -> Bound:
    return None if isinstance(value, bool) else value
