"""`pactwatch verify` beside hand-written SQL and plain soda-core: the same 20 checks, one run, interleaved, medians.

Usage: python -m tests.bench.verify [--rounds N] [--only small|big]
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2

from monitor import demo
from monitor.checks.plan import compile_plan
from monitor.checks.sodacl import compiled_file
from monitor.contracts.reading import load
from monitor.engines.soda import SodaEngine
from monitor.run import run_contract
from monitor.settings import SampleSettings, ServerSettings
from tests.bench import by_hand
from tests.bench.meter import Reading, measure, timed

CONTRACT = Path(__file__).with_name("flights.odcs.yaml")
FOLDER = Path(".pactwatch/bench/postgres")
COPIES = 30
KEPT, BROKEN, SODA_FAIL = 0, 1, 2


def main() -> None:
    """Measure both sizes and print what was found."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", choices=["small", "big"])
    asked = options.parse_args()
    print_help_time()
    with (
        demo.warehouse(FOLDER, lambda words: print(words, file=sys.stderr)) as server,
        tempfile.TemporaryDirectory() as temporary,
    ):
        host = server.host or ""
        big = prepare(host, with_big=asked.only != "small")
        for schema, size in ((demo.SCHEMA, "flights"), (big, f"flights x {COPIES}")):
            if asked.only != ("big" if schema == demo.SCHEMA else "small"):
                compare(size, host, schema, Path(temporary), asked.rounds)


def print_help_time() -> None:
    """Print how long `pactwatch --help` takes."""
    program = str(Path(sys.executable).with_name("pactwatch"))
    walls = [measure([program, "--help"]).wall for _ in range(7)]
    print(f"pactwatch --help: {statistics.median(walls):.2f} s (median of 7)")


def prepare(host: str, *, with_big: bool) -> str:
    """Create the schema with 30 copies of the flights, their keys kept apart by the year; return its name."""
    name = "nyc_big"
    with closing(psycopg2.connect(host=host, user="postgres", dbname="postgres")) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT to_regclass('nyc_big.ready') IS NULL")
        (missing,) = cursor.fetchone() or (True,)
        if with_big and missing:
            print(f"copying the flights {COPIES} times", file=sys.stderr)
            columns = [part.split()[0] for part in demo.TABLES["flights"].split(", ")]
            listed = ", ".join("year + copy AS year" if column == "year" else column for column in columns)
            cursor.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")
            for table in ("airlines", "airports", "planes"):
                cursor.execute(f"CREATE TABLE {name}.{table} AS SELECT * FROM {demo.SCHEMA}.{table}")
            cursor.execute(
                f"CREATE TABLE {name}.flights AS SELECT {listed} FROM generate_series(1, {COPIES}) AS copy,"
                f" {demo.SCHEMA}.flights"
            )
            cursor.execute("VACUUM ANALYZE")
            cursor.execute(f"CREATE TABLE {name}.ready ()")
        cursor.execute("VACUUM ANALYZE nyc.flights")
        cursor.execute("CHECKPOINT")
    return name


def compare(size: str, host: str, schema: str, folder: Path, rounds: int) -> None:
    """Run every contender once a round, in turn, and print the medians beside the limit."""
    server = ServerSettings(name="bench", host=host, database="postgres", schema=schema, user="postgres")
    contract = load(CONTRACT)
    checks = folder / "checks.yml"
    checks.write_text(compiled_file(compile_plan(contract, "postgres")))
    checks.with_name("soda-config.yml").write_text("send_anonymous_usage_stats: false\n")
    config = folder / f"{schema}.toml"
    config.write_text(
        f'[servers.bench]\nhost = "{host}"\ndatabase = "postgres"\nschema = "{schema}"\nuser = "postgres"\n'
    )
    python = sys.executable
    pactwatch = str(Path(python).with_name("pactwatch"))
    cold = [pactwatch, "--config", str(config), "verify", str(CONTRACT), "--format", "json"]
    where = [host, "postgres", schema]
    soda = [python, "-m", "tests.bench.plain_soda", *where, str(checks)]
    plan = compile_plan(contract, server.type)
    with SodaEngine(server) as engine:

        def warm() -> Reading:
            run = lambda: run_contract(contract, plan, server, engine, samples=SampleSettings())  # noqa: E731
            return Reading(wall=timed(run), cpu=0.0, pss=0.0)

        contenders: dict[str, Callable[[], Reading]] = {
            "hand-written SQL, in turn, new process": lambda: measure([python, "-m", "tests.bench.by_hand", *where]),
            "hand-written SQL, in turn, warm": lambda: Reading(
                wall=timed(lambda: by_hand.main(*where)), cpu=0.0, pss=0.0
            ),
            "soda-core on the compiled checks": lambda: measure(soda, allowed=frozenset({KEPT, SODA_FAIL})),
            "pactwatch verify --no-record, cold": lambda: measure([*cold, "--no-record"], allowed=frozenset({BROKEN})),
            "pactwatch verify, recorded, cold": lambda: measure(cold, allowed=frozenset({BROKEN})),
            "pactwatch verify, warm": warm,
        }
        readings: dict[str, list[Reading]] = {name: [] for name in contenders}
        for run in contenders.values():
            run()  # what the server caches, it has for everyone
        for _ in range(rounds):
            for name, contender in contenders.items():
                readings[name].append(contender())
        statements = {name: statements_of(contenders[name], host) for name in contenders}
    report(size, len(plan.checks), rounds, readings, statements)


def statements_of(contender: Callable[[], Reading], host: str) -> int:
    """Run once more with every statement logged, and count them."""
    log = FOLDER / "log"
    with closing(psycopg2.connect(host=host, user="postgres", dbname="postgres")) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("ALTER ROLE postgres SET log_statement = 'all'")
        before = log.stat().st_size
        contender()
        cursor.execute("ALTER ROLE postgres RESET log_statement")
    with log.open("rb") as file:
        file.seek(before)
        return sum(b"statement: " in line for line in file)


def report(size: str, checks: int, rounds: int, readings: dict[str, list[Reading]], statements: dict[str, int]) -> None:
    """Print one line per contender; ratios are of medians in this very run."""
    median = {
        name: Reading(
            *(statistics.median(values) for values in zip(*((r.wall, r.cpu, r.pss) for r in each), strict=True))
        )
        for name, each in readings.items()
    }
    limit, warm_limit, soda = (median[name].wall for name in list(median)[:3])
    print(f"\n{size}, {checks} checks, median of {rounds}, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<40} {'wall s':>7} {'CPU s':>6} {'PSS MiB':>8} {'sent':>5} {'/ limit':>8} {'/ soda':>7}")
    for name, reading in median.items():
        is_warm = name.endswith("warm")
        cpu = "" if is_warm else f"{reading.cpu:.2f}"
        pss = "" if is_warm else f"{reading.pss:.0f}"
        against = reading.wall / (warm_limit if is_warm else limit)
        print(
            f"{name:<40} {reading.wall:>7.2f} {cpu:>6} {pss:>8} {statements[name]:>5} {against:>8.2f}"
            f" {'' if is_warm else f'{reading.wall / soda:.2f}':>7}"
        )


if __name__ == "__main__":
    main()
