"""Incidents, what happened to them, the threads that tell of them, and silences."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select
from sqlalchemy.exc import IntegrityError

from monitor.domain.incident import Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.silence import Silence
from monitor.domain.target import TargetKey
from monitor.errors import ConflictError
from monitor.store import tables
from monitor.store.codec import decoded, encoded
from monitor.store.targets import is_target, lock_target
from monitor.store.upsert import upsert
from monitor.store.values import ChangeRef, Thread


class IncidentReader:
    """Reads incidents and their threads."""

    def __init__(self, connection: Connection) -> None:
        """Read on this connection."""
        self._connection = connection

    def open_incidents(
        self,
        *of: TargetKey | str,
        ended_since: datetime | None = None,
        until_after: datetime | None = None,
    ) -> tuple[Incident, ...]:
        """Return what is wrong with these targets, or with all targets of these servers, oldest first.

        With `ended_since` also what ended since then: it may open again in its old thread. With `until_after` also what
        was accepted until later than that.
        """
        incidents = tables.incidents
        wanted = ~incidents.c.is_over
        if ended_since is not None:
            wanted = or_(wanted, incidents.c.ended_at >= ended_since)
        if until_after is not None:
            wanted = or_(wanted, incidents.c.until > until_after)
        mine = [is_target(each) if isinstance(each, TargetKey) else tables.targets.c.server == each for each in of]
        return self._incidents(or_(*mine), wanted)

    def all_open_incidents(self, kind: IncidentKind | None = None) -> tuple[Incident, ...]:
        """Return everything that is wrong, or what of it is of one kind, oldest first."""
        mine = [] if kind is None else [tables.incidents.c.kind == kind.value]
        return self._incidents(~tables.incidents.c.is_over, *mine)

    def incidents(
        self,
        *,
        limit: int,
        contract: str | None = None,
        state: IncidentState | None = None,
        is_over: bool | None = None,
        since: datetime | None = None,
    ) -> tuple[Incident, ...]:
        """Return incidents, last seen first."""
        incidents = tables.incidents
        conditions: list[ColumnElement[bool]] = []
        if contract is not None:
            conditions.append(tables.targets.c.contract == contract)
        if state is not None:
            conditions.append(incidents.c.state == state.value)
        if is_over is not None:
            conditions.append(incidents.c.is_over if is_over else ~incidents.c.is_over)
        if since is not None:
            conditions.append(incidents.c.last_seen_at >= since)
        rows = self._connection.execute(
            select(incidents.c.value)
            .join(tables.targets, tables.targets.c.id == incidents.c.target_id)
            .where(*conditions)
            .order_by(incidents.c.last_seen_at.desc(), incidents.c.id)
            .limit(limit)
        ).scalars()
        return tuple(decoded(Incident, value) for value in rows)

    def incident(self, incident_id: str) -> tuple[Incident, tuple[IncidentChange, ...]] | None:
        """Return one incident with all that happened to it, in order; None if there is no such incident."""
        found = self._connection.execute(
            select(tables.incidents.c.value).where(tables.incidents.c.id == incident_id)
        ).scalar()
        if found is None:
            return None
        changes = tables.incident_changes
        rows = self._connection.execute(
            select(changes.c.value).where(changes.c.incident_id == incident_id).order_by(changes.c.sequence)
        ).scalars()
        return decoded(Incident, found), tuple(decoded(IncidentChange, value) for value in rows)

    def changes(self, refs: Collection[ChangeRef]) -> tuple[IncidentChange, ...]:
        """Return these changes in the order in which they happened; those that were forgotten are not in it."""
        changes, wanted = tables.incident_changes, frozenset(refs)
        rows = self._connection.execute(
            select(changes.c.value).where(changes.c.incident_id.in_({ref.incident for ref in wanted}))
        ).scalars()
        found = (decoded(IncidentChange, value) for value in rows)
        mine = [each for each in found if ChangeRef(incident=each.incident.id, sequence=each.sequence) in wanted]
        return tuple(sorted(mine, key=lambda each: (each.at, each.incident.id, each.sequence)))

    def threads(
        self,
        *,
        group: str | None = None,
        about: str | None = None,
        destination: str | None = None,
        is_open: bool = True,
    ) -> tuple[Thread, ...]:
        """Return the threads of a group, or about a target or root cause; by default only those still open."""
        threads = tables.threads
        asked = ((threads.c.group_id, group), (threads.c.about, about), (threads.c.destination, destination))
        conditions: list[ColumnElement[bool]] = [column == value for column, value in asked if value is not None]
        if is_open:
            conditions.append(threads.c.closed_at.is_(None))
        rows = self._connection.execute(
            select(threads).where(*conditions).order_by(threads.c.opened_at, threads.c.group_id, threads.c.destination)
        ).mappings()
        return tuple(
            Thread(group=row["group_id"], **{name: row[name] for name in row if name != "group_id"}) for row in rows
        )

    def silences(self, *, at: datetime | None = None) -> tuple[Silence, ...]:
        """Return all silences, or those that are in force at a moment."""
        silences = tables.silences
        conditions = [] if at is None else [silences.c.starts_at <= at, silences.c.ends_at > at]
        rows = self._connection.execute(
            select(silences.c.value).where(*conditions).order_by(silences.c.starts_at, silences.c.id)
        ).scalars()
        return tuple(decoded(Silence, value) for value in rows)

    def ended_silences(self, now: datetime) -> tuple[Silence, ...]:
        """Return the silences whose end nobody has dealt with yet."""
        silences = tables.silences
        rows = self._connection.execute(
            select(silences.c.value).where(silences.c.ends_at <= now, ~silences.c.ended).order_by(silences.c.ends_at)
        ).scalars()
        return tuple(decoded(Silence, value) for value in rows)

    def _incidents(self, *conditions: ColumnElement[bool]) -> tuple[Incident, ...]:
        incidents, targets = tables.incidents, tables.targets
        rows = self._connection.execute(
            select(incidents.c.value).join(targets, targets.c.id == incidents.c.target_id).where(*conditions)
        ).scalars()
        found = (decoded(Incident, value) for value in rows)
        return tuple(sorted(found, key=lambda incident: (incident.first_failed_at, incident.key, incident.id)))


class IncidentWriter(IncidentReader):
    """Writes incidents and their threads."""

    def lock(self, target: TargetKey) -> None:
        """Let others who want to write about a target wait until this transaction is over."""
        lock_target(self._connection, target)

    def save_changes(self, changes: Iterable[IncidentChange]) -> None:
        """Write what happened to incidents, and the incidents as they are since.

        Raises ConflictError if somebody else changed one of them meanwhile: read it again and decide anew.
        """
        locked: dict[TargetKey, int] = {}
        for change in changes:
            incident = change.incident
            if incident.target not in locked:
                locked[incident.target] = lock_target(self._connection, incident.target)
            self._save(change, locked[incident.target])

    def save_thread(self, thread: Thread) -> None:
        """Write where a story is told, and what its parent message says."""
        upsert(
            self._connection,
            tables.threads,
            [
                {
                    "group_id": thread.group,
                    "destination": thread.destination,
                    "about": thread.about,
                    "channel": thread.channel,
                    "ts": thread.ts,
                    "state": encoded(thread.state),
                    "opened_at": thread.opened_at,
                    "closed_at": thread.closed_at,
                }
            ],
        )

    def save_silence(self, silence: Silence, *, ended: bool = False) -> None:
        """Write a silence; `ended` says that its end was dealt with."""
        row = {"id": silence.id, "starts_at": silence.starts_at, "ends_at": silence.ends_at}
        upsert(self._connection, tables.silences, [row | {"value": encoded(silence), "ended": ended}])

    def _save(self, change: IncidentChange, target_id: int) -> None:
        incident, incidents, changes = change.incident, tables.incidents, tables.incident_changes
        last = self._connection.execute(
            select(incidents.c.sequence).where(incidents.c.id == incident.id).with_for_update()
        ).scalar()
        if last is not None and last >= change.sequence:
            raise ConflictError(f"incident {incident.id} has change {last} already, {change.sequence} comes too late")
        row = {
            "id": incident.id,
            "target_id": target_id,
            "kind": incident.kind.value,
            "key": incident.key,
            "state": incident.state.value,
            "is_over": incident.is_over,
            "severity": incident.severity,
            "last_seen_at": incident.last_seen_at,
            "ended_at": (incident.ended_at or change.at) if incident.is_over else None,
            "until": incident.until,
            "sequence": change.sequence,
            "value": encoded(incident),
        }
        try:
            upsert(self._connection, incidents, [row])
        except IntegrityError as error:
            raise ConflictError(f"{incident.target}: {incident.key} has an open incident already") from error
        self._connection.execute(
            changes.insert(),
            {
                "incident_id": incident.id,
                "sequence": change.sequence,
                "kind": change.kind.value,
                "at": change.at,
                "value": encoded(change),
            },
        )
