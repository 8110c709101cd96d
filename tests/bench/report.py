"""The report site at size: how long it takes to build and to update, how big the front page is, how soon one can use it.

By default 1,000 contracts of 50 checks in 5 datasets, verified daily for 90 days (4.5 million results, as many roll-ups),
in PostgreSQL. Prints a table; exit code 1 if any number is beyond its target.

Usage: python -m tests.bench.report [--contracts N] [--checks N] [--days N] [--keep] [--runs]
"""

import argparse
import gzip
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
from playwright.sync_api import sync_playwright
from psycopg2.extensions import connection

from monitor.contracts.versions import Selected
from monitor.domain.check import CheckKind
from monitor.domain.contract import Column, Contract, Dataset, Owner
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.scan import Outcome
from monitor.domain.target import TargetKey
from monitor.reports.promises import Promises
from monitor.reports.site import Site
from monitor.store.store import Store, migrate_store, open_store
from monitor.store.values import Trigger
from tests.bench.store import Lines, database, server
from tests.runs import CONTRACT, check, result, run_of

SITE = Path(".pactwatch/bench/report")
DATASETS = 5
TEAMS, DOMAINS, SERVERS = 40, 8, 4
DAY = timedelta(days=1)
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
INDEX_RAW, INDEX_GZIP, BUILD, MEMORY, UPDATE, INTERACTIVE = 800, 60, 120.0, 600, 0.5, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much history is made."""

    contracts: int
    checks: int
    days: int


def main() -> int:
    """Make the history and measure."""
    options = argparse.ArgumentParser()
    options.add_argument("--contracts", type=int, default=1000)
    options.add_argument("--checks", type=int, default=50)
    options.add_argument("--days", type=int, default=90)
    options.add_argument("--keep", action="store_true", help="use the history of the last time, if it is there")
    options.add_argument(
        "--runs", action="store_true", help="write the pages of the linked runs as well, and measure it"
    )
    asked = options.parse_args()
    size = Size(contracts=asked.contracts, checks=asked.checks, days=asked.days)
    with server() as admin:
        name = f"report_{size.contracts}_{size.checks}_{size.days}"
        url = f"postgresql://{admin['user']}@/{name}?host={admin['host']}&port={admin['port']}"
        if database(admin, name, keep=asked.keep):
            migrate_store(url)
            with closing(psycopg2.connect(**{**admin, "dbname": name})) as opened:
                fill(opened, size)
            with open_store(url) as store:
                tell_stories(store, size)
            with closing(psycopg2.connect(**{**admin, "dbname": name})) as opened:
                opened.autocommit = True
                opened.cursor().execute("VACUUM ANALYZE")
        with open_store(url) as store:
            return measure(store, size, with_runs=asked.runs)


def fill(opened: connection, size: Size) -> None:
    """Copy the history in, in the order in which it would have been recorded."""
    with opened, opened.cursor() as cursor:
        for table, columns, lines in tables(size):
            begun = time.monotonic()
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", Lines(lines))
            print(f"{table}: {cursor.rowcount:,} rows in {time.monotonic() - begun:.0f} s", file=sys.stderr)
        for table in ("targets", "contract_versions", "runs", "checks"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


def tables(size: Size) -> Iterator[tuple[str, str, Iterator[str]]]:
    """Yield each table with its columns and its rows as COPY reads them."""
    numbers, first = range(1, size.contracts + 1), NOW - DAY * size.days
    yield "targets", "id, contract, major, server", (f"{n}\tcontract-{n}\t1\tserver-{n % SERVERS}\n" for n in numbers)
    yield (
        "contract_versions",
        "id, contract, version, fingerprint, meaning, slug, name, status, file, details, first_seen, last_seen",
        (
            f"{n}\tcontract-{n}\t1.0.0\tsha256:{n}\tsha256:{n}\tcontract-{n}\tContract {n}\tactive"
            f"\tc/{n}.odcs.yaml\t{{}}\t{first}\t{NOW}\n"
            for n in numbers
        ),
    )
    yield (
        "checks",
        (
            "id, target_id, shadow, check_id, name, kind, dataset, columns, severity, expected, unit, line, sql, needs,"
            " not_checked, first_seen"
        ),
        (
            f"{key(size, n, c)}\t{n}\tf\t{check_id(c)}\tt{c % DATASETS}.column_{c} must not be empty\tnot_null"
            f'\tt{c % DATASETS}\t["column_{c}"]\terror\t= 0\trows\t{c}'
            f"\tSELECT count(*) FROM t{c % DATASETS} WHERE column_{c} IS NULL\t[]\t[]\t{first}\n"
            for n in numbers
            for c in range(size.checks)
        ),
    )
    days = range(size.days)
    yield (
        "runs",
        (
            "id, run_id, target_id, version_id, trigger, shadow, subset, stands, started_at, finished_at, verdict,"
            " passed, warned, failed, errors, blocked, skipped"
        ),
        (
            f"{run_key(size, d, n)}\t{run_key(size, d, n):016x}\t{n}\t{n}\tscheduled\tf\tf\tt\t{at(size, d, n)}"
            f"\t{at(size, d, n)}\t{'broken' if bad else 'kept'}\t{size.checks - bad}\t0\t{bad}\t0\t0\t0\n"
            for d in days
            for n in numbers
            for bad in (sum(fails(d, n, c) for c in range(size.checks)),)
        ),
    )
    yield (
        "results",
        "run_id, check_id, at, position, outcome, stands, measured, rows, seconds, reason",
        (
            f"{run_key(size, d, n)}\t{key(size, n, c)}\t{at(size, d, n)}\t{c}\t{told}\t{1000000 + d}\t0.01\t\\N\n"
            for d in days
            for n in numbers
            for c in range(size.checks)
            for told in ("5\tt\t7602" if fails(d, n, c) else "1\tt\t0",)
        ),
    )
    last = size.days - 1
    yield (
        "standings",
        "check_id, target_id, run_id, at, outcome, measured, rows, since",
        (
            f"{key(size, n, c)}\t{n}\t{run_key(size, last, n):016x}\t{at(size, last, n)}"
            f"\t{5 if fails(last, n, c) else 1}\t{7602 if fails(last, n, c) else 0}\t1000000\t{at(size, last, n)}\n"
            for n in numbers
            for c in range(size.checks)
        ),
    )
    yield (
        "days",
        "check_id, day, worst, least, greatest, last, last_at, passed, warned, failed, errors, blocked, skipped",
        (
            f"{key(size, n, c)}\t{at(size, d, n).date()}\t{told}\t{at(size, d, n)}\t1\t0\t0\t0\t0\t0\n"
            for d in days
            for n in numbers
            for c in range(size.checks)
            for told in (f"5\t{7602 + d}\t{7602 + d}\t{7602 + d}" if fails(d, n, c) else "1\t0\t0\t0",)
        ),
    )


def key(size: Size, contract: int, number: int) -> int:
    """Return the row of a check."""
    return (contract - 1) * size.checks + number + 1


def run_key(size: Size, day: int, contract: int) -> int:
    """Return the row of a run."""
    return day * size.contracts + contract


def check_id(number: int) -> str:
    """Return the id of a check."""
    return f"t{number % DATASETS}.column_{number}.not-null"


def at(size: Size, day: int, contract: int) -> datetime:
    """Return when a run began: daily, spread over an hour."""
    return NOW - DAY * (size.days - 1 - day) - timedelta(seconds=contract % 3600)


def fails(day: int, contract: int, number: int) -> bool:
    """Say whether a check failed: every 20th contract for some days on end, now and then, somewhere."""
    return (contract * 7 + number * 13 + day // 5 * 3) % 1000 == 0


def tell_stories(store: Store, size: Size) -> None:
    """Write an open incident for each check that fails now."""
    for n in range(1, size.contracts + 1):
        for c in range(size.checks):
            if fails(size.days - 1, n, c):
                with store.writing() as writer:
                    writer.save_changes([story(n, c, size)])


def story(contract: int, number: int, size: Size) -> IncidentChange:
    """Return how an incident opened."""
    opened = at(size, size.days - 1, contract)
    incident = Incident(
        id=f"i{contract}-{number}",
        target=target_at(contract),
        key=check_id(number),
        kind=IncidentKind.BROKEN,
        state=IncidentState.OPEN,
        first_failed_at=opened,
        opened_at=opened,
        last_seen_at=opened,
    )
    return IncidentChange(incident=incident, kind=ChangeKind.OPENED, at=opened, sequence=1)


def target_at(contract: int) -> TargetKey:
    """Return the target of a contract."""
    return TargetKey(contract=f"contract-{contract}", major="1", server=f"server-{contract % SERVERS}")


def contract_at(contract: int, size: Size) -> Contract:
    """Return a contract as its file would say it."""
    datasets = tuple(
        Dataset(
            name=f"t{place}",
            schema=None,
            table=f"contract_{contract}_t{place}",
            columns=tuple(
                Column(name=f"column_{c}", physical_name=f"column_{c}", physical_type="text", required=True, line=c)
                for c in range(place, size.checks, DATASETS)
            ),
            line=1,
        )
        for place in range(DATASETS)
    )
    return replace(
        CONTRACT,
        id=f"contract-{contract}",
        slug=f"contract-{contract}",
        name=f"Contract {contract}",
        fingerprint=f"sha256:{contract}",
        owner=Owner(team=f"team-{contract % TEAMS}"),
        domain=f"domain-{contract % DOMAINS}",
        tags=("gold",) if contract % 3 else ("gold", "pii"),
        datasets=datasets,
    )


def measure(store: Store, size: Size, *, with_runs: bool) -> int:
    """Measure the site; print the table."""
    shutil.rmtree(SITE, ignore_errors=True)
    contracts = [contract_at(n, size) for n in range(1, size.contracts + 1)]
    selected = [Selected(contract=contract, shadow=False) for contract in contracts]
    site = Site(SITE)

    def promises() -> Promises:
        return Promises(selected, lambda _contract, _plan, after: after + DAY + timedelta(hours=1))

    begun, used = time.perf_counter(), time.process_time()
    built = site.build(store, promises(), NOW, with_runs=with_runs)
    took, used = time.perf_counter() - begun, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    begun = time.perf_counter()
    again = site.build(store, promises(), NOW, with_runs=with_runs)
    rebuild = time.perf_counter() - begun
    updates, ready = [], promises()
    for n in (1, 2, 3, 4, 5):
        record(store, n, size)
        begun = time.perf_counter()
        site.update(store, ready, target_at(n), NOW)
        updates.append(time.perf_counter() - begun)
    index = (SITE / "index.html").read_bytes()
    raw, zipped = len(index) // 1024, len(gzip.compress(index)) // 1024
    weight = sum(path.stat().st_size for path in SITE.rglob("*.*")) // 1024**2
    print(
        f"{size.contracts:,} contracts, {size.checks} checks, {size.days} daily runs; {built.pages:,} pages, {weight:,} MB"
    )
    rows = [
        ("full build", took, BUILD, "s"),
        ("most memory", memory, MEMORY, "MB"),
        ("build again, nothing changed", rebuild, BUILD, "s"),
        ("update after one run, the slowest of five", max(updates), UPDATE, "s"),
        ("front page", raw, INDEX_RAW, "KB"),
        ("front page, gzipped", zipped, INDEX_GZIP, "KB"),
        ("front page usable in Chromium", interactive(), INTERACTIVE, "s"),
    ]
    for label, value, limit, unit in rows:
        mark = "" if value <= limit else "  TOO MUCH"
        print(f"{label:45}{value:10,.2f} {unit:3} of {limit:,} {unit}{mark}")
    print(f"written again: {again.written}; the full build used {used:.0f} s of one processor")
    return int(any(value > limit for _, value, limit, _ in rows) or again.written > 0)


def record(store: Store, contract: int, size: Size) -> None:
    """Record one more run of a contract."""
    found = [
        result(
            check(check_id(c), f"t{c % DATASETS}.column_{c} must not be empty", CheckKind.NOT_NULL, line=c),
            Outcome.PASS,
            measured=0,
            rows=1_000_000,
            seconds=0.01,
        )
        for c in range(size.checks)
    ]
    target = target_at(contract)
    run = run_of(found, run_id=f"new-{contract}-{time.time_ns()}", contract=target.contract, server=target.server)
    scan = replace(run.scan, started_at=NOW + timedelta(minutes=1), finished_at=NOW + timedelta(minutes=2))
    with store.writing() as writer:
        own = contract_at(contract, size)
        writer.record_run(replace(run, fingerprint=own.fingerprint, scan=scan), own, trigger=Trigger.SCHEDULED)


def interactive() -> float:
    """Return how many seconds the front page takes in Chromium until its script has run and it is painted."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto((SITE / "index.html").resolve().as_uri())
        painted = "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
        took = float(page.evaluate(painted)) / 1000
        browser.close()
    return took


if __name__ == "__main__":
    sys.exit(main())
