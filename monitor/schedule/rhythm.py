"""A rhythm in time: a cron expression in a zone, or every so many seconds. What cron means is cronsim's to say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim

RUN_UP = timedelta(hours=50)
"""So long before a moment cronsim begins to count: from within an hour that a clock repeats or leaves out it would not
count right, and one zone once left out a whole day."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cron:
    """The moments of a cron expression, as Debian's cron understands it, in a named time zone."""

    expression: str
    zone: str = "UTC"

    def __str__(self) -> str:
        """Return it as people write it: `0 6 * * * Europe/Berlin`."""
        return f"{self.expression} {self.zone}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Every:
    """Every so many seconds, counted from 1970: the same moments wherever and whenever one begins to look."""

    seconds: int

    def __str__(self) -> str:
        """Return it as people write it: `every 900 s`."""
        return f"every {self.seconds} s"


Rhythm = Cron | Every


def moments(rhythm: Rhythm, after: datetime) -> Iterator[datetime]:
    """Yield the moments of a rhythm later than this one, in UTC, without end (cron: for as long as cronsim looks)."""
    match rhythm:
        case Every(seconds=seconds):
            step = timedelta(seconds=seconds)
            moment = EPOCH + ((after - EPOCH) // step + 1) * step
            while True:
                yield moment
                moment += step
        case Cron(expression=expression, zone=zone):
            begin = after if _is_plain(expression, zone) else after - RUN_UP
            last = after
            for local in CronSim(expression, begin.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))):
                moment = local.astimezone(UTC)
                if moment > last:  # what falls into an hour that is left out comes together with what follows it
                    last = moment
                    yield moment


def next_moment(rhythm: Rhythm, after: datetime) -> datetime | None:
    """Return the first moment later than this one; None where there is none for as long as cronsim looks."""
    return next(moments(rhythm, after), None)


def between(rhythm: Rhythm, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the moments later than `after` and not later than `until`."""
    return takewhile(lambda moment: moment <= until, moments(rhythm, after))


def _is_plain(expression: str, zone: str) -> bool:
    """Say whether cronsim counts right from any moment: where clocks never change, or where every hour will do."""
    return zone == "UTC" or expression.split()[1:] == ["*"] * 4
