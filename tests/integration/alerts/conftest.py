"""A store, a Slack that looks real, and runs written by hand; time passes when the test says so."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.context import Routes
from monitor.delivery.delivered import Delivered
from monitor.delivery.delivery import Delivery
from monitor.domain.check import CheckPlan
from monitor.domain.contract import Contract
from monitor.domain.incident import Incident
from monitor.domain.scan import CheckResult, Outcome, Scan
from monitor.domain.target import TargetKey
from monitor.incidents.policy import Policy
from monitor.notifiers.slack import SlackNotifier
from monitor.record import Alerting, Recorded, record
from monitor.store.store import Store
from monitor.store.values import AlertRecord, QueuedAlert, Trigger
from monitor.upkeep import Kept, Upkeep
from tests import runs
from tests.ageing import age
from tests.integration.store.conftest import empty_url, store, url  # noqa: F401 - fixtures
from tests.slack.server import FakeSlack

HOUR = timedelta(hours=1)
TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
ALERTING = Alerting(policy=Policy(), routes=Routes(channel="#data-quality", ops_channel="#data-platform"))
FINE = next(each for each in runs.holding() if each.check.dataset == "airlines")
BROKEN = runs.RANGE
PASSING = replace(BROKEN, outcome=Outcome.PASS, reason="", measured=0)


@dataclass
class Tale:
    """What happens to contracts, and what people see of it. The numbers make run ids, so that each run is one."""

    url: str
    store: Store
    slack: FakeSlack
    contract: Contract = runs.CONTRACT
    alerting: Alerting = ALERTING
    runs: int = 0
    others: dict[str, Contract] = field(default_factory=dict)

    def run(
        self, *results: CheckResult, contract: str | None = None, trigger: Trigger = Trigger.ON_DEMAND
    ) -> tuple[QueuedAlert, ...]:
        """A run that finds this; of the contract, or of another one with this id."""
        self.runs += 1
        promised = self.contract
        if contract is not None:
            promised = self.others.get(contract) or replace(self.contract, id=contract, slug=contract, name=contract)
        at = datetime.now(UTC)
        scan = Scan(started_at=at, finished_at=at, results=results, seen={})
        run = replace(
            runs.run_of(results), run_id=f"r{self.runs:04}", contract=promised.id, slug=promised.slug, scan=scan
        )
        plan = CheckPlan(
            contract=run.contract,
            slug=run.slug,
            version=run.version,
            source=run.file,
            fingerprint=run.fingerprint,
            server_type="postgres",
            datasets=(),
            checks=tuple(result.check for result in results),
        )
        found = Recorded(run=run, contract=promised, plan=plan, alerting=self.alerting, trigger=trigger)
        return record(self.store, found)

    def wait(self, span: timedelta) -> None:
        """Time passes; nobody looks."""
        age(self.url, span)

    def keep(self, **troubles: Any) -> Kept:
        return self.upkeep().once(**troubles)

    def upkeep(self) -> Upkeep:
        return Upkeep(self.store, self.alerting, self.contract_of)

    def contract_of(self, target: TargetKey) -> Contract | None:
        return self.contract if target == TARGET else self.others.get(target.contract)

    def where(self, words: str) -> list[str]:
        """Deliver what waits and return the channels in which these words stand, one for each message."""
        names = {channel.id: channel.name for channel in self.slack.world.channels}
        return [names[each["channel"]] for each in self.told() if words in each["text"]]

    def deliver(self, owner: str = "one") -> Delivered:
        return self.delivery(owner).until_quiet()

    def delivery(self, owner: str = "one") -> Delivery:
        notifier = SlackNotifier("xoxb-fake-token", base_url=self.slack.api, timeout=2)
        channels = {"fallback": "#data-platform", "last": "#data-quality"}
        return Delivery(self.store, notifier, owner=owner, pace=timedelta(0), **channels)

    def told(self) -> list[dict[str, Any]]:
        """Deliver what waits and return all that can be seen."""
        self.deliver()
        return self.slack.world.seen()

    def alerts(self) -> tuple[AlertRecord, ...]:
        with self.store.reading() as reader:
            return reader.alerts(limit=1_000)[::-1]

    def open_incidents(self) -> tuple[Incident, ...]:
        with self.store.reading() as reader:
            return reader.all_open_incidents()


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with FakeSlack(channels=("orders-oncall", "data-quality", "data-platform"), interval=0.0) as started:
        yield started


@pytest.fixture
def tale(url: str, store: Store, slack: FakeSlack) -> Tale:  # noqa: F811
    told = Tale(url, store, slack)
    told.run(FINE, PASSING)
    told.told()
    return told


def shown(message: dict[str, Any]) -> str:
    """Everything that a person reads in a message."""
    return str(message["text"]) + str(message["blocks"])
