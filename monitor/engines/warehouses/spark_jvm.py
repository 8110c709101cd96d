"""Spark's virtual machine: one for each way of running Spark and each process of ours, shared by all of its scans.

It starts with no more of our environment than a scanning process sees, writes to no terminal, and ends when we end:
it reads a pipe of ours (pyspark's own way, `pyspark.java_gateway`). Only py4j is needed to talk to it.
"""

import atexit
import os
import re
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from monitor.engines.process import scrubbed
from monitor.engines.warehouses.base import Unreachable
from monitor.settings import ServerSettings

NOT_INSTALLED = "the package soda-core-spark-df is not installed: pip install 'pactwatch[spark]'"
_VARIABLES = ("JAVA_HOME", "SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_HOME", "HADOOP_CONF_DIR", "YARN_CONF_DIR")
"""What finds Java, Spark and their configuration."""
_STARTS_WITHIN = 120.0
_POLL = 0.05
_AGAIN = 0.2
_MEMORY = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>[KMGT])i?B\Z")
_MEBIBYTES = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024**2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A running virtual machine: the way to it, and what it is talked to with."""

    gateway: Any
    port: int
    token: str
    process: subprocess.Popen[bytes]
    folder: str

    @property
    def is_over(self) -> bool:
        """Say whether it has ended."""
        return self.process.poll() is not None


_running: dict[tuple[object, ...], Machine] = {}
_lock = threading.Lock()


def machine_of(server: ServerSettings) -> Machine:
    """Return the virtual machine of a server, started where there is none yet. Raises Unreachable."""
    key = (server.master, server.memory_limit, server.env)
    with _lock:
        known = _running.get(key)
        if known is not None and not known.is_over:
            return known
        if not _running:
            atexit.register(end_all)
        if known is not None:
            rmtree(known.folder, ignore_errors=True)
        _running[key] = _started(server)
        return _running[key]


def end_all() -> None:
    """End every machine that was started here; should we not come to it, each ends with our end of its pipe."""
    with _lock:
        for machine in _running.values():
            machine.gateway.close()
            _end(machine.process)
            rmtree(machine.folder, ignore_errors=True)
        _running.clear()


def connected(port: int, token: str) -> Any:  # noqa: ANN401 - py4j has no types
    """Return a gateway to a machine that is there, with the names that pyspark expects in it."""
    try:
        from py4j.clientserver import ClientServer, JavaParameters, PythonParameters
        from py4j.java_gateway import java_import
    except ImportError:
        raise Unreachable(NOT_INSTALLED) from None
    gateway = ClientServer(
        java_parameters=JavaParameters(port=port, auth_token=token, auto_convert=True),
        python_parameters=PythonParameters(port=0, eager_load=False),
    )
    for names in ("SparkConf", "api.java.*", "api.python.*", "resource.*", "sql.*", "sql.api.python.*"):
        java_import(gateway.jvm, f"org.apache.spark.{names}")
    java_import(gateway.jvm, "scala.Tuple2")
    return gateway


@contextmanager
def limited(cancel: Callable[[], None], seconds: float) -> Iterator[Callable[[], bool]]:
    """While the block runs, cancel what it waits for when its time is over; says whether it was.

    A query is several jobs, of which the next may begin just after one was cancelled: it is cancelled again.
    """
    over, done = threading.Event(), threading.Event()

    def watch() -> None:
        pause = seconds
        while not done.wait(pause):
            over.set()
            cancel()
            pause = _AGAIN

    if seconds:
        threading.Thread(target=watch, daemon=True).start()
    try:
        yield over.is_set
    finally:
        done.set()


def _started(server: ServerSettings) -> Machine:
    home = os.environ.get("SPARK_HOME") or _home()
    folder = mkdtemp(prefix="pactwatch-spark-")
    info, said = Path(folder) / "connection", Path(folder) / "said"
    environment = scrubbed(os.environ, (*_VARIABLES, *server.env))
    environment |= {"_PYSPARK_DRIVER_CONN_INFO_PATH": str(info), "PYSPARK_PYTHON": sys.executable}
    environment["SPARK_LOCAL_DIRS"] = folder
    try:
        with said.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - Spark's own program
                [str(Path(home) / "bin" / "spark-submit"), *_options(server, folder), "pyspark-shell"],
                env=environment,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is ours to answer
            )
    except OSError as error:
        rmtree(folder, ignore_errors=True)
        raise Unreachable(f"Spark cannot be started: {error}") from error
    try:
        port, token = _address(info, process)
        gateway = connected(port, token)
        gateway.jvm.org.apache.spark.sql.SparkSession.builder().getOrCreate().sparkContext().setLogLevel("OFF")
    except BaseException as error:
        _end(process)
        reason = _last_words(said)
        rmtree(folder, ignore_errors=True)
        if isinstance(error, Exception) and not isinstance(error, Unreachable):
            raise Unreachable(f"Spark cannot be started: {reason or type(error).__name__}") from error
        if isinstance(error, Unreachable) and reason:
            raise Unreachable(f"{error}: {reason}") from error
        raise
    said.unlink()  # from here on nobody reads it, and it cannot grow in anybody's way
    return Machine(gateway=gateway, port=port, token=token, process=process, folder=folder)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    if process.stdin is not None:
        process.stdin.close()
    process.wait()


def _home() -> str:
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise Unreachable(NOT_INSTALLED)
    return str(Path(found.origin).parent)


def _options(server: ServerSettings, folder: str) -> list[str]:
    settings = {
        "spark.app.name": "pactwatch",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
    }
    if server.master.startswith("local"):
        settings |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.shuffle.partitions": "8",  # Spark's own 200 are for clusters
        }
    options = ["--master", server.master, "--driver-memory", f"{_mebibytes(server.memory_limit)}m"]
    return [*options, *(part for name, value in settings.items() for part in ("--conf", f"{name}={value}"))]


def _mebibytes(limit: str) -> int:
    found = _MEMORY.match(limit)
    if found is None:
        raise Unreachable(f"memory_limit: {limit!r} is no amount of memory")
    return max(1, int(float(found["number"]) * _MEBIBYTES[found["unit"]]))


def _address(info: Path, process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Wait until Spark has written where it listens, and with which token. Raises Unreachable."""
    end = time.monotonic() + _STARTS_WITHIN
    while not info.is_file():
        if process.poll() is not None:
            raise Unreachable("Spark cannot be started")
        if time.monotonic() > end:
            raise Unreachable(f"Spark did not start within {_STARTS_WITHIN:.0f} seconds")
        time.sleep(_POLL)
    written = info.read_bytes()
    port, length = struct.unpack("!ii", written[:8])
    return port, written[8 : 8 + length].decode()


def _last_words(said: Path) -> str:
    """Return the line of what Spark said that tells most: its first error, else its last words."""
    lines = [line.strip() for line in said.read_text("utf-8", "replace").splitlines() if line.strip()]
    telling = (line for line in lines if re.search(r"Exception|Error|ERROR|JAVA_HOME|not found", line))
    return next(telling, lines[-1] if lines else "")


def settings_of(session: Any) -> Mapping[str, str]:  # noqa: ANN401 - py4j has no types
    """Make a session one in which casts fail loudly and a contract's text stays text; return what was set."""
    wanted = {
        "spark.sql.ansi.enabled": "true",
        "spark.sql.ansi.doubleQuotedIdentifiers": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_LTZ",
        "spark.sql.variable.substitute": "false",
        "spark.sql.runSQLOnFiles": "false",
        "spark.sql.parser.escapedStringLiterals": "false",
        "spark.sql.files.ignoreCorruptFiles": "false",
        "spark.sql.files.ignoreMissingFiles": "false",
    }
    for name, value in wanted.items():
        session.conf().set(name, value)
    return wanted
