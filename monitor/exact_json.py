r"""JSON with exact numbers, for the terminal and for HTTP.

A measured `Decimal` is written by its own digits, which JSON allows and `json.dumps` cannot do (it would go through a
binary float: 0.1 + 9007199254740993 would come out as other numbers). NaN and infinities, which JSON has no word for,
become null. Text is pure ASCII with `\u` escapes, so that no value of a table can steer the terminal which shows it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from monitor.domain.check import plain

_LONGEST = 60

Json = str | int | float | Decimal | bool | None | Sequence["Json"] | Mapping[str, "Json"]
"""What the encoder writes."""


def encode(value: Json, indent: int = 2) -> str:
    """Return a value as indented JSON with exact numbers and a line end."""
    return "".join(_pieces(value, "\n", " " * indent)) + "\n"


def _pieces(value: Json, line: str, step: str) -> Iterator[str]:
    """Yield the JSON of a value; `line` is a line end with the indentation that it stands at."""
    match value:
        case Mapping() if value:
            yield from _items(("{", "}"), ((f"{json.dumps(key)}: ", item) for key, item in value.items()), line, step)
        case Decimal():
            yield _exact(value)
        case Sequence() if value and not isinstance(value, str):
            yield from _items(("[", "]"), (("", item) for item in value), line, step)
        case _:
            yield json.dumps(value, allow_nan=False)


def _items(ends: tuple[str, str], items: Iterator[tuple[str, Json]], line: str, step: str) -> Iterator[str]:
    """Yield the items of an object or array between its ends, one a line."""
    inside, before = line + step, ends[0]
    for key, item in items:
        yield f"{before}{inside}{key}"
        yield from _pieces(item, inside, step)
        before = ","
    yield f"{line}{ends[1]}"


def _exact(number: Decimal) -> str:
    """Return a number's own digits; with an exponent only where plain digits would fill a page."""
    if not number.is_finite():
        return "null"
    return plain(number) if abs(number.adjusted()) <= _LONGEST else str(number)


def utc(moment: datetime) -> str:
    """Return an aware moment as RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
