"""What MySQL or MariaDB said to a statement, as SQLSTATEs that the rest of the program knows."""

from monitor.engines.sql_errors import StatementFailedError

TIMED_OUT = "canceling statement due to statement timeout"
_LOCKED = "canceling statement due to lock timeout"
_LOST = "08006"
_CODES = {
    1969: "57014", 3024: "57014", 1317: "57014",  # time over (MariaDB, MySQL); somebody ended the statement
    1205: "55P03", 3572: "55P03", 1213: "40P01", 1412: "40001",
    1044: "42501", 1142: "42501", 1143: "42501", 1227: "42501", 1345: "42501", 1370: "42501", 1356: "42501",
    1053: "57P01", 1927: "57P01", 1152: "57P01", 2006: _LOST, 2013: _LOST, 2055: _LOST, 4031: _LOST,
    1021: "53100", 1037: "53200", 1038: "53200", 1041: "53200", 1114: "53100", 1030: "58030", 126: "58030",
    1139: "42000", 1305: "42000", 1582: "42000", 1109: "42000", 1792: "25006",
    1242: "21000", 1241: "42000", 1690: "22003", 1477: "42000",
}  # fmt: skip
"""Which SQLSTATE each error's number comes next to; any other has its own."""
_GENERAL = "HY000"
UNTRUE = frozenset(
    {1139, 1260, 1264, 1265, 1292, 1300, 1366, 1411, 1441, 1525, 1916, 1918, 3140, 3141, 3903}
    | set(range(4037, 4045))
)  # fmt: skip
"""Warnings that a value is not what was asked for: cut, clamped, unreadable as a number, a moment or a document."""


def failed(error: BaseException) -> StatementFailedError:
    """Return an error of the driver's as one that the rest of the program knows."""
    number, state = getattr(error, "errno", None), getattr(error, "sqlstate", None)
    if number in {None, -1} and state is None:
        return StatementFailedError(first_line(error), _LOST)
    if number in {1969, 3024}:
        return StatementFailedError(TIMED_OUT, "57014")
    if number == 1205:  # noqa: PLR2004 - ER_LOCK_WAIT_TIMEOUT
        return StatementFailedError(_LOCKED, "55P03")
    known = _CODES.get(number) if isinstance(number, int) else None
    return StatementFailedError(first_line(error), known or ("XX000" if state in {None, _GENERAL} else str(state)))


def untrue(message: str) -> StatementFailedError:
    """Return the error that a warning of a value that is not true amounts to."""
    return StatementFailedError(message, "22000")


def is_the_end(error: BaseException) -> bool:
    """Say whether the connection is gone with this error."""
    return isinstance(error, StatementFailedError) and (error.code.startswith("08") or error.code == "57P01")


def first_line(error: BaseException) -> str:
    """Return the server's message without the driver's number in front."""
    message = getattr(error, "msg", None) or str(error)
    return (str(message).strip().splitlines() or [type(error).__name__])[0]
