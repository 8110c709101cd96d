"""`/metrics` for Prometheus: what the store knows, asked at each scrape, and what this process counts.

Gauges say the same on every replica: aggregate them with `max`. `pactwatch_check_results_total` begins at zero when the
process starts, as counters of processes do, and counts every run that is recorded since, whoever ran it (the scheduler
of any replica, the API, a terminal); `pactwatch_schema_drift_events_total` is the length of the ledger and goes on over
restarts; `pactwatch_runs_fenced_total` is this process's own.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from threading import Lock

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor import __version__
from monitor.errors import StoreError
from monitor.store.store import Reader, Store
from monitor.visible import visible
from monitor.web.answers import NEVER_KEPT
from monitor.web.seam import Daemon, Status
from monitor.web.tallies import Tallies

LONGEST = 200
"""Characters of a label; a longer name keeps its beginning and gets a digest."""

Values = Mapping[tuple[str, ...], float]


class Metrics(Collector):
    """Collects everything at a scrape. Reads the store in one moment; one scrape at a time."""

    def __init__(self, store: Store, daemon: Daemon) -> None:
        """Begin to count from now on. Raises StoreError."""
        self._store = store
        self._daemon = daemon
        self._lock = Lock()
        self._tallies = Tallies()
        with store.reading() as reader:
            self._tallies.begin(reader)

    def collect(self) -> Iterable[Metric]:
        """Yield every metric; where the state database cannot be read, only those of the process."""
        status = self._daemon.status()
        with self._lock:
            try:
                with self._store.reading() as reader:
                    found = [*self._of_store(reader)]
            except StoreError:
                found = []
        yield _gauge("pactwatch_state_reachable", "1 while the state database can be read.", {(): float(bool(found))})
        yield from found
        yield from _of_process(status)

    def _of_store(self, reader: Reader) -> Iterable[Metric]:
        now, place = reader.now(), ("target", "dataset")
        rows = reader.dataset_rows()
        self._tallies.update(reader, rows)
        counted = {label(*at): float(count) for at, count in rows.items() if count is not None}
        yield _gauge("pactwatch_dataset_rows", "Rows of a dataset when it was last looked at.", counted, place)
        ages = {label(*at): float(age) for at, age in reader.dataset_ages().items()}
        told = "Age of the newest data of a dataset when it was last looked at."
        yield _gauge("pactwatch_freshness_age_seconds", told, ages, place)
        yield from _runs(reader)
        results = CounterMetricFamily(
            "pactwatch_check_results",
            "Results of checks since this process started; error and blocked ones could not be evaluated.",
            labels=(*place, "outcome"),
        )
        _fill(results, {(*label(*at), word): float(n) for (at, word), n in self._tallies.results.items()})
        yield results
        drift = CounterMetricFamily("pactwatch_schema_drift_events", "Entries of the drift ledger.", labels=place)
        _fill(drift, {label(*at): float(n) for at, n in self._tallies.drift.items()})
        yield drift
        kinds = {(*label(target), kind): float(n) for (target, kind), n in reader.open_counts().items()}
        yield _gauge("pactwatch_incidents_open", "Incidents that are open.", kinds, ("target", "kind"))
        unsent = reader.unsent()
        yield _gauge("pactwatch_outbox_alerts", "Alerts that wait to be told.", {(): float(unsent.count)})
        waits = 0.0 if unsent.oldest is None else _seconds(unsent.oldest, now)
        yield _gauge("pactwatch_outbox_oldest_seconds", "For how long the oldest of them has waited.", {(): waits})


def routes(store: Store, daemon: Daemon) -> list[Route]:
    """Return the path, with a registry of its own."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Metrics(store, daemon))
    ProcessCollector(registry=registry)

    def metrics(request: Request) -> Response:
        del request
        return Response(generate_latest(registry), headers={**NEVER_KEPT, "Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    return [Route("/metrics", metrics)]


def label(*parts: object) -> tuple[str, ...]:
    """Return names as labels: whatever they are, they are text that every reader of metrics takes."""
    return tuple(_harmless(str(part)) for part in parts)


def _runs(reader: Reader) -> Iterable[Metric]:
    seconds: dict[tuple[str, ...], float] = {}
    ended: dict[tuple[str, ...], float] = {}
    for target, run in reader.last_runs().items():
        name = label(target)
        seconds[*name, "scan"] = _seconds(run.started_at, run.finished_at)
        if run.due_at is not None:
            seconds[*name, "wait"] = _seconds(run.due_at, run.started_at)
        ended[name] = run.finished_at.timestamp()
    told = "How long the latest run of a target waited for its turn, and how long it took."
    yield _gauge("pactwatch_run_seconds", told, seconds, ("target", "phase"))
    yield _gauge("pactwatch_last_run_timestamp_seconds", "When the latest run of a target ended.", ended, ("target",))


def _of_process(status: Status) -> Iterable[Metric]:
    yield InfoMetricFamily("pactwatch_build", "The program.", {"version": __version__})
    yield _gauge("pactwatch_scheduler_up", "1 while the scheduler's thread lives.", {(): float(status.is_ticking)})
    if status.heartbeat_age is not None:
        yield _gauge("pactwatch_heartbeat_age_seconds", "Age of the heartbeat.", {(): status.heartbeat_age})
    told = "For how long the work that waits longest could have begun."
    yield _gauge("pactwatch_slot_lag_seconds", told, {(): status.lag})
    yield _gauge("pactwatch_slots_due", "Slots that could begin.", {(): float(status.due)})
    yield _gauge("pactwatch_slots_running", "Slots that are being run.", {(): float(status.running)})
    yield _gauge("pactwatch_targets_watched", "Targets that are watched.", {(): float(len(status.loaded or ()))})
    yield _gauge("pactwatch_contract_files_invalid", "Files that are no contracts.", {(): float(len(status.invalid))})
    fenced = CounterMetricFamily("pactwatch_runs_fenced", "Runs not recorded: their slot had gone to somebody else.")
    fenced.add_metric((), status.fenced)
    yield fenced


def _gauge(name: str, told: str, values: Values, labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, told, labels=labels)
    _fill(gauge, values)
    return gauge


def _fill(family: GaugeMetricFamily | CounterMetricFamily, values: Values) -> None:
    for labels, value in values.items():
        family.add_metric(labels, value)


@lru_cache(maxsize=100_000)
def _harmless(name: str) -> str:
    text = visible(name)
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}…{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _seconds(since: datetime, until: datetime) -> float:
    return max(0.0, (until - since).total_seconds())
