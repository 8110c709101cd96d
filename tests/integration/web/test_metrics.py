"""`/metrics`."""

from dataclasses import replace
from datetime import timedelta

from httpx import Client
from prometheus_client.parser import text_string_to_metric_families

from monitor.domain.drift import DriftEvent, DriftKind, Hurt
from monitor.domain.scan import Run
from monitor.domain.target import TargetKey
from monitor.errors import StoreError
from monitor.store.store import Store
from monitor.store.values import Against, DriftRecord, QueuedAlert
from monitor.web.metrics import LONGEST, label
from tests.incidents import Story, result
from tests.integration.web.conftest import ALIVE, Now, Said, client_of, keep
from tests.runs import BROKEN, DEAD, HOSTILE, KEPT, NASTY, STARTED

TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
FLIGHTS = {"target": "nyc-flights 1 on warehouse", "dataset": "flights"}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(client: Client) -> Samples:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found: Samples = {}
    for family in text_string_to_metric_families(response.text):
        assert family.documentation or family.name.startswith(("process", "pactwatch"))
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found  # no series twice
            found[key] = sample.value
    return found


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((f"pactwatch_{name}", frozenset(labels.items())))


def counted(found: Samples, dataset: str = "flights") -> dict[str, float]:
    """Return the counts of a dataset's results, without the zeros."""
    return {
        dict(labels)["outcome"]: number
        for (name, labels), number in found.items()
        if name == "pactwatch_check_results_total" and dict(labels)["dataset"] == dataset and number
    }


def named(run: Run, run_id: str) -> Run:
    return replace(run, run_id=run_id)


def test_datasets_are_measured_as_they_were_last_seen(client: Client, store: Store) -> None:
    keep(store, BROKEN, stands=True)
    found = scraped(client)
    assert value(found, "dataset_rows", **FLIGHTS) == 336_776
    assert value(found, "dataset_rows", **(FLIGHTS | {"dataset": "airports"})) == 1458
    assert value(found, "freshness_age_seconds", **FLIGHTS) == 14405.5
    assert value(found, "freshness_age_seconds", **(FLIGHTS | {"dataset": "airports"})) is None


def test_a_run_is_timed_from_its_slot_to_its_end(client: Client, store: Store) -> None:
    keep(store, named(BROKEN, "first"), slot=STARTED - timedelta(hours=9), stands=True)
    target = FLIGHTS["target"]
    first = value(scraped(client), "run_seconds", target=target, phase="wait")
    assert first is None, "its moment was over before anybody knew of the target"
    keep(store, BROKEN, slot=STARTED - timedelta(seconds=14), stands=True)
    found = scraped(client)
    assert value(found, "run_seconds", target=target, phase="wait") == 14
    assert value(found, "run_seconds", target=target, phase="scan") == 0.9
    assert value(found, "last_run_timestamp_seconds", target=target) == STARTED.timestamp() + 0.9


def test_results_count_up_from_the_start_of_the_process(store: Store, said: Said) -> None:
    keep(store, named(BROKEN, "before"), stands=True)
    with client_of(store, said) as client:
        assert counted(scraped(client)) == {}
        assert value(scraped(client), "check_results_total", **FLIGHTS, outcome="fail") == 0  # its first is an increase
        keep(store, named(BROKEN, "one"), stands=True)
        assert counted(scraped(client)) == {"pass": 11, "fail": 2, "warn": 1, "skipped": 1}
        keep(store, named(KEPT, "two"), named(DEAD, "three"))
        total = {"pass": 22, "fail": 2, "warn": 1, "skipped": 2, "blocked": 11}
        assert counted(scraped(client)) == counted(scraped(client)) == total
        keep(store, replace(named(BROKEN, "draft"), shadow=True))
        assert counted(scraped(client)) == total
    with client_of(store, said) as client:  # a restart
        assert counted(scraped(client)) == {}


def test_drift_is_as_long_as_its_ledger_also_after_a_restart(store: Store, said: Said) -> None:
    keep(store, BROKEN)
    event = DriftEvent(kind=DriftKind.ADDED, hurts=Hurt.NOBODY, table="flights", column="c")
    record = DriftRecord(target=TARGET, run_id="7f3a", at=STARTED, against=Against.LAST_TIME, event=event)
    for total in (3, 6):
        with client_of(store, said) as client:
            with store.writing() as writer:
                writer.save_drift([record] * 3)
            for _ in range(2):
                assert value(scraped(client), "schema_drift_events_total", **FLIGHTS) == total


def test_what_is_wrong_and_what_waits_to_be_told_is_counted(client: Client, store: Store) -> None:
    story = Story()
    story.run(result("flights.a.range", "f"), result("flights.b.range", "f"), result("flights.schema", "p"))
    with store.writing() as writer:
        writer.save_changes(story.log)
        writer.enqueue([QueuedAlert(id=f"a{n}", destination="#x", kind="parent", payload={}) for n in range(3)])
    found = scraped(client)
    assert value(found, "incidents_open", target=FLIGHTS["target"], kind="broken") == 2
    assert value(found, "outbox_alerts") == 3
    assert 0 <= (value(found, "outbox_oldest_seconds") or 0) < 60


def test_the_daemon_is_measured(client: Client, said: Said) -> None:
    said.now = replace(ALIVE, heartbeat_age=2.5, due=7, running=2, lag=31.5, fenced=3)
    found = scraped(client)
    told = {name: value(found, name) for name in ("heartbeat_age_seconds", "slots_due", "slots_running")}
    assert told == {"heartbeat_age_seconds": 2.5, "slots_due": 7, "slots_running": 2}
    assert (value(found, "slot_lag_seconds"), value(found, "runs_fenced_total")) == (31.5, 3)
    assert (value(found, "targets_watched"), value(found, "scheduler_up")) == (1, 1)
    said.now = Now(is_ticking=False, heartbeat_age=None)
    found = scraped(client)
    assert (value(found, "scheduler_up"), value(found, "heartbeat_age_seconds")) == (0, None)


def test_without_a_state_database_the_process_is_still_measured(client: Client, store: Store) -> None:
    assert value(scraped(client), "state_reachable") == 1

    def broken() -> None:
        raise StoreError("gone")

    store._database.reading = broken  # type: ignore[assignment, method-assign]
    found = scraped(client)
    assert (value(found, "state_reachable"), value(found, "scheduler_up")) == (0, 1)
    assert value(found, "outbox_alerts") is None


def test_hostile_names_are_labels_and_nothing_else(client: Client, store: Store) -> None:
    forged = 'x"} 1\npactwatch_runs_fenced_total 99\n# HELP \\'
    keep(store, HOSTILE, named(replace(HOSTILE, contract=forged), "forged"), stands=True)
    found = scraped(client)
    assert value(found, "runs_fenced_total") == 0
    assert value(found, "dataset_rows", target=label(f"{NASTY} {NASTY} on {NASTY}")[0], dataset=label(NASTY)[0]) == 7
    assert any("pactwatch_runs_fenced_total 99" in dict(labels).get("target", "") for _, labels in found)


def test_a_long_name_is_cut_and_stays_its_own() -> None:
    one, other = label("x" * 100_000, "x" * 100_001)
    assert one != other
    assert len(one) < LONGEST + 20
