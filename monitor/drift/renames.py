"""What the ledger and the last look know of renamed columns → what each of them is called now."""

from collections.abc import Iterable

from monitor.domain.drift import DriftEvent, DriftKind, TableShape
from monitor.drift.classify import compare


def remembered(
    table: str, events: Iterable[DriftEvent], before: TableShape | None, now: TableShape | None, dialect: str
) -> dict[str, str]:
    """Return the columns of a table that got another name, old to newest.

    `events` are what earlier looks found different from the one before, earliest first; `before` is the last look.
    """
    names: dict[str, str] = {}
    for event in (*events, *compare(table, before, now, dialect)):
        if event.table == table and event.kind is DriftKind.RENAMED and event.column and event.after:
            names |= {first: event.after for first, last in names.items() if last == event.column}
            names[event.column] = event.after
    return names
