"""`properties[]` → Column (ODCS schema, "Properties"): top-level columns; what lies inside them is remarked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal

from monitor.contracts.findings import shown
from monitor.contracts.identifiers import column_name
from monitor.contracts.node import Node
from monitor.contracts.references import Names, read_relationships
from monitor.contracts.rules import RuleReader
from monitor.contracts.runbooks import read_runbook
from monitor.domain.contract import Column, Limits, Scalar

OPTIONS = frozenset(
    {
        "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "multipleOf", "timezone", "defaultTimezone", "minItems", "maxItems", "uniqueItems", "minProperties",
        "maxProperties", "required", "dimensions", "elementType", "distanceMetric", "embeddingModel",
        "embeddingModelVersion", "normalized",
    }
)  # fmt: skip
TIMES = {"date": date.fromisoformat, "timestamp": datetime.fromisoformat, "time": time.fromisoformat}


def is_physical(node: Node) -> bool:
    """Say whether a property stands in the table; a measure is computed from it."""
    return node.text("semanticType") != "measure"


def read_columns(owner: Node, dataset: str, names: Names, reader: RuleReader) -> tuple[Column, ...]:
    """Return the physical columns of an object, in file order."""
    columns = []
    positions = _key_positions(owner)
    lines: dict[str, int] = {}
    physical: dict[str, int] = {}
    for node in owner.items("properties"):
        name = node.text("name") or ""
        if not name:
            if "name" in node:
                node.at("name").problem("found an empty name")
            continue
        if name in lines:
            node.at("name").problem(f"the property {shown(name)} stands here twice; first on line {lines[name]}")
            continue
        lines[name] = node.line
        _pass_over_nested(node, dataset)
        if not is_physical(node):
            node.unchecked(dataset, "a measure is no column of the table; its rules are not checked")
            continue
        column = replace(
            _column(node, name, reader),
            primary_key_position=positions.get(node.path),
            relationships=read_relationships(node, dataset, name, names),
        )
        if column.physical_name in physical:
            first = physical[column.physical_name]
            node.remark(f"the column {shown(column.physical_name)} is described twice; first on line {first}")
        physical.setdefault(column.physical_name, node.line)
        columns.append(column)
    return tuple(columns)


def _column(node: Node, name: str, reader: RuleReader) -> Column:
    options = node.at("logicalTypeOptions")
    return Column(
        name=name,
        physical_name=column_name(node, name),
        logical_type=node.text("logicalType"),
        physical_type=node.text("physicalType"),
        description=node.text("description"),
        classification=node.text("classification"),
        critical=node.flag("criticalDataElement"),
        required=node.flag("required"),
        unique=node.flag("unique"),
        limits=_limits(options, node.text("logicalType"), reader),
        enum=_enum(node),
        rules=reader.read(node, None),
        sources=node.texts("transformSourceObjects"),
        tags=node.texts("tags"),
        runbook=read_runbook(node),
        line=node.line,
    )


def _limits(options: Node, logical_type: str | None, reader: RuleReader) -> Limits:
    if not options.keys:
        return Limits()
    if logical_type is None:
        for key in options.keys:
            if key not in OPTIONS:
                options.at(key).problem("the standard knows no such option")
    limits = Limits(
        minimum=_bound(options, "minimum"),
        maximum=_bound(options, "maximum"),
        exclusive_minimum=_bound(options, "exclusiveMinimum"),
        exclusive_maximum=_bound(options, "exclusiveMaximum"),
        multiple_of=options.number("multipleOf"),
        min_length=options.whole("minLength"),
        max_length=options.whole("maxLength"),
        pattern=options.text("pattern"),
        format=options.text("format"),
        timezone=options.flag("timezone") if "timezone" in options else None,
        default_timezone=options.text("defaultTimezone"),
        min_items=options.whole("minItems"),
        max_items=options.whole("maxItems"),
        unique_items=options.flag("uniqueItems"),
        min_properties=options.whole("minProperties"),
        max_properties=options.whole("maxProperties"),
        required_properties=options.texts("required"),
    )
    if limits.pattern is not None:
        reader.check_pattern(options.at("pattern"), limits.pattern)
    _check_limits(options, limits, logical_type)
    return limits


def _check_limits(options: Node, limits: Limits, logical_type: str | None) -> None:
    for low, high, key in (
        (limits.minimum, limits.maximum, "minimum"),
        (limits.min_length, limits.max_length, "minLength"),
        (limits.min_items, limits.max_items, "minItems"),
        (limits.min_properties, limits.max_properties, "minProperties"),
    ):
        if isinstance(low, int | Decimal) and isinstance(high, int | Decimal) and low > high:
            options.at(key).problem(f"found {low} as the least and {high} as the most; no value can be both")
    if logical_type in TIMES and limits.format is None:
        for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            _check_time(options.at(key), logical_type)
    zone = limits.default_timezone
    if zone is not None and not _is_zone(zone):
        options.at("defaultTimezone").remark(f"{shown(zone)} is no time zone that is known here")


def _check_time(at: Node, logical_type: str) -> None:
    if isinstance(at.value, str):
        try:
            TIMES[logical_type](at.value)
        except ValueError:
            at.remark(f"{shown(at.value)} is no {logical_type} in ISO 8601")


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    if name.upper() in ("UTC", "Z"):
        return True
    try:
        ZoneInfo(name[:100])
    except (ValueError, OSError, LookupError):
        return False
    return True


def _bound(options: Node, key: str) -> int | Decimal | str | None:
    number = options.number(key)
    return options.text(key) if number is None else number


def _enum(node: Node) -> tuple[Scalar, ...] | None:
    if not isinstance(node.at("enum").value, list):
        return None
    values: list[Scalar] = []
    seen: set[tuple[type, Scalar]] = set()
    for entry in node.items("enum"):
        value = entry.scalar("value")
        if (type(value), value) in seen:
            entry.remark(f"the value {shown(value)} stands here twice")
        seen.add((type(value), value))
        values.append(value)
    return tuple(values)


def _key_positions(owner: Node) -> dict[tuple[str | int, ...], int]:
    """Return the position of each primary key column: as numbered, the unnumbered behind them in file order."""
    positions: dict[tuple[str | int, ...], int] = {}
    unnumbered: list[Node] = []
    taken: dict[int, Node] = {}
    for node in owner.items("properties"):
        position = node.whole("primaryKeyPosition")
        position = None if position is None or position < 0 else position
        if not node.flag("primaryKey"):
            if position is not None:
                node.at("primaryKeyPosition").remark(
                    "this property is not marked primaryKey: true; the position is unused"
                )
        elif not is_physical(node):
            node.at("primaryKey").problem("a measure cannot be part of the primary key")
        elif position is None:
            unnumbered.append(node)
        elif position in taken:
            first = taken[position].text("name")
            node.at("primaryKeyPosition").problem(f"position {position} is taken by {shown(first)}")
        else:
            taken[position] = node
            positions[node.path] = position
    if taken and sorted(taken) != list(range(1, len(taken) + 1)):
        listed = ", ".join(map(str, sorted(taken)[:10]))
        taken[max(taken)].at("primaryKeyPosition").remark(f"positions are {listed}; expected 1 to {len(taken)}")
    if taken and unnumbered:
        unnumbered[0].at("primaryKey").remark("has no primaryKeyPosition although other columns of the key have one")
    last = max(taken, default=0)
    positions.update({node.path: last + number for number, node in enumerate(unnumbered, start=1)})
    return positions


def _pass_over_nested(node: Node, dataset: str) -> None:
    """Tell of every promise made inside a column: it is not checked. Types in there are told of once."""
    waiting: list[Node] = _inside(node)
    if any(below.text(key) for below in waiting for key in ("logicalType", "physicalType")):
        node.unchecked(dataset, "the types of what is inside a column are not checked")
    for key in ("dimensions", "elementType"):
        if key in node.at("logicalTypeOptions"):
            node.at("logicalTypeOptions").at(key).unchecked(dataset, f"the {key} of a vector are not checked")
    while waiting:
        below = waiting.pop()
        for rule in below.items("quality"):
            rule.unchecked(dataset, "rules inside a column are not checked")
        for key in ("relationships", "enum", "logicalTypeOptions"):
            if below.at(key).value:
                below.at(key).unchecked(dataset, f"{key} inside a column is not checked")
        for key in ("required", "unique"):
            if below.flag(key):
                below.at(key).unchecked(dataset, f"{key} inside a column is not checked")
        waiting.extend(_inside(below))


def _inside(node: Node) -> list[Node]:
    nested: Sequence[Node] = [*node.items("properties"), node.at("items")]
    both = node.at("map")
    return [found for found in (*nested, both.at("key"), both.at("value")) if isinstance(found.value, dict)]
