"""The state database as a campaign sees it, through SQL of its own: what was promised to be told, and time that passes.

Nothing of `monitor` is imported here: what a campaign is judged by must not come from the judged.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, make_url, text

Line = dict[str, Any]

MOMENTS = {
    "outbox": ("not_before", "until", "created_at", "finished_at"),
    "channels": ("next_send_at", "probe_at"),
    "deliveries": ("at",),
    "runs": ("started_at", "finished_at"),
    "results": ("at",),
}
UNSENT = "state IN ('queued', 'sending', 'failed')"
INSTEAD = ("-plain", "-fallback")
"""How an alert is called that says the same in another form or place."""


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """Provide one transaction."""
    named = make_url(url)
    driver = "postgresql+psycopg2" if named.get_backend_name() == "postgresql" else named.drivername
    engine = create_engine(named.set(drivername=driver), poolclass=NullPool)
    with engine.begin() as connection:
        yield connection


def pass_time(url: str, seconds: float) -> None:
    """Let time pass for all that waits: every moment comes to lie so much further back."""
    with opened(url) as connection:
        is_file = connection.dialect.name == "sqlite"
        for table, columns in MOMENTS.items():
            for column in columns:
                earlier = (
                    f"strftime('%Y-%m-%dT%H:%M:%f', {column}, '-{seconds:.3f} seconds') || '000Z'"
                    if is_file
                    else f"{column} - interval '{seconds:.3f} seconds'"
                )
                connection.execute(text(f"UPDATE {table} SET {column} = {earlier} WHERE {column} IS NOT NULL"))


def give_up_leases(url: str, owner: str) -> None:
    """Let the leases of a process be over that is dead; `owner` ends the name it gave itself."""
    with opened(url) as connection:
        over = text("UPDATE outbox SET until = created_at WHERE state = 'sending' AND claimed_by LIKE :owner")
        connection.execute(over, {"owner": f"%{owner}"})


def unsent(url: str) -> int:
    """Return how many alerts still wait."""
    with opened(url) as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM outbox WHERE {UNSENT}")).scalar_one())


def until_due(url: str) -> float:
    """Return in how many seconds the first alert that waits may go; 0 for now."""
    with opened(url) as connection:
        is_file = connection.dialect.name == "sqlite"
        wanted = (
            "max(o.not_before, coalesce(o.until, o.not_before), c.next_send_at, coalesce(c.probe_at, c.next_send_at))"
        )
        first = f"min({wanted if is_file else wanted.replace('max(', 'greatest(', 1)})"
        left = f"(julianday({first}) - julianday('now')) * 86400" if is_file else f"extract(epoch FROM {first} - now())"
        found = connection.execute(
            text(f"SELECT {left} FROM outbox o JOIN channels c USING (destination) WHERE o.{UNSENT}")
        ).scalar()
        return max(0.0, float(found or 0.0))


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
