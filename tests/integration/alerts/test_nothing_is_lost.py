"""Whatever happens in whatever order: every change is told, or superseded by what told more, and never contradicted."""

import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.alerts.audit import Fate, audit
from monitor.delivery.delivery import Delivery
from monitor.domain.incident import OF_DATA
from monitor.domain.scan import CheckResult
from monitor.notifiers.base import Abilities, AmbiguousDelivery, DeliveryError, Destination, Fault, Message, Sent
from monitor.store.store import open_store
from monitor.store.values import AlertState
from tests.integration.alerts.conftest import BROKEN, FINE, PASSING, Tale
from tests.unit.alerts.stories import many, passing


@dataclass
class Channel:
    """Takes messages while it is open; an open one may still not say that it took one."""

    abilities: Abilities = field(default_factory=lambda: Abilities(threads=True, updates=True, search=True))
    mood: str = "fine"
    shown: dict[str, str] = field(default_factory=dict)
    posted: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, int]] = field(default_factory=list)

    def send(self, message: Message, destination: Destination) -> Sent:
        return self._take(message, destination, f"ts{len(self.shown)}")

    def reply(self, message: Message, destination: Destination, thread_ts: str) -> Sent:
        assert thread_ts in self.shown
        return self._take(message, destination, f"ts{len(self.shown)}")

    def update(self, message: Message, destination: Destination, ts: str) -> Sent:
        assert ts in self.shown
        if self.mood in {"away", "unsure"}:
            raise DeliveryError("away")
        return self._take(message, destination, ts)

    def find(
        self, outbox_id: str, destination: Destination, since: datetime, thread_ts: str | None = None
    ) -> Sent | None:
        del since, thread_ts
        ts = self.posted.get(outbox_id)
        return None if ts is None else Sent(channel=destination.channel, ts=ts)

    def _take(self, message: Message, destination: Destination, ts: str) -> Sent:
        if self.mood == "away":
            raise DeliveryError("away")
        if self.mood == "closed" and destination.channel == "#data-quality":
            raise DeliveryError("is_archived", fault=Fault.DESTINATION)
        assert message.outbox_id not in self.posted or ts in self.shown, "told twice"
        self.shown[ts] = message.text
        self.posted[message.outbox_id] = ts
        if self.mood == "unsure":
            raise AmbiguousDelivery("no answer")
        return Sent(channel=destination.channel, ts=ts)


OTHERS = [f"c{number}" for number in range(3)]
STORM = many(22)
RESULTS: list[tuple[CheckResult, ...]] = [
    (FINE, PASSING),
    (FINE, BROKEN),
    (FINE, replace(BROKEN, measured=9_000)),
    (FINE, replace(BROKEN, measured=90_000)),
    (FINE, BROKEN, *STORM),
    (FINE, PASSING, *(passing(each) for each in STORM)),
]
STEPS = st.one_of(
    st.tuples(st.just("run"), st.sampled_from([None, *OTHERS]), st.sampled_from(range(len(RESULTS)))),
    st.tuples(st.just("mood"), st.sampled_from(["fine", "fine", "away", "unsure", "closed"]), st.just(0)),
    st.tuples(st.just("wait"), st.sampled_from(["5", "40", "300"]), st.just(0)),
    st.tuples(st.just("deliver"), st.just(""), st.sampled_from([1, 3, 60])),
    st.tuples(st.just("keep"), st.just(""), st.just(0)),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=3, max_size=14))
def test_every_change_is_told_or_superseded_by_what_told_more(steps: list[tuple[str, str | None, int]]) -> None:
    live_through(steps)


@pytest.mark.soak
@settings(max_examples=1_500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=3, max_size=40))
def test_every_change_is_told_or_superseded_in_a_long_life(steps: list[tuple[str, str | None, int]]) -> None:
    live_through(steps)


def told_all(tale: Tale, delivery: Delivery) -> None:
    """Let time pass until nothing waits."""
    for _ in range(200):
        tale.wait(timedelta(minutes=16))
        while (done := delivery.once()).sent or done.superseded:
            continue
        with tale.store.reading() as reader:
            if not reader.waiting():
                return
    raise AssertionError("something waits for ever")


def live_through(steps: list[tuple[str, str | None, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder)}/state.db"
        with open_store(url) as store:
            tale, channel = Tale(url, store, slack=None), Channel()  # type: ignore[arg-type]
            delivery = Delivery(store, channel, owner="me", fallback="#ops", last="#data-quality", pace=timedelta(0))
            for verb, what, which in steps:
                match verb:
                    case "run":
                        tale.run(*RESULTS[which], contract=what)
                    case "mood":
                        channel.mood = what or ""
                    case "wait":
                        tale.wait(timedelta(minutes=int(what or 0)))
                    case "deliver":
                        for _ in range(which):
                            delivery.once()
                    case _:
                        tale.keep()
            channel.mood = "fine"
            told_all(tale, delivery)
            for what in (None, *OTHERS):
                tale.run(*RESULTS[-1], contract=what)
            told_all(tale, delivery)
            assert not any(each.kind in OF_DATA for each in tale.open_incidents())
            with store.reading() as reader:
                changes = reader.changes_since(reader.now() - timedelta(days=999))
                found = audit(changes, reader.tellings({change.incident.id for change in changes}))
                threads = reader.threads(is_open=False)
                alerts = {each.alert.id: each for each in reader.alerts(limit=10_000)}
            assert {each.fate for each in found} <= {Fate.TOLD, Fate.SUPERSEDED}
            for thread in threads:
                here = [each for each in alerts.values() if each.alert.destination == thread.destination]
                parents = [each for each in here if each.alert.story == thread.group and each.alert.kind == "parent"]
                states = [str(each.alert.payload["as_of"]) for each in parents if each.state is not AlertState.DEAD]
                if states:  # what a closed channel refused was told elsewhere
                    assert thread.state["as_of"] == max(states), "the parent shows the latest state"
