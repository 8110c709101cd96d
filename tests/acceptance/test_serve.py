"""`pactwatch serve`: what is due is verified, contracts change while it runs, it ends as it should."""

import json
import signal
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from monitor.domain.scan import Outcome, Verdict
from monitor.store.slots import NewSlot, SlotState, Watched
from monitor.store.store import Store
from monitor.store.values import Trigger
from tests.acceptance.daemon import BODY, EVERY_MINUTE, EVERY_SECOND, runs, serving, slots, state
from tests.acceptance.program import Program
from tests.conftest import until

SLOW = """\
    schema:
      - {name: lasting, properties: [{name: id, logicalType: integer, required: true}]}
    """


@pytest.fixture
def shop(program: Program) -> Program:
    program.warehouse.rows(
        "CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1), (2, 2)"
    )
    program.configure(EVERY_MINUTE)
    return program


def test_what_was_due_before_the_start_is_verified_at_once_and_the_end_is_clean(shop: Program) -> None:
    shop.contract(BODY)
    with serving(shop) as daemon:
        daemon.wait_for("run_finished")
        begun = time.monotonic()
        assert daemon.end() == 0
        assert time.monotonic() - begun < 10
    with state(shop) as store:
        first = runs(store)[-1]
        assert (first.trigger, first.verdict, first.subset, first.stands) == (
            Trigger.SCHEDULED,
            Verdict.KEPT,
            False,
            True,
        )
        assert first.slot is not None
        assert first.slot.second == 0
        with store.reading() as reader:
            (beat,) = reader.heartbeats()
        assert beat.details["targets"] == 1


def test_once_runs_what_is_due_and_ends(shop: Program) -> None:
    shop.contract(BODY)
    shop.contract(BODY, name="other")
    done = shop.run("serve", "--once")
    assert done.code == 0, done.all
    assert done.out.count("is now watched") == 2  # each of them, though a channel takes one message a second
    with state(shop) as store:
        assert len(runs(store)) == 2
        assert slots(store, SlotState.DUE, SlotState.RUNNING) == ()


def test_contracts_come_change_and_go_without_a_restart(shop: Program) -> None:
    shop.contract(BODY)
    with serving(shop) as daemon:
        daemon.wait_for("run_finished")
        second = shop.contract(BODY, name="other")
        daemon.wait_for("contracts_loaded", 2)
        until(lambda: any(line.get("target") == "other 1 on warehouse" for line in daemon.lines()))
        second.unlink()
        assert daemon.wait_for("contracts_loaded", 3)["targets"] == 1
        assert daemon.end() == 0


def test_an_invalid_file_keeps_its_last_good_version_running(shop: Program) -> None:
    shop.configure(EVERY_SECOND)
    file = shop.contract(BODY)
    with serving(shop) as daemon:
        daemon.wait_for("run_finished")
        file.write_text(file.read_text().replace("required: true", "required: maybe"))
        told = daemon.wait_for("contract_invalid")
        assert told["file"].endswith("1.0.0.odcs.yaml")
        until(lambda: daemon.actions()[daemon.actions().index("contract_invalid") :].count("run_finished") > 1)
        assert daemon.end() == 0


def test_a_second_file_of_one_version_is_refused_and_the_first_runs_on(shop: Program) -> None:
    file = shop.contract(BODY)
    with serving(shop) as daemon:
        daemon.wait_for("run_finished")
        twin = file.with_name("0-first-in-order.odcs.yaml")
        twin.write_text(file.read_text())
        told = daemon.wait_for("contract_invalid")
        assert told["file"].endswith(twin.name)
        assert daemon.actions().count("contracts_loaded") == 1
        assert daemon.end() == 0


def test_sighup_lets_it_look_again_and_live_on(shop: Program) -> None:
    shop.configure(EVERY_SECOND)
    shop.contract(BODY)
    with serving(shop) as daemon:
        daemon.wait_for("run_finished")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("run_finished", len(daemon.actions()) + 2)
        assert daemon.end() == 0


@pytest.mark.parametrize("how", [(), ("--once",)])
def test_a_run_that_goes_on_is_handed_back_at_the_end(shop: Program, how: tuple[str, ...]) -> None:
    shop.warehouse.rows("CREATE VIEW lasting AS SELECT 1 AS id FROM pg_sleep(100)")
    shop.contract(SLOW)
    with serving(shop, "serve", *how) as daemon:
        daemon.wait_for("run_started")
        until(shop.warehouse.backends)
        daemon.process.terminate()
        daemon.wait_for("stopping")
        begun = time.monotonic()
        assert daemon.end() == 0  # the second time: in a hurry
        assert time.monotonic() - begun < 12
        shop.warehouse.wait_until_alone(10)
    with state(shop) as store:
        assert runs(store) == ()
        (waiting,) = slots(store, SlotState.DUE)
        assert (waiting.reason, waiting.attempt) == ("the daemon shuts down", 1)


