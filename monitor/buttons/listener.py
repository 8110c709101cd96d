"""Hears presses and does what they ask for: decides about a story, verifies again, or says why not."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Final, Protocol

from monitor.alerts.buttons import LABELS, Action
from monitor.alerts.verified import not_verified, verified_again
from monitor.alerts.words import moment
from monitor.buttons.press import Press, PressError, read_press
from monitor.buttons.rights import may_press, who_may
from monitor.domain.contract import Contract
from monitor.domain.incident import Incident, IncidentChange, IncidentState
from monitor.domain.person import Person
from monitor.domain.scan import Run
from monitor.domain.target import TargetKey
from monitor.errors import MonitorError
from monitor.incidents.actions import acknowledge, note, snooze
from monitor.notifiers.base import DeliveryError, Fault
from monitor.record import Alerting, again, decide_story, story
from monitor.store.store import Store
from monitor.store.values import QueuedAlert, Thread

SPANS: Final = {Action.SNOOZE_HOUR: timedelta(hours=1), Action.SNOOZE_DAY: timedelta(days=1)}
SAME: Final = timedelta(minutes=1)
"""Two snoozes that end so close to one another are one that was pressed twice."""

REMEMBERED: Final = 1_000
"""So many presses are known again when Slack delivers them twice."""

log = logging.getLogger(__name__)


class Socket(Protocol):
    """Where presses come from."""

    def start(self, hear: Callable[[object], None]) -> None:
        """Connect and hand on every payload. Raises DeliveryError."""
        ...

    def stop(self) -> None:
        """Close the connection."""
        ...


class People(Protocol):
    """What the workspace tells of people, and how one of them is told something."""

    def team(self) -> str:
        """Return the id of our own workspace. Raises DeliveryError."""
        ...

    def person(self, user: str) -> Person:
        """Return what is known of somebody. Raises DeliveryError."""
        ...

    def whisper(self, channel: str, user: str, text: str) -> None:
        """Tell one person something in a channel. Raises DeliveryError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a press may set in motion.

    `contract_of` is the current contract of a target. `verify` verifies and records a target now, and raises
    MonitorError where it cannot; it is called `at_once` times at most. `deliver` is called when something waits in the
    outbox; it must not take long.
    """

    alerting: Alerting
    contract_of: Callable[[TargetKey], Contract | None]
    verify: Callable[[TargetKey], Run]
    deliver: Callable[[], None]
    restrict: bool = False
    at_once: int = 1


class RefusalError(Exception):
    """Nothing is done; the sentence says why to whoever pressed."""


class StrangeError(RefusalError):
    """The message is none of ours: whatever is pressed below it does not belong in our history."""


class Listener:
    """One thread does what is pressed, in order; others verify, so that a long scan holds up no decision.

    The same press is done once, also when Slack delivers it again to another replica: a state that is there already is
    left as it is, and so is a target that was verified since.
    """

    def __init__(self, store: Store, socket: Socket, people: People, desk: Desk) -> None:
        """Connect to nothing yet."""
        self._store = store
        self._socket = socket
        self._people = people
        self._desk = desk
        self._team = ""
        self._done: OrderedDict[tuple[str, ...], None] = OrderedDict()
        self._presses: SimpleQueue[Press | None] = SimpleQueue()
        self._wanted: SimpleQueue[tuple[Press, TargetKey] | None] = SimpleQueue()
        self._verifying: set[TargetKey] = set()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Connect and begin. Raises DeliveryError: a permanent one for bad credentials; else it may be tried again."""
        self._team = self._people.team()
        self._socket.start(self.hear)
        for work in (self._do_presses, *(self._do_verifications,) * self._desk.at_once):
            thread = threading.Thread(target=work, name=work.__name__.removeprefix("_do_"), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float = 20.0) -> None:
        """Hear no more, and end what was begun within so many seconds."""
        self._socket.stop()
        self._presses.put(None)
        for _ in range(self._desk.at_once):
            self._wanted.put(None)
        end = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._threads.clear()

    def hear(self, payload: object) -> None:
        """Take what came from Slack; what is no press of ours is refused and logged, by its kind only."""
        try:
            press = read_press(payload, self._team)
        except PressError as error:
            log.warning("Refused what came from Slack: %s", error, extra={"action": "press_refused"})
            return
        if press.action is not Action.OPEN:  # a link: Slack only wants to have said so
            self._presses.put(press)

    def do(self, press: Press) -> None:
        """Do what a press asks for; whoever pressed hears why if nothing is done."""
        key = (press.user, press.action.value, press.group, f"{press.at.timestamp():.6f}")
        if key in self._done:
            return
        self._done[key] = None
        if len(self._done) > REMEMBERED:
            self._done.popitem(last=False)
        try:
            self._verify(press) if press.action is Action.VERIFY else self._decide(press)
        except RefusalError as refusal:
            log.info("A press was refused", extra={"action": "press_refused", "user": press.user})
            self._whisper(press, str(refusal))
            if not isinstance(refusal, StrangeError):
                self._keep_refusal(press, refusal)
        except MonitorError as error:
            log.warning("A press could not be done: %s", error, extra={"action": "press_failed"})
            self._press_again(press, key)
        except Exception:
            self._press_again(press, key)
            raise

    def _press_again(self, press: Press, key: tuple[str, ...]) -> None:
        self._done.pop(key, None)
        self._whisper(press, "This could not be done just now. Press again, or see the log of Pactwatch.")

    def _keep_refusal(self, press: Press, refusal: RefusalError) -> None:
        try:
            self._keep(press, f"{LABELS[press.action]}, refused: {refusal}")
        except MonitorError as error:  # whoever pressed was answered
            log.warning("A refused press could not be kept: %s", error, extra={"action": "press_not_kept"})

    def _keep(self, press: Press, why: str) -> None:
        """Keep in the history of the story's first incident what somebody asked for; a story is called by that one."""

        def transaction() -> None:
            with self._store.writing() as writer:
                found = writer.incident(press.group)
                if found is not None:
                    writer.save_changes([note(found[0], press.by, why, writer.now())])

        again(transaction)

    # -- deciding ------------------------------------------------------------------------------------------------

    def _decide(self, press: Press) -> None:
        self._members(press)
        decision = self._acknowledging(press) if press.action is Action.ACKNOWLEDGE else self._snoozing(press)
        desk = self._desk
        changes = decide_story(self._store, press.group, decision, desk.contract_of, desk.alerting)
        if not changes:
            raise RefusalError(_already(self._members(press)))
        log.info("A press was done", extra={"action": "press_done", "user": press.user, "pressed": press.action.value})
        desk.deliver()

    def _acknowledging(self, press: Press) -> Callable[[Incident, datetime], IncidentChange | None]:
        taken = {IncidentState.ACKNOWLEDGED, IncidentState.ACCEPTED, IncidentState.PENDING}
        return lambda incident, now: (
            None if incident.is_over or incident.state in taken else acknowledge(incident, press.by, None, now)
        )

    def _snoozing(self, press: Press) -> Callable[[Incident, datetime], IncidentChange | None]:
        def decision(incident: Incident, now: datetime) -> IncidentChange | None:
            until = min(press.at, now) + SPANS[press.action]
            if incident.is_over or incident.state in {IncidentState.ACCEPTED, IncidentState.PENDING}:
                return None
            if incident.state is IncidentState.SNOOZED and abs((incident.until or until) - until) < SAME:
                return None
            if until <= now:
                raise RefusalError("This was pressed so long ago that its end has passed. Press again.")
            return snooze(incident, press.by, None, until, now)

        return decision

    def _members(self, press: Press) -> tuple[Incident, ...]:
        """Return the story of the message if it lives, is told there, and whoever pressed may decide about it."""
        with self._store.reading() as reader:
            now = reader.now()
            members = story(reader, press.group, now, self._desk.alerting)
            threads = reader.threads(group=press.group, is_open=False)
        if not members or not any(each.channel == press.channel for each in threads):
            raise StrangeError("Nobody here knows this message: another Pactwatch told it, or it is too old.")
        self._check_rights(press, members[0].target)
        if all(member.is_over for member in members):
            raise RefusalError(_over(members, now))
        return members

    def _check_rights(self, press: Press, target: TargetKey) -> None:
        if not self._desk.restrict or not target.contract:
            return
        contract = self._desk.contract_of(target)
        if contract is None:
            raise RefusalError(f"Only its team may press this, and no contract {target.contract} is there any more.")
        try:
            person = self._people.person(press.user)
        except DeliveryError as error:
            log.warning("Nobody knows who pressed: %s", error, extra={"action": "person_unknown"})
            if error.fault is Fault.SERVICE:
                raise RefusalError("Slack could not be asked who you are. Press again in a minute.") from error
            person = Person(user=press.user)
        if not may_press(contract.owner, person):
            raise RefusalError(who_may(contract))

    # -- verifying -----------------------------------------------------------------------------------------------

    def _verify(self, press: Press) -> None:
        target = self._members(press)[0].target
        if not target.contract:
            raise RefusalError("There is nothing to verify here; the next run will show it.")
        with self._store.reading() as reader:
            latest = reader.runs(limit=1, target=target)
        if latest and latest[0].started_at >= press.at:
            raise RefusalError(f"It was verified since you pressed: run {latest[0].run_id}.")
        if target in self._verifying:
            raise RefusalError(f"{target} is being verified already; the result comes in the thread.")
        self._keep(press, LABELS[press.action])
        self._verifying.add(target)
        self._wanted.put((press, target))
        self._whisper(press, f"Verifying {target} now; the result comes in the thread.")

    def verify(self, press: Press, target: TargetKey) -> None:
        """Verify a target and say in the story's threads what came out."""
        try:
            run, why = self._desk.verify(target), ""
        except MonitorError as error:
            run, why = None, str(error)
        finally:
            self._verifying.discard(target)
        with self._store.writing() as writer:
            now = writer.now()
            members = story(writer, press.group, now, self._desk.alerting)
            live = [each for each in members if not each.is_over]
            threads = writer.threads(group=press.group, is_open=False)

            def reply(thread: Thread) -> QueuedAlert:
                if run is None:
                    return not_verified(thread, target, why, press.by, now)
                results = {result.check.id: result for result in run.scan.results}
                return verified_again(thread, run, live, results, press.by, now)

            if live:
                writer.enqueue(map(reply, threads))
        self._desk.deliver()

    # -- threads -------------------------------------------------------------------------------------------------

    def _do_presses(self) -> None:
        while (press := self._presses.get()) is not None:
            try:
                self.do(press)
            except Exception:  # a thread that ends here would leave every later press unheard
                log.exception("A press failed", extra={"action": "press_failed"})

    def _do_verifications(self) -> None:
        while (wanted := self._wanted.get()) is not None:
            try:
                self.verify(*wanted)
            except Exception:  # likewise
                log.exception("A verification failed", extra={"action": "verification_failed"})

    def _whisper(self, press: Press, text: str) -> None:
        try:
            self._people.whisper(press.channel, press.user, text)
        except DeliveryError as error:
            log.info("Whoever pressed was not answered: %s", error, extra={"action": "press_unanswered"})


def _over(members: tuple[Incident, ...], now: datetime) -> str:
    """Say how a story ended."""
    last = max(members, key=lambda member: member.ended_at or member.last_seen_at)
    ended = "resolved" if last.state is IncidentState.RESOLVED else "no longer watched"
    return f"This is over: {ended} at {moment(last.ended_at or last.last_seen_at, now)}."


def _already(members: tuple[Incident, ...]) -> str:
    """Say what somebody decided before."""
    known = next((member for member in members if not member.is_over), members[0])
    return f"Nothing to do: it is already {known.state}{f' by {known.by}' if known.by else ''}."
