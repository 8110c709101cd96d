"""Lengths of time as service levels state them: calendar months beside exact seconds."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

Scalar = str | int | Decimal | bool | None

SECOND, MINUTE, HOUR, DAY, WEEK = (Decimal(n) for n in (1, 60, 3_600, 86_400, 604_800))
MONTH_DAYS = 30
"""What a fraction of a month is a fraction of; whole months and years stay calendar intervals."""

LONGEST_MONTHS = 12 * 10_000
LONGEST_SECONDS = Decimal(LONGEST_MONTHS) * MONTH_DAYS * DAY

SECONDS_OF = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), SECOND / 1000),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), SECOND),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), WEEK),
}
MONTHS_OF = {
    **dict.fromkeys(("mo", "mon", "mth", "month", "months"), 1),
    **dict.fromkeys(("q", "qtr", "quarter", "quarters"), 3),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 12),
}
ONE_OF = {
    "hourly": "h",
    "daily": "d",
    "weekly": "w",
    "monthly": "month",
    "quarterly": "q",
    "yearly": "y",
    "annually": "y",
}

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
NUMBER_AND_UNIT = re.compile(rf"({NUMBER.pattern})\s*([A-Za-z]+)")
ISO = re.compile(
    r"P(?=[0-9T])(?:(?P<Y>[0-9.,]+)Y)?(?:(?P<M>[0-9.,]+)M)?(?:(?P<W>[0-9.,]+)W)?(?:(?P<D>[0-9.,]+)D)?"
    r"(?:T(?=[0-9])(?:(?P<h>[0-9.,]+)H)?(?:(?P<m>[0-9.,]+)M)?(?:(?P<s>[0-9.,]+)S)?)?",
    re.IGNORECASE,
)
LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """So many calendar months and so many exact seconds. Months and years are months; weeks and days are seconds."""

    months: int = 0
    seconds: Decimal = Decimal(0)

    @property
    def roughly(self) -> Decimal:
        """Return the duration as one number of seconds, a month as 30 days: enough to tell which one is longer."""
        return self.seconds + self.months * MONTH_DAYS * DAY

    def __str__(self) -> str:
        """Return the duration in words: `1 year 2 months`, `36 hours`, `90 seconds`."""
        years, months = divmod(self.months, 12)
        words = [_counted(Decimal(count), unit) for count, unit in ((years, "year"), (months, "month")) if count]
        rest = self.seconds
        for size, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
            if rest and rest % size == 0:
                words.append(_counted(rest / size, unit))
                break
        else:
            if rest or not words:
                words.append(_counted(rest, "second"))
        return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationProblem:
    """Why a value and its unit are no length of time. `is_missing_unit` tells a gap from nonsense."""

    text: str
    is_missing_unit: bool = False


def parse_duration(value: Scalar, unit: str | None, property_: str) -> Duration | DurationProblem:
    """Read a service level's value and unit as a length of time.

    Accepts a number with a unit from milliseconds to years (fractions too), an ISO 8601 duration (`PT90M`, `P1Y2M`),
    a number and unit in one text (`36 h`) and the words hourly … yearly. `m` means minutes, for retention months.
    """
    unit = unit.strip() if unit else None
    text = str(value).strip() if isinstance(value, str) else ""
    if len(text) > LONGEST_TEXT:
        return DurationProblem(text="the value is too long for a length of time")
    if text.lower() in ONE_OF:
        return _of(Decimal(1), ONE_OF[text.lower()], property_)
    if text[:1] in ("P", "p"):
        return _iso(text)
    both = NUMBER_AND_UNIT.fullmatch(text)
    if both and unit is None:
        return _of(Decimal(both[1]), both[2], property_)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return DurationProblem(text=f"found {_word(value)}, expected a number with a unit or an ISO duration")
    if isinstance(value, str) and not NUMBER.fullmatch(text):
        return DurationProblem(text=f"found {text!r}, expected a number with a unit or an ISO duration such as PT6H")
    number = Decimal(text) if isinstance(value, str) else Decimal(value)
    if not unit:
        return DurationProblem(
            text=f"the value {text or value} has no unit, expected one such as h, d or y", is_missing_unit=True
        )
    return _of(number, unit, property_)


def ambiguous_unit(unit: str | None, property_: str) -> str | None:
    """Return how a unit that could mean two things is read, or None."""
    if unit is None or unit.strip().lower() != "m":
        return None
    meant, other = ("months", "minutes") if property_ == "retention" else ("minutes", "months")
    return f"the unit {unit.strip()!r} is read as {meant}; write min or month so that nobody reads {other}"


def _of(number: Decimal, unit: str, property_: str) -> Duration | DurationProblem:
    if number < 0:
        return DurationProblem(text=f"found {number}, expected a length of time that is not negative")
    word = unit.lower()
    if word == "m":
        word = "month" if property_ == "retention" else "min"
    if word in SECONDS_OF:
        return _checked(Decimal(0), number * SECONDS_OF[word])
    if word in MONTHS_OF:
        return _checked(number * MONTHS_OF[word], Decimal(0))
    if word == "iso":
        return DurationProblem(text=f"found {number}, expected an ISO duration such as PT6H or P1Y")
    return DurationProblem(
        text=f"the unit {unit[:40]!r} is unknown, expected one from seconds to years such as h, d or y"
    )


def _iso(text: str) -> Duration | DurationProblem:
    match = ISO.fullmatch(text)
    if match is None:
        return DurationProblem(text=f"{text!r} is no ISO duration; expected one such as PT6H, P30D or P1Y6M")
    try:
        part = {name: Decimal((found or "0").replace(",", ".")) for name, found in match.groupdict().items()}
    except InvalidOperation:
        return DurationProblem(text=f"{text!r} is no ISO duration; expected one such as PT6H, P30D or P1Y6M")
    seconds = part["W"] * WEEK + part["D"] * DAY + part["h"] * HOUR + part["m"] * MINUTE + part["s"]
    return _checked(part["Y"] * 12 + part["M"], seconds)


def _checked(months: Decimal, seconds: Decimal) -> Duration | DurationProblem:
    whole = int(months) if months <= LONGEST_MONTHS else LONGEST_MONTHS + 1
    if whole > LONGEST_MONTHS or seconds > LONGEST_SECONDS:
        return DurationProblem(text="longer than 10,000 years")
    return Duration(months=whole, seconds=seconds + (months - whole) * MONTH_DAYS * DAY)


def _counted(number: Decimal, unit: str) -> str:
    text = format(number.normalize(), "f")
    return f"{text} {unit}" if text == "1" else f"{text} {unit}s"


def _word(value: Scalar) -> str:
    return "nothing" if value is None else str(value).lower()
