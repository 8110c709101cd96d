"""`POST /api/v1/contracts/{id}/verify`: a gate for pipelines. It waits for the verdict, or names the run to poll.

A run that is asked for here is recorded like any on demand: incidents and alerts do not move.
"""

import hashlib
import time
from collections.abc import Callable
from urllib.parse import quote
from uuid import uuid4

import anyio
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.exact_json import Json
from monitor.store.store import Store
from monitor.web.access import CALLER
from monitor.web.answers import ProblemError, answer
from monitor.web.asked import Asked
from monitor.web.openapi import LONGEST_WAIT
from monitor.web.paths import BASE, CONTRACT
from monitor.web.progress import DUE, ENDED, progress_of, under_way
from monitor.web.seam import Daemon

KEY = "idempotency-key"
LONGEST_KEY = 255
FIRST_LOOK, LAST_LOOK = 0.1, 2.0
"""Seconds between two looks for the end of a run: seldom for one that takes long."""

WAITERS = 100
"""So many requests wait at once; the others are told where to look, as if they had not asked to wait."""


def routes(store: Store, daemon: Daemon) -> list[Route]:
    """Return the path."""
    waiting = 0

    async def verify(request: Request) -> Response:
        nonlocal waiting
        asked = Asked(request, ("server", "wait"))
        wait = asked.number("wait", 0, 0, LONGEST_WAIT)
        run_id = await to_thread.run_sync(_request, request, asked.text("server"), daemon)
        found = await to_thread.run_sync(progress_of, store, daemon, run_id)
        if wait and waiting < WAITERS:
            waiting += 1
            try:
                found = await _ended(lambda: progress_of(store, daemon, run_id), wait, found)
            finally:
                waiting -= 1
        poll = f"{BASE}/runs/{run_id}"
        if found is not None and found["state"] in ENDED:
            return answer({**found, "poll": poll})
        pending = under_way(run_id, DUE) if found is None else found
        return answer({**pending, "poll": poll}, 202, {"Location": poll, "Retry-After": "2"})

    return [Route(f"{CONTRACT}/verify", verify, methods=["POST"])]


async def _ended(
    look: Callable[[], dict[str, Json] | None], wait: float, found: dict[str, Json] | None
) -> dict[str, Json] | None:
    """Return a run when it has ended, or as it is when the wait is over."""
    end, pause = time.monotonic() + wait, FIRST_LOOK
    while (found is None or found["state"] not in ENDED) and time.monotonic() < end:
        await anyio.sleep(min(pause, max(0.0, end - time.monotonic())))
        pause = min(LAST_LOOK, pause * 1.5)
        found = await to_thread.run_sync(look)
    return found


def _request(request: Request, server: str | None, daemon: Daemon) -> str:
    """Ask for a run and return its id; the same key asks for the same run, whoever of the replicas hears it."""
    contract = request.path_params["contract"]
    chosen = _server(contract, server, daemon)
    key = request.headers.get(KEY)
    if key is None:
        run_id = uuid4().hex[:16]
    elif not key or len(key) > LONGEST_KEY:
        raise ProblemError(400, "bad_header", f"expected 1 to {LONGEST_KEY} characters", f"header.{KEY}")
    else:
        parts = (request.scope.get(CALLER) or "", contract, chosen, key)
        run_id = hashlib.sha256("\0".join(quote(part) for part in parts).encode()).hexdigest()[:32]
    daemon.request_run(contract, chosen, run_id)
    return run_id


def _server(contract: str, server: str | None, daemon: Daemon) -> str:
    loaded = daemon.status().loaded
    if loaded is None:
        raise ProblemError(503, "not_ready", "the contracts are still being read; ask again soon")
    servers = sorted({each.server.name for each in loaded if each.contract.id == contract and not each.shadow})
    if not servers:
        raise ProblemError(404, "not_found", f"no contract {contract!r} is watched", "path.contract")
    if server is None and len(servers) == 1:
        return servers[0]
    if server in servers:
        return str(server)
    told = "which server?" if server is None else f"it is not watched on {server!r};"
    raise ProblemError(400, "bad_parameter", f"{told} expected {' or '.join(servers)}", "query.server")
