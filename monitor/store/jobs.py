"""Jobs of Procrastinate: each names a slot that somebody should run. What becomes of it is decided by the slot alone.

They are written on the connection of whoever writes the slot, so either both are there or neither.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, column, select, table, text
from sqlalchemy.dialects.postgresql import JSONB

from monitor.errors import SettingsError, StoreError

QUEUE = "pactwatch"
TASK = "run_slot"
MISSING_EXTRA = 'daemon.dispatcher: "procrastinate" is not installed; do so with: pip install "pactwatch[distributed]"'

_MENDING = 0x7061_6A6F  # "pajo"
_JOBS = table("procrastinate_jobs", column("args", JSONB), column("queue_name"))


class Jobs:
    """Puts jobs for slots into Procrastinate's queue. Every method takes part in the caller's transaction."""

    def __init__(self) -> None:
        """Find Procrastinate. Raises SettingsError where it is not installed."""
        try:
            from procrastinate.contrib.sqlalchemy import SQLAlchemyPsycopg2Connector
            from procrastinate.manager import JobManager
        except ImportError as error:
            raise SettingsError(MISSING_EXTRA) from error
        self._connector = SQLAlchemyPsycopg2Connector()
        self._manager = JobManager(self._connector)

    def put(self, connection: Connection, slots: Iterable[tuple[int, datetime]]) -> None:
        """Put a job for each of these slots, not to be taken before its moment. Raises StoreError."""
        from procrastinate.jobs import Job

        jobs = [
            Job(queue=QUEUE, task_name=TASK, task_kwargs={"slot": slot}, scheduled_at=at, lock=None, queueing_lock=None)
            for slot, at in slots
        ]
        if jobs:
            with _told():
                self._manager.batch_defer_jobs(jobs, connection=connection)

    def slots(self) -> Select[tuple[int]]:
        """Return the statement for the slots that have a job."""
        return select(_JOBS.c.args["slot"].as_string().cast(BigInteger)).where(_JOBS.c.queue_name == QUEUE)

    def end_lost(self, connection: Connection, patience: timedelta) -> int:
        """End the jobs whose worker was not heard of for so long; return how many they were. Raises StoreError."""
        from procrastinate import sql
        from procrastinate.exceptions import ConnectorException

        query = sql.queries["select_stalled_jobs_by_heartbeat"]
        asked = {"queue": QUEUE, "task_name": TASK, "seconds_since_heartbeat": patience.total_seconds()}
        with _told():
            lost: Sequence[Any] = self._connector.execute_query_all_with_connection(connection, query, **asked)
        ended = 0
        for job in lost:
            finish = {"job_id": job["id"], "status": "failed", "delete_job": True}
            try:
                with connection.begin_nested():
                    self._connector.execute_query_all_with_connection(connection, sql.queries["finish_job"], **finish)
            except ConnectorException:  # its worker came back this moment and has ended it
                continue
            ended += 1
        return ended

    def is_our_turn(self, connection: Connection) -> bool:
        """Say whether nobody else mends just now; nobody does until this transaction is over."""
        return bool(connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _MENDING}).scalar())


@contextmanager
def _told() -> Iterator[None]:
    from procrastinate.exceptions import ConnectorException

    try:
        yield
    except ConnectorException as error:
        raise StoreError(f"Procrastinate's queue cannot be written: {error.__cause__ or error}") from error
