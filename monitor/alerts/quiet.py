"""When people may be disturbed: quiet hours and weekends, on the clock of a place."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.settings import QuietHours

DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6
LONGEST = 8
"""So many quiet stretches may follow one another: a weekend, and the nights around it."""


def quiet_until(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """Return the end of the quiet stretch in which `now` lies, None if nobody minds to be told now."""
    if quiet is None:
        return None
    moment = now
    for _ in range(LONGEST):
        end = _end(quiet, moment)
        if end is None:
            break
        moment = end
    return None if moment == now else moment


def _end(quiet: QuietHours, moment: datetime) -> datetime | None:
    """Return when what makes this moment quiet is over; hours first, then the weekend."""
    local = moment.astimezone(ZoneInfo(quiet.timezone))
    at, day = local.time(), local.date()
    is_overnight = quiet.start > quiet.end
    if at < quiet.end and (is_overnight or quiet.start <= at):
        return _after(moment, datetime.combine(day, quiet.end, local.tzinfo).replace(fold=local.fold))
    if is_overnight and at >= quiet.start:
        return _after(moment, datetime.combine(day + DAY, quiet.end, local.tzinfo))
    if quiet.weekends and day.weekday() in {SATURDAY, SUNDAY}:
        monday = day + (7 - day.weekday()) * DAY
        return _after(moment, datetime.combine(monday, datetime.min.time(), local.tzinfo))
    return None


def _after(moment: datetime, end: datetime) -> datetime:
    """Return the end in UTC; where clocks were turned it is never before the moment itself."""
    return max(end.astimezone(UTC), moment + timedelta(minutes=1))
