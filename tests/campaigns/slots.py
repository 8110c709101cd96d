"""The checker of slots: it reads only the database and what the campaign wrote down, and knows nothing of Pactwatch."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import psycopg2

ROWS = """
SELECT t.contract, s.instant, s.state, s.attempt, s.reason, s.trigger, count(r.id)
FROM slots s JOIN targets t ON t.id = s.target_id LEFT JOIN runs r ON r.slot_id = s.id
GROUP BY t.contract, s.instant, s.state, s.attempt, s.reason, s.trigger ORDER BY t.contract, s.instant
"""
STRAY = "SELECT count(*) FROM runs WHERE slot_id IS NULL"


def rows(dsn: dict[str, Any], statement: str) -> list[tuple[Any, ...]]:
    """Ask the database."""
    opened = psycopg2.connect(**dsn)
    try:
        with opened, opened.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        opened.close()


def wrongs(dsn: dict[str, Any], contracts: Iterable[str], every: timedelta) -> list[str]:
    """Return everything that must not be: a slot that is lost, still open, run twice, or done without a run."""
    found: list[str] = []
    by_contract: dict[str, list[datetime]] = {contract: [] for contract in contracts}
    for contract, instant, state, attempt, reason, trigger, runs in rows(dsn, ROWS):
        about = f"{contract} {instant:%H:%M:%S} {state} (attempt {attempt}, {runs} runs, {reason})"
        if trigger == "scheduled":
            by_contract[contract].append(instant)
        if state == "done" and runs != 1:
            found.append(f"not exactly one run: {about}")
        if state == "skipped" and (runs or not reason):
            found.append(f"passed over without a reason, or run after all: {about}")
        if state not in {"done", "skipped"}:
            found.append(f"still open: {about}")
    ((stray,),) = rows(dsn, STRAY)
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


def summary(dsn: dict[str, Any]) -> Counter[str]:
    """Return how many slots ended how, and how many needed more than one attempt."""
    told: Counter[str] = Counter()
    for _, _, state, attempt, _, _, _ in rows(dsn, ROWS):
        told[state] += 1
        told["again"] += attempt > 1
    return told
