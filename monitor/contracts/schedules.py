"""Cron expressions in a contract: what will never fire is refused."""

from datetime import UTC, datetime

from monitor.contracts.node import Node

LONGEST = 200
FIELDS = 5


def check_schedule(node: Node) -> tuple[str | None, str | None]:
    """Return (schedule, scheduler) of a rule or service level, reporting a schedule that cannot be followed."""
    schedule, scheduler = node.text("schedule"), node.text("scheduler")
    if schedule is None:
        if scheduler is not None:
            node.at("scheduler").remark("a scheduler without a schedule has no effect")
        return None, scheduler
    if scheduler is None:
        node.at("schedule").remark("no scheduler is named; read as cron")
    elif scheduler.strip().lower() != "cron":
        node.at("schedule").remark(f"the scheduler {scheduler[:40]!r} is not ours; this schedule is not followed")
        return schedule, scheduler
    reason = cron_problem(schedule)
    if reason is not None:
        node.at("schedule").problem(reason)
    return schedule, scheduler


def cron_problem(expression: str) -> str | None:
    """Return why a cron expression can never start anything, or None."""
    from cronsim import CronSim, CronSimError

    shown = repr(expression[:60])
    if len(expression) > LONGEST or len(expression.split()) != FIELDS:
        return f"{shown} is no cron expression; expected five fields: minute hour day month weekday"
    try:
        next(CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return f"{shown} is no cron expression: {str(error).lower()}"
    except StopIteration:
        return f"{shown} never fires"
    return None
