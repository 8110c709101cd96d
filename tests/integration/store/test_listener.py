"""A press is decided once, by whoever may, about what still lives; on both databases, with people of paper."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.alerts.buttons import Action
from monitor.alerts.context import Routes
from monitor.buttons.listener import Desk, Listener
from monitor.buttons.press import Press
from monitor.domain.contract import Contract, Owner
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentState
from monitor.domain.person import Person
from monitor.domain.scan import CheckResult, Run
from monitor.domain.target import TargetKey
from monitor.errors import ConflictError, UsageError
from monitor.incidents.policy import Policy
from monitor.notifiers.base import DeliveryError, Fault
from monitor.record import Alerting, Recorded, record
from monitor.store.incidents import IncidentWriter
from monitor.store.store import Store
from monitor.store.values import AlertRecord, Thread
from tests import plans, runs
from tests.unit.alerts.stories import passing

ALERTING = Alerting(
    policy=Policy(), routes=Routes(channel="#data-quality", ops_channel="#data-platform", has_buttons=True)
)
CONTRACT = replace(runs.CONTRACT, owner=Owner(team="flights", members=("Mira",), usernames=("mira@example.com",)))
PLAN = plans.plan(runs.RANGE.check, runs.FOREIGN_KEY.check)
ANNA = Person(user="U0ANNA0000", email="anna@example.com")
MIRA = Person(user="U0MIRA0000", email="mira@example.com")


class Paper:
    """People as the listener meets them, and a socket that is never opened."""

    def __init__(self) -> None:
        self.known = {each.user: each for each in (ANNA, MIRA)}
        self.whispers: list[str] = []
        self.is_silent = False

    def team(self) -> str:
        return "T0FAKE"

    def person(self, user: str) -> Person:
        if self.is_silent:
            raise DeliveryError("users.info was not answered")
        if user not in self.known:
            raise DeliveryError("users.info: user_not_found", fault=Fault.MESSAGE)
        return self.known[user]

    def whisper(self, channel: str, user: str, text: str) -> None:
        del channel, user
        self.whispers.append(text)

    def start(self, hear: Callable[[object], None]) -> None:
        del hear

    def stop(self) -> None:
        return


class Desked:
    """A story that was told in `C000000001`, and a listener that knows it."""

    def __init__(self, store: Store, *, restrict: bool = False) -> None:
        self.store, self.paper = store, Paper()
        self.contract: Contract | None = CONTRACT
        self.next: CheckResult | None = None
        self.run(passing(runs.RANGE), passing(runs.FOREIGN_KEY))
        self.run(runs.RANGE, runs.FOREIGN_KEY)
        self.group = self.incidents()[0].group or ""
        with store.writing() as writer:
            place = {"channel": "C000000001", "ts": "1.000001", "state": {}, "opened_at": writer.now()}
            writer.save_thread(Thread(group=self.group, destination="#data-quality", about="", **place))  # type: ignore[arg-type]
        self.desk = Desk(
            alerting=ALERTING,
            contract_of=lambda _: self.contract,
            verify=self.verify,
            deliver=lambda: None,
            restrict=restrict,
        )
        self.listener = self.another()

    def another(self) -> Listener:
        return Listener(self.store, self.paper, self.paper, self.desk)

    def run(self, *results: CheckResult) -> Run:
        now = datetime.now(UTC)
        found = runs.run_of(results)
        run = replace(found, run_id=f"{now.timestamp():.6f}", scan=replace(found.scan, started_at=now))
        record(self.store, Recorded(run=run, contract=CONTRACT, plan=PLAN, alerting=ALERTING))
        return run

    def verify(self, target: TargetKey) -> Run:
        if self.next is None:
            raise UsageError(f"no contract is there any more for {target}")
        return self.run(self.next, runs.FOREIGN_KEY)

    def press(self, action: Action, who: Person = ANNA, ago: timedelta = timedelta(0), **changes: str) -> str:
        """Press, and return what whoever pressed is told alone."""
        press = Press(
            action=action,
            group=changes.get("group", self.group),
            user=who.user,
            name="anna",
            channel=changes.get("channel", "C000000001"),
            ts="1.000001",
            at=datetime.now(UTC) - ago,
        )
        self.paper.whispers.clear()
        self.listener.do(press)
        self.listener.do(press)
        while not self.listener._wanted.empty():
            self.listener.verify(*(self.listener._wanted.get() or pytest.fail("it was stopped")))
        return " ".join(self.paper.whispers)

    def incidents(self) -> tuple[Incident, ...]:
        with self.store.reading() as reader:
            return reader.incidents(limit=9)

    def pressed(self) -> list[IncidentChange]:
        """What people did, as the history of the story's first incident keeps it."""
        with self.store.reading() as reader:
            _, changes = reader.incident(self.group) or pytest.fail("there is no such incident")
        return [each for each in changes if each.by]

    def states(self) -> set[IncidentState]:
        return {incident.state for incident in self.incidents()}

    def queued(self) -> list[AlertRecord]:
        with self.store.reading() as reader:
            return [each for each in reader.alerts(limit=99) if "anna" in str(each.alert.payload)]


