"""The daemon: runs per second on trivial contracts, its own CPU per run, and how late slots are at 10,000 contracts.

Boots a PostgreSQL of its own for the state database and the warehouse, and starts `pactwatch serve` as people do. CPU is
of the daemon's process: its children and PostgreSQL work apart. Exit code 1 if a target is missed or a slot is lost.

Usage: python -m tests.bench.daemon [--runs N] [--contracts N] [--at-once N]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from monitor.checks.plan import compile_plan
from monitor.contracts.reading import load
from monitor.engines.base import Wishes
from monitor.store.store import migrate_store
from monitor.wiring import Engines
from tests.acceptance.daemon import Serving, serving
from tests.acceptance.program import Program
from tests.campaigns.servers import Restartable, restartable
from tests.campaigns.slots import dsn_of, rows
from tests.conftest import Warehouse, fresh_database
from tests.integration.store.conftest import postgres_url

MOST_CPU, FEWEST_RUNS, LATEST, MOST_MEMORY = 0.030, 20.0, 5.0, 500.0
"""Seconds per run beyond the scan, runs per second, seconds at the 99th percentile, MiB."""

TRIVIAL = """\
    schema:
      - {name: orders, properties: [{name: id, logicalType: integer, required: true}]}
    """
SCHEDULED = """\
slaProperties: [{{property: frequency, value: 1, unit: d, scheduler: cron, schedule: "{cron}"}}]
"""
SETTINGS = """
    [state]
    url = "${{STATE_URL}}"
    [schedule]
    default = "0 * * * *"
    spread = "0s"
    catch_up = "{catch_up}"
    [daemon]
    workers = {workers}
    """
LOADING = 60
"""Seconds at least from the making of the contracts until some are due."""

WARM = 10
"""Runs before the first that counts."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What a daemon did with so many runs."""

    per_second: float
    cpu: float


def main() -> int:
    """Measure all, print a table, and say whether every target is met."""
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=300)
    options.add_argument("--contracts", type=int, default=10_000)
    options.add_argument("--at-once", type=int, default=1_000)
    asked = options.parse_args()
    with restartable() as server:
        bare = bare_scan(server)
        print(f"bare scan: {bare.per_second:.1f} per second one after the other, {bare.cpu * 1000:.1f} ms of CPU each")
        paces = {workers: pace(server, workers, asked.runs) for workers in (1, 2, 4)}
        for workers, found in paces.items():
            beyond = (found.cpu - bare.cpu) * 1000
            print(f"{workers} workers: {found.per_second:.1f} runs per second, {beyond:.1f} ms of CPU beyond the scan")
        is_punctual = punctual(server, asked.contracts, asked.at_once)
    is_lean = min(found.cpu for found in paces.values()) - bare.cpu <= MOST_CPU
    is_fast = max(found.per_second for found in paces.values()) >= FEWEST_RUNS
    print(f"targets: CPU {'met' if is_lean else 'MISSED'}, runs per second {'met' if is_fast else 'MISSED'}")
    return 0 if is_lean and is_fast and is_punctual else 1


@contextmanager
def shop(server: Restartable, workers: int, catch_up: str) -> Iterator[tuple[Program, Warehouse]]:
    """Provide a folder without contracts, a warehouse with a table, and an empty state database."""
    with (
        fresh_database(server.postgres) as warehouse,
        fresh_database(server.postgres) as memory,
        tempfile.TemporaryDirectory() as folder,
    ):
        warehouse.rows("CREATE TABLE orders (id int NOT NULL); INSERT INTO orders VALUES (1)")
        program = Program(folder=Path(folder), warehouse=warehouse)
        program.environment["STATE_URL"] = postgres_url(memory)
        migrate_store(program.environment["STATE_URL"])
        program.configure(SETTINGS.format(catch_up=catch_up, workers=workers), max_connections=4 * workers)
        yield program, memory


