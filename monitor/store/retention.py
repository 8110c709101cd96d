"""What is forgotten: results after days, roll-ups after a year, in batches that keep nobody waiting."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, or_, select, tuple_

from monitor.domain.incident import ChangeKind
from monitor.failpoints import Point, reach
from monitor.store import tables
from monitor.store.database import Database
from monitor.store.values import AlertState, Pruned

RUNS = 200
"""Runs in one batch: about ten thousand results."""

ROWS = 5_000
"""Small rows in one batch."""

QUIET = (ChangeKind.SEEN.value, ChangeKind.STILL_FAILING.value)
"""What happened to an incident and nobody asks for later: each run says it again."""

_ENDED = (AlertState.SENT.value, AlertState.SUPERSEDED.value, AlertState.DEAD.value)


def prune(database: Database, now: datetime, *, keep_results: timedelta, keep_rollups: timedelta) -> Pruned:
    """Remove results older than `keep_results`, roll-ups, runs and ended alerts older than `keep_rollups`.

    What an alert tells of an incident that lives, or ended later than that, says where its end is to be told.

    Each batch is a transaction of its own, so it may be stopped at any point, and begun again as often as one likes.
    """
    done = Pruned()
    fine, coarse = now - keep_results, now - keep_rollups
    while True:
        with database.writing() as connection:
            results, more = _results(connection, fine)
            reach(Point.PRUNED_WRITTEN)
        reach(Point.PRUNED_COMMITTED)
        done = replace(done, results=done.results + results)
        if not more:
            break
    while True:
        with database.writing() as connection:
            step = Pruned(
                days=_days(connection, coarse),
                runs=_runs(connection, coarse),
                slots=_slots(connection, fine),
                changes=_changes(connection, fine),
                alerts=_alerts(connection, coarse),
            )
        done = replace(
            done,
            days=done.days + step.days,
            runs=done.runs + step.runs,
            slots=done.slots + step.slots,
            changes=done.changes + step.changes,
            alerts=done.alerts + step.alerts,
        )
        if step == Pruned():
            return done


def _results(connection: Connection, before: datetime) -> tuple[int, bool]:
    """Remove the results of some runs, which are marked so; say how many there were and whether there may be more."""
    runs, results = tables.runs, tables.results
    old = (
        select(runs.c.id)
        .where(runs.c.started_at < before, ~runs.c.pruned)
        .order_by(runs.c.started_at)
        .limit(RUNS)
        .with_for_update(skip_locked=True)
    )
    keys = connection.execute(old).scalars().all()
    if not keys:
        return 0, False
    removed = connection.execute(results.delete().where(results.c.run_id.in_(keys))).rowcount
    connection.execute(runs.update().where(runs.c.id.in_(keys)).values(pruned=True))
    return removed, len(keys) == RUNS


def _days(connection: Connection, before: datetime) -> int:
    days = tables.days
    old = select(days.c.check_id, days.c.day).where(days.c.day < before.date()).limit(ROWS)
    return connection.execute(days.delete().where(tuple_(days.c.check_id, days.c.day).in_(old))).rowcount


def _runs(connection: Connection, before: datetime) -> int:
    """Remove old runs; their slots and what they measured for later ones go with them."""
    runs, slots = tables.runs, tables.slots
    old = connection.execute(
        select(runs.c.id, runs.c.slot_id).where(runs.c.started_at < before, runs.c.pruned).limit(RUNS)
    ).all()
    measured = tables.measurements
    connection.execute(measured.delete().where(measured.c.run_id.in_([row.id for row in old])))
    connection.execute(runs.delete().where(runs.c.id.in_([row.id for row in old])))
    connection.execute(slots.delete().where(slots.c.id.in_([row.slot_id for row in old if row.slot_id is not None])))
    return len(old)


def _slots(connection: Connection, before: datetime) -> int:
    """Remove slots that were passed over; the others go with their runs."""
    slots = tables.slots
    old = select(slots.c.id).where(slots.c.state == "skipped", slots.c.finished_at < before).limit(ROWS)
    return connection.execute(slots.delete().where(slots.c.id.in_(old))).rowcount


def _changes(connection: Connection, before: datetime) -> int:
    """Remove what nobody asks for later; what an alert tells stays."""
    changes, told = tables.incident_changes, tables.outbox_incidents
    was_told = exists().where(told.c.incident_id == changes.c.incident_id, told.c.sequence == changes.c.sequence)
    old = (
        select(changes.c.incident_id, changes.c.sequence)
        .where(changes.c.at < before, changes.c.kind.in_(QUIET), ~was_told)
        .limit(ROWS)
    )
    key = tuple_(changes.c.incident_id, changes.c.sequence)
    return connection.execute(changes.delete().where(key.in_(old))).rowcount


def _alerts(connection: Connection, before: datetime) -> int:
    outbox, told, incidents = tables.outbox, tables.outbox_incidents, tables.incidents
    lives = or_(incidents.c.ended_at.is_(None), incidents.c.ended_at >= before)
    is_needed = exists().where(told.c.outbox_id == outbox.c.id, told.c.incident_id == incidents.c.id, lives)
    ended = select(outbox.c.id).where(outbox.c.created_at < before, outbox.c.state.in_(_ENDED), ~is_needed)
    old = connection.execute(ended.limit(RUNS)).scalars().all()
    for table in (tables.deliveries, tables.outbox_incidents):
        connection.execute(table.delete().where(table.c.outbox_id.in_(old)))
    connection.execute(outbox.delete().where(outbox.c.id.in_(old)))
    return len(old)
