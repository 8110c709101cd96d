"""The daemon in one piece, with an engine that does as it is told: requests, status, an end."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from monitor.alerts.context import Routes
from monitor.contracts.versions import Library
from monitor.daemon import worker
from monitor.daemon.daemon import Daemon
from monitor.daemon.library import Shelf
from monitor.daemon.parts import Parts
from monitor.daemon.requests import wait_for
from monitor.delivery.delivered import Delivered
from monitor.domain.scan import Outcome, Verdict
from monitor.domain.target import TargetKey
from monitor.errors import ContractError, StoreError, UsageError
from monitor.incidents.policy import Policy
from monitor.record import Alerting
from monitor.run import Target
from monitor.settings import CatchUp, DaemonSettings, ScheduleSettings, ServerSettings, Settings
from monitor.store.slots import NewSlot, SlotState, Watched
from monitor.store.store import Store, open_store
from monitor.store.values import Trigger
from monitor.upkeep import Upkeep
from tests.conftest import until
from tests.contracts import contract
from tests.integration.daemon.test_worker import BODY, Told, all_of

SERVER = ServerSettings(name="warehouse")


class Quiet:
    """Delivers nothing."""

    def once(self) -> Delivered:
        return Delivered()

    def until_quiet(self) -> Delivered:
        return self.once()


def place(library: Library) -> tuple[tuple[Target, ...], tuple[ContractError, ...]]:
    targets = tuple(Target(contract=each, shadow=False, server=SERVER) for each in library.contracts)
    return targets, (ContractError("elsewhere.odcs.yaml", ["1: servers: none"]),)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/state/state.db") as opened:
        yield opened


def put_together(store: Store, tmp_path: Path, engine: Told, schedule: ScheduleSettings) -> Daemon:
    folder = tmp_path / "contracts"
    folder.mkdir()
    contract(folder, BODY)
    settings = Settings(
        contracts=(folder,),
        reports=tmp_path / "reports",
        schedule=schedule,
        daemon=DaemonSettings(heartbeat_file=tmp_path / "alive"),
    )
    alerting = Alerting(policy=Policy(), routes=Routes(channel="#a", ops_channel="#b"))
    return Daemon(
        Parts(
            settings=settings,
            store=store,
            engine_of=lambda _: engine,
            place=place,
            alerting=alerting,
            deliverer=Quiet(),
            keeper=lambda contract_of: Upkeep(store, alerting, contract_of),
        )
    )


@pytest.fixture
def daemon(store: Store, tmp_path: Path) -> Iterator[Daemon]:
    never = ScheduleSettings(default="0 0 29 2 *", catch_up=CatchUp.SKIP)
    made = put_together(store, tmp_path, Told([all_of(Outcome.PASS)]), never)
    assert made.status().loaded is None
    made.start()
    yield made
    made.stop(in_a_hurry=lambda: True)
    assert made.status().is_stopping


def test_a_run_that_is_asked_for_is_recorded_under_its_id_and_only_once(daemon: Daemon, store: Store) -> None:
    for _ in range(2):
        daemon.request_run("test", "warehouse", "asked-for")
    until(lambda: daemon.requested("asked-for") == "done")
    with store.reading() as reader:
        (run,) = reader.runs(limit=9)
    assert (run.run_id, run.trigger, run.stands) == ("asked-for", Trigger.API, False)
    assert daemon.requested("never asked for") is None


def test_who_asks_in_person_waits_for_a_run_in_its_turn_that_counts(daemon: Daemon, store: Store) -> None:
    target = TargetKey(contract="test", major="1", server="warehouse")
    found = daemon.verify(target)
    with store.reading() as reader:
        (run,) = reader.runs(limit=9)
    assert (run.run_id, run.trigger, run.stands) == (found.run_id, Trigger.ON_DEMAND, True)
    (slot,) = store.slots.slots(limit=9)
    assert (slot.trigger, slot.state) == (Trigger.ON_DEMAND, SlotState.DONE)
    with pytest.raises(UsageError, match="no contract is there any more for gone 1 on warehouse"):
        daemon.verify(replace(target, contract="gone"))


def test_nobody_waits_for_a_daemon_that_ends_for_ever_or_for_what_nobody_asked_for(store: Store) -> None:
    watched = Watched(target=TargetKey(contract="test", major="1", server="warehouse"))
    now = store.slots.now()
    store.slots.request(NewSlot(watched=watched, instant=now, parts=("all",), start=now, run_id="waits"))
    over = Event()
    with pytest.raises(UsageError, match="run waits has not ended within 0 s; its result comes when it has"):
        wait_for(store, "waits", over, patience=0)
    over.set()
    with pytest.raises(UsageError, match="the daemon ends; run waits is left to the next one"):
        wait_for(store, "waits", over)
    with pytest.raises(UsageError, match="was passed over"):
        wait_for(store, "nobody asked", over)


def test_what_is_not_watched_cannot_be_asked_for(daemon: Daemon) -> None:
    for name, server in (("tset", "warehouse"), ("test", "lake")):
        with pytest.raises(UsageError, match=f"no contract '{name}' is watched on '{server}'"):
            daemon.request_run(name, server, "x")


def test_the_daemon_says_how_it_is(daemon: Daemon, store: Store, tmp_path: Path) -> None:
    until(lambda: daemon.status().is_well)
    status = daemon.status()
    assert [target.contract.id for target in status.loaded or ()] == ["test"]
    assert [each.file for each in status.invalid] == ["elsewhere.odcs.yaml"]
    assert (status.trouble, status.fenced, status.lag) == (None, 0, 0.0)
    with store.reading() as reader:
        (beat,) = reader.heartbeats()
    assert beat.name == daemon.name
    assert (tmp_path / "alive").read_text().startswith("20")


def test_a_daemon_without_work_ends_at_once(daemon: Daemon) -> None:
    begun = time.monotonic()
    daemon.stop()
    assert time.monotonic() - begun < 5


def test_once_ends_its_tries_so_that_a_dead_server_is_told_and_begins_nothing_meanwhile(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", timedelta(milliseconds=300))
    engine = Told([all_of(Outcome.BLOCKED)])
    made = put_together(store, tmp_path, engine, ScheduleSettings(spread=0.0, schema_every=1.0))
    pruned: list[object] = []
    monkeypatch.setattr(made._house, "prune", lambda: pruned.append(None))
    made.run_once()
    assert made.stop()
    assert pruned == [None]  # nobody else does it
    with store.reading() as reader:
        (run,) = reader.runs(limit=9)
    assert run.verdict is Verdict.UNVERIFIED
    assert len(engine.scanned) == 3
    assert len(store.slots.slots(limit=9)) == 1


def test_a_wish_to_look_at_the_contracts_outlives_a_look_that_fails(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: daemon.status().is_well)
    failed, looked, look = Event(), Event(), Shelf.look

    def gone(*_: object) -> None:
        failed.set()
        raise StoreError("the state database is gone")

    def back(shelf: Shelf) -> object:
        looked.set()
        return look(shelf)

    monkeypatch.setattr(Shelf, "look", gone)
    daemon.reload()
    assert failed.wait(5)
    monkeypatch.setattr(Shelf, "look", back)
    assert looked.wait(10)
