"""A contract and its live tables → the smallest edits that make the contract say what is there."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from monitor.checks.schema import is_kind
from monitor.checks.types import is_category, logical_type
from monitor.contracts.document import Document, Value
from monitor.contracts.findings import Path
from monitor.contracts.patch import add_item, remove, set_value
from monitor.domain.contract import Column, Contract, Dataset
from monitor.domain.drift import DriftEvent, DriftKind, shape_of
from monitor.domain.scan import ColumnSeen, TableSeen
from monitor.drift.classify import NO_RENAMES, Renames, compare, promised

Live = Mapping[str, TableSeen | None]
"""What is there for each dataset, by its contract name; None where its table is gone."""

Renamed = Mapping[str, Renames]
"""What is known of renamed columns of each dataset, by its contract name."""

NOTHING_KNOWN: Renamed = MappingProxyType({})

_OTHER_TYPE = frozenset({DriftKind.WIDENED, DriftKind.NARROWED, DriftKind.RETYPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SetValue:
    """Give a key a value."""

    path: Path
    key: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class AddColumn:
    """Declare a column at the end of a dataset."""

    path: Path
    column: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Take an item away."""

    path: Path


Mend = SetValue | AddColumn | Remove


def mends(
    contract: Contract, document: Document, live: Live, dialect: str, renamed: Renamed = NOTHING_KNOWN
) -> tuple[Mend, ...]:
    """Return the edits that make a contract agree with its tables, in an order in which they can be made.

    `document` is what the contract was read from. What is gone goes with all that refers to it; a column that looks
    renamed keeps its name in the contract. A column that may be NULL in the table says nothing about its data: that it
    is `required` stays.
    """
    places = {name: place for place, name in enumerate(_names(document.root.get("schema")))}
    wanted: list[Mend] = []
    for dataset in contract.datasets:
        path: Path = ("schema", places[dataset.name])
        table = live[dataset.name]
        if table is None:
            wanted.append(Remove(path=path))
            continue
        known = renamed.get(dataset.name, NO_RENAMES)
        events = compare(dataset.table, promised(contract, dataset), shape_of(table), dialect, renames=known)
        wanted += _of(contract, dataset, path, document, table, events)
    gone = {mend.path for mend in wanted if isinstance(mend, Remove)}
    gone |= set(_dangling(contract, places, document, gone))
    kept = [mend for mend in wanted if not isinstance(mend, Remove)]
    last_first = sorted((path for path in gone if not _lies_in(path, gone)), key=_order, reverse=True)
    return (*kept, *(Remove(path=path) for path in last_first))


def apply(text: str, edits: tuple[Mend, ...]) -> str:
    """Return the text of a contract after the edits. Raises PatchError if it cannot be edited so."""
    for edit in edits:
        match edit:
            case SetValue():
                text = set_value(text, edit.path, edit.key, edit.value)
            case AddColumn():
                text = add_item(text, edit.path, edit.column)
            case Remove():
                text = remove(text, edit.path)
    return text


def column_of(seen: ColumnSeen) -> dict[str, Value]:
    """Return how a contract declares a column of a live table."""
    declared: dict[str, Value] = {"name": seen.name}
    logical = logical_type(seen.base_type or seen.type)
    if logical is not None:
        declared["logicalType"] = logical
    declared["physicalType"] = seen.type
    if not seen.nullable:
        declared["required"] = True
    return declared


def _of(
    contract: Contract,
    dataset: Dataset,
    path: Path,
    document: Document,
    table: TableSeen,
    events: tuple[DriftEvent, ...],
) -> Iterator[Mend]:
    if dataset.physical_type and not is_kind(dataset.physical_type, table.kind):
        yield SetValue(path=path, key="physicalType", value=table.kind)
    by_name = {name: place for place, name in enumerate(_names(_below(document.root, (*path, "properties"))))}
    places = {column.physical_name: by_name[column.name] for column in dataset.columns}
    properties = (*path, "properties")
    for event in events:
        name = event.column or ""
        seen = table.column(name)
        match event.kind:
            case DriftKind.REMOVED:
                yield Remove(path=(*properties, places[name]))
            case DriftKind.RENAMED if event.after is not None:
                places[event.after] = places[name]
                yield SetValue(path=(*properties, places[name]), key="physicalName", value=event.after)
            case DriftKind.ADDED if seen is not None and places and contract.extra_columns != "allow":
                yield AddColumn(path=properties, column=column_of(seen))
            case kind if kind in _OTHER_TYPE and seen is not None:
                yield SetValue(path=(*properties, places[name]), key="physicalType", value=seen.type)
    names = {place: name for name, place in places.items()}  # the newest, where one is renamed
    for column in dataset.columns:
        place = by_name[column.name]
        seen = table.column(names[place])
        live = None if seen is None else seen.base_type or seen.type
        if live is not None and column.logical_type is not None and not is_category(column.logical_type, live):
            logical = logical_type(live)
            if logical is not None and logical != column.logical_type:
                yield SetValue(path=(*properties, place), key="logicalType", value=logical)


def _dangling(
    contract: Contract, places: Mapping[str, int], document: Document, gone: Collection[Path]
) -> Iterator[Path]:
    """Yield what refers to a column or a table that goes: references, keys, service levels."""
    columns: set[tuple[str, str]] = set()
    for dataset in contract.datasets:
        path: Path = ("schema", places[dataset.name])
        names = _names(_below(document.root, (*path, "properties")))
        is_gone = path in gone
        columns |= {
            (dataset.name, name) for place, name in enumerate(names) if is_gone or (*path, "properties", place) in gone
        }
    for dataset in contract.datasets:
        path = ("schema", places[dataset.name])
        names = _names(_below(document.root, (*path, "properties")))
        yield from _of_owner(dataset, path, dataset, columns)
        for column in dataset.columns:
            yield from _of_owner(column, (*path, "properties", names.index(column.name)), dataset, columns)
    for place, level in enumerate(contract.service_levels):
        if any((element.dataset, element.column) in columns for element in level.elements):
            yield ("slaProperties", place)


def _of_owner(
    owner: Dataset | Column, path: Path, dataset: Dataset, columns: Collection[tuple[str, str]]
) -> Iterator[Path]:
    for place, relationship in enumerate(owner.relationships):
        ends = {(dataset.name, name) for name in relationship.columns}
        ends |= {(relationship.to.dataset, name) for name in relationship.to.columns}
        if ends & set(columns):
            yield (*path, "relationships", place)
    for place, rule in enumerate(owner.rules):
        if any((dataset.name, name) in columns for name in rule.arguments.properties):
            yield (*path, "quality", place)


def _names(items: Value) -> list[str]:
    """Return the names of a list's entries, empty for what has none."""
    entries = items if isinstance(items, list) else []
    return [str(entry.get("name", "")) if isinstance(entry, dict) else "" for entry in entries]


def _below(value: Value, path: Path) -> Value:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
    return value


def _lies_in(path: Path, others: Collection[Path]) -> bool:
    return any(path[:length] in others for length in range(1, len(path)))


def _order(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple((step, "") if isinstance(step, int) else (0, step) for step in path)
