"""Takes jobs from Procrastinate's queue: each names a slot, which the daemon claims and runs like any other.

A job promises nothing. Whoever has one asks the slot; a job for a slot that is done, or somebody else's, does nothing,
and one for a slot that has to wait comes back when it may be run.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.errors import MonitorError, StoreError
from monitor.store.jobs import QUEUE, TASK

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.worker import Worker

LOOK = 1.0
"""Seconds between two looks for jobs whose moment has come; new ones ring by themselves."""

TROUBLE = timedelta(seconds=5)
"""After so long a job is tried again whose slot could not be asked."""

SETTLED = 5.0
"""Seconds after which taking jobs has worked: when it ends later than that it is begun anew without a pause."""

GRACE = 20.0
"""Seconds for which jobs are waited for whose queue is lost or whose daemon ends; their runs go on by the lease."""

RunSlot = Callable[[int], datetime | None]
"""Runs a slot if it is ours to run; returns when it must be looked at again, None if not."""

log = logging.getLogger(__name__)


class LaterError(Exception):
    """Tells Procrastinate that a job has to come back, and when."""

    def __init__(self, at: datetime) -> None:
        """Keep the moment."""
        super().__init__(f"not before {at}")
        self.at = at


class Taker:
    """Takes jobs, as many at once as there are threads."""

    def __init__(self, conninfo: str, threads: int, lease: float, run_slot: RunSlot) -> None:
        """Prepare; nothing is connected yet. A worker that was not heard of for `lease` seconds has lost its jobs."""
        logging.getLogger("procrastinate").setLevel(logging.ERROR)  # it tells every job; we tell what matters
        self._conninfo = conninfo
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self._lease = lease
        self._run_slot = run_slot
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._is_over = False

    @property
    def is_taking(self) -> bool:
        """Say whether jobs are taken just now."""
        worker = self._worker
        return worker is not None and worker.worker_id is not None

    def run(self) -> None:
        """Take jobs until `end`, or until the queue is lost; then it may be begun anew. Raises StoreError."""
        from procrastinate.exceptions import ProcrastinateException
        from psycopg import Error

        begun, lost = time.monotonic(), "the queue is lost"
        try:
            asyncio.run(self._run())
        except (ProcrastinateException, Error, OSError) as error:
            lost = _reason(error)
            if time.monotonic() - begun < SETTLED:
                raise StoreError(f"jobs cannot be taken: {lost}") from error
        if not self._is_over:
            log.warning("No jobs are taken for a moment: %s", lost, extra={"action": "jobs_lost"})

    def end(self) -> None:
        """Take no more; `run` returns when the jobs that were taken are done."""
        with self._lock:
            self._is_over = True
            if self._worker is not None:
                self._worker.stop()  # type: ignore[no-untyped-call]  # it has no types there

    async def _run(self) -> None:
        asyncio.get_running_loop().set_exception_handler(_told)
        app = self._app()
        async with app.open_async():
            worker = self._new_worker(app)
            with self._lock:
                if self._is_over:
                    return
                self._worker = worker
            try:
                await worker.run()  # type: ignore[no-untyped-call]  # nor here
            finally:
                with self._lock:
                    self._worker = None

    def _app(self) -> "App":
        from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision

        class Patience(BaseRetryStrategy):
            """No job ever fails: it comes back until its slot has an end."""

            def get_retry_decision(self, *, exception: BaseException, job: object) -> RetryDecision:
                del job
                again = exception.at if isinstance(exception, LaterError) else datetime.now(UTC) + TROUBLE
                return RetryDecision(retry_at=again)

        app = App(
            connector=PsycopgConnector(
                conninfo=self._conninfo,
                min_size=1,
                max_size=4,
                kwargs={"application_name": "pactwatch/jobs", "connect_timeout": 10},
            )
        )

        @app.task(name=TASK, queue=QUEUE, retry=Patience())
        async def run_slot(slot: int) -> None:
            again = await asyncio.get_running_loop().run_in_executor(self._pool, self._do, slot)
            if again is not None:
                raise LaterError(again)

        return app

    def _do(self, slot: int) -> datetime | None:
        """Run a slot in a thread of ours: the boundary beyond which no error goes."""
        try:
            return self._run_slot(slot)
        except MonitorError as error:
            log.warning("A slot could not be asked: %s", error, extra={"action": "job_failed", "slot": slot})
        except Exception:
            log.exception("A slot could not be run: unforeseen", extra={"action": "job_failed", "slot": slot})
        return datetime.now(UTC) + TROUBLE

    def _new_worker(self, app: "App") -> "Worker":
        from procrastinate.worker import Worker

        return Worker(
            app,
            queues=[QUEUE],
            name=None,
            concurrency=self._threads,
            fetch_job_polling_interval=LOOK,
            install_signal_handlers=False,
            delete_jobs="always",
            shutdown_graceful_timeout=GRACE,
            update_heartbeat_interval=min(10.0, self._lease / 6),
            stalled_worker_timeout=self._lease,
        )


def _told(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say what became of a job that went to somebody else while we stood still: its slot knows better."""
    del loop
    reason = _reason(context["exception"]) if context.get("exception") else context["message"]
    log.warning("A job could not be ended: %s", reason, extra={"action": "job_lost"})


def _reason(error: BaseException) -> str:
    """Return the first line of the error that began it."""
    cause = error.__cause__ or error
    return str(cause).strip().partition("\n")[0] or type(cause).__name__
