"""The checker of slots: it reads only the database and what the campaign wrote down, and knows nothing of Pactwatch."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2

from tests.conftest import Warehouse

Where = Mapping[str, Any] | Path
"""A PostgreSQL database, as libpq wants it named, or a file of SQLite."""

ROWS = """
SELECT t.contract, s.instant, s.state, s.attempt, s.reason, s.trigger, s.run_id, count(r.id), min(r.run_id)
FROM slots s JOIN targets t ON t.id = s.target_id LEFT JOIN runs r ON r.slot_id = s.id
GROUP BY t.contract, s.instant, s.state, s.attempt, s.reason, s.trigger, s.run_id ORDER BY t.contract, s.instant
"""
GREEN = "SELECT run_id, subset, started_at, finished_at, passed FROM runs WHERE verdict = 'kept' ORDER BY id"
STRAY = "SELECT count(*) FROM runs WHERE slot_id IS NULL"


def rows(where: Where, statement: str) -> list[tuple[Any, ...]]:
    """Ask the database."""
    if isinstance(where, Path):
        with closing(sqlite3.connect(where, timeout=60)) as opened:
            return opened.execute(statement).fetchall()
    with closing(psycopg2.connect(**where)) as opened, opened, opened.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def dsn_of(warehouse: Warehouse) -> dict[str, Any]:
    """Return how libpq wants a database named."""
    own = warehouse.settings
    return {"host": own.host, "port": own.port, "user": own.user, "password": own.password, "dbname": own.database}


def moment(value: datetime | str) -> datetime:
    """Return a moment as either database keeps it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value).astimezone(UTC)


def wrongs(where: Where, contracts: Iterable[str], every: timedelta) -> list[str]:
    """Return everything that must not be: a slot that is lost, still open, run twice, or done without a run."""
    found: list[str] = []
    by_contract: dict[str, list[datetime]] = {contract: [] for contract in contracts}
    for contract, at, state, attempt, reason, trigger, wanted_id, runs, run_id in rows(where, ROWS):
        instant = moment(at)
        about = f"{contract} {instant:%H:%M:%S} {state} (attempt {attempt}, {runs} runs, {reason})"
        if trigger == "scheduled":
            by_contract[contract].append(instant)
        if state == "done" and runs != 1:
            found.append(f"not exactly one run: {about}")
        if state == "done" and wanted_id not in {None, run_id}:
            found.append(f"another run than was promised: {about}")
        if state == "skipped" and (runs or not reason):
            found.append(f"passed over without a reason, or run after all: {about}")
        if state not in {"done", "skipped"}:
            found.append(f"still open: {about}")
    ((stray,),) = rows(where, STRAY)
    if stray:
        found.append(f"{stray} runs without a slot")
    for contract, instants in by_contract.items():
        if not instants:
            found.append(f"{contract} has no slot at all")
            continue
        wanted = {min(instants) + number * every for number in range((max(instants) - min(instants)) // every + 1)}
        found += [f"lost: {contract} {moment:%H:%M:%S}" for moment in sorted(wanted - set(instants))]
        found += [f"twice: {contract} {moment}" for moment, count in Counter(instants).items() if count > 1]
    return found


def broken_promises(where: Where, truth: Path) -> list[str]:
    """Return what a campaign was promised and did not get, and each green that cannot be true."""
    told = json.loads(truth.read_text())
    known = {row[0] for row in rows(where, "SELECT run_id FROM slots WHERE run_id IS NOT NULL")}
    found = [f"promised and forgotten: {run_id}" for run_id in told["promised"] if run_id not in known]
    wanted: dict[bool, int] = {}
    for run_id, subset, started, finished, passed in rows(where, GREEN):
        begun, ended = moment(started).timestamp(), moment(finished).timestamp()
        if passed != wanted.setdefault(bool(subset), passed):  # the first was not disturbed
            found.append(f"green though it was not all checked: {run_id}, {passed} of {wanted[bool(subset)]}")
        found += [
            f"green during {span['kind']}: {run_id}"
            for span in told["spans"]
            if span["from"] <= begun and ended <= span["to"] and not (span["kind"] == "whole" and subset)
        ]
    return found


def summary(where: Where) -> Counter[str]:
    """Return how many slots ended how, and how many needed more than one attempt."""
    told: Counter[str] = Counter()
    for _, _, state, attempt, *_ in rows(where, ROWS):
        told[state] += 1
        told["again"] += attempt > 1
    told["green"] = len(rows(where, GREEN))
    return told
