"""From a broken table to Slack and back, with a real warehouse, a real store and a Slack that looks real."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.context import Routes
from monitor.checks.plan import compile_plan, subsets
from monitor.delivery.delivered import Delivered
from monitor.delivery.delivery import Delivery
from monitor.domain.contract import Contract
from monitor.domain.incident import IncidentKind
from monitor.engines.base import Engine
from monitor.engines.soda import SodaEngine
from monitor.incidents.policy import Policy
from monitor.notifiers.base import Destination, Message, Sent
from monitor.notifiers.slack import SlackNotifier
from monitor.record import Alerting, Recorded, record
from monitor.run import run_contract
from monitor.settings import SampleSettings
from monitor.store.store import Store, migrate_store, open_store
from monitor.store.values import AlertState
from tests.conftest import Warehouse
from tests.contracts import contract
from tests.integration.store.conftest import postgres_url
from tests.slack.server import FakeSlack

TABLE = """
CREATE TABLE orders (id int NOT NULL, amount int, note text);
INSERT INTO orders SELECT n, n, 'x' FROM generate_series(1, 50) n;
"""
BODY = """\
support:
  - {channel: "#orders-oncall", tool: slack, scope: notifications}
schema:
  - name: orders
    physicalName: orders
    quality:
      - {id: enough, metric: rowCount, mustBeGreaterThan: 10}
    properties:
      - {name: id, logicalType: integer, required: true}
      - {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}}
      - {name: note, logicalType: string}
