"""What is read to prove that people heard of everything: changes of incidents, and the alerts that tell them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, select

from monitor.domain.incident import QUIET, IncidentChange
from monitor.store import tables
from monitor.store.codec import decoded
from monitor.store.database import in_batches
from monitor.store.values import AlertState, ChangeRef, Telling


class AuditReader:
    """Reads changes and what was to tell them."""

    def __init__(self, connection: Connection) -> None:
        """Read on this connection."""
        self._connection = connection

    def changes_since(self, since: datetime) -> tuple[IncidentChange, ...]:
        """Return what happened to incidents, but for bookkeeping, in the order in which it happened."""
        changes = tables.incident_changes
        rows = self._connection.execute(
            select(changes.c.value)
            .where(changes.c.at >= since, changes.c.kind.not_in(sorted(kind.value for kind in QUIET)))
            .order_by(changes.c.at, changes.c.incident_id, changes.c.sequence)
        ).scalars()
        return tuple(decoded(IncidentChange, value) for value in rows)

    def tellings(self, incidents: Collection[str]) -> tuple[Telling, ...]:
        """Return which alerts tell which changes of these incidents, in the order in which they were queued."""
        return tuple(telling for some in in_batches(incidents) for telling in self._tellings(some))

    def _tellings(self, incidents: list[str]) -> list[Telling]:
        outbox, told, sent = tables.outbox, tables.outbox_incidents, tables.deliveries
        is_last = and_(sent.c.outbox_id == outbox.c.id, sent.c.attempt == outbox.c.attempts)
        rows = self._connection.execute(
            select(told, outbox.c.alert_id, outbox.c.destination, outbox.c.state, outbox.c.superseded_by)
            .add_columns(outbox.c.not_before, sent.c.error)
            .join(outbox, outbox.c.id == told.c.outbox_id)
            .outerjoin(sent, is_last)
            .where(told.c.incident_id.in_(incidents))
            .order_by(outbox.c.id)
        ).mappings()
        return [
            Telling(
                ref=ChangeRef(incident=row["incident_id"], sequence=row["sequence"]),
                alert=row["alert_id"],
                destination=row["destination"],
                state=AlertState(row["state"]),
                superseded_by=row["superseded_by"],
                why=_why(AlertState(row["state"]), row["error"], row["not_before"]),
            )
            for row in rows
        ]


def _why(state: AlertState, error: str | None, not_before: datetime) -> str:
    match state:
        case AlertState.SENDING:
            return "it is being sent"
        case AlertState.QUEUED:
            return f"it may go from {not_before:%Y-%m-%d %H:%M:%S} UTC on"
        case AlertState.FAILED:
            return f"{error or 'it failed'}; next try {not_before:%Y-%m-%d %H:%M:%S} UTC"
        case _:
            return error or ""
