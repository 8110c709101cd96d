"""`slaProperties[]` → ServiceLevel (ODCS service-level-agreement)."""

from monitor.contracts.findings import shown
from monitor.contracts.node import Node
from monitor.contracts.references import Names, read_elements
from monitor.contracts.runbooks import read_runbook
from monitor.contracts.schedules import check_schedule
from monitor.domain.clock import time_of_day
from monitor.domain.contract import ServiceLevel
from monitor.domain.duration import Duration, DurationProblem, ambiguous_unit, parse_duration

DOCUMENTED = {
    "availability": "av",
    "throughput": "th",
    "errorRate": "er",
    "generalAvailability": "ga",
    "endOfSupport": "es",
    "endOfLife": "el",
    "retention": "re",
    "frequency": "fy",
    "latency": "ly",
    "timeToDetect": "td",
    "timeToNotify": "tn",
    "timeToRepair": "tr",
    "freshness": "fr",
    "timeOfAvailability": "ta",
}
CANONICAL = {name.lower(): name for name in DOCUMENTED} | {short: name for name, short in DOCUMENTED.items()}
MEASURABLE = frozenset({"freshness", "latency", "retention", "frequency"})
"""The levels that data can show, when they name an element and a length of time."""

DAILY = "timeOfAvailability"
"""The level that data can show when it names an element and a time of day."""

PAIR = 2
"""So many elements make latency the time from one to the other."""


def read_service_levels(root: Node, names: Names) -> tuple[ServiceLevel, ...]:
    """Return the service levels in file order, with those that data cannot show."""
    default = root.text("slaDefaultElement")
    return tuple(_service_level(node, names, default) for node in root.items("slaProperties"))


def _service_level(node: Node, names: Names, default: str | None) -> ServiceLevel:
    written = (node.text("property") or "").strip()
    property_ = CANONICAL.get(written.lower(), written)
    is_measurable = property_ in MEASURABLE
    schedule, scheduler = check_schedule(node)
    element = node.text("element") or (default if is_measurable else None)
    is_shown = is_measurable or property_ == DAILY
    elements = read_elements(node.at("element"), element, names) if element and is_shown else ()
    duration = _duration(node, property_) if is_measurable else None
    if not written:
        node.at("property").problem("found an empty name, expected one such as latency or retention")
    if property_ == "latency" and len(elements) > PAIR:
        node.at("element").remark("latency names more than two elements; the age of each is checked")
    return ServiceLevel(
        id=node.text("id"),
        property=property_,
        value=node.scalar("value"),
        value_ext=node.scalar("valueExt"),
        unit=node.text("unit"),
        duration=duration,
        elements=elements,
        description=node.text("description"),
        schedule=schedule,
        scheduler=scheduler,
        runbook=read_runbook(node),
        line=node.line,
    )


def why_unchecked(level: ServiceLevel) -> str | None:
    """Say why a service level cannot be checked; None if it can.

    An element that the contract does not declare says so itself.
    """
    if level.property == DAILY and level.elements:
        if time_of_day(level.value) is None:
            return f"expected a time of day such as 09:00 or 09:00-08:00, found {shown(level.value)}"
        return None
    if level.property not in MEASURABLE:
        return f"{shown(level.property)} cannot be seen in the data"
    if not level.elements:
        only = "so it only sets the cadence" if level.property == "frequency" else "expected object.property"
        return f"{level.property} names no element, {only}"
    if level.duration is None:
        found = parse_duration(level.value, level.unit, level.property)
        return found.text if isinstance(found, DurationProblem) else None
    if level.property == "latency" and len(level.elements) == PAIR and not any(each.problem for each in level.elements):
        first, second = level.elements
        if first.dataset != second.dataset:
            return f"{first.text} and {second.text} lie in different objects, whose rows cannot be paired"
    return None


def _duration(node: Node, property_: str) -> Duration | None:
    found = parse_duration(node.scalar("value"), node.text("unit"), property_)
    if isinstance(found, DurationProblem):
        if not found.is_missing_unit:
            node.at("unit" if found.text.startswith("the unit") else "value").problem(found.text)
        return None
    ambiguous = ambiguous_unit(node.text("unit"), property_)
    if ambiguous is not None:
        node.at("unit").remark(ambiguous)
    return found