@pytest.fixture
def desked(store: Store) -> Desked:
    return Desked(store)


def test_one_press_takes_care_of_the_whole_story_in_one_reply(desked: Desked) -> None:
    assert desked.press(Action.ACKNOWLEDGE) == ""
    assert desked.states() == {IncidentState.ACKNOWLEDGED}
    assert {incident.by for incident in desked.incidents()} == {"anna (U0ANNA0000)"}
    replies = [str(each.alert.payload) for each in desked.queued() if each.alert.kind == "reply"]
    assert len(replies) == 1
    assert replies[0].count("*Acknowledged*") >= 2


def test_who_comes_second_hears_who_was_first(desked: Desked) -> None:
    desked.press(Action.ACKNOWLEDGE)
    count = len(desked.queued())
    desked.listener = desked.another()
    assert desked.press(Action.ACKNOWLEDGE, MIRA) == "Nothing to do: it is already acknowledged by anna (U0ANNA0000)."
    assert len(desked.queued()) == count


def test_a_snooze_counts_from_the_press_and_one_that_came_too_late_does_nothing(desked: Desked) -> None:
    assert desked.press(Action.SNOOZE_HOUR) == ""
    ends = {incident.until for incident in desked.incidents()}
    assert all(end is not None and end - datetime.now(UTC) < timedelta(hours=1) for end in ends)
    assert "already snoozed" in desked.press(Action.SNOOZE_HOUR)
    assert desked.press(Action.SNOOZE_DAY) == ""
    assert "Press again" in desked.press(Action.SNOOZE_HOUR, ago=timedelta(hours=2))
    assert desked.states() == {IncidentState.SNOOZED}


def test_what_is_over_cannot_be_decided_any_more(desked: Desked) -> None:
    desked.run(passing(runs.RANGE), passing(runs.FOREIGN_KEY))
    for action in (Action.ACKNOWLEDGE, Action.SNOOZE_DAY, Action.VERIFY):
        assert desked.press(action).startswith("This is over: resolved at")
    assert desked.states() == {IncidentState.RESOLVED}


def test_a_message_that_nobody_here_told_is_refused(desked: Desked) -> None:
    for changes in ({"group": "unknown"}, {"channel": "C999999999"}):
        assert "Nobody here knows this message" in desked.press(Action.ACKNOWLEDGE, **changes)
    assert desked.pressed() == [], "what others send does not write our history"
    assert desked.states() == {IncidentState.OPEN}


def test_a_verification_says_what_still_does_not_hold_or_why_there_was_none(desked: Desked) -> None:
    assert desked.press(Action.VERIFY).startswith("Verifying nyc-flights 1 on warehouse now")
    assert "*Not verified* for anna" in str(desked.queued()[0].alert.payload)
    assert "no contract is there any more" in str(desked.queued()[0].alert.payload)
    desked.next = passing(runs.RANGE)
    desked.press(Action.VERIFY)
    reply = str(desked.queued()[0].alert.payload)
    assert "*Verified again* for anna" in reply
    assert "flights.dest.foreign-key" in reply
    assert "flights.air_time.range" not in reply


