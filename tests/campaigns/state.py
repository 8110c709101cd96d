"""The state database as a campaign sees it, through SQL of its own: what was promised to be told, and time that passes.

Nothing of `monitor` is imported here: what a campaign is judged by must not come from the judged.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError

Line = dict[str, Any]

MOMENTS = {
    "outbox": ("not_before", "due_at", "until", "created_at", "finished_at"),
    "channels": ("next_send_at", "probe_at"),
    "deliveries": ("at",),
    "runs": ("started_at", "finished_at"),
    "results": ("at",),
}
WAITED_FOR = {"outbox": "state IN ('queued', 'sending', 'failed')", "channels": "true"}
"""Where a moment lies that somebody waits for; what is over may keep its own."""

UNSENT = "state IN ('queued', 'sending', 'failed')"
FOLLOWS = """EXISTS (
    SELECT 1 FROM outbox_incidents mine
    JOIN outbox_incidents theirs ON theirs.incident_id = mine.incident_id
    JOIN outbox earlier ON earlier.id = theirs.outbox_id
    WHERE mine.outbox_id = o.id AND earlier.id < o.id AND earlier.destination = o.destination
    AND earlier.state IN ('queued', 'sending', 'failed'))"""
"""An alert waits for the earlier ones of its incident."""

NOT_WORTH_IT = 0.02
"""Seconds that are waited for."""

AT_ONCE = 20
"""So many alerts may go after a skip: each skip costs a tenth of a second."""

INSTEAD = ("-plain", "-fallback")
"""How an alert is called that says the same in another form or place."""


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """Provide one transaction, in which nobody else writes to a file."""
    named = make_url(url)
    is_file = named.get_backend_name() == "sqlite"
    patience = {"timeout": 30} if is_file else {}
    engine = create_engine(
        named.set(drivername="sqlite" if is_file else "postgresql+psycopg2"), poolclass=NullPool, connect_args=patience
    )
    if is_file:
        event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        yield connection


def pass_time(url: str, seconds: float) -> None:
    """Let time pass for all that waits: every moment comes to lie so much further back. Nobody may be at work."""
    with opened(url) as connection:
        _pass(connection, seconds, dict.fromkeys(MOMENTS, "true"))


def skip_waiting(url: str, advance: Callable[[float], None]) -> None:
    """Skip the time until the next few alerts may go, if nobody is sending; `advance` does the same to other clocks."""
    with suppress(OperationalError), opened(url) as connection:  # somebody has the lock: another time
        is_file = connection.dialect.name == "sqlite"
        if not is_file:
            connection.execute(text("LOCK TABLE outbox, channels IN EXCLUSIVE MODE NOWAIT"))
        now = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')" if is_file else "clock_timestamp()"
        latest = (
            f"{'max' if is_file else 'greatest'}(o.not_before, c.next_send_at, coalesce(c.probe_at, c.next_send_at))"
        )
        due = f"SELECT {latest} AS due FROM outbox o JOIN channels c USING (destination) WHERE o.{UNSENT} AND NOT {FOLLOWS}"
        left = "(julianday({0}) - julianday({1})) * 86400" if is_file else "extract(epoch FROM {0} - {1})"
        waits = f"{left.format('min(due)', now)}, {left.format('max(due)', now)}"
        sending = text(f"SELECT count(*) FROM outbox WHERE state = 'sending' AND until > {now}")
        if connection.execute(sending).scalar_one():
            return
        soonest, wait = connection.execute(
            text(f"SELECT {waits} FROM ({due} ORDER BY 1 LIMIT {AT_ONCE}) AS soon")
        ).one()
        if soonest is not None and soonest > NOT_WORTH_IT:
            advance(float(wait))
            _pass(connection, float(wait), WAITED_FOR)


def _pass(connection: Connection, seconds: float, where: Mapping[str, str]) -> None:
    is_file = connection.dialect.name == "sqlite"
    for table, condition in where.items():
        earlier = ", ".join(
            f"{column} = strftime('%Y-%m-%dT%H:%M:%f', {column}, '-{seconds:.3f} seconds') || '000Z'"
            if is_file
            else f"{column} = {column} - interval '{seconds:.3f} seconds'"
            for column in MOMENTS[table]
        )
        connection.execute(text(f"UPDATE {table} SET {earlier} WHERE {condition}"))


def give_up_leases(url: str, owner: str) -> None:
    """Let the leases of a process be over that is dead; `owner` ends the name it gave itself."""
    with opened(url) as connection:
        is_file = connection.dialect.name == "sqlite"
        soon = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+1 second')" if is_file else "now() + interval '1 second'"
        held = "state = 'sending' AND claimed_by LIKE :owner"
        free = f"destination IN (SELECT destination FROM outbox WHERE {held})"
        for statement in (
            f"UPDATE channels SET next_send_at = {soon}, probe_at = NULL WHERE {free}",
            f"UPDATE outbox SET until = created_at WHERE {held}",
        ):
            connection.execute(text(statement), {"owner": f"%{owner}"})


def unsent(url: str) -> int:
    """Return how many alerts still wait."""
    with opened(url) as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM outbox WHERE {UNSENT}")).scalar_one())


def sent(url: str) -> frozenset[str]:
    """Return the alerts that were told already."""
    with opened(url) as connection:
        return frozenset(connection.execute(text("SELECT alert_id FROM outbox WHERE state = 'sent'")).scalars())


def truth(url: str, told_before: frozenset[str] = frozenset()) -> list[Line]:
    """Return what the program has promised to tell, a line for each change of an incident, as the checker reads it."""
    with opened(url) as connection:
        rows = connection.execute(
            text(
                "SELECT o.alert_id, o.state, o.superseded_by, t.incident_id, t.sequence"
                " FROM outbox o LEFT JOIN outbox_incidents t ON t.outbox_id = o.id ORDER BY o.id, t.incident_id"
            )
        ).all()
    known = {row.alert_id for row in rows}
    lines = []
    for row in rows:
        if row.alert_id in told_before:
            continue
        line: Line = {"outbox_id": row.alert_id, "incident": row.incident_id or "", "sequence": row.sequence or 0}
        heir = next((row.alert_id + end for end in INSTEAD if row.alert_id + end in known), row.superseded_by)
        if row.incident_id is None:  # a note tells of no incident, and contradicts none
            line["incident"] = f"note {row.alert_id}"
        lines.append(line | ({"superseded_by": heir} if heir else {}))
    return lines
