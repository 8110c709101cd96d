"""`/healthz` and `/readyz`: bare and open, for whoever restarts a dead daemon or sends work to a living one.

They name what is wrong, never an address or what a file says. A contract file that is invalid is shown, and is no
reason to be not ready: its last good version runs on. So is a part of the daemon that cannot do its work just now, as
the `site` where its folder takes no pages: the log says why, and a restart would not help.
"""

import logging
from collections.abc import Awaitable, Callable

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.errors import StoreError
from monitor.exact_json import Json
from monitor.store.store import Store
from monitor.web.answers import answer
from monitor.web.seam import FRESH, Daemon, Status

PATIENCE = 3.0
"""Seconds that the state database has to answer; whoever asks for our health waits little longer."""

log = logging.getLogger(__name__)

AT_ONCE = 2
UNWELL = 503

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(store: Store, daemon: Daemon) -> list[Route]:
    """Return the two paths."""
    limiter: list[CapacityLimiter] = []  # made in the loop that uses it

    async def state_problem() -> str | None:
        """Say why the state database is no use; one that hangs costs a thread or two, not all of them."""
        if not limiter:
            limiter.append(CapacityLimiter(AT_ONCE))
        with anyio.move_on_after(PATIENCE):
            return await to_thread.run_sync(_ask, store, abandon_on_cancel=True, limiter=limiter[0])
        return f"the state database does not answer within {PATIENCE:g} s"

    async def healthz(request: Request) -> Response:
        del request
        return _told([*problems(daemon.status()), await state_problem()], {})

    async def readyz(request: Request) -> Response:
        del request
        status = daemon.status()
        found = [*problems(status), await state_problem(), *_not_ready(status)]
        invalid: Json = [{"file": file.file, "problems": len(file.problems)} for file in status.invalid]
        behind: Json = [*status.behind]
        return _told(found, {"targets": len(status.loaded or ()), "invalid": invalid, "behind": behind})

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def problems(status: Status) -> list[str]:
    """Return what is wrong with the daemon itself."""
    found = [] if status.is_ticking else ["the scheduler's thread has ended: restart the daemon"]
    if status.heartbeat_age is None:
        found.append("no heartbeat yet")
    elif status.heartbeat_age > FRESH:
        found.append(f"the last heartbeat is {status.heartbeat_age:.0f} s old, expected at most {FRESH:.0f} s")
    if status.reconciled_age is not None and status.reconciled_age > FRESH:
        found.append(f"what is due was last looked for {status.reconciled_age:.0f} s ago, expected {FRESH:.0f} s")
    return found


def _not_ready(status: Status) -> list[str]:
    found = ["the contracts are still being read"] if status.loaded is None else []
    if status.reconciled_age is None:
        found.append("what is due was not looked for yet")
    return [*found, "it is stopping"] if status.is_stopping else found


def _ask(store: Store) -> str | None:
    try:
        with store.reading() as reader:
            reader.now()
    except StoreError as error:
        log.warning("%s", error, extra={"action": "state_unreachable"})
        return "the state database cannot be read; the log says why"
    return None


def _told(found: list[str | None], more: dict[str, Json]) -> Response:
    wrong = [each for each in found if each is not None]
    return answer({"ok": not wrong, "problems": wrong, **more}, UNWELL if wrong else 200)
