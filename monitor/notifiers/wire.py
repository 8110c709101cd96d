"""What a broken connection means: whether anything can have been sent, and the cause in words without an address."""

import errno
import math
import socket
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.error import URLError

NEVER_CONNECTED: Final = (socket.gaierror, ConnectionRefusedError, ssl.SSLCertVerificationError)
LONGEST_WAIT: Final = 86_400.0
UNREACHABLE: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH})


def was_not_sent(error: Exception) -> bool:
    """Say whether the connection was never made, so that the other side cannot have seen anything."""
    reason = error.reason if isinstance(error, URLError) else None
    return (
        isinstance(reason, NEVER_CONNECTED)
        or (isinstance(reason, OSError) and reason.errno in UNREACHABLE)
        or str(reason).startswith("Tunnel connection failed")  # http.client, when a proxy refuses CONNECT
    )


def why(error: Exception) -> str:
    """Return what happened without any address: one may hold a proxy's password."""
    reason = error.reason if isinstance(error, URLError) else error
    if not isinstance(reason, Exception):
        return "the connection failed"
    if isinstance(reason, OSError) and reason.strerror:
        return f"{type(reason).__name__} ({reason.strerror})"
    return type(reason).__name__


def retry_after(headers: Mapping[str, object]) -> float | None:
    """Return the seconds of a Retry-After header, at most a day; None when there is none, or none that can be read."""
    value = next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), "")
    seconds = _seconds(value)
    return None if seconds is None or not math.isfinite(seconds) else min(max(0.0, seconds), LONGEST_WAIT)


def _seconds(value: str) -> float | None:
    """Return a number of seconds, or those until a date (RFC 9110, 10.2.3)."""
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
