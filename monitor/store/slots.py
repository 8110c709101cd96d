"""The promise that every due slot is run once: slots are claimed with a lease and ended by whoever holds it last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal_column, or_, select, update

from monitor.domain.target import TargetKey
from monitor.errors import FencedError
from monitor.store import tables
from monitor.store.codes import Line
from monitor.store.database import Database, now
from monitor.store.jobs import Jobs
from monitor.store.rows import target_from
from monitor.store.tables import OPEN_SLOTS
from monitor.store.targets import lock_target, target_ids
from monitor.store.upsert import insert_missing, insert_new, insert_or
from monitor.store.values import Trigger

AT_ONCE = 500
"""So many slots are written in one transaction."""


class SlotState(StrEnum):
    """Where a slot is. What is handed back, or whose owner was not heard of any more, is due again."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Watched:
    """A target, or the draft that runs in its shadow: each has slots of its own."""

    target: TargetKey
    shadow: bool = False

    def __str__(self) -> str:
        """Return it as people name it."""
        return f"{self.target}{' (shadow)' if self.shadow else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSlot:
    """A slot to write down. `start` is when its work may begin; `skipped` says why nobody will run it."""

    watched: Watched
    instant: datetime
    parts: tuple[str, ...]
    start: datetime
    skipped: str | None = None
    trigger: Trigger = Trigger.SCHEDULED
    alert: bool = True
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotClaim:
    """A slot that is this owner's to run, as its attempt of this number (from 1).

    `losses` counts the attempts whose owner was not heard of any more, `tries` those that came to know nothing.
    """

    id: int
    watched: Watched
    instant: datetime
    parts: tuple[str, ...]
    trigger: Trigger
    alert: bool
    run_id: str | None
    owner: str
    attempt: int
    losses: int
    tries: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRecord:
    """A slot as it is. `reason` says why it was skipped, or why it waits again."""

    watched: Watched
    instant: datetime
    parts: tuple[str, ...]
    state: SlotState
    trigger: Trigger
    attempt: int
    reason: str | None
    claimed_by: str | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits and what runs. `oldest` is since when the slot that waits longest could have begun."""

    due: int
    running: int
    oldest: datetime | None


class Slots:
    """The slots of all targets. Every method is a transaction of its own."""

    def __init__(self, database: Database, jobs: Jobs | None = None) -> None:
        """Use this database; with `jobs`, each slot that is written down gets one in the same transaction."""
        self._database = database
        self._jobs = jobs

    def now(self) -> datetime:
        """Return the database's own time: the one clock that all replicas share."""
        with self._database.reading() as connection:
            return now(connection)

    # -- writing down what is due --------------------------------------------------------------------------------

    def watermarks(self) -> Mapping[Watched, datetime]:
        """Return up to when the slots of each target are written down."""
        marks, targets = tables.watermarks, tables.targets
        with self._database.reading() as connection:
            rows = connection.execute(
                select(marks, targets).join(targets, targets.c.id == marks.c.target_id)
            ).mappings()
            return {_watched(row): row["at"] for row in rows}

    def enqueue(self, slots: Iterable[NewSlot], marks: Mapping[Watched, datetime]) -> None:
        """Write slots down, and up to when they are.

        A slot that is there already stays as it is, so every replica may do so. No slot is later than the database's
        own time. Watermarks only rise.
        """
        by_watched: dict[Watched, list[NewSlot]] = {watched: [] for watched in marks}
        for slot in slots:
            by_watched.setdefault(slot.watched, []).append(slot)
        batch, size = list[Watched](), 0
        for watched in sorted(by_watched):
            batch.append(watched)
            size += 1 + len(by_watched[watched])
            if size >= AT_ONCE:
                self._enqueue(batch, by_watched, marks)
                batch, size = [], 0
        if batch:
            self._enqueue(batch, by_watched, marks)

    def _enqueue(
        self,
        batch: Sequence[Watched],
        by_watched: Mapping[Watched, Sequence[NewSlot]],
        marks: Mapping[Watched, datetime],
    ) -> None:
        with self._database.writing() as connection:
            ids = target_ids(connection, {watched.target for watched in batch})
            ordered = sorted(batch, key=lambda watched: (ids[watched.target], watched.shadow))
            moment = now(connection)
            rows = [
                _row(slot, ids[watched.target], moment)
                for watched in ordered
                for slot in sorted(by_watched[watched], key=lambda slot: slot.instant)
                if slot.instant <= moment
            ]
            self._insert(connection, rows)
            raised = [
                {
                    "target_id": ids[watched.target],
                    "shadow": watched.shadow,
                    "at": marks[watched],
                    "missed": min((slot.instant for slot in by_watched[watched] if slot.skipped), default=None),
                }
                for watched in ordered
                if watched in marks
            ]
            _raise_marks(connection, raised)

    def _insert(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Write down the slots that are not there yet, each with its job."""
        if self._jobs is None:
            insert_missing(connection, tables.slots, rows)
            return
        columns = (tables.slots.c.id, tables.slots.c.not_before, tables.slots.c.state)
        new = insert_new(connection, tables.slots, rows, *columns)
        self._jobs.put(connection, [(row.id, row.not_before) for row in new if row.state == SlotState.DUE.value])

    def request(self, slot: NewSlot) -> None:
        """Write down a slot that somebody asked for now; one whose run is asked for already, or done, is not again."""
        slots, runs = tables.slots, tables.runs
        with self._database.writing() as connection:
            target_id = lock_target(connection, slot.watched.target)
            asked = exists().where(slots.c.run_id == slot.run_id)
            done = exists().where(runs.c.run_id == slot.run_id)
            if slot.run_id is not None and connection.execute(select(or_(asked, done))).scalar():
                return
            row = _row(slot, target_id, now(connection))
            if not row["instant"].microsecond:  # a whole second may be a schedule's
                row["instant"] += timedelta(microseconds=1)
            taken = select(slots.c.id).where(slots.c.target_id == target_id, slots.c.shadow == slot.watched.shadow)
            while connection.execute(taken.where(slots.c.instant == row["instant"])).first() is not None:
                row["instant"] += timedelta(microseconds=1)
            self._insert(connection, [row])

    def requested(self, run_id: str) -> SlotState | None:
        """Return where the slot of a promised run is, None where nobody asked for that run."""
        with self._database.reading() as connection:
            found = connection.execute(select(tables.slots.c.state).where(tables.slots.c.run_id == run_id)).scalar()
        return None if found is None else SlotState(found)

    # -- running -------------------------------------------------------------------------------------------------

    def claim(self, owner: str, *, limit: int, lease: timedelta, room: Mapping[str, int]) -> tuple[SlotClaim, ...]:
        """Take slots to run now, the one that waits longest first; `room` is how many runs each server takes at once.

        Nobody else gets them before the lease is over. A slot whose owner was not heard of any more comes again, with a
        higher attempt. Of one target one slot runs at a time. All replicas together keep to the room of a server, but
        for those that claim in the same instant.
        """
        if limit <= 0 or not self._has_work():
            return ()
        with self._database.writing() as connection:
            moment = now(connection)
            busy = running(connection, moment)
            claims: list[SlotClaim] = []
            for server in _waiting_servers(connection, moment):
                free = min(room.get(server, 1) - busy.get(server, 0), limit - len(claims))
                rows = claimable(connection, server, moment, free) if free > 0 else ()
                claims += [take(connection, row, owner, moment + lease) for row in rows]
            return tuple(claims)

    def renew(self, claims: Iterable[SlotClaim], lease: timedelta) -> frozenset[int]:
        """Keep claims for longer, from now on; return the ids of those that still are their owner's."""
        ordered = sorted(claims, key=lambda claim: claim.id)
        with self._database.writing() as connection:
            until = {"until": now(connection) + lease}
            return frozenset(claim.id for claim in ordered if _change(connection, claim, until))

    def hand_back(self, claim: SlotClaim, reason: str, *, after: timedelta, tried: bool = False) -> bool:
        """Let somebody run it after a while; False if it was lost. `tried`: this attempt came to know nothing."""
        with self._database.writing() as connection:
            tries = claim.tries + (1 if tried else 0)
            freed = {"state": SlotState.DUE.value, "claimed_by": None, "until": None, "tries": tries}
            return _change(connection, claim, freed | {"not_before": now(connection) + after, "reason": reason})

    def skip(self, claim: SlotClaim, reason: str, *, missed: bool = False) -> bool:
        """Say that nobody will run it any more, and why; False if it was lost.

        `missed`: a result is owed all the same, see `overdue`.
        """
        with self._database.writing() as connection:
            target_id = lock_target(connection, claim.watched.target)
            if not _change(connection, claim, _ended(connection, SlotState.SKIPPED) | {"reason": reason}):
                return False
            if missed:
                marks = tables.watermarks
                first = update(marks).values(missed=claim.instant)
                connection.execute(first.where(_mark_of(target_id, claim.watched), ~_owes()))
            return True

    def overtaken(self, claim: SlotClaim) -> datetime | None:
        """Return the moment of the latest slot that is due and does all that this one does; None if there is none."""
        from monitor.schedule.cadences import ALL

        slots = tables.slots
        with self._database.reading() as connection:
            mine = select(slots.c.target_id).where(slots.c.id == claim.id).scalar_subquery()
            rows = connection.execute(
                select(slots.c.instant, slots.c.parts)
                .where(slots.c.target_id == mine, slots.c.shadow == claim.watched.shadow, is_ready(now(connection)))
                .where(slots.c.trigger == Trigger.SCHEDULED.value, slots.c.instant > claim.instant)
                .order_by(slots.c.instant)
            ).all()
        parts = {part for row in rows for part in row.parts}
        return rows[-1].instant if rows and (ALL in parts or parts.issuperset(claim.parts)) else None

    def forget(self, watched: Watched, reason: str) -> None:
        """Let nobody run what waits of a target that nobody watches any more; should it come back it is new."""
        slots, marks = tables.slots, tables.watermarks
        with self._database.writing() as connection:
            target_id = lock_target(connection, watched.target)
            waits = and_(slots.c.target_id == target_id, slots.c.shadow == watched.shadow)
            waits = and_(waits, slots.c.state == SlotState.DUE.value)
            skipped = _ended(connection, SlotState.SKIPPED) | {"reason": reason}
            connection.execute(slots.update().where(waits).values(skipped))
            connection.execute(marks.delete().where(_mark_of(target_id, watched)))

    # -- looking -------------------------------------------------------------------------------------------------

    def overdue(self, grace: timedelta) -> Mapping[TargetKey, datetime]:
        """Return the targets without a result for a slot whose grace is over, with the first such moment.

        What was passed over counts until a later slot has a result. A target that never had one is owed its first from
        when it was first watched, whatever moment that slot is of. Drafts in the shadow do not count.
        """
        slots, marks, targets = tables.slots, tables.watermarks, tables.targets
        found: dict[TargetKey, datetime] = {}
        with self._database.reading() as connection:
            limit = now(connection) - grace
            waiting = (
                select(targets, func.min(slots.c.instant).label("at"))
                .join(slots, slots.c.target_id == targets.c.id)
                .outerjoin(marks, and_(marks.c.target_id == targets.c.id, ~marks.c.shadow))
                .where(_is_open(), slots.c.instant <= limit, ~slots.c.shadow)
                .where(or_(marks.c.done.is_not(None), slots.c.created_at <= limit))
                .where(slots.c.trigger == Trigger.SCHEDULED.value)
                .group_by(*targets.c)
            )
            missed = (
                select(targets, marks.c.missed.label("at"))
                .join(marks, marks.c.target_id == targets.c.id)
                .where(marks.c.missed <= limit, ~marks.c.shadow, _owes())
            )
            for rows in (connection.execute(waiting).mappings(), connection.execute(missed).mappings()):
                for row in rows:
                    target = target_from(row)
                    found[target] = min(found.get(target, row["at"]), row["at"])
        return found

    def backlog(self) -> Backlog:
        """Return how much waits and runs."""
        slots = tables.slots
        with self._database.reading() as connection:
            is_due = and_(slots.c.state == SlotState.DUE.value, slots.c.not_before <= now(connection))
            row = connection.execute(
                select(
                    func.count(case((is_due, 1))).label("due"),
                    func.count(case((slots.c.state == SlotState.RUNNING.value, 1))).label("running"),
                    func.min(case((is_due, slots.c.not_before)), type_=slots.c.not_before.type).label("oldest"),
                ).where(_is_open())
            ).one()
            return Backlog(due=row.due, running=row.running, oldest=row.oldest)

    def slots(
        self, *, limit: int, contract: str | None = None, states: Iterable[SlotState] | None = None
    ) -> tuple[SlotRecord, ...]:
        """Return slots, the latest moment first."""
        slots, targets = tables.slots, tables.targets
        conditions: list[ColumnElement[bool]] = []
        if contract is not None:
            conditions.append(targets.c.contract == contract)
        if states is not None:
            conditions.append(slots.c.state.in_(sorted(state.value for state in states)))
        with self._database.reading() as connection:
            rows = connection.execute(
                select(slots, targets.c.contract, targets.c.major, targets.c.server)
                .join(targets, targets.c.id == slots.c.target_id)
                .where(*conditions)
                .order_by(slots.c.instant.desc(), slots.c.id.desc())
                .limit(limit)
            ).mappings()
            return tuple(_record(row) for row in rows)

    def _has_work(self) -> bool:
        """Look without taking the write lock: most of the time there is nothing to do."""
        with self._database.reading() as connection:
            return bool(connection.execute(select(exists().where(is_ready(now(connection))))).scalar())


def finish(connection: Connection, claim: SlotClaim) -> None:
    """End a slot in the transaction that records its run. Raises FencedError if it is somebody else's by now."""
    target_id = lock_target(connection, claim.watched.target)
    if not _change(connection, claim, _ended(connection, SlotState.DONE) | {"reason": None}):
        raise FencedError(f"the slot {claim.instant:%Y-%m-%d %H:%M} UTC of {claim.watched} went to somebody else")
    if claim.trigger is Trigger.SCHEDULED:
        marks = tables.watermarks
        mine = _mark_of(target_id, claim.watched)
        later = or_(marks.c.done.is_(None), marks.c.done < claim.instant)
        connection.execute(update(marks).where(mine, later).values(done=claim.instant))


def _row(slot: NewSlot, target_id: int, moment: datetime) -> dict[str, Any]:
    state = SlotState.DUE if slot.skipped is None else SlotState.SKIPPED
    return {
        "target_id": target_id,
        "shadow": slot.watched.shadow,
        "instant": slot.instant,
        "state": state.value,
        "trigger": slot.trigger.value,
        "parts": list(slot.parts),
        "alert": slot.alert,
        "run_id": slot.run_id,
        "not_before": slot.start,
        "reason": slot.skipped,
        "created_at": moment,
        "finished_at": None if slot.skipped is None else moment,
    }


def _raise_marks(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Raise watermarks, never lower them."""
    if not rows:
        return
    marks = tables.watermarks
    statement = insert_or(connection, marks)
    new = statement.excluded
    changed = {
        "at": case((new.at > marks.c.at, new.at), else_=marks.c.at),
        "missed": case((_owes(), marks.c.missed), else_=func.coalesce(new.missed, marks.c.missed)),
    }
    keys = [column.name for column in marks.primary_key]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))


def _mark_of(target_id: int, watched: Watched) -> ColumnElement[bool]:
    """Return the condition of a target's watermark."""
    marks = tables.watermarks
    return and_(marks.c.target_id == target_id, marks.c.shadow == watched.shadow)


def _owes() -> ColumnElement[bool]:
    """Return the condition of watermarks whose target had no result since something was passed over."""
    marks = tables.watermarks
    return and_(marks.c.missed.is_not(None), or_(marks.c.done.is_(None), marks.c.done < marks.c.missed))


def running(connection: Connection, moment: datetime) -> dict[str, int]:
    """Return how many runs go on at each server, of all replicas."""
    slots, targets = tables.slots, tables.targets
    rows = connection.execute(
        select(targets.c.server, func.count())
        .join(slots, slots.c.target_id == targets.c.id)
        .where(slots.c.state == SlotState.RUNNING.value, _is_open(), slots.c.until >= moment)
        .group_by(targets.c.server)
    )
    return {server: count for server, count in rows}  # noqa: C416 - mypy knows the pair, not the row


def _waiting_servers(connection: Connection, moment: datetime) -> Sequence[str]:
    """Return the servers at which something waits, the one that waits longest first."""
    slots, targets = tables.slots, tables.targets
    return (
        connection.execute(
            select(targets.c.server)
            .join(slots, slots.c.target_id == targets.c.id)
            .where(is_ready(moment))
            .group_by(targets.c.server)
            .order_by(func.min(slots.c.not_before), targets.c.server)
        )
        .scalars()
        .all()
    )


def claimable(
    connection: Connection, server: str, moment: datetime, limit: int, *such: ColumnElement[bool]
) -> Sequence[Line]:
    """Return the slots of a server that may run now, one of each target, locked together with their targets."""
    slots, targets = tables.slots, tables.targets
    other = slots.alias("other")
    is_busy = exists().where(
        other.c.target_id == slots.c.target_id, other.c.state == SlotState.RUNNING.value, other.c.until >= moment
    )
    rows = (
        connection.execute(
            select(slots, targets.c.contract, targets.c.major, targets.c.server)
            .join(targets, targets.c.id == slots.c.target_id)
            .where(targets.c.server == server, is_ready(moment), ~is_busy, *such)
            .order_by(slots.c.not_before, slots.c.instant, slots.c.id)
            .limit(2 * limit)
            .with_for_update(skip_locked=True)
        )
        .mappings()
        .all()
    )
    first: dict[int, Line] = {}
    for row in rows:
        first.setdefault(row["target_id"], row)
    # Somebody may have claimed another slot of a target before we had its lock: only a new look shows that.
    busy = connection.execute(
        select(slots.c.target_id).where(
            slots.c.target_id.in_(first), slots.c.state == SlotState.RUNNING.value, slots.c.until >= moment
        )
    ).scalars()
    for target_id in busy:
        del first[target_id]
    return list(first.values())[:limit]


def take(connection: Connection, row: Line, owner: str, until: datetime) -> SlotClaim:
    """Make a slot that is locked its new owner's."""
    slots = tables.slots
    losses = row["losses"] + (1 if row["state"] == SlotState.RUNNING.value else 0)
    taken = {"state": SlotState.RUNNING.value, "attempt": row["attempt"] + 1, "losses": losses}
    connection.execute(slots.update().where(slots.c.id == row["id"]).values(**taken, claimed_by=owner, until=until))
    return SlotClaim(
        id=row["id"],
        watched=_watched(row),
        instant=row["instant"],
        parts=tuple(row["parts"]),
        trigger=Trigger(row["trigger"]),
        alert=row["alert"],
        run_id=row["run_id"],
        owner=owner,
        attempt=row["attempt"] + 1,
        losses=losses,
        tries=row["tries"],
        created_at=row["created_at"],
    )


def _change(connection: Connection, claim: SlotClaim, values: Mapping[str, Any]) -> bool:
    """Change a claimed slot, unless it went to somebody else."""
    slots = tables.slots
    mine = and_(
        slots.c.id == claim.id,
        slots.c.state == SlotState.RUNNING.value,
        slots.c.claimed_by == claim.owner,
        slots.c.attempt == claim.attempt,
    )
    return connection.execute(slots.update().where(mine).values(dict(values))).rowcount == 1


def _ended(connection: Connection, state: SlotState) -> dict[str, Any]:
    return {"state": state.value, "finished_at": now(connection), "claimed_by": None, "until": None}


def _is_open() -> ColumnElement[bool]:
    """Return the condition of the partial index, in its own words."""
    is_open: ColumnElement[bool] = tables.slots.c.state.in_([literal_column(f"'{state}'") for state in OPEN_SLOTS])
    return is_open


def is_ready(moment: datetime) -> ColumnElement[bool]:
    """Return the condition of slots that could be run: they are due, or their owner was not heard of any more."""
    slots = tables.slots
    waits = and_(slots.c.state == SlotState.DUE.value, slots.c.not_before <= moment)
    is_lost = and_(slots.c.state == SlotState.RUNNING.value, slots.c.until < moment)
    return and_(_is_open(), or_(waits, is_lost))


def _watched(row: Line) -> Watched:
    return Watched(target=target_from(row), shadow=row["shadow"])


def _record(row: Line) -> SlotRecord:
    return SlotRecord(
        watched=_watched(row),
        instant=row["instant"],
        parts=tuple(row["parts"]),
        state=SlotState(row["state"]),
        trigger=Trigger(row["trigger"]),
        attempt=row["attempt"],
        reason=row["reason"],
        claimed_by=row["claimed_by"],
        finished_at=row["finished_at"],
    )
