"""Cron expressions: what is none, and what will never fire, is told before it is relied on."""

from datetime import UTC, datetime

LONGEST = 200
FIELDS = 5


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