"""
ALERTING = Alerting(policy=Policy(), routes=Routes(channel="#data-quality", ops_channel="#data-platform"))


class World:
    """One contract that is verified again and again."""

    def __init__(
        self, warehouse: Warehouse, engine: Engine, promised: Contract, store: Store, slack: FakeSlack
    ) -> None:
        self.warehouse, self.engine, self.contract, self.store, self.slack = warehouse, engine, promised, store, slack
        self.notifier = SlackNotifier("xoxb-fake-token", base_url=slack.api, timeout=2)

    def run(self, sql: str = "SELECT 1", *, alerting: Alerting | None = ALERTING, checks: tuple[str, ...] = ()) -> int:
        """Change the data, verify (only these checks, if any), record; return how many alerts are queued."""
        self.warehouse.rows(sql)
        whole = compile_plan(self.contract, "postgres")
        (plan,) = subsets([whole], None, checks)
        run = run_contract(self.contract, plan, self.warehouse.settings, self.engine, samples=SampleSettings())
        found = Recorded(run=run, contract=self.contract, plan=whole, subset=bool(checks), alerting=alerting)
        return len(record(self.store, found))

    def deliver(self, notifier: SlackNotifier | None = None, owner: str = "one") -> Delivered:
        delivery = Delivery(self.store, notifier or self.notifier, owner=owner, fallback="#data-platform")
        return delivery.until_quiet()

    def told(self) -> list[dict[str, Any]]:
        return self.slack.world.seen()

    def story(self, sql: str = "SELECT 1") -> list[dict[str, Any]]:
        """Verify, deliver, and return everything that can be seen."""
        self.run(sql)
        self.deliver()
        return self.told()


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with FakeSlack(channels=("orders-oncall", "data-quality", "data-platform")) as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, warehouse: Warehouse, slack: FakeSlack, tmp_path: Path) -> Iterator[World]:
    warehouse.rows(TABLE)
    url = f"sqlite:///{tmp_path}/state.db" if request.param == "sqlite" else postgres_url(warehouse)
    migrate_store(url)
    with SodaEngine(warehouse.settings) as engine, open_store(url) as store:
        yield World(warehouse, engine, contract(tmp_path, BODY), store, slack)


def shown(message: dict[str, Any]) -> str:
    """Everything that a person reads in a message."""
    return str(message["text"]) + str(message["blocks"])


def test_one_thread_tells_the_whole_story(world: World) -> None:
    (watched,) = world.story()
    assert "now watched" in watched["text"]
    assert "cc <" not in shown(watched)

    _, breach = world.story("UPDATE orders SET amount = -1 WHERE id <= 3")
    assert "3 rows of orders" in breach["text"]
    assert "*Expected* 0" in shown(breach)
    assert "3 of 50 rows (6 %)" in shown(breach)
    assert "1st failing run; " in shown(breach)
    assert "measured: 0 → 3" in shown(breach)

    assert len(world.story()) == 2, "the same breach is told once"

    _, parent, worse = world.story("UPDATE orders SET amount = -1 WHERE id <= 30")
    assert "30 rows of orders" in parent["text"]
    assert parent["ts"] == breach["ts"]
    assert "*Worse*" in worse["text"]
    assert "it was 3 when people last heard of it" in worse["text"]
    assert worse["thread_ts"] == breach["ts"]

    *_, parent, _, resolved = world.story("UPDATE orders SET amount = 1")
    assert parent["text"].startswith(":white_check_mark:")
    assert resolved["thread_ts"] == breach["ts"]
    assert "*Resolved* after" in resolved["text"]
    assert {each["channel"] for each in world.told()} == {world.told()[0]["channel"]}


def test_a_subset_is_no_first_run_and_what_it_found_is_told_as_ever(world: World) -> None:
    assert world.run(checks=("orders.enough",)) == 0
    assert world.run("UPDATE orders SET amount = -1", checks=("orders.amount.range",)) == 1
    assert world.run() == 1
    world.deliver()
    breach, watched = world.told()
    assert "50 rows of orders" in breach["text"]
    assert "is now watched" in watched["text"]
    assert "1 broken" in watched["text"]


def test_a_check_that_ends_its_own_connection_does_not_call_the_server_down(world: World, tmp_path: Path) -> None:
    fatal = "{id: fatal, type: sql, query: SELECT count(*) FROM trap, mustBe: 0}\n      - {id: enough"
    world.contract = contract(tmp_path, BODY.replace("{id: enough", fatal))
    trap = "CREATE VIEW trap AS SELECT 1 WHERE pg_terminate_backend(pg_backend_pid())"
    assert world.run(trap, checks=("orders.fatal",)) == 1
    with world.store.reading() as reader:
        (incident,) = reader.all_open_incidents()
    assert (incident.kind, incident.children) == (IncidentKind.NOT_VERIFIED, ("orders.fatal",))


def test_without_alerting_a_run_is_history_only(world: World) -> None:
    assert world.run("UPDATE orders SET amount = -1", alerting=None) == 0
    with world.store.reading() as reader:
        assert len(reader.runs(limit=5)) == 1
        assert reader.incidents(limit=5) == ()


def test_a_dropped_column_is_one_message_and_stands_in_the_ledger_once(world: World) -> None:
    world.run()
    assert world.run("ALTER TABLE orders DROP COLUMN amount") == 1
    world.run()
    with world.store.reading() as reader:
        kinds = [(each.against, each.event.kind) for each in reader.drift(limit=10)]
    assert sorted(kinds) == [("contract", "removed"), ("last_time", "removed")]
    world.deliver()
    assert "cannot be verified because of it" in world.told()[-1]["text"]


def test_a_table_that_goes_and_comes_back_is_one_event_each_and_an_edit_in_place_stands_there_too(world: World) -> None:
    world.run()
    for sql in ("ALTER TABLE orders RENAME TO gone", "SELECT 1", "ALTER TABLE gone RENAME TO orders", "SELECT 1"):
        world.run(sql)
    world.contract = replace(world.contract, meaning="sha256:other", fingerprint="sha256:other")
    world.run()
    world.run()
    with world.store.reading() as reader:
        found = [(each.against.value, each.event.kind.value) for each in reversed(reader.drift(limit=10))]
    assert sorted(found) == [
        ("contract", "edited_in_place"),
        ("contract", "table_dropped"),
        ("last_time", "table_created"),
        ("last_time", "table_dropped"),
    ]


class Killed(SlackNotifier):
    """Posts, and the process dies before anybody can note it."""

    def send(self, message: Message, destination: Destination) -> Sent:
        super().send(message, destination)
        raise KeyboardInterrupt


def test_what_was_posted_by_a_process_that_died_is_found_and_not_posted_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run("UPDATE orders SET amount = -1 WHERE id <= 3")
    dying = Killed("xoxb-fake-token", base_url=world.slack.api)
    monkeypatch.setattr("monitor.delivery.delivery.LEASE", timedelta(seconds=-1))
    with pytest.raises(KeyboardInterrupt):
        world.deliver(dying)
    monkeypatch.setattr("monitor.delivery.delivery.LEASE", timedelta(seconds=60))
    time.sleep(1.1)
    assert len(world.told()) == 1
    world.deliver(owner="two")
    assert len(world.told()) == 1
    with world.store.reading() as reader:
        (alert,) = reader.alerts(limit=5)
    assert alert.state is AlertState.SENT
    assert [each.outcome for each in alert.deliveries] == ["lost", "sent"]

    _, reply = world.story("UPDATE orders SET amount = -1")
    assert reply["thread_ts"] == world.told()[0]["ts"]


def test_a_channel_that_refuses_is_told_elsewhere(world: World) -> None:
    world.slack.world.configure({"channels": [{"name": "orders-oncall", "archived": True}]})
    world.run("UPDATE orders SET amount = -1")
    done = world.deliver()
    assert (done.sent, done.dead, done.elsewhere) == (1, 1, 1)
    (told,) = world.told()
    assert "takes no messages" in shown(told)


def test_two_contracts_of_one_id_do_not_share_a_story(world: World) -> None:
    world.story("UPDATE orders SET amount = -1")
    world.contract = replace(world.contract, version="2.0.0")
    assert "now watched" in world.story()[-1]["text"]
