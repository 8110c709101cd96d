"""Serves the application from a thread of its own, with a clean end. Signals are the daemon's, not the server's."""

import logging
import socket
from threading import Thread
from typing import Self

import uvicorn
from starlette.applications import Starlette

from monitor.errors import SettingsError
from monitor.settings import HttpSettings

GRACE = 5
"""Seconds for answers that are under way when it ends."""

BACKLOG = 128
MOST = 256
"""Connections at once; who comes later is told to come back (503)."""

log = logging.getLogger(__name__)


class Server:
    """A running HTTP server. `url` says where, with the port that was found for port 0."""

    def __init__(self, app: Starlette, settings: HttpSettings) -> None:
        """Take the address at once. Raises SettingsError where it cannot be had."""
        is_six = ":" in settings.host
        try:
            self._socket = socket.create_server(
                (settings.host, settings.port), family=socket.AF_INET6 if is_six else socket.AF_INET, backlog=BACKLOG
            )
        except OSError as error:
            where = f"[{settings.host}]:{settings.port}" if is_six else f"{settings.host}:{settings.port}"
            raise SettingsError(f"[http] bind {where}: {error.strerror or error}") from error
        # Accepted sockets inherit it; asyncio sets it only where the protocol's number was named. Else an answer in two
        # packets waits 40 ms for the reader's delayed acknowledgement.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host = f"[{settings.host}]" if is_six else settings.host
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # what a proxy says of its client is never believed
            server_header=False,
            limit_concurrency=MOST,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=GRACE,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Begin to answer; what comes before it is ready waits in the backlog."""
        self._thread.start()
        log.info("HTTP is served at %s", self.url, extra={"action": "http_started", "url": self.url})

    def stop(self) -> None:
        """Take no more requests, finish those under way, within seconds."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(GRACE + 1)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(1)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> Self:
        """Serve until the end of the block."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()
