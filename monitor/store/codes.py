"""Outcomes as the small numbers that the database keeps, the worse the greater, and as the columns that count them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from monitor.domain.scan import Outcome

CODES = {
    Outcome.SKIPPED: 0,
    Outcome.PASS: 1,
    Outcome.WARN: 2,
    Outcome.BLOCKED: 3,
    Outcome.ERROR: 4,
    Outcome.FAIL: 5,
}
OUTCOMES = {code: outcome for outcome, code in CODES.items()}
COUNTERS = {
    Outcome.PASS: "passed",
    Outcome.WARN: "warned",
    Outcome.FAIL: "failed",
    Outcome.ERROR: "errors",
    Outcome.BLOCKED: "blocked",
    Outcome.SKIPPED: "skipped",
}


Line = RowMapping | Mapping[str, Any]
"""A row by the names of its columns."""


def counts_of(row: Line) -> dict[Outcome, int]:
    """Return how many results of each outcome a row counts."""
    return {outcome: row[column] for outcome, column in COUNTERS.items()}
