"""`checkWindow`, a custom property of ours on an object, `{element, last}` and maybe `partition` → CheckWindow."""

from monitor.contracts.findings import shown
from monitor.contracts.node import Node
from monitor.contracts.references import Names
from monitor.domain.contract import CheckWindow
from monitor.domain.duration import DurationProblem, parse_duration

PROPERTY = "checkWindow"
KEYS = ("element", "last", "partition")
LONGEST_MONTHS = 12 * 100
LONGEST_SECONDS = 86_400 * 365 * 100
_MOMENTS = frozenset({"date", "timestamp"})


def read_window(owner: Node, dataset: str, names: Names) -> CheckWindow | None:
    """Return the window of an object; None where it has none, or one that is a problem."""
    found = [node for node in owner.items("customProperties") if _is_ours(node)]
    for second in found[1:]:
        second.problem(f"{PROPERTY} stands here twice; first on line {found[0].line}")
    return _window(owner, found[0].at("value"), dataset, names) if found else None


def _is_ours(node: Node) -> bool:
    return node.text("property") == PROPERTY and node.text("vendor") in {None, "pactwatch"}


def _window(owner: Node, at: Node, dataset: str, names: Names) -> CheckWindow | None:
    if not isinstance(at.value, dict):
        at.problem(f"found {shown(at.value)}, expected {{element: <property>, last: 7d}}")
        return None
    for key in at.keys:
        if key not in KEYS:
            at.at(key).problem(f"there is no such key{names.hint(key, KEYS)}; expected {', '.join(KEYS)}")
    element = _column(owner, at, "element", dataset, names)
    last = at.scalar("last")
    length = parse_duration(last, None, PROPERTY)
    if isinstance(length, DurationProblem):
        at.at("last").problem(f"{length.text}; write for example 7d" if last is None else length.text)
        return None
    if not length.months and not length.seconds:
        at.at("last").problem(f"found {shown(last)}, expected a length of time that is longer than nothing")
        return None
    if length.months > LONGEST_MONTHS or length.seconds > LONGEST_SECONDS:
        at.at("last").problem(f"found {shown(last)}, expected at most 100 years")
        return None
    partition = _column(owner, at, "partition", dataset, names) if "partition" in at else None
    if element is None or ("partition" in at and partition is None):
        return None
    _look_at_partitions(owner, at, element, partition)
    other = partition if partition != element else None  # the window's own bound shuts partitions of its element out
    return CheckWindow(column=element, last=length, partition=other, line=at.line)


def _column(owner: Node, at: Node, key: str, dataset: str, names: Names) -> str | None:
    """Return the property of this object that a key names, if it can hold moments."""
    text = at.text(key)
    if text is None:
        place = at.at(key) if key in at else at
        place.problem(f"{key}: found {shown(at.at(key).value)}, expected the name of a property of {dataset}")
        return None
    found = names.resolve(text, dataset)
    if isinstance(found, str) or found[0] != dataset:
        at.at(key).problem(found if isinstance(found, str) else f"{shown(text)} is no property of {dataset}")
        return None
    node = next(each for each in owner.items("properties") if each.text("name") == found[1])
    logical, physical = node.text("logicalType"), node.text("physicalType") or ""
    is_moment = (
        logical in _MOMENTS if logical else physical.strip().lower().startswith(("date", "timestamp")) or (not physical)
    )
    if not is_moment:
        at.at(key).problem(f"{shown(text)} is of type {shown(logical or physical)}, expected a date or a timestamp")
        return None
    return found[1]


def _look_at_partitions(owner: Node, at: Node, element: str, partition: str | None) -> None:
    """Remark a window that lets the server read partitions in which no row of it can be."""
    keys = [node for node in owner.items("properties") if node.flag("partitioned")]
    keys.sort(key=lambda node: node.whole("partitionKeyPosition") or 0)
    named = [name for node in keys if (name := node.text("name")) is not None]
    if partition is not None and partition not in named:
        at.at("partition").remark(
            f"{shown(partition)} is not declared as partitioned; the window goes by it all the same"
        )
    if partition is None and named and element not in named:
        at.remark(
            f"the table is partitioned by {', '.join(named)} and not by {element}: every partition is read, unless"
            f" partition: names the column that holds the day of {element}"
        )
