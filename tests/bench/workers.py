"""Runs per second of 1, 2 and 4 workers of one thread that take jobs from Procrastinate's queue, on trivial contracts.

Boots a PostgreSQL of its own for the state database and the warehouse, and starts a scheduler and workers as people do,
all on this machine: beyond its cores more workers are no faster.

Usage: python -m tests.bench.workers [--runs N]
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.acceptance.daemon import serving
from tests.acceptance.program import Program
from tests.conftest import Postgres, booted, fresh_database, until
from tests.integration.store.conftest import postgres_url

TRIVIAL = """\
    schema:
      - {name: orders, properties: [{name: id, logicalType: integer, required: true}]}
    """
SETTINGS = """
    [state]
    url = "${STATE_URL}"
    [schedule]
    default = "0 * * * *"
    spread = "0s"
    [daemon]
    dispatcher = "procrastinate"
    workers = 1
    """
ENDED = "SELECT count(*), extract(epoch FROM max(finished_at) - min(started_at)) FROM runs"


def main() -> int:
    """Measure, and print a line for each number of workers."""
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=200)
    asked = options.parse_args()
    with booted() as postgres:
        for workers in (1, 2, 4):
            print(
                f"{workers} workers of one thread: {pace(postgres, workers, asked.runs):.1f} runs per second",
                flush=True,
            )
    return 0


def pace(postgres: Postgres, workers: int, number: int) -> float:
    """Let a scheduler find so many contracts that nobody has watched, each due at once, while workers wait for them."""
    with shop(postgres) as program, ExitStack() as stack:
        for each in range(number):
            program.contract(TRIVIAL, name=f"c{each:04}")
        for each in range(workers):
            stack.enter_context(serving(program, f"worker-{each}", "--role", "worker")).wait_for("started", deadline=60)
        stack.enter_context(serving(program, "scheduler", "--role", "scheduler"))
        until(lambda: program.warehouse.rows(ENDED)[0][0] >= number, 240)
        ((done, seconds),) = program.warehouse.rows(ENDED)
    return float(done) / float(seconds)


@contextmanager
def shop(postgres: Postgres) -> Iterator[Program]:
    """Provide a folder without contracts, and a database that is the warehouse and the state's."""
    with fresh_database(postgres) as warehouse, tempfile.TemporaryDirectory() as folder:
        warehouse.rows("CREATE TABLE orders (id int NOT NULL); INSERT INTO orders VALUES (1)")
        program = Program(folder=Path(folder), warehouse=warehouse)
        program.environment["STATE_URL"] = postgres_url(warehouse)
        program.configure(SETTINGS, max_connections=60)
        assert program.run("migrate").code == 0
        yield program


if __name__ == "__main__":
    sys.exit(main())