def test_a_target_that_was_verified_since_the_press_is_not_verified_again(desked: Desked) -> None:
    assert "It was verified since you pressed" in desked.press(Action.VERIFY, ago=timedelta(minutes=1))


def test_with_restrict_the_contract_says_who_may(store: Store) -> None:
    desked = Desked(store, restrict=True)
    told = "Only the team flights may press this: Mira."
    assert desked.press(Action.ACKNOWLEDGE, ANNA) == told
    assert desked.press(Action.VERIFY, Person(user="U0NOBODY")) == told
    desked.contract = None
    assert "no contract nyc-flights is there" in desked.press(Action.ACKNOWLEDGE, MIRA)
    assert desked.states() == {IncidentState.OPEN}
    desked.contract = CONTRACT
    assert desked.press(Action.ACKNOWLEDGE, MIRA) == ""
    assert desked.states() == {IncidentState.ACKNOWLEDGED}


def test_who_cannot_be_known_just_now_may_press_again(store: Store) -> None:
    desked = Desked(store, restrict=True)
    desked.paper.is_silent = True
    assert "Press again" in desked.press(Action.ACKNOWLEDGE, MIRA)
    assert desked.states() == {IncidentState.OPEN}


def test_every_press_is_in_the_history_also_one_that_changed_nothing(store: Store) -> None:
    desked = Desked(store, restrict=True)
    desked.press(Action.ACKNOWLEDGE, ANNA)
    desked.next = runs.RANGE
    desked.press(Action.VERIFY, MIRA)
    desked.press(Action.ACKNOWLEDGE, MIRA)
    told = [(each.kind, each.by, each.why) for each in desked.pressed()]
    assert [(kind, by) for kind, by, _ in told] == [
        (ChangeKind.PRESSED, "anna (U0ANNA0000)"),
        (ChangeKind.PRESSED, "anna (U0MIRA0000)"),
        (ChangeKind.ACKNOWLEDGED, "anna (U0MIRA0000)"),
    ]
    assert (told[0][2] or "").startswith("Acknowledge, refused: Only")
    assert told[1][2] == "Re-verify"


@pytest.mark.parametrize("conflicts", [1, 9])
def test_whoever_is_refused_hears_why_also_where_it_cannot_be_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch, conflicts: int
) -> None:
    desked, save, left = Desked(store, restrict=True), IncidentWriter.save_changes, [ConflictError("late")] * conflicts

    def conflicting(writer: IncidentWriter, changes: Iterable[IncidentChange]) -> None:
        if left:
            raise left.pop()
        save(writer, changes)

    monkeypatch.setattr(IncidentWriter, "save_changes", conflicting)
    assert desked.press(Action.ACKNOWLEDGE, ANNA) == "Only the team flights may press this: Mira."
    assert len(desked.pressed()) == (conflicts == 1), "a press that somebody else only overtook is kept"


def test_a_press_that_failed_unforeseen_may_be_pressed_again(desked: Desked, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("monitor.buttons.listener.decide_story", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            desked.press(Action.ACKNOWLEDGE)
    assert "Press again" in " ".join(desked.paper.whispers)
    desked.press(Action.ACKNOWLEDGE)
    assert desked.states() == {IncidentState.ACKNOWLEDGED}


def test_a_known_breach_stays_one_and_what_nobody_heard_of_stays_untouched(desked: Desked) -> None:
    from monitor.incidents.actions import accept
    from monitor.record import decide

    first = desked.incidents()[0]
    until = datetime.now(UTC) + timedelta(days=9)
    decide(
        desked.store, first.id, lambda each, now: accept(each, "mira", "known", until, now), lambda _: CONTRACT, None
    )
    assert desked.press(Action.ACKNOWLEDGE) == ""
    assert desked.states() == {IncidentState.ACCEPTED, IncidentState.ACKNOWLEDGED}
    assert desked.press(Action.SNOOZE_DAY) == ""
    assert desked.states() == {IncidentState.ACCEPTED, IncidentState.SNOOZED}
