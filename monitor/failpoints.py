"""The places where losing the process would hurt most: a test may lose it there, and nobody else.

`PACTWATCH_FAILPOINT=delivery.told` kills the program with SIGKILL the first time it comes there, `delivery.told:3` the
third time.
"""

import os
import signal
from collections.abc import Mapping
from enum import StrEnum

from monitor.errors import UsageError

VARIABLE = "PACTWATCH_FAILPOINT"


class Point(StrEnum):
    """Every such place. `written` stands before a commit, `committed` after it."""

    SCANNING = "scanning"
    """A scanning process has connected. It sees the variable only if `[servers.…] env` names it."""
    MIGRATION_WRITTEN = "migration.written"
    RUN_WRITTEN = "run.written"
    ALERTS_WRITTEN = "alerts.written"
    RUN_COMMITTED = "run.committed"
    DECISION_WRITTEN = "decision.written"
    DECISION_COMMITTED = "decision.committed"
    CLAIM_WRITTEN = "claim.written"
    CLAIM_COMMITTED = "claim.committed"
    LOOKED = "delivery.looked"
    """It was not found in the channel's history, and is about to be sent again."""
    TOLD = "delivery.told"
    """Slack has it, and nothing of ours says so."""
    SENT_WRITTEN = "sent.written"
    SENT_COMMITTED = "sent.committed"
    FAILED_WRITTEN = "failed.written"
    FAILED_COMMITTED = "failed.committed"
    SUPERSEDED_WRITTEN = "superseded.written"
    PRUNED_WRITTEN = "pruned.written"
    PRUNED_COMMITTED = "pruned.committed"


class _Armed:
    """The point that is armed, and how often it may still be passed."""

    point: Point | None = None
    passes = 0


def arm(environment: Mapping[str, str]) -> None:
    """Arm the point that the environment names, if it names one. Raises UsageError if there is no such point."""
    wanted = environment.get(VARIABLE)
    if not wanted:
        return
    name, _, count = wanted.partition(":")
    if name not in list(Point) or (count and not count.isdecimal()):
        raise UsageError(
            f"{VARIABLE}: no point {wanted!r}; expected one of {', '.join(Point)}, or with a number: {Point.TOLD}:3"
        )
    _Armed.point, _Armed.passes = Point(name), int(count or 1) - 1


def reach(point: Point) -> None:
    """Say that the program is here; it ends here if that was asked for."""
    if _Armed.point is not point:
        return
    if _Armed.passes > 0:
        _Armed.passes -= 1
        return
    os.kill(os.getpid(), signal.SIGKILL)
