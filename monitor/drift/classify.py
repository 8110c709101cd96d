"""Two looks at the same table → what is different, and whom it hurts.

The looks are the contract and the live catalogue, or the catalogue last time and now. Widening hurts those who read (a
value may no longer fit where they put it), narrowing those who write; so does allowing and forbidding NULL.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from monitor.domain.contract import Contract, Dataset
from monitor.domain.drift import ColumnShape, DriftEvent, DriftKind, Hurt, TableShape
from monitor.drift.types import TypeChange, type_change

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
                is_promise=True,
            )
            for position, column in enumerate(dataset.columns, start=1)
        ),
    )


def compare(table: str, before: TableShape | None, after: TableShape | None, dialect: str) -> tuple[DriftEvent, ...]:
    """Return all that is different about a table; None means that it is not there."""
    if before is None or after is None:
        if before is after:
            return ()
        kind, hurts = (DriftKind.TABLE_DROPPED, Hurt.BOTH) if after is None else (DriftKind.TABLE_CREATED, Hurt.NOBODY)
        return (DriftEvent(kind=kind, hurts=hurts, table=table),)
    is_ordered = before.is_ordered and after.is_ordered
    events = list(classify(before.columns, after.columns, dialect, is_ordered=is_ordered))
    if before.kind is not None and after.kind is not None and before.kind != after.kind:
        hurts = Hurt.PRODUCERS if before.kind in _WRITABLE and after.kind not in _WRITABLE else Hurt.NOBODY
        kind = DriftKind.TABLE_CHANGED_KIND
        events.insert(0, DriftEvent(kind=kind, hurts=hurts, before=before.kind, after=after.kind))
    return tuple(replace(event, table=table) for event in events)


def classify(
    before: tuple[ColumnShape, ...], after: tuple[ColumnShape, ...], dialect: str, *, is_ordered: bool = True
) -> tuple[DriftEvent, ...]:
    """Return what is different about columns: renamed, removed, added, then what changed of those that stayed.

    A column looks renamed if it has the type and the place of one that is gone.
    """
    old = {column.name: column for column in before}
    new = {column.name: column for column in after}
    renamed = _renamed(old, new, dialect)
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


def _renamed(old: Mapping[str, ColumnShape], new: Mapping[str, ColumnShape], dialect: str) -> dict[str, str]:
    """Return the columns that seem to have got another name, old to new."""
    come = {column.position: column for column in new.values() if column.name not in old}
    renamed: dict[str, str] = {}
    for was in old.values():
        now = come.get(was.position)
        if was.name not in new and now and was.type and now.type and not _differs(was, now, dialect):
            renamed[was.name] = come.pop(was.position).name
    return renamed


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
    return f"{column.type or 'any type'}{' not null' if column.nullable is False else ''}"
