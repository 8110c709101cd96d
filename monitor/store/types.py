"""How values lie in the database: alike on SQLite and PostgreSQL, and exactly as they were when they come back."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
"""What a `Document` holds."""

_ESCAPE = "\N{SYMBOL FOR ESCAPE}"
_UNSTORABLE = re.compile(f"[\x00\ud800-\udfff{_ESCAPE}]")
_ESCAPED = re.compile(f"{_ESCAPE}([0-9a-f]{{4}})")


def storable(text: str) -> str:
    """Return text that every database takes: NUL and lone surrogates are escaped, all else stays as it is."""
    return _UNSTORABLE.sub(lambda match: f"{_ESCAPE}{ord(match[0]):04x}", text)


def restored(text: str) -> str:
    """Return the text that `storable` was given."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


class Words(TypeDecorator[str]):
    """Any text at all, such as names of contracts and values of tables: it is data and comes back unchanged."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Escape what PostgreSQL refuses."""
        del dialect
        return None if value is None else storable(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Undo the escape."""
        del dialect
        return None if value is None else restored(value)


class Moment(TypeDecorator[datetime]):
    """An aware moment, in UTC when it comes back. SQLite keeps ISO text of one length, which sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use text on SQLite, which knows no moments."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Refuse a moment without zone: it could mean any of 26 hours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        moment = value.astimezone(UTC)
        # strftime does not pad years below 1000, isoformat does
        return (
            f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z" if dialect.name == "sqlite" else moment
        )

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:
        """Return it in UTC."""
        del dialect
        if isinstance(value, str):
            return datetime.fromisoformat(value).astimezone(UTC)
        return None if value is None else value.astimezone(UTC)


class Exact(TypeDecorator[Decimal]):
    """A number by its own digits, as text: PostgreSQL's numeric has limits, SQLite has only floats."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> str | None:
        """Write the digits; by way of Decimal, as `str` refuses an int of more than 4,300 digits."""
        del dialect
        return None if value is None else str(Decimal(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read the digits."""
        del dialect
        return None if value is None else Decimal(value)


class Document(TypeDecorator[Json]):
    r"""A JSON value that is read as a whole. Kept as ASCII text, so that a NUL in it is `\u0000`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str | None:
        """Write it, without spaces and with sorted keys: equal values are equal texts."""
        del dialect
        return None if value is None else json.dumps(value, separators=(",", ":"), sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json:
        """Read it."""
        del dialect
        if value is None:
            return None
        read: Json = json.loads(value)
        return read


def whole(number: Decimal | None) -> int | Decimal | None:
    """Return a measured number as results hold it: an `int` where it has no fraction part at all."""
    if number is None or not number.is_finite():
        return number
    exponent = number.as_tuple().exponent
    return int(number) if isinstance(exponent, int) and exponent >= 0 else number
