"""The web application: one door for all rooms, then health, metrics, the API, the report site."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import to_thread
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.errors import MonitorError
from monitor.settings import HttpSettings
from monitor.store.store import Store
from monitor.web import api, health, metrics, pages
from monitor.web.access import CALLER, Room, caller_of, refusal
from monitor.web.answers import COMMON, ProblemError, on_crash, on_http, on_problem, on_trouble, refused
from monitor.web.seam import Daemon

THREADS = 8
"""So many requests read the state database at once; the pool of its connections holds a few more."""


def app(store: Store, daemon: Daemon, settings: HttpSettings, site: Path | None = None) -> Starlette:
    """Return the application. `site` is the folder of the reports."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield

    found = Starlette(
        routes=[
            *health.routes(store, daemon),
            *metrics.routes(store, daemon),
            *api.routes(store, daemon),
            *pages.routes(site),
        ],
        exception_handlers={
            ProblemError: on_problem,
            MonitorError: on_trouble,
            HTTPException: on_http,
            Exception: on_crash,
        },
        lifespan=lifespan,
    )
    found.add_middleware(_Door, settings=settings)
    return found


def room_of(path: str) -> Room:
    """Return to which room a path belongs."""
    if path in {"/healthz", "/readyz"}:
        return Room.HEALTH
    if path == "/metrics":
        return Room.METRICS
    return Room.API if path == "/api" or path.startswith("/api/") else Room.PAGES


class _Door:
    """Lets in whoever may see the room, and gives every answer the headers that all have in common."""

    def __init__(self, app: ASGIApp, settings: HttpSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        room = room_of(scope["path"])
        headers = _once(scope)
        found = refusal(room, scope["method"], headers, self._settings)
        if found is not None:
            await refused(found, is_page=room is Room.PAGES)(scope, receive, _with_common(send))
            return
        caller = caller_of(headers, self._settings.tokens)
        await self._app({**scope, CALLER: caller}, receive, _with_common(send))


def _once(scope: Scope) -> dict[str, str]:
    """Return the headers; one that was sent twice counts as both, so that neither can hide behind the other."""
    headers: dict[str, str] = {}
    for name, value in Headers(scope=scope).items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _with_common(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in COMMON.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