def bare_scan(server: Restartable, number: int = 60) -> Pace:
    """Scan again and again, and do nothing with what is found."""
    with shop(server, 1, "latest") as (program, _), Engines() as engines:
        plan = compile_plan(load(program.contract(TRIVIAL)), "postgres")
        engine = engines.of(replace(program.warehouse.settings, max_connections=4))
        for _ in range(WARM):
            engine.scan(plan, Wishes())
        begun, cpu = time.perf_counter(), time.process_time()
        for _ in range(number):
            engine.scan(plan, Wishes())
        cpu, wall = time.process_time() - cpu, time.perf_counter() - begun
    return Pace(per_second=number / wall, cpu=cpu / number)


def pace(server: Restartable, workers: int, number: int) -> Pace:
    """Let a daemon find so many contracts that nobody has watched: each is due at once."""
    with shop(server, workers, "latest") as (program, memory):
        for each in range(number):
            program.contract(TRIVIAL, name=f"c{each:05}")
        with serving(program) as daemon:
            process = psutil.Process(daemon.process.pid)
            first = counted(memory, lambda done: done >= WARM, daemon)
            begun, cpu = time.perf_counter(), cpu_of(process)
            last = counted(memory, lambda done: done >= number, daemon)
            wall, cpu = time.perf_counter() - begun, cpu_of(process) - cpu
            daemon.end()
    return Pace(per_second=(last - first) / wall, cpu=cpu / (last - first))


def punctual(server: Restartable, number: int, at_once: int) -> bool:
    """Let a daemon watch so many contracts, of which some are due in the same minute; say whether it is in time."""
    with shop(server, 2, "skip") as (program, memory):
        moment = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(seconds=60 + LOADING)
        for each in range(number):
            later = moment if each < at_once else moment + timedelta(minutes=30 + each % 1_200)
            cron = f"{later.minute} {later.hour} * * *"
            program.contract(TRIVIAL + SCHEDULED.format(cron=cron), name=f"c{each:05}")
        with serving(program) as daemon:
            process = psutil.Process(daemon.process.pid)
            loaded = daemon.wait_for("contracts_loaded", deadline=110)
            assert loaded["targets"] == number, loaded
            daemon.wait_for("started", deadline=110)
            early = (moment - datetime.now(UTC)).total_seconds()
            peak = 0.0

            def is_over(done: int) -> bool:
                nonlocal peak
                peak = max(peak, process.memory_info().rss / 2**20)
                return done >= at_once

            done = counted(memory, is_over, daemon, deadline=max(0.0, early) + 240)
            lags = [
                float(lag)
                for (lag,) in rows(dsn_of(memory), "SELECT extract(epoch FROM created_at - instant) FROM slots")
            ]
            ended = rows(dsn_of(memory), "SELECT extract(epoch FROM max(finished_at) - min(instant)) FROM slots")
            for about in rows(dsn_of(memory), "SELECT state, reason, count(*) FROM slots GROUP BY state, reason"):
                print("slots:", *about)
            daemon.end()
    shares = statistics.quantiles(lags, n=100)
    told = {"median": shares[49], "p95": shares[94], "p99": shares[98], "worst": max(lags)}
    print(
        f"{loaded['targets']:,} contracts ready {early:.0f} s before {at_once:,} were due: written down within "
        + ", ".join(f"{name} {lag:.2f} s" for name, lag in told.items())
        + f"; all verified after {float(ended[0][0]):.0f} s; {peak:.0f} MiB resident; {at_once - done} slots lost"
    )
    return early > 0 and len(lags) == done == at_once and told["p99"] <= LATEST and peak <= MOST_MEMORY


def counted(memory: Warehouse, is_enough: Callable[[int], bool], daemon: Serving, deadline: float = 120.0) -> int:
    """Wait until enough runs are recorded, or for so many seconds, and return how many there are."""
    end, found = time.monotonic() + deadline, 0
    while not is_enough(found) and time.monotonic() < end:
        time.sleep(0.1)
        assert daemon.process.poll() is None, daemon.log.read_text()
        ((found,),) = rows(dsn_of(memory), "SELECT count(*) FROM runs")
    return found


def cpu_of(process: psutil.Process) -> float:
    """Return the seconds of CPU that a process has used, without those of its children."""
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    sys.exit(main())
