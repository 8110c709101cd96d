"""What changed about a table or a contract, and whom it hurts."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.scan import ColumnSeen, TableSeen


class DriftKind(StrEnum):
    """The kinds of drift; the words are stored."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    WIDENED = "widened"
    NARROWED = "narrowed"
    RETYPED = "retyped"
    NOW_NULLABLE = "now_nullable"
    NOW_NOT_NULL = "now_not_null"
    REORDERED = "reordered"
    TABLE_CREATED = "table_created"
    TABLE_DROPPED = "table_dropped"
    TABLE_CHANGED_KIND = "table_changed_kind"
    EDITED_IN_PLACE = "edited_in_place"


class Hurt(StrEnum):
    """Who may break: those who read the data, those who write it, both, or nobody."""

    CONSUMERS = "consumers"
    PRODUCERS = "producers"
    BOTH = "both"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnShape:
    """A column as far as drift is concerned. None means that it was not said, and is never a difference.

    A promised type without parameters (`varchar`) allows any; a live one without them is unbounded. `base_type` is what
    a live domain rests on; a promise may mean either. `logical_type` is ODCS's word where a contract says one.
    """

    name: str
    type: str | None
    nullable: bool | None
    position: int
    base_type: str | None = None
    logical_type: str | None = None
    is_promise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """A table as far as drift is concerned. `kind` None means that it was not said; nor need an order be promised."""

    kind: str | None
    columns: tuple[ColumnShape, ...]
    is_ordered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftEvent:
    """One thing that is different. `before` and `after` are types, names or kinds, as `kind` wants.

    Of an added or removed column they are its type, with `not null` where it is. `column` is None for what concerns the
    whole table, `table` is empty for what concerns the whole contract.
    """

    kind: DriftKind
    hurts: Hurt
    table: str = ""
    column: str | None = None
    before: str | None = None
    after: str | None = None


def shape_of(table: TableSeen) -> TableShape:
    """Return a live table's shape."""
    return TableShape(kind=table.kind, columns=shapes_of(table.columns))


def shapes_of(columns: tuple[ColumnSeen, ...]) -> tuple[ColumnShape, ...]:
    """Return the shapes of live columns."""
    return tuple(
        ColumnShape(
            name=column.name,
            type=column.type,
            nullable=column.nullable,
            position=column.position,
            base_type=column.base_type,
        )
        for column in columns
    )
