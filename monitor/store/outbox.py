"""Sending what waits: claim, send, say how it went. Replicas share one queue and each channel's pace."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, literal_column, or_, select

from monitor.errors import ConflictError
from monitor.failpoints import Point, reach
from monitor.store import tables
from monitor.store.alerts import AlertWriter, alert_from, tells
from monitor.store.database import Database, now
from monitor.store.incidents import IncidentWriter
from monitor.store.tables import UNSENT
from monitor.store.upsert import insert_missing
from monitor.store.values import AlertState, Attempt, Claim, QueuedAlert, Thread

PACE = timedelta(seconds=1)
"""Slack takes one message a second in each channel."""

CREDENTIALS = "credentials"
"""The fault that all channels share: where it is mended for one, it is for all."""


class Outbox:
    """The queue of alerts. Every method is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database

    def claim(self, owner: str, *, limit: int, lease: timedelta, pace: timedelta = PACE) -> tuple[Claim, ...]:
        """Take alerts to send now: the oldest that may go of each channel that may be used, at most one of each.

        Nobody else gets them, or another alert of the same channel, before it is said how it went or the lease is over;
        then the channel rests for its pace. The alerts of one incident come in the order in which they were queued. One
        whose sender never came back comes again, with `may_have_been_sent`. A channel whose circuit is open gives out
        one probe when its time has come.
        """
        with self._database.writing() as connection:
            moment = now(connection)
            claims: list[Claim] = []
            for destination, probe_at in _free_channels(connection, moment, limit):
                row = _first(connection, destination, moment)
                if row is None:
                    continue
                claims.append(_take(connection, row, owner, (moment, moment + lease), pace))
                changes: dict[str, Any] = {"next_send_at": moment + lease}
                if probe_at is not None:
                    changes["probe_at"] = moment + lease
                channels = tables.channels
                connection.execute(channels.update().where(channels.c.destination == destination).values(changes))
            if claims:
                reach(Point.CLAIM_WRITTEN)
        if claims:
            reach(Point.CLAIM_COMMITTED)
        return tuple(claims)

    def sent(self, claim: Claim, *, channel: str | None, ts: str | None, threads: Iterable[Thread] = ()) -> bool:
        """Say that it was heard, and what the parent messages of its threads say since; False if the claim was lost.

        Even then the delivery is recorded, and the threads kept: the message is there.
        """
        with self._database.writing() as connection:
            key = _key(connection, claim)
            delivery = {"outcome": Attempt.SENT.value, "error": None, "channel": channel, "ts": ts}
            _deliver(connection, key, claim.attempt, delivery)
            for thread in threads:
                IncidentWriter(connection).save_thread(thread)
            moment = now(connection)
            is_mine = _end(connection, claim, {"state": AlertState.SENT.value, "finished_at": moment})
            _rest(connection, claim, moment, is_mine=is_mine, failures=0, probe_at=None)
            channels = tables.channels
            mine = channels.c.destination == claim.alert.destination
            mended = channels.update().where(or_(mine, channels.c.fault == CREDENTIALS))
            connection.execute(mended.values(fault=None, trouble=None))
            reach(Point.SENT_WRITTEN)
        reach(Point.SENT_COMMITTED)
        return is_mine

    def failed(
        self,
        claim: Claim,
        error: str,
        *,
        retry_at: datetime | None,
        is_ambiguous: bool = False,
        channel_free_at: datetime | None = None,
        probe_at: datetime | None = None,
        fault: str | None = None,
    ) -> bool:
        """Say that it was not heard, or that nobody knows (`is_ambiguous`); False if the claim was lost.

        It is tried again at `retry_at`; None says never: it is dead. `channel_free_at` holds back the whole channel
        (Retry-After), `probe_at` opens its circuit until then; `fault` says that no message gets there at all.
        """
        with self._database.writing() as connection:
            moment = now(connection)
            key = _key(connection, claim)
            outcome = Attempt.AMBIGUOUS if is_ambiguous else Attempt.FAILED
            delivery = {"outcome": outcome.value, "error": error, "channel": None, "ts": None}
            _deliver(connection, key, claim.attempt, delivery)
            if retry_at is None:
                changes: dict[str, Any] = {"state": AlertState.DEAD.value, "finished_at": moment}
            else:
                ambiguous = is_ambiguous or claim.may_have_been_sent
                changes = {"state": AlertState.FAILED.value, "not_before": retry_at, "ambiguous": ambiguous}
            is_mine = _end(connection, claim, changes)
            opened: dict[str, Any] = {} if probe_at is None else {"probe_at": probe_at}
            opened |= {} if fault is None else {"fault": fault, "trouble": error}
            failures = tables.channels.c.failures + 1
            _rest(connection, claim, moment, is_mine=is_mine, free_at=channel_free_at, failures=failures, **opened)
            reach(Point.FAILED_WRITTEN)
        reach(Point.FAILED_COMMITTED)
        return is_mine

    def failed_for(self, claim: Claim, error: str, instead: QueuedAlert, *, fault: str | None = None) -> bool:
        """Say that it will not be heard, and queue what is told instead; False if the claim was lost."""
        with self._database.writing() as connection:
            moment = now(connection)
            delivery = {"outcome": Attempt.FAILED.value, "error": error, "channel": None, "ts": None}
            _deliver(connection, _key(connection, claim), claim.attempt, delivery)
            dead = {"state": AlertState.DEAD.value, "finished_at": moment, "superseded_by": instead.id}
            is_mine = _end(connection, claim, dead)
            refused: dict[str, Any] = {} if fault is None else {"fault": fault, "trouble": error}
            failures = tables.channels.c.failures + 1
            _rest(connection, claim, moment, is_mine=is_mine, failures=failures, **refused)
            if is_mine:
                AlertWriter(connection).enqueue([instead])
            reach(Point.FAILED_WRITTEN)
        reach(Point.FAILED_COMMITTED)
        return is_mine

    def superseded(self, claim: Claim, by: str) -> bool:
        """Say that it is not sent because another alert tells more; False if the claim was lost."""
        with self._database.writing() as connection:
            moment = now(connection)
            changes = {"state": AlertState.SUPERSEDED.value, "superseded_by": by, "finished_at": moment}
            is_mine = _end(connection, claim, changes)
            _rest(connection, claim, moment, is_mine=is_mine, free_at=moment)
            reach(Point.SUPERSEDED_WRITTEN)
            return is_mine

    def replaced(self, claim: Claim, others: Collection[str], by: Sequence[QueuedAlert]) -> bool:
        """Queue alerts that tell what the claimed one and others were to tell, which are superseded by the first.

        The channel is free again, and what was a probe may still be one. False if any of them is not ours to take
        back: then nothing happens.
        """
        try:
            with self._database.writing() as connection:
                _replace(connection, claim, others, by)
                reach(Point.SUPERSEDED_WRITTEN)
        except ConflictError:
            return False
        return True

    def probe(self) -> None:
        """Let what waits for better credentials be tried now: one message a channel shows whether they are."""
        with self._database.writing() as connection:
            moment, channels, outbox = now(connection), tables.channels, tables.outbox
            refused = channels.c.fault == CREDENTIALS
            waiting = select(channels.c.destination).where(refused)
            tried = outbox.update().where(outbox.c.destination.in_(waiting), outbox.c.state == AlertState.FAILED.value)
            connection.execute(tried.values(not_before=moment))
            connection.execute(channels.update().where(refused).values(next_send_at=moment, probe_at=None))

    def extend(self, claim: Claim, lease: timedelta) -> bool:
        """Keep a claim for longer, from now on; False if it was lost."""
        with self._database.writing() as connection:
            until = now(connection) + lease
            is_mine = _end(connection, claim, {"until": until}, keeps=True)
            _rest(connection, claim, until, is_mine=is_mine, free_at=until)
            return is_mine

    def hold(self, calls: str, free_at: datetime) -> None:
        """Keep every process from calls of this kind until a moment (Retry-After of what counts for all channels)."""
        with self._database.writing() as connection:
            channels = tables.channels
            insert_missing(connection, channels, [{"destination": calls, "next_send_at": free_at}])
            later = channels.update().where(channels.c.destination == calls, channels.c.next_send_at < free_at)
            connection.execute(later.values(next_send_at=free_at))

    def held(self, calls: str) -> timedelta:
        """Return for how long calls of this kind must wait."""
        with self._database.reading() as connection:
            channels = tables.channels
            found = select(channels.c.next_send_at).where(channels.c.destination == calls)
            free_at = connection.execute(found).scalar()
            return timedelta() if free_at is None else max(timedelta(), free_at - now(connection))

    def failures(self, destination: str) -> int:
        """Return how often sending to a channel failed since it last worked."""
        with self._database.reading() as connection:
            channels = tables.channels
            found = connection.execute(select(channels.c.failures).where(channels.c.destination == destination))
            return int(found.scalar() or 0)


