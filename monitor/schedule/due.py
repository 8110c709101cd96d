"""Watermark and now → the slots that are due, and those that are passed over with the reason."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from monitor.schedule.cadences import ALL, Cadence
from monitor.schedule.rhythm import between, moments
from monitor.settings import CatchUp, ScheduleSettings

ON_TIME = timedelta(seconds=60)
"""A slot that is found so late was not missed."""

TICK = timedelta(microseconds=1)

BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=32), timedelta(days=366), timedelta(days=8 * 366))
"""So far back the last moment of a rhythm is looked for, by and by: a 29 February may be eight years ago."""

COUNTED = 10_000
"""So many slots older than the window are counted, no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A moment at which parts of a contract are due. `skipped` says why it is passed over; None: it is to run."""

    instant: datetime
    parts: tuple[str, ...]
    skipped: str | None = None


def due(
    cadences: Sequence[Cadence], watermark: datetime | None, now: datetime, settings: ScheduleSettings
) -> tuple[Slot, ...]:
    """Return the slots after the watermark up to now, oldest first; each part that is due at a moment is in its slot.

    Of slots that were missed `latest` keeps the last one of each part, `all` keeps all within the window, `skip` none.
    What is passed over is there with its reason; what lies before the window is one slot that counts all.
    A target that nobody has watched before (no watermark) is due at its last moment, however long ago, with all parts.
    """
    window = timedelta(seconds=settings.window)
    if watermark is None:
        last = _last(cadences, now) if settings.catch_up is not CatchUp.SKIP else None
        return () if last is None else (Slot(instant=last, parts=(ALL,)),)
    begin = max(watermark, now - window)
    found = _slots(cadences, begin, now)
    kept = {slot.instant for slot in found if _is_kept(slot, found, now, settings)}
    older = _older(cadences, watermark, begin) if begin > watermark else ()
    missed = "nobody was there to run it"
    return (
        *older,
        *(
            slot
            if slot.instant in kept
            else Slot(instant=slot.instant, parts=slot.parts, skipped=f"{missed}; catch_up = {settings.catch_up}")
            for slot in found
        ),
    )


def _last(cadences: Sequence[Cadence], now: datetime) -> datetime | None:
    """Return the last moment up to now: the same for whoever looks until the next one comes."""
    found = (_slots(cadences, now - back, now) for back in BACK)
    return next((slots[-1].instant for slots in found if slots), None)


def _is_kept(slot: Slot, found: Sequence[Slot], now: datetime, settings: ScheduleSettings) -> bool:
    if now - slot.instant <= ON_TIME and slot is found[-1]:
        return True
    match settings.catch_up:
        case CatchUp.ALL:
            return True
        case CatchUp.LATEST:
            later = {part for other in found if other.instant > slot.instant for part in other.parts}
            return not later.issuperset(slot.parts)
        case CatchUp.SKIP:
            return now - slot.instant <= ON_TIME


def _slots(cadences: Sequence[Cadence], after: datetime, until: datetime) -> list[Slot]:
    """Return one slot for each moment, with every part that is due then."""
    parts: dict[datetime, dict[str, None]] = {}
    for cadence in cadences:
        for moment in between(cadence.rhythm, after, until):
            parts.setdefault(moment, {})[cadence.part] = None
    return [Slot(instant=moment, parts=tuple(parts[moment])) for moment in sorted(parts)]


def _older(cadences: Sequence[Cadence], after: datetime, until: datetime) -> tuple[Slot, ...]:
    """Return one slot for all that were missed before the window: the last that was counted, with the number of all."""
    count, last = 0, after
    for cadence in cadences:
        for moment in islice(between(cadence.rhythm, after, until), COUNTED):
            count, last = count + 1, max(last, moment)
    if not count:
        return ()
    parts = tuple(each.part for each in cadences if next(moments(each.rhythm, last - TICK), None) == last)
    counted = f"{count:,}" if count < COUNTED else f"more than {COUNTED:,}"
    reason = f"missed before the window of catch_up, with all {counted} since {after:%Y-%m-%d %H:%M} UTC"
    return (Slot(instant=last, parts=parts, skipped=reason),)


def spread(target: str, seconds: float) -> timedelta:
    """Return how long after its moment a target's work begins: always the same, and spread evenly over targets."""
    share = int.from_bytes(hashlib.sha256(target.encode()).digest()[:8]) / 2**64
    return timedelta(seconds=share * seconds)
