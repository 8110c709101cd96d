"""Two looks at the same table → what is different, and whom it hurts.

The looks are the contract and the live catalogue, or the catalogue last time and now. Widening hurts those who read (a
value may no longer fit where they put it), narrowing those who write; so does allowing and forbidding NULL.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from monitor.checks.types import is_category
from monitor.domain.contract import Contract, Dataset
from monitor.domain.drift import ColumnShape, DriftEvent, DriftKind, Hurt, TableShape
from monitor.drift.types import TypeChange, type_change

Renames = Mapping[str, str]
"""Columns of one table of which it is known that they got another name, old to new."""

NO_RENAMES: Renames = MappingProxyType({})

_WRITABLE = frozenset({"table", "partitioned table", "foreign table"})
_TYPES = {
    TypeChange.WIDENED: (DriftKind.WIDENED, Hurt.CONSUMERS),
    TypeChange.NARROWED: (DriftKind.NARROWED, Hurt.PRODUCERS),
    TypeChange.EQUIVALENT: (DriftKind.RETYPED, Hurt.NOBODY),
    TypeChange.CHANGED: (DriftKind.RETYPED, Hurt.BOTH),
}


def promised(contract: Contract, dataset: Dataset) -> TableShape:
    """Return the shape that a contract promises; what it leaves open is never a difference."""
    return TableShape(
        kind=None,
        is_ordered=contract.column_order != "allow",
        columns=tuple(
            ColumnShape(
                name=column.physical_name,
                type=column.physical_type,
                nullable=False if column.required or column.primary_key_position is not None else None,
                position=position,
                logical_type=column.logical_type,
                is_promise=True,
            )
            for position, column in enumerate(dataset.columns, start=1)
        ),
    )


def compare(
    table: str, before: TableShape | None, after: TableShape | None, dialect: str, *, renames: Renames = NO_RENAMES
) -> tuple[DriftEvent, ...]:
    """Return all that is different about a table; None means that it is not there."""
    if before is None or after is None:
        if before is after:
            return ()
        kind, hurts = (DriftKind.TABLE_DROPPED, Hurt.BOTH) if after is None else (DriftKind.TABLE_CREATED, Hurt.NOBODY)
        return (DriftEvent(kind=kind, hurts=hurts, table=table),)
    is_ordered = before.is_ordered and after.is_ordered
    events = list(classify(before.columns, after.columns, dialect, is_ordered=is_ordered, renames=renames))
    if before.kind is not None and after.kind is not None and before.kind != after.kind:
        hurts = Hurt.PRODUCERS if before.kind in _WRITABLE and after.kind not in _WRITABLE else Hurt.NOBODY
        kind = DriftKind.TABLE_CHANGED_KIND
        events.insert(0, DriftEvent(kind=kind, hurts=hurts, before=before.kind, after=after.kind))
    return tuple(replace(event, table=table) for event in events)


def classify(
    before: tuple[ColumnShape, ...],
    after: tuple[ColumnShape, ...],
    dialect: str,
    *,
    is_ordered: bool = True,
    renames: Renames = NO_RENAMES,
) -> tuple[DriftEvent, ...]:
    """Return what is different about columns: renamed, removed, added, then what changed of those that stayed.

    A column looks renamed if it has the type and the place of one that is gone. `renames` are known to be so, whatever
    they look like; what they say of columns that are not gone and come does not count.
    """
    old = {column.name: column for column in before}
    new = {column.name: column for column in after}
    renamed = _renamed(old, new, dialect, renames)
    events = [
        DriftEvent(kind=DriftKind.RENAMED, hurts=Hurt.BOTH, column=was, before=was, after=now)
        for was, now in renamed.items()
    ]
    events.extend(_removed(column) for column in before if column.name not in new and column.name not in renamed)
    events.extend(_added(column) for column in after if column.name not in old and column.name not in renamed.values())
    stayed = [(column, new[renamed.get(column.name, column.name)]) for column in before if _stays(column, new, renamed)]
    for was, now in stayed:
        events.extend(_changes(was, now, dialect))
    if is_ordered:
        events.extend(_reordered(stayed))
    return tuple(events)


def _stays(column: ColumnShape, new: Mapping[str, ColumnShape], renamed: Mapping[str, str]) -> bool:
    return column.name in new or column.name in renamed


def _renamed(
    old: Mapping[str, ColumnShape], new: Mapping[str, ColumnShape], dialect: str, known: Renames
) -> dict[str, str]:
    """Return the columns that got another name, old to new: those of which it is known, then those that seem to."""
    gone = {name: column for name, column in old.items() if name not in new}
    come = {name: column for name, column in new.items() if name not in old}
    renamed: dict[str, str] = {}
    for was, now in known.items():
        if was in gone and now in come:
            renamed[was] = come.pop(now).name
            del gone[was]
    for was, column in gone.items():
        fitting = [now.name for now in _in_place_of(column, old, new, come) if _looks_like(column, now, dialect)]
        if len(fitting) == 1:
            renamed[was] = come.pop(fitting[0]).name
    return renamed


def _in_place_of(
    was: ColumnShape, old: Mapping[str, ColumnShape], new: Mapping[str, ColumnShape], come: Mapping[str, ColumnShape]
) -> Iterator[ColumnShape]:
    """Yield the new columns that stand where one was.

    A contract may leave columns out, so its places are no places of the table: what was declared between two columns is
    looked for between them.
    """
    if not was.is_promise:
        yield from (now for now in come.values() if now.position == was.position)
        return
    stayed = [(column.position, new[name].position) for name, column in old.items() if name in new]
    after = max((there for here, there in stayed if here < was.position), default=0)
    before = min((there for here, there in stayed if here > was.position), default=None)
    for now in come.values():
        if after < now.position and (before is None or now.position < before):
            yield now


def _looks_like(was: ColumnShape, now: ColumnShape, dialect: str) -> bool:
    """Say whether two columns are of one type: the physical one, or where none is declared the logical one.

    Of two promises one of a physical and one of a logical type are not alike, whichever was first.
    """
    if was.type and now.type:
        return not _differs(was, now, dialect)
    if was.type or was.logical_type is None:
        return False
    live = now.base_type or now.type
    if was.is_promise and live is not None:
        return is_category(was.logical_type, live)
    return live is None and was.logical_type == now.logical_type


def _differs(was: ColumnShape, now: ColumnShape, dialect: str) -> bool:
    return _type_change(was, now, dialect) is not TypeChange.EQUAL


def _type_change(was: ColumnShape, now: ColumnShape, dialect: str) -> TypeChange:
    """Return how the types relate; a promise that speaks of what a domain rests on is kept."""
    if was.type is None or now.type is None:
        return TypeChange.EQUAL
    if not (was.is_promise or now.is_promise):
        return type_change(was.type, now.type, dialect)
    change = type_change(was.type, now.type, dialect, is_promise=True)
    if change is TypeChange.EQUAL or (was.base_type is None and now.base_type is None):
        return change
    return type_change(was.base_type or was.type, now.base_type or now.type, dialect, is_promise=True)


def _removed(column: ColumnShape) -> DriftEvent:
    return DriftEvent(kind=DriftKind.REMOVED, hurts=Hurt.BOTH, column=column.name, before=_described(column))


def _added(column: ColumnShape) -> DriftEvent:
    hurts = Hurt.PRODUCERS if column.nullable is False else Hurt.NOBODY
    return DriftEvent(kind=DriftKind.ADDED, hurts=hurts, column=column.name, after=_described(column))


def _changes(was: ColumnShape, now: ColumnShape, dialect: str) -> Iterator[DriftEvent]:
    change = _type_change(was, now, dialect)
    if change is not TypeChange.EQUAL:
        kind, hurts = _TYPES[change]
        yield DriftEvent(kind=kind, hurts=hurts, column=now.name, before=was.type, after=now.type)
    if was.nullable is False and now.nullable:
        yield DriftEvent(kind=DriftKind.NOW_NULLABLE, hurts=Hurt.CONSUMERS, column=now.name)
    if was.nullable and now.nullable is False:
        yield DriftEvent(kind=DriftKind.NOW_NOT_NULL, hurts=Hurt.PRODUCERS, column=now.name)


def _reordered(stayed: list[tuple[ColumnShape, ColumnShape]]) -> Iterator[DriftEvent]:
    """Yield one event if the columns that are in both stand in another order; it names the first that moved."""
    by_old = [now.name for was, now in sorted(stayed, key=lambda pair: pair[0].position)]
    by_new = [now.name for was, now in sorted(stayed, key=lambda pair: pair[1].position)]
    for was_here, is_here in zip(by_old, by_new, strict=True):
        if was_here != is_here:
            yield DriftEvent(kind=DriftKind.REORDERED, hurts=Hurt.CONSUMERS, before=was_here, after=is_here)
            return


def _described(column: ColumnShape) -> str:
    return f"{column.type or column.logical_type or 'any type'}{' not null' if column.nullable is False else ''}"
