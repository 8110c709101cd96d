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
_NETWORK = frozenset({"azure", "botocore", "google", "urllib3"})
"""What drivers speak through, and do not always hide: their errors know no PEP 249."""
_OF_THE_DATA = "22000"
_SECRET = re.compile(r"pass|token|secret|key|credential|json|passcode|account_info|auth", re.IGNORECASE)
_SHORTEST_SECRET = 4
_LONGEST_TOLD = 300


def is_of_a_driver(error: BaseException) -> bool:
    """Say whether an error is a driver's: it descends from a class `Error` of its own, or comes from its network."""
    bases = [each for each in type(error).__mro__ if each.__name__ == "Error"]
    return _is_of_the_network(error) or any(not base.__module__.startswith("monitor.") for base in bases)


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
    names = [each.__name__ for each in type(error).__mro__]
    if "Error" not in names and _is_of_the_network(error):
        return _BY_CLASS["OperationalError"]
    return next((_BY_CLASS[name] for name in names if name in _BY_CLASS), _OF_THE_DATA)


def _is_of_the_network(error: BaseException) -> bool:
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _NETWORK
