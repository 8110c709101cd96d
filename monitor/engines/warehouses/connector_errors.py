"""What a driver nobody here knows has raised: recognised as PEP 249 names it, told in one line without secrets."""

import re
from collections.abc import Iterator, Mapping

from monitor.engines.sql_errors import StatementFailedError

_SQLSTATE = re.compile(r"[0-9A-Z]{5}\Z")
_BY_CLASS = {
    "ProgrammingError": "42000",
    "NotSupportedError": "42000",
    "DataError": "22000",
    "IntegrityError": "22000",
    "OperationalError": "58000",
    "InterfaceError": "58000",
    "InternalError": "XX000",
}
"""Which SQLSTATE stands for a class of PEP 249, where the driver gives none."""
_OF_THE_DATA = "22000"
_SECRET = re.compile(r"pass|token|secret|key|credential|json|passcode|account_info|auth", re.IGNORECASE)
_SHORTEST_SECRET = 4
_LONGEST_TOLD = 300


def is_of_a_driver(error: BaseException) -> bool:
    """Say whether an error is a driver's: it descends from a class `Error` of the driver's own, or from OSError."""
    return isinstance(error, OSError) or any(
        each.__name__ == "Error" and not each.__module__.startswith(("monitor.", "builtins"))
        for each in type(error).__mro__
    )


def failed(error: BaseException, properties: Mapping[str, object]) -> StatementFailedError:
    """Return what a statement ended with, in our own words for it."""
    return StatementFailedError(told(error, properties), _code(error))


def told(error: BaseException, properties: Mapping[str, object]) -> str:
    """Return the first line of what was said, without any secret of the settings."""
    said = getattr(error, "original_exception", None) or error  # Soda wraps what a driver said
    lines = [" ".join(line.split()) for line in str(said).splitlines() if line.strip()]
    text = lines[0] if lines else type(said).__name__
    for secret in sorted(set(secrets(properties)), key=len, reverse=True):
        text = text.replace(secret, "•••")
    return text if len(text) <= _LONGEST_TOLD else f"{text[: _LONGEST_TOLD - 1]}…"


def secrets(value: object, *, is_secret: bool = False) -> Iterator[str]:
    """Yield the texts of settings whose keys say that they are secret, and the lines of such texts."""
    match value:
        case Mapping():
            for key, each in value.items():
                yield from secrets(each, is_secret=is_secret or _SECRET.search(str(key)) is not None)
        case list():
            for each in value:
                yield from secrets(each, is_secret=is_secret)
        case str() if is_secret:
            yield from (part for part in (value, *value.splitlines()) if len(part) >= _SHORTEST_SECRET)


def _code(error: BaseException) -> str:
    said = (getattr(error, "pgcode", None), getattr(error, "sqlstate", None), *error.args[:1])
    for code in said:
        if isinstance(code, str) and _SQLSTATE.match(code):
            return code
    if isinstance(error, OSError):
        return _BY_CLASS["OperationalError"]
    named = (_BY_CLASS.get(each.__name__) for each in type(error).__mro__)
    return next((code for code in named if code), _OF_THE_DATA)