def test_a_run_that_takes_too_long_is_ended_and_its_backend_is_gone(shop: Program) -> None:
    shop.warehouse.rows("CREATE VIEW lasting AS SELECT 1 AS id FROM pg_sleep(100)")
    shop.configure(
        EVERY_MINUTE
        + """
    [daemon]
    run_timeout = "1s"
    """
    )
    shop.contract(SLOW)
    with serving(shop) as daemon:
        done = daemon.wait_for("run_finished")
        assert done["seconds"] < 10
        shop.warehouse.wait_until_alone(10)
        assert daemon.end() == 0
    with state(shop) as store, store.reading() as reader:
        found = reader.run(done["run"])
        assert found is not None
        reasons = {result.reason for result in found[1].scan.results if result.outcome is Outcome.ERROR}
        assert reasons == {"stopped: the run took longer than run_timeout (1 s)"}


def test_a_dead_server_is_asked_again_later_and_holds_nobody_up(shop: Program) -> None:
    shop.configure(EVERY_MINUTE, port=1)
    shop.contract(BODY)
    with serving(shop) as daemon:
        assert daemon.wait_for("run_retried")["after"] == 10.0
        assert daemon.end() == 0
    with state(shop) as store:
        (waiting,) = slots(store, SlotState.DUE)
        assert "cannot be reached" in str(waiting.reason)
        assert runs(store) == ()


def test_only_schema_is_looked_at_between_two_whole_runs(shop: Program) -> None:
    shop.configure(EVERY_SECOND)
    shop.contract(BODY)
    with serving(shop) as daemon:
        daemon.wait_for("run_finished", 3)
        assert daemon.end() == 0
    with state(shop) as store:
        assert {slot.parts for slot in slots(store)} >= {("all",), ("schema",)}
        parts = [run for run in runs(store) if run.subset]
        assert parts
        assert all(sum(run.counts.values()) < sum(runs(store)[-1].counts.values()) for run in parts)


def test_two_daemons_on_one_file_run_each_slot_once(shop: Program) -> None:
    shop.configure(EVERY_SECOND)
    for name in ("a", "b", "c"):
        shop.contract(BODY, name=name)
    with serving(shop, "first") as one, serving(shop, "second") as two:
        for daemon in (one, two):
            daemon.wait_for("run_finished", 6)
        assert (one.end(), two.end()) == (0, 0)
    with state(shop) as store:
        done = Counter((slot.watched, slot.instant) for slot in slots(store, SlotState.DONE))
        assert done == Counter((Watched(target=run.target), run.slot) for run in runs(store))
        assert set(done.values()) == {1}
        assert slots(store, SlotState.RUNNING) == ()


def incidents(program: Program) -> list[tuple[str, str]]:
    done = program.run("incidents", "list", "--format", "json")
    assert done.code == 0, done.all
    return [(each["kind"], each["contract"]) for each in json.loads(done.out)["incidents"]]


def test_a_file_that_is_no_contract_any_more_is_an_incident_until_it_is_mended(shop: Program) -> None:
    file = shop.contract(BODY)
    good = file.read_text()
    with serving(shop) as daemon:
        daemon.wait_for("run_finished")
        file.write_text(good.replace("required: true", "required: maybe"))
        until(lambda: incidents(shop) == [("invalid_file", "test")], 30)
        file.write_text(good)
        until(lambda: incidents(shop) == [], 30)
        assert daemon.end() == 0


def test_what_was_due_while_no_daemon_was_there_is_an_incident_until_it_is_verified(shop: Program) -> None:
    far = (datetime.now(UTC).minute + 30) % 60  # in the minute of a slot it would be on time, not caught up
    hourly = f'[schedule]\ndefault = "{far} * * * *"\n'
    shop.configure(hourly)
    shop.contract(BODY)
    assert shop.run("serve", "--once").code == 0
    with state(shop) as store, store.writing() as writer:
        for table, column in (("watermarks", "at"), ("watermarks", "done"), ("slots", "instant")):
            writer._connection.exec_driver_sql(
                f"UPDATE {table} SET {column} = strftime('%Y-%m-%dT%H:%M:%fZ', {column}, '-5 hours')"
            )
    shop.configure(hourly + 'catch_up = "skip"\n')
    assert shop.run("serve", "--once").code == 0
    assert incidents(shop) == [("no_run", "test")]
    with state(shop) as store:
        assert len(slots(store, SlotState.SKIPPED)) >= 4
    shop.configure(hourly)
    with state(shop) as store:
        store.slots.request(next_slot(store))
    assert shop.run("serve", "--once").code == 0
    assert incidents(shop) == []


def next_slot(store: Store) -> NewSlot:
    """A scheduled slot of the only target that is due now: what the next hour will bring."""
    (watched,) = store.slots.watermarks()
    now = store.slots.now()
    return NewSlot(watched=watched, instant=now, parts=("all",), start=now)
