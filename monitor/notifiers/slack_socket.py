"""Slack's Socket Mode: what people press comes over a connection that we open, so no port of ours is open.

Every envelope is acknowledged at once (Slack waits 3 seconds), then handed on. The SDK keeps the connection: it answers
pings, opens a new one when Slack asks for it or when it is lost (docs.slack.dev/apis/events-api/using-socket-mode).
"""

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from typing import Any, Final, cast

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from monitor.notifiers.base import DeliveryError, Fault
from monitor.notifiers.slack_client import BASE_URL, refused, web_client
from monitor.notifiers.wire import why

PING: Final = 5.0
"""Seconds between two looks at the connection: one that is lost is opened again after the next."""

TROUBLES: Final = (SlackClientError, OSError, HTTPException, ValueError, AttributeError, KeyError, TypeError)
"""What the SDK raises when it cannot connect; the last ones where an answer is not of the shape that it believes in."""

log = logging.getLogger(__name__)


class SlackSocket:
    """One connection to Slack, with an app-level token of the scope `connections:write`."""

    def __init__(self, app_token: str, *, base_url: str = BASE_URL, timeout: int = 10, ping: float = PING) -> None:
        """Connect to nothing yet."""
        self._app_token = app_token
        self._base_url = base_url
        self._timeout = timeout
        self._ping = ping
        self._client: SocketModeClient | None = None

    @property
    def is_connected(self) -> bool:
        """Say whether presses arrive now."""
        return self._client is not None and bool(self._client.is_connected())

    def start(self, hear: Callable[[object], None]) -> None:
        """Connect, and from then on hand every payload of an interaction to `hear`, from other threads.

        Raises DeliveryError: a permanent one for a bad token, else it may be tried again.
        """
        client = _Client(
            self._app_token,
            logger=_discreet(),
            web_client=web_client(None, self._base_url, self._timeout),
            ping_interval=self._ping,
            concurrency=2,
        )

        def take(connected: BaseSocketModeClient, request: SocketModeRequest) -> None:
            try:
                connected.send_socket_mode_response({"envelope_id": request.envelope_id})
            except (SlackClientError, OSError):  # Slack sends it again, on another connection
                log.info("An envelope could not be acknowledged", extra={"action": "envelope_unacknowledged"})
            if request.type == "interactive":
                hear(request.payload)

        client.socket_mode_request_listeners.append(take)
        try:
            client.connect()
        except TROUBLES as error:
            client.close()
            raise _trouble(error) from None
        if not client.is_connected():
            client.close()
            raise DeliveryError("Slack's socket cannot be reached")
        self._client = client

    def stop(self) -> None:
        """Close the connection; what was handed on stays with whoever has it."""
        client, self._client = self._client, None
        if client is not None:
            client.close()


class _Client(SocketModeClient):
    """The SDK's client without two of its pauses (slack_sdk 3.47, socket_mode/builtin).

    It takes the end of a connection for silence: it reads on without a pause until five pings have failed. And it waits
    up to 3 seconds for the reader of the old connection before it reads the new one.
    """

    def connect(self) -> None:
        """Connect, in place of what was connected before."""
        self._interrupt()
        super().connect()
        session = cast("Any", self.current_session)
        if session is not None and session.sock is not None:
            session.sock = _Ending(session.sock)
            session.disconnect = _at_once(session.disconnect)

    def disconnect(self) -> None:
        """End the connection."""
        self._interrupt()
        super().disconnect()

    def _interrupt(self) -> None:
        """Let nobody wait for what will not come any more."""
        if self.current_session is not None and self.current_session.sock is not None:
            with suppress(OSError):
                self.current_session.sock.shutdown(socket.SHUT_RDWR)


def _at_once(disconnect: Callable[[], None]) -> Callable[[], None]:
    """Let a connection be closed by two threads at once: the SDK looks for its socket before it has the lock."""

    def closed() -> None:
        with suppress(AttributeError):
            disconnect()

    return closed


class _Ending:
    """A socket whose end is an error."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - a socket, with TLS or without
        self._inner = inner

    def recv(self, size: int) -> bytes:
        """Return the next bytes. Raises ConnectionResetError where there are no more."""
        received: bytes = self._inner.recv(size)
        if not received:
            raise ConnectionResetError
        return received

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a socket has
        return getattr(self._inner, name)


def _trouble(error: Exception) -> DeliveryError:
    if isinstance(error, SlackApiError):
        found = refused("apps.connections.open", error)
        if isinstance(found, DeliveryError) and found.permanent:
            told = f"[slack] app_token: {found.reason}; it is an app-level token (xapp-…) with connections:write"
            return DeliveryError(told, fault=Fault.CREDENTIALS)
        return DeliveryError(found.reason, retry_after=found.retry_after)
    if isinstance(error, OSError | HTTPException):
        return DeliveryError(f"Slack cannot be reached: {why(error)}")
    return DeliveryError("Slack answered something that is not Slack's")


class _Discreet(logging.Handler):
    """Says that the connection was interrupted, and not how: the SDK's words hold tickets and payloads."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it in our own words."""
        log.info("Slack's socket is opened again", extra={"action": "socket_lost"})


def _discreet() -> logging.Logger:
    """Return a logger that never writes what it is given."""
    logger = logging.getLogger(f"{__name__}.sdk")
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(_Discreet())
    return logger
