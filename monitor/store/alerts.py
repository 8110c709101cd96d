"""Alerts that wait or were told: put into the outbox in the transaction of what they tell."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal_column, or_, select

from monitor.domain.target import TargetKey
from monitor.store import tables
from monitor.store.codes import Line
from monitor.store.database import in_batches, now
from monitor.store.tables import UNSENT
from monitor.store.targets import lock_target
from monitor.store.upsert import insert, insert_missing
from monitor.store.values import (
    AlertRecord,
    AlertState,
    Attempt,
    ChangeRef,
    ChannelTrouble,
    DeliveryRecord,
    QueuedAlert,
)


class AlertReader:
    """Reads alerts and their deliveries."""

    def __init__(self, connection: Connection) -> None:
        """Read on this connection."""
        self._connection = connection

    def alerts(
        self,
        *,
        limit: int,
        states: Iterable[AlertState] | None = None,
        destination: str | None = None,
        contract: str | None = None,
        incident: str | None = None,
        story: str | None = None,
        since: datetime | None = None,
    ) -> tuple[AlertRecord, ...]:
        """Return alerts with every attempt to send them, latest first."""
        outbox, told = tables.outbox, tables.outbox_incidents
        conditions: list[ColumnElement[bool]] = []
        if states is not None:
            conditions.append(outbox.c.state.in_(sorted(state.value for state in states)))
        if destination is not None:
            conditions.append(outbox.c.destination == destination)
        if contract is not None:
            conditions.append(tables.targets.c.contract == contract)
        if incident is not None:
            conditions.append(outbox.c.id.in_(select(told.c.outbox_id).where(told.c.incident_id == incident)))
        if story is not None:
            conditions.append(outbox.c.story == story)
        if since is not None:
            conditions.append(outbox.c.created_at >= since)
        return self._records(conditions, limit)

    def alerts_by_id(self, ids: Collection[str]) -> tuple[AlertRecord, ...]:
        """Return these alerts, the latest first."""
        return self._records([tables.outbox.c.alert_id.in_(ids)], len(ids))

    def _records(self, conditions: list[ColumnElement[bool]], limit: int) -> tuple[AlertRecord, ...]:
        outbox = tables.outbox
        rows = (
            self._connection.execute(
                select(outbox, tables.targets.c.contract, tables.targets.c.major, tables.targets.c.server)
                .outerjoin(tables.targets, tables.targets.c.id == outbox.c.target_id)
                .where(*conditions)
                .order_by(outbox.c.id.desc())
                .limit(limit)
            )
            .mappings()
            .all()
        )
        refs = tells(self._connection, [row["id"] for row in rows])
        sent = self._deliveries([row["id"] for row in rows])
        return tuple(
            AlertRecord(
                alert=alert_from(row, refs.get(row["id"], ())),
                state=AlertState(row["state"]),
                attempts=row["attempts"],
                queued_at=row["created_at"],
                finished_at=row["finished_at"],
                superseded_by=row["superseded_by"],
                may_have_been_sent=row["ambiguous"] or row["state"] == AlertState.SENDING.value,
                deliveries=sent.get(row["id"], ()),
            )
            for row in rows
        )

    def told(self, destination: str, incidents: Collection[str]) -> frozenset[ChangeRef]:
        """Return what a channel was told of these incidents."""
        outbox, told = tables.outbox, tables.outbox_incidents
        rows = self._connection.execute(
            select(told.c.incident_id, told.c.sequence)
            .join(outbox, outbox.c.id == told.c.outbox_id)
            .where(told.c.incident_id.in_(incidents), outbox.c.destination == destination)
            .where(outbox.c.state == AlertState.SENT.value)
        )
        return frozenset(ChangeRef(incident=incident, sequence=sequence) for incident, sequence in rows)

    def heard_in(self, incidents: Collection[str], stand_in: str) -> Mapping[str, tuple[str, ...]]:
        """Return each of these incidents that an alert tells, with the channels in which it was told or will be.

        Not those that refused it, nor one that stood in for another: the id of such an alert ends with `stand_in`.
        """
        outbox, told = tables.outbox, tables.outbox_incidents
        counts = and_(outbox.c.state != AlertState.DEAD.value, ~outbox.c.alert_id.endswith(stand_in, autoescape=True))
        found: dict[str, tuple[str, ...]] = {}
        for some in in_batches(incidents):
            rows = self._connection.execute(
                select(told.c.incident_id, outbox.c.destination, func.max(case((counts, 1), else_=0)))
                .join(outbox, outbox.c.id == told.c.outbox_id)
                .where(told.c.incident_id.in_(some))
                .group_by(told.c.incident_id, outbox.c.destination)
                .order_by(told.c.incident_id, func.max(outbox.c.id).desc())
            )
            for incident, destination, is_place in rows:
                found[incident] = (*found.get(incident, ()), *([destination] if is_place else []))
        return found

    def beginning(self, destination: str, mine: str) -> tuple[int, int]:
        """Return how many stories of which a channel knows nothing wait to be told there, and of how many incidents.

        `mine` is the alert that the caller has claimed: it counts as waiting.
        """
        outbox, told = tables.outbox, tables.outbox_incidents
        row = self._connection.execute(
            select(
                func.count(func.distinct(func.coalesce(outbox.c.story, outbox.c.alert_id))),
                func.count(func.distinct(func.coalesce(told.c.incident_id, outbox.c.alert_id))),
            )
            .outerjoin(told, told.c.outbox_id == outbox.c.id)
            .where(*_begins(destination, mine, now(self._connection)))
        ).one()
        return int(row[0]), int(row[1])

    def beginnings(self, destination: str, mine: str) -> tuple[str, ...]:
        """Return the alerts of these stories, in the order in which they were queued."""
        outbox = tables.outbox
        return tuple(
            self._connection.execute(
                select(outbox.c.alert_id)
                .where(*_begins(destination, mine, now(self._connection)))
                .order_by(outbox.c.id)
            ).scalars()
        )

    def is_due(self, within: timedelta) -> bool:
        """Say whether anything that was never tried may be sent by then."""
        outbox, channels = tables.outbox, tables.channels
        by = now(self._connection) + within
        waiting = (
            select(outbox.c.id)
            .join(channels, channels.c.destination == outbox.c.destination)
            .where(outbox.c.state == AlertState.QUEUED.value, outbox.c.not_before <= by)
            .where(channels.c.next_send_at <= by, or_(channels.c.probe_at.is_(None), channels.c.probe_at <= by))
        )
        return self._connection.execute(waiting.limit(1)).scalar() is not None

    def waiting(self) -> int:
        """Return how many alerts wait to be sent, now or later."""
        outbox = tables.outbox
        unsent = outbox.c.state.in_([literal_column(f"'{state}'") for state in UNSENT])
        return int(self._connection.execute(select(func.count()).select_from(outbox).where(unsent)).scalar_one())

    def troubled_channels(self) -> tuple[ChannelTrouble, ...]:
        """Return the channels that take no messages."""
        channels = tables.channels
        rows = self._connection.execute(
            select(channels).where(channels.c.fault.is_not(None)).order_by(channels.c.destination)
        ).mappings()
        return tuple(
            ChannelTrouble(destination=row["destination"], fault=row["fault"], why=row["trouble"] or "") for row in rows
        )

    def _deliveries(self, keys: list[int]) -> dict[int, tuple[DeliveryRecord, ...]]:
        deliveries = tables.deliveries
        rows = self._connection.execute(
            select(deliveries).where(deliveries.c.outbox_id.in_(keys)).order_by(deliveries.c.attempt)
        ).mappings()
        found: dict[int, tuple[DeliveryRecord, ...]] = {}
        for row in rows:
            each = DeliveryRecord(
                attempt=row["attempt"],
                at=row["at"],
                outcome=Attempt(row["outcome"]),
                error=row["error"],
                channel=row["channel"],
                ts=row["ts"],
            )
            found[row["outbox_id"]] = (*found.get(row["outbox_id"], ()), each)
        return found


class AlertWriter(AlertReader):
    """Puts alerts into the outbox."""

    def enqueue(self, alerts: Iterable[QueuedAlert]) -> None:
        """Queue alerts in this order. One whose id is there already is not queued again.

        One that may go now takes along what waits before it: alerts of one incident keep their order.
        """
        moment = now(self._connection)
        for alert in alerts:
            channel = {"destination": alert.destination, "next_send_at": moment}
            insert_missing(self._connection, tables.channels, [channel])
            not_before = alert.not_before or moment
            row = {
                "alert_id": alert.id,
                "story": alert.story,
                "target_id": None if alert.target is None else lock_target(self._connection, alert.target),
                "destination": alert.destination,
                "kind": alert.kind,
                "payload": dict(alert.payload),
                "state": AlertState.QUEUED.value,
                "not_before": not_before,
                "due_at": alert.due_at or not_before,
                "created_at": moment,
            }
            outbox = tables.outbox
            if self._connection.execute(select(outbox.c.id).where(outbox.c.alert_id == alert.id)).scalar() is not None:
                continue
            key = self._connection.execute(outbox.insert().returning(outbox.c.id), row).scalar_one()
            refs = [{"outbox_id": key, "incident_id": ref.incident, "sequence": ref.sequence} for ref in alert.tells]
            insert(self._connection, tables.outbox_incidents, refs)
            if not_before <= moment:
                self._hurry(key, alert.destination, moment)

    def _hurry(self, key: int, destination: str, moment: datetime) -> None:
        """Let nothing wait any more that this alert has to follow: an urgent one would wait with it."""
        outbox, told = tables.outbox, tables.outbox_incidents
        follows, waiting = [key], outbox.c.state == AlertState.QUEUED.value
        while follows:
            incidents = select(told.c.incident_id).where(told.c.outbox_id.in_(follows))
            earlier = select(told.c.outbox_id).where(told.c.incident_id.in_(incidents))
            hurried = (
                outbox.update()
                .where(outbox.c.id.in_(earlier), outbox.c.id < key, outbox.c.destination == destination)
                .where(waiting, outbox.c.not_before > moment)
                .values(not_before=moment, due_at=moment)
                .returning(outbox.c.id)
            )
            follows = list(self._connection.execute(hurried).scalars())

    def supersede(self, alert_ids: Iterable[str], by: str) -> int:
        """Withdraw alerts that nobody has begun to send, as another one tells more; return how many there were."""
        outbox = tables.outbox
        waiting = (AlertState.QUEUED.value, AlertState.FAILED.value)
        withdrawn = (
            outbox.update()
            .where(outbox.c.alert_id.in_(list(alert_ids)), outbox.c.state.in_(waiting), ~outbox.c.ambiguous)
            .values(state=AlertState.SUPERSEDED.value, superseded_by=by, finished_at=now(self._connection))
        )
        return self._connection.execute(withdrawn).rowcount

    def replay(self, alert_id: str) -> bool:
        """Queue an alert again that is dead or was sent; False if there is none such."""
        outbox = tables.outbox
        ended = (AlertState.DEAD.value, AlertState.SENT.value)
        again = (
            outbox.update()
            .where(outbox.c.alert_id == alert_id, outbox.c.state.in_(ended))
            .values(state=AlertState.QUEUED.value, not_before=now(self._connection), finished_at=None, ambiguous=False)
        )
        return self._connection.execute(again).rowcount == 1


def _begins(destination: str, mine: str, moment: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of what waits, may go and was not begun, in stories that have no thread and nothing else.

    A story of which anything is on its way, or may be, is being told already.
    """
    outbox, threads = tables.outbox, tables.threads
    waiting, begun = (AlertState.QUEUED.value, AlertState.FAILED.value), outbox.alias("begun")
    has_thread = exists().where(threads.c.group_id == outbox.c.story, threads.c.destination == outbox.c.destination)
    busy = select(begun.c.story).where(  # looked up once, not for each alert that waits
        begun.c.story.is_not(None),
        begun.c.destination == destination,
        begun.c.state.in_([literal_column(f"'{state}'") for state in UNSENT]),
        or_(begun.c.ambiguous, begun.c.not_before > moment, begun.c.state == AlertState.SENDING.value),
        begun.c.alert_id != mine,
    )
    return [
        outbox.c.destination == destination,
        or_(outbox.c.state.in_(waiting), outbox.c.alert_id == mine),
        outbox.c.not_before <= moment,
        ~outbox.c.ambiguous,
        or_(and_(outbox.c.story.is_not(None), ~has_thread, outbox.c.story.not_in(busy)), outbox.c.kind == "note"),
    ]


def tells(connection: Connection, keys: list[int]) -> dict[int, tuple[ChangeRef, ...]]:
    """Return what the alerts of these rows tell."""
    told = tables.outbox_incidents
    rows = connection.execute(
        select(told).where(told.c.outbox_id.in_(keys)).order_by(told.c.incident_id, told.c.sequence)
    ).mappings()
    found: dict[int, tuple[ChangeRef, ...]] = {}
    for row in rows:
        ref = ChangeRef(incident=row["incident_id"], sequence=row["sequence"])
        found[row["outbox_id"]] = (*found.get(row["outbox_id"], ()), ref)
    return found


def alert_from(row: Line, refs: tuple[ChangeRef, ...]) -> QueuedAlert:
    """Return the alert in a row of the outbox that is joined with its target."""
    known = row["target_id"] is not None
    return QueuedAlert(
        id=row["alert_id"],
        destination=row["destination"],
        kind=row["kind"],
        payload=row["payload"],
        tells=refs,
        target=TargetKey(contract=row["contract"], major=row["major"], server=row["server"]) if known else None,
        not_before=row["not_before"],
        due_at=row["due_at"],
    )
