"""`slaProperties[]` → ServiceLevel (ODCS service-level-agreement)."""

from monitor.contracts.findings import shown
from monitor.contracts.node import Node
from monitor.contracts.references import Names, read_elements
from monitor.contracts.schedules import check_schedule
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


def read_service_levels(root: Node, names: Names) -> tuple[ServiceLevel, ...]:
    """Return the service levels in file order; what data cannot show is remarked, never dropped."""
    default = root.text("slaDefaultElement")
    return tuple(_service_level(node, names, default) for node in root.items("slaProperties"))


def _service_level(node: Node, names: Names, default: str | None) -> ServiceLevel:
    written = (node.text("property") or "").strip()
    property_ = CANONICAL.get(written.lower(), written)
    is_measurable = property_ in MEASURABLE
    schedule, scheduler = check_schedule(node)
    element = node.text("element") or (default if is_measurable else None)
    elements = read_elements(node.at("element"), element, names) if element and is_measurable else ()
    duration = _duration(node, property_) if is_measurable else None
    if not written:
        node.at("property").problem("found an empty name, expected one such as latency or retention")
    elif not is_measurable:
        node.remark(f"{shown(property_)} cannot be seen in the data; this service level is not checked")
    elif not elements and property_ != "frequency":
        node.remark(f"{property_} names no element (object.property); this service level is not checked")
    if property_ == "latency" and len(elements) > 2:  # noqa: PLR2004 from one moment to another
        node.at("element").remark("latency is measured from one element to another; more than two are not checked")
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
        line=node.line,
    )


def _duration(node: Node, property_: str) -> Duration | None:
    found = parse_duration(node.scalar("value"), node.text("unit"), property_)
    if isinstance(found, DurationProblem):
        if found.is_missing_unit:
            node.at("value").remark(f"{found.text}; this service level is not checked")
        else:
            node.at("unit" if found.text.startswith("the unit") else "value").problem(found.text)
        return None
    ambiguous = ambiguous_unit(node.text("unit"), property_)
    if ambiguous is not None:
        node.at("unit").remark(ambiguous)
    return found
