"""Numbers and outcomes over days → the paths of small drawings. Pure: a template draws them, words say them too."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from monitor.domain.scan import Outcome
from monitor.store.pages import DayPoint

FULL = 16
HEIGHTS = {Outcome.PASS: 5, Outcome.WARN: 9, Outcome.BLOCKED: 16, Outcome.ERROR: 16, Outcome.FAIL: 16}
"""A day's height in a strip: the more it asks for attention the higher. What is not known is hollow."""

_WORDS = {
    Outcome.PASS: "kept",
    Outcome.WARN: "with warnings",
    Outcome.FAIL: "broken",
    Outcome.ERROR: "not verified",
}
_DEEPEST = 1000
"""The height of a chart, in units of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A path of one outcome."""

    outcome: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Days side by side, oldest first. `title` says in words what is drawn."""

    title: str
    width: int
    pieces: tuple[Piece, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Values over days. Coordinates: x in days from the first one, y from 0 (top) to `height`.

    `line` is the last value of each day, `band` what lies between its least and its greatest, `limits` are the heights
    of the limits, `marks` the days that are not as promised, `unknown` those on which nobody knows.
    """

    width: int
    height: int
    line: str
    band: str
    limits: tuple[float, ...]
    marks: tuple[Piece, ...]
    unknown: str
    least: Decimal
    greatest: Decimal
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days on end with one outcome; the numbers are None where nothing was measured."""

    first: date
    last: date
    outcome: Outcome
    least: Decimal | None
    greatest: Decimal | None
    latest: Decimal | None


def strip(days: Mapping[date, Outcome], *, until: date, length: int, size: int, gap: int = 0) -> Strip:
    """Return the strip of the days that end on `until`; each is `size` wide with `gap` of it left free."""
    first = until - timedelta(days=length - 1)
    found = [days.get(first + timedelta(days=place)) for place in range(length)]
    paths: dict[str, str] = {}
    place = 0
    for outcome, several in groupby(found):
        count = len(list(several))
        pieces = [(place + step, 1) for step in range(count)] if gap else [(place, count)]
        for at, wide in pieces:
            name, path = _block(outcome, at * size, wide * size - gap)
            paths[name] = paths.get(name, "") + path
        place += count
    return Strip(
        title=_told(found, until),
        width=length * size,
        pieces=tuple(Piece(outcome=name, path=path) for name, path in sorted(paths.items())),
        first=first,
        last=until,
    )


def spark(points: Sequence[DayPoint], *, until: date, length: int, height: int = 20) -> Chart | None:
    """Return the small drawing of a check; None where it measured nothing."""
    return chart(points, (), until=until, length=length, height=height)


def chart(
    points: Sequence[DayPoint], limits: Iterable[Decimal], *, until: date, length: int, height: int = _DEEPEST
) -> Chart | None:
    """Return the drawing of a check's values with its limits; None where it measured nothing."""
    first = until - timedelta(days=length - 1)
    shown = [point for point in points if first <= point.day <= until]
    bounds = [limit for limit in limits if limit.is_finite()]
    numbers = [number for point in shown for number in (point.least, point.greatest, point.last) if number is not None]
    if not numbers:
        return None
    least, greatest = min([*numbers, *bounds]), max([*numbers, *bounds])

    def high(value: Decimal) -> int:
        if greatest == least:
            return height if not value else height // 2
        return height - round(float((value - least) / (greatest - least)) * height)

    known = [((point.day - first).days, high(point.last)) for point in shown if point.last is not None]
    marks: dict[str, str] = {}
    for point in shown:
        if point.worst in {Outcome.FAIL, Outcome.WARN} and point.last is not None:
            at = f"M{(point.day - first).days} {high(point.last)}h0"
            marks[point.worst.value] = marks.get(point.worst.value, "") + at
    unknown = "".join(
        f"M{(point.day - first).days} {height}v-{height // 6}"
        for point in shown
        if point.worst in {Outcome.ERROR, Outcome.BLOCKED}
    )
    return Chart(
        width=length - 1,
        height=height,
        line=_line(known),
        band=_band([point for point in shown if point.least is not None], first, high),
        limits=tuple(sorted({high(bound) for bound in bounds})),
        marks=tuple(Piece(outcome=name, path=path) for name, path in sorted(marks.items())),
        unknown=unknown,
        least=min(numbers),
        greatest=max(numbers),
        first=first,
        last=until,
    )


def periods(points: Sequence[DayPoint]) -> tuple[Period, ...]:
    """Return the same as a table may tell it: days on end with one outcome, latest first."""
    found = []
    for outcome, several in groupby(points, key=lambda point: point.worst):
        days = list(several)
        numbers = [number for day in days for number in (day.least, day.greatest) if number is not None]
        found.append(
            Period(
                first=days[0].day,
                last=days[-1].day,
                outcome=outcome,
                least=min(numbers, default=None),
                greatest=max(numbers, default=None),
                latest=next((day.last for day in reversed(days) if day.last is not None), None),
            )
        )
    return tuple(reversed(found))


def _block(outcome: Outcome | None, x: int, width: int) -> tuple[str, str]:
    """Return the class and the path of a day, or of days on end. A day without a run is a thin line."""
    match outcome:
        case None | Outcome.SKIPPED:
            return "none", f"M{x} {FULL - 1}h{width}v1h-{width}z"
        case Outcome.ERROR | Outcome.BLOCKED:
            half = FULL // 2
            return "error", f"M{x} 0h{width}v{half - 2}h-{width}zM{x} {half + 2}h{width}v{half - 2}h-{width}z"
        case _:
            high = HEIGHTS[outcome]
            return outcome.value, f"M{x} {FULL - high}h{width}v{high}h-{width}z"


def _told(days: Sequence[Outcome | None], until: date) -> str:
    counts = {
        word: sum(day is outcome or (outcome is Outcome.ERROR and day is Outcome.BLOCKED) for day in days)
        for outcome, word in _WORDS.items()
    }
    counts["without a run"] = sum(day is None or day is Outcome.SKIPPED for day in days)
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{len(days)} days to {until:%-d %b}: {told}"


def _line(points: Sequence[tuple[int, int]]) -> str:
    """Return the path through these points; it breaks where a day is missing, and a level stretch is one step."""
    path, last = "", (-9, -9)
    for place, (x, y) in enumerate(points):
        if x != last[0] + 1:
            path += f"M{x} {y}h0"
        elif y != last[1]:
            path += f"L{x} {y}"
        elif place + 1 == len(points) or points[place + 1] != (x + 1, y):
            path += f"H{x}"
        last = (x, y)
    return path


def _band(points: Sequence[DayPoint], first: date, high: Callable[[Decimal], int]) -> str:
    path = ""
    for point in points:
        if point.least is not None and point.greatest is not None and point.least != point.greatest:
            path += f"M{(point.day - first).days} {high(point.least)}V{high(point.greatest)}"
    return path
