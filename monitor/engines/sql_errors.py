"""A server's error → what it means for a check, in words that give away no data."""

import re
from enum import StrEnum

import psycopg2

_QUOTED = re.compile("[\"'\u201e\u201c\u00ab\u00bb\u2018].*[\"'\u201c\u201d\u00ab\u00bb\u2019]", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w])-?\d[\d.]*")
_NAMES_ONLY = ("42", "3F", "3D", "26", "34")  # classes whose quoted parts are names from the statement, not data
_WHOLE_BATCH = ("08", "25", "40", "53", "55", "57", "58", "XX")  # classes that say nothing about a single expression

LOCKED = "the table is locked by somebody else"


class Obstacle(StrEnum):
    """What stands between a statement and its answer, where it is neither the expression nor the data."""

    TIMEOUT = "timeout"
    LOCKED = "locked"
    PRIVILEGE = "privilege"
    REWRITTEN = "rewritten"


class StatementFailedError(Exception):
    """What a server other than PostgreSQL said to a statement; `code` is the SQLSTATE that fits."""

    def __init__(self, message: str, code: str) -> None:
        """Keep the server's first line."""
        super().__init__(message)
        self.code = code


SERVER_ERRORS = (psycopg2.Error, StatementFailedError)
"""What a statement can end with, whichever server it was sent to."""


def code_of(error: BaseException) -> str | None:
    """Return the SQLSTATE of what a server said; None for what is no server's word or has none."""
    match error:
        case StatementFailedError():
            return error.code
        case psycopg2.Error():
            return error.pgcode
        case _:
            return None


def obstacle_of(error: BaseException) -> Obstacle | None:
    """Return what stood in the way of a statement, by its SQLSTATE; 57014 is also what somebody cancelled."""
    match code_of(error):
        case "57014" if "timeout" in _message(error):
            return Obstacle.TIMEOUT
        case "55P03":
            return Obstacle.LOCKED
        case "42501":
            return Obstacle.PRIVILEGE
        case _:
            return None


def is_of_the_whole_statement(error: BaseException) -> bool:
    """Say whether an error (a timeout, a lock, the server's health) is no single expression's fault."""
    code = code_of(error)
    return code is None or code.startswith(_WHOLE_BATCH)


def is_about_names(error: BaseException) -> bool:
    """Say whether an error comes from reading the statement, not from the data."""
    code = code_of(error)
    return code is not None and code.startswith(_NAMES_ONLY)


def reason_of(error: BaseException, *, may_show_values: bool) -> str:
    """Return the server's message as a reason: its first line and SQLSTATE, quoted data masked unless shown."""
    code = code_of(error)
    if code is None:
        return " ".join(str(error).split()) or type(error).__name__
    message = _message(error)
    if not may_show_values and not code.startswith(_NAMES_ONLY + _WHOLE_BATCH):
        message = hidden(message) if isinstance(error, psycopg2.Error) else _NUMBER.sub("•••", hidden(message))
    match code:
        case "57014" if "timeout" in message:
            return f"stopped: {message.removeprefix('canceling statement due to ')}"
        case "55P03":
            return f"{LOCKED}: {message.removeprefix('canceling statement due to ')}"
        case _:
            return f"{message} (SQLSTATE {code})" if isinstance(error, psycopg2.Error) else message


def _message(error: BaseException) -> str:
    primary = error.diag.message_primary if isinstance(error, psycopg2.Error) else None
    return primary or (str(error).splitlines() or [type(error).__name__])[0]


def hidden(message: str) -> str:
    """Return a message without what it quotes, from the first to the last quotation mark of any language."""
    return _QUOTED.sub("•••", message)
