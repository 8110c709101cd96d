"""Times of day as service levels state them: `09:00`, `17:30:00Z`, `09:00-08:00`."""

import re
from dataclasses import dataclass

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?\s*(Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?", re.IGNORECASE)
_DAY = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfDay:
    """Minutes since midnight; `offset` is how many minutes the clock is ahead of UTC, None where nothing is said."""

    minutes: int
    offset: int | None = None

    def __str__(self) -> str:
        """Return it as people write it: `09:00 UTC-08:00`."""
        return _clock(self.minutes) + ("" if self.offset is None else f" UTC{_signed(self.offset)}")

    def cron(self, zone: str) -> str:
        """Return the cron expression that fires then every day; `zone` is for a time without an offset."""
        minutes, named = (self.minutes, zone) if self.offset is None else ((self.minutes - self.offset) % _DAY, "UTC")
        return f"CRON_TZ={named} {minutes % 60} {minutes // 60} * * *"


def time_of_day(value: object) -> TimeOfDay | None:
    """Read a time of day; None for what is none."""
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    minutes = 60 * int(match[1]) + int(match[2])
    return TimeOfDay(minutes=minutes, offset=None if match[3] is None else _offset(match[3].upper()))


def _offset(text: str) -> int:
    if text == "Z":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    return (60 * int(digits[:2]) + int(digits[2:])) * (-1 if text[0] == "-" else 1)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _signed(offset: int) -> str:
    return ("-" if offset < 0 else "+") + _clock(abs(offset))