def _free_channels(connection: Connection, moment: datetime, limit: int) -> Sequence[tuple[str, datetime | None]]:
    """Return the channels that may be used now and have something to send, each with its probe's time; locked.

    One in which all wait for an earlier alert is none of them: it would take the place of another.
    """
    channels, outbox = tables.channels, tables.outbox
    waiting = exists().where(
        outbox.c.destination == channels.c.destination, _is_unsent(outbox), _is_ready(moment), ~_follows()
    )
    rows = connection.execute(
        select(channels.c.destination, channels.c.probe_at)
        .where(channels.c.next_send_at <= moment, waiting)
        .where(or_(channels.c.probe_at.is_(None), channels.c.probe_at <= moment))
        .order_by(channels.c.next_send_at, channels.c.destination)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [(row.destination, row.probe_at) for row in rows]


def _first(connection: Connection, destination: str, moment: datetime) -> Any:  # noqa: ANN401 - a row as it comes
    """Return the oldest alert of a channel that may go now."""
    outbox = tables.outbox
    first = (
        select(outbox.c.id)
        .where(outbox.c.destination == destination, _is_unsent(outbox), _is_ready(moment), ~_follows())
        .order_by(outbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    key = connection.execute(first).scalar()
    if key is None:
        return None
    targets = tables.targets
    return (
        connection.execute(
            select(outbox, targets.c.contract, targets.c.major, targets.c.server)
            .outerjoin(targets, targets.c.id == outbox.c.target_id)
            .where(outbox.c.id == key)
        )
        .mappings()
        .one()
    )


def _follows() -> ColumnElement[bool]:
    """Say of an alert that an earlier one of its incidents is not sent yet in its channel: it waits."""
    outbox, told = tables.outbox, tables.outbox_incidents
    earlier, earlier_told = outbox.alias("earlier"), told.alias("earlier_told")
    return exists(
        select(earlier.c.id)
        .join(earlier_told, earlier_told.c.outbox_id == earlier.c.id)
        .join(told, told.c.incident_id == earlier_told.c.incident_id)
        .where(told.c.outbox_id == outbox.c.id, earlier.c.id < outbox.c.id)
        .where(earlier.c.destination == outbox.c.destination, _is_unsent(earlier))
        .correlate(outbox)
    )


def _take(connection: Connection, row: Any, owner: str, span: tuple[datetime, datetime], pace: timedelta) -> Claim:  # noqa: ANN401
    """Make an alert the owner's; what became of a sender who never came back is written down."""
    moment, until = span
    lost = row["state"] == AlertState.SENDING.value
    if lost:
        error = f"{row['claimed_by']} never said how it went"
        _deliver(
            connection,
            row["id"],
            row["attempts"],
            {"outcome": Attempt.LOST.value, "error": error, "channel": None, "ts": None, "at": moment},
        )
    ambiguous = bool(row["ambiguous"] or lost)
    attempt = row["attempts"] + 1
    outbox = tables.outbox
    connection.execute(
        outbox.update()
        .where(outbox.c.id == row["id"])
        .values(state=AlertState.SENDING.value, claimed_by=owner, until=until, attempts=attempt, ambiguous=ambiguous)
    )
    return Claim(
        alert=alert_from(row, tells(connection, [row["id"]]).get(row["id"], ())),
        owner=owner,
        attempt=attempt,
        until=until,
        queued_at=row["created_at"],
        due_at=row["due_at"] or row["created_at"],
        may_have_been_sent=ambiguous,
        pace=pace,
    )


def _is_unsent(outbox: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a table or its alias
    """Return the condition of the partial index, in its own words."""
    is_unsent: ColumnElement[bool] = outbox.c.state.in_([literal_column(f"'{state}'") for state in UNSENT])
    return is_unsent


def _is_ready(moment: datetime) -> ColumnElement[bool]:
    outbox = tables.outbox
    waiting = and_(outbox.c.state != AlertState.SENDING.value, outbox.c.not_before <= moment)
    return or_(waiting, and_(outbox.c.state == AlertState.SENDING.value, outbox.c.until < moment))


def _replace(connection: Connection, claim: Claim, others: Collection[str], by: Sequence[QueuedAlert]) -> None:
    moment, channels = now(connection), tables.channels
    mine = channels.c.destination == claim.alert.destination
    connection.execute(select(channels.c.destination).where(mine).with_for_update())
    ended = {"state": AlertState.SUPERSEDED.value, "superseded_by": by[0].id, "finished_at": moment}
    writer = AlertWriter(connection)
    if not _end(connection, claim, ended) or writer.supersede(others, by[0].id) != len(others):
        raise ConflictError(f"an alert of {claim.alert.destination} is somebody else's already")
    writer.enqueue(by)
    probe = case((channels.c.probe_at.is_(None), None), else_=moment)
    connection.execute(channels.update().where(mine).values(next_send_at=moment, probe_at=probe))


def _key(connection: Connection, claim: Claim) -> int:
    outbox = tables.outbox
    return int(connection.execute(select(outbox.c.id).where(outbox.c.alert_id == claim.alert.id)).scalar_one())


def _deliver(connection: Connection, key: int, attempt: int, values: dict[str, Any]) -> None:
    """Write an attempt down; one that was taken for lost and came back after all is told as it was."""
    deliveries = tables.deliveries
    row = {"outbox_id": key, "attempt": attempt, "at": now(connection)} | values
    mine = and_(deliveries.c.outbox_id == key, deliveries.c.attempt == attempt)
    if connection.execute(deliveries.update().where(mine).values(row)).rowcount == 0:
        insert_missing(connection, deliveries, [row])


def _rest(
    connection: Connection,
    claim: Claim,
    moment: datetime,
    *,
    is_mine: bool,
    free_at: datetime | None = None,
    **changes: Any,  # noqa: ANN401 - columns
) -> None:
    """Write down how a channel does; whoever had it gives it back, to rest for its pace or until `free_at`."""
    channels = tables.channels
    own = channels.update().where(channels.c.destination == claim.alert.destination)
    if changes:
        connection.execute(own.values(changes))
    if is_mine:
        connection.execute(own.values(next_send_at=free_at or moment + claim.pace))
    elif free_at is not None:
        connection.execute(own.where(channels.c.next_send_at < free_at).values(next_send_at=free_at))


def _end(connection: Connection, claim: Claim, changes: dict[str, Any], *, keeps: bool = False) -> bool:
    """Change a claimed alert, unless the claim went to somebody else."""
    outbox = tables.outbox
    mine = and_(
        outbox.c.alert_id == claim.alert.id,
        outbox.c.state == AlertState.SENDING.value,
        outbox.c.claimed_by == claim.owner,
        outbox.c.attempts == claim.attempt,
    )
    values = changes if keeps else {**changes, "claimed_by": None, "until": None}
    return connection.execute(outbox.update().where(mine).values(values)).rowcount == 1
