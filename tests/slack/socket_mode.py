"""Slack's side of Socket Mode: a WebSocket that says hello, delivers what people press, counts acknowledgements."""

import contextlib
import itertools
import json
import logging
import socket
import uuid
from threading import Lock, Thread
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.slack.log import Log

quiet = logging.getLogger("tests.slack.socket_mode")
quiet.setLevel(logging.CRITICAL)


class SocketMode:
    """Accepts connections that carry a ticket of `open`; each payload goes to one of them, as Slack does."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.acknowledged: list[str] = []
        self._connections: list[ServerConnection] = []
        self._tickets: set[str] = set()
        self._turn = itertools.count()
        self._lock = Lock()
        self._server: Server = serve(self._serve, "127.0.0.1", 0, logger=quiet, ping_interval=None)
        self._thread = Thread(target=self._server.serve_forever, name="fake-slack-socket")
        self._thread.start()

    def open(self) -> str:
        """Return a URL that is good for one connection."""
        ticket = uuid.uuid4().hex
        with self._lock:
            self._tickets.add(ticket)
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/link/?ticket={ticket}&app_id=A0FAKE"

    def deliver(self, payload: dict[str, Any], envelope: str | None = None) -> str | None:
        """Send an interactive payload to one connection; return its envelope id, None when nobody listens."""
        with self._lock:
            if not self._connections:
                return None
            connection = self._connections[next(self._turn) % len(self._connections)]
        envelope = envelope or uuid.uuid4().hex
        message = {
            "envelope_id": envelope,
            "type": "interactive",
            "accepts_response_payload": False,
            "payload": payload,
        }
        try:
            connection.send(json.dumps(message))
        except ConnectionClosed:
            return None
        self.log.add(method="socket.deliver", body=payload, envelope=envelope)
        return envelope

    def refresh(self) -> None:
        """Ask every connection to reconnect, as Slack does every few hours."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(ConnectionClosed):
                connection.send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))

    def drop(self) -> None:
        """Lose every connection without a farewell."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    def connections(self) -> int:
        """Return how many connections are open."""
        with self._lock:
            return len(self._connections)

    def close(self) -> None:
        """End all connections and stop."""
        self._server.shutdown()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.close()
        self._thread.join()

    def _serve(self, connection: ServerConnection) -> None:
        path = connection.request.path if connection.request else ""
        ticket = path.partition("ticket=")[2].partition("&")[0]
        with self._lock:
            welcome = ticket in self._tickets
            self._tickets.discard(ticket)
            if welcome:
                self._connections.append(connection)
                count = len(self._connections)
        if not welcome:
            connection.close(4001, "invalid ticket")
            return
        hello = {"type": "hello", "num_connections": count, "connection_info": {"app_id": "A0FAKE"}}
        try:
            connection.send(json.dumps(hello))
            for text in connection:
                answer = json.loads(text)
                if envelope := answer.get("envelope_id"):
                    self.acknowledged.append(envelope)
                    self.log.add(method="socket.acknowledge", body=answer, envelope=envelope)
        except ConnectionClosed:
            pass
        finally:
            with self._lock:
                self._connections.remove(connection)
