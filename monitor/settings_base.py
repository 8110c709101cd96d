"""What every table of `pactwatch.toml` is read with: no unknown keys, durations, addresses, time zones."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidatorFunctionWrapHandler,
    field_validator,
)

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|m|h|d)\Z")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class Unset(str):
    """A value that refers to a variable which is not set, as it is written: whoever needs it learns that first."""

    __slots__ = ()


def unless_unset(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """Judge a value only where it is known."""
    return value if isinstance(value, Unset) else validate(value)


class Table(BaseModel):
    """A table of the configuration: a key that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    _known = field_validator("*", mode="wrap")(unless_unset)


class Environment:
    """The environment that a configuration refers to; `missing` are the variables it lacks, by setting."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Begin with nothing missing."""
        self._variables = variables
        self.missing: dict[str, tuple[str, ...]] = {}

    def expand(self, value: object, where: str, encoded: Callable[[str], str] = str) -> object:
        """Return a setting's value with its `${NAME}` references filled in; `Unset` where one of them is missing."""
        if not isinstance(value, str):
            return value
        lacking = tuple(name for name in REFERENCE.findall(value) if name not in self._variables)
        if lacking:
            self.missing[where] = (*self.missing.get(where, ()), *lacking)
            return Unset(value)
        return REFERENCE.sub(lambda match: encoded(self._variables[match[1]]), value)


def web_address(value: object) -> object:
    """Refuse an address to which a secret would travel in plain text; a server on this machine is fine."""
    parts = split(value)
    is_local = parts is not None and parts.hostname in _LOCAL
    if parts is None or not parts.hostname or parts.scheme not in {"https", *(["http"] if is_local else [])}:
        raise ValueError("expected an address that begins with https://")
    return value


def site(value: str) -> str:
    """Refuse what is not the address of a site; return it without a slash at its end."""
    parts = split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected the address of a site, such as https://dq.example.com")
    return value.rstrip("/")


def split(value: object) -> Any:  # noqa: ANN401 - urllib's own type, or None
    """Return the parts of an address, None if it is none."""
    try:
        return urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        return None


def zone(value: str) -> str:
    """Refuse what is no time zone."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('expected the name of a time zone such as "Europe/Berlin"') from None
    return value


def duration(value: object) -> object:
    """Return the seconds of a duration as people write it."""
    match = _DURATION.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected a duration such as "30s", "5m" or "1h"')
    return float(match["number"]) * _SECONDS[match["unit"]]


Seconds = Annotated[float, BeforeValidator(duration), Field(gt=0)]
Zone = Annotated[str, AfterValidator(zone)]
