"""Drift in sentences."""

from monitor.domain.drift import DriftEvent, DriftKind, Hurt

_HURT = {
    Hurt.CONSUMERS: "may break who reads it",
    Hurt.PRODUCERS: "may break who writes it",
    Hurt.BOTH: "may break who reads or writes it",
    Hurt.NOBODY: "should break nobody",
}


_SENTENCES = {
    DriftKind.ADDED: "{name} is new ({after})",
    DriftKind.REMOVED: "{name} is gone (was {before})",
    DriftKind.RENAMED: "{name} looks renamed to {after}",
    DriftKind.WIDENED: "{name} became wider: {before} → {after}",
    DriftKind.NARROWED: "{name} became narrower: {before} → {after}",
    DriftKind.RETYPED: "{name} has another type: {before} → {after}",
    DriftKind.NOW_NULLABLE: "{name} may now be NULL",
    DriftKind.NOW_NOT_NULL: "{name} must no longer be NULL",
    DriftKind.REORDERED: "{name} has its columns in another order: {after} where {before} was",
    DriftKind.TABLE_CREATED: "{name} is new",
    DriftKind.TABLE_DROPPED: "{name} is gone",
    DriftKind.TABLE_CHANGED_KIND: "{name} is a {after} now, it was a {before}",
    DriftKind.EDITED_IN_PLACE: "the released contract was edited: what it promises now should be a new version",
}


def sentence(event: DriftEvent) -> str:
    """Say what is different, without whom it hurts."""
    name = ".".join(part for part in (event.table, event.column) if part) or "the table"
    return _SENTENCES[event.kind].format(name=name, before=event.before, after=event.after)


def consequence(event: DriftEvent) -> str:
    """Say whom it hurts."""
    return consequence_of(event.hurts)


def consequence_of(hurts: Hurt) -> str:
    """Say what it means that a difference hurts these."""
    return _HURT[hurts]
