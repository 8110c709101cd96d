"""Frozen dataclasses ↔ JSON, field by field: a field that is added later has its default in what was written before."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from monitor.store.types import Json

T = TypeVar("T")


def encoded(value: object) -> Json:
    """Return the JSON of a value: exact numbers and moments as text."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case tuple() | list():
            return [encoded(item) for item in value]
        case Mapping():
            return {str(key): encoded(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encoded(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON")


def decoded(kind: type[T], value: Json) -> T:
    """Return the value of this type that the JSON stands for; fields that the type does not know any more are lost."""
    found = _decoded(kind, value)
    if not isinstance(found, kind):
        raise TypeError(f"a stored {kind.__name__} is {type(found).__name__}")
    return found


def _decoded(kind: Any, value: Any) -> Any:  # noqa: ANN401 - types are values here
    if value is None:
        return None
    if isinstance(kind, types.UnionType):
        (kind,) = (member for member in get_args(kind) if member is not types.NoneType)
    if get_origin(kind) is tuple:
        member = get_args(kind)[0]
        return tuple(_decoded(member, item) for item in value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is Decimal or (isinstance(kind, type) and issubclass(kind, StrEnum)):
        return kind(value)
    if isinstance(kind, type) and is_dataclass(kind):
        known = _hints(kind)
        return kind(**{name: _decoded(known[name], item) for name, item in value.items() if name in known})
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - types are values here
    return get_type_hints(kind)
