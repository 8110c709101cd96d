"""One attempt to tell an alert: a new message, an edit or a reply; no second one where the first may stand."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeVar, cast

from monitor.delivery.gathering import MOST as MOST_WAITING
from monitor.delivery.gathering import WAITING
from monitor.delivery.message import alone, facts_of, message_of
from monitor.failpoints import Point, reach
from monitor.notifiers.base import CannotTell, DeliveryError, Destination, Fault, Message, Notifier, Sent
from monitor.store.store import Store
from monitor.store.types import Json
from monitor.store.values import Claim, QueuedAlert, Thread

LEASE = timedelta(seconds=90)
"""Far longer than people are looked up for and a call takes; prolonged when half of it is over, or after a search."""

SEARCHES, UPDATES = "<searches>", "<updates>"
"""Calls that Slack counts for the whole workspace; no channel is called so."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class LostError(Exception):
    """Somebody else has the alert by now, and tells it."""


class SupersededError(Exception):
    """A newer alert already told more."""

    def __init__(self, by: str) -> None:
        """Keep which one."""
        self.by = by
        super().__init__(by)


class Teller:
    """Tells alerts with one notifier, and knows in which thread each belongs."""

    def __init__(self, store: Store, notifier: Notifier, public_url: str | None) -> None:
        """Use this store and notifier. `public_url` is where the links of a message for machines lead."""
        self._store = store
        self._notifier = notifier
        self._public_url = public_url

    def tell(self, claim: Claim) -> tuple[tuple[Thread, ...], Sent]:
        """Tell it; return the threads as they are since, and where the message is.

        Raises SupersededError, LostError, AmbiguousDelivery and DeliveryError.
        """
        facts = facts_of(claim.alert, self._store, self._public_url) if self._notifier.abilities.facts else None
        message = message_of(claim, self._store.now(), facts)
        match claim.alert.payload["role"]:
            case "parent":
                thread, sent = self._tell_parent(claim, message)
                return (thread,), sent
            case "reply":
                return (), self._tell_reply(claim, message)
            case "digest":
                sent = self._tell_first(claim, message)
                return self._threads_of(claim, sent), sent
            case _:
                return (), self._tell_first(claim, message)

    def _tell_first(self, claim: Claim, message: Message) -> Sent:
        destination = Destination(channel=claim.alert.destination)
        return self._found(claim, destination) or self._notifier.send(message, destination)

    def _tell_parent(self, claim: Claim, message: Message) -> tuple[Thread, Sent]:
        """Post the parent message, or bring it up to date; posted anew it calls nobody: replies say what is news."""
        thread = self._thread(claim.alert)
        if thread is not None and str(thread.state.get("as_of", "")) > str(claim.alert.payload["as_of"]):
            raise SupersededError(str(thread.state.get("alert", "")))
        updates = self._notifier.abilities.updates
        if thread is not None and not updates and (reply := self._reply_to(claim.alert)):
            raise SupersededError(reply)
        if thread is not None and "digest" in thread.state and updates:
            return self._tell_line(claim, message, thread)
        if thread is not None and thread.channel and thread.ts and updates:
            try:
                there, ts = Destination(channel=thread.channel), thread.ts
                sent = self._unhurried(UPDATES, lambda: self._notifier.update(message, there, ts))
            except DeliveryError as error:
                if error.fault is not Fault.PARENT:
                    raise
            else:
                return self._kept(claim, thread, replace(sent, ts=thread.ts)), sent
        sent = self._tell_first(claim, message if thread is None else _silent(message))
        return self._kept(claim, thread, sent), sent

    def _tell_line(self, claim: Claim, message: Message, thread: Thread) -> tuple[Thread, Sent]:
        """Bring a story's line in a digest up to date.

        The line is kept before it is shown, and after showing all lines we look whether one is newer: so the last of
        several who do that at a time shows every line that any of them has shown.
        """
        from monitor.alerts.digest import entry_from, entry_of, rendered

        line = replace(thread, state={**thread.state, "entry": entry_of(claim.alert).encoded()})
        with self._store.writing() as writer:
            writer.save_thread(line)
        shown: list[Json] = []
        while (lines := self._lines(line)) != shown:
            digest = rendered(entry_from(each) for each in lines)
            whole = replace(_silent(message), text=digest.text, blocks=digest.blocks)
            try:
                update = partial(self._notifier.update, whole, Destination(channel=line.channel or ""), line.ts or "")
                sent = self._unhurried(UPDATES, update)
            except DeliveryError as error:
                if error.fault is not Fault.PARENT:
                    raise
                sent = self._tell_first(claim, _silent(message))
                return self._kept(claim, None, sent), sent
            shown = lines
        kept = self._kept(claim, line, replace(sent, ts=line.ts))
        return replace(kept, about=line.about, state={**line.state, **kept.state}), sent

    def _lines(self, thread: Thread) -> list[Json]:
        with self._store.reading() as reader:
            found = reader.threads(about=thread.about, destination=thread.destination, is_open=False)
        return [each.state["entry"] for each in found if "entry" in each.state]

    def _threads_of(self, claim: Claim, sent: Sent) -> tuple[Thread, ...]:
        """Return the threads of all stories that a digest tells, and its own."""
        from monitor.alerts.digest import entry_from

        alert, now = claim.alert, self._store.now()
        digest = str(alert.payload["group"])
        own = self._kept(claim, None, sent)
        entries = [entry_from(each) for each in cast("Sequence[Json]", alert.payload["entries"])]
        return own, *(
            replace(
                own,
                group=entry.group,
                about=digest,
                state={"as_of": entry.as_of, "alert": alert.id, "digest": digest, "entry": entry.encoded()},
                closed_at=now if entry.closes else None,
            )
            for entry in entries
        )

    def _tell_reply(self, claim: Claim, message: Message) -> Sent:
        """Tell it in the thread; where there is none, as a message of its own: better so than not at all."""
        thread = self._thread(claim.alert)
        if thread is None or not thread.channel or not thread.ts or not self._notifier.abilities.threads:
            return self._tell_first(claim, alone(message, claim.alert))
        there = Destination(channel=thread.channel)
        found = self._found(claim, there, thread.ts)
        if found is not None:
            return found
        try:
            return self._notifier.reply(message, there, thread.ts)
        except DeliveryError as error:
            if error.fault is not Fault.PARENT:
                raise
            return self._tell_first(claim, alone(message, claim.alert))

    def _reply_to(self, parent: QueuedAlert) -> str | None:
        """Return the reply that waits to tell what a parent message would show, where nothing can be edited."""
        with self._store.reading() as reader:
            found = reader.alerts(
                limit=MOST_WAITING, story=parent.story, destination=parent.destination, states=WAITING
            )
        replies = (each.alert for each in found if each.alert.kind == "reply")
        return next((each.id for each in replies if each.payload["as_of"] == parent.payload["as_of"]), None)

    def _found(self, claim: Claim, destination: Destination, thread_ts: str | None = None) -> Sent | None:
        """Return where the message is already, if an earlier attempt may have sent it."""
        if not claim.may_have_been_sent:
            return None
        try:
            wanted = (claim.alert.id, destination, claim.queued_at, thread_ts)
            found = self._unhurried(SEARCHES, lambda: self._notifier.find(*wanted))
        except CannotTell as error:
            log.warning("It may be told twice: %s", error, extra={"action": "alert_unsure", "alert": claim.alert.id})
        else:
            if found is not None:
                return found
            reach(Point.LOOKED)
        if not self._store.outbox.extend(claim, LEASE):  # the search was too long
            raise LostError
        return None

    def _unhurried(self, calls: str, call: Callable[[], T]) -> T:
        """Make a call whose limit counts for the whole workspace: where Slack asks to wait, all channels wait."""
        held = self._store.outbox.held(calls)
        if held:
            raise DeliveryError("Slack asked to wait", retry_after=held.total_seconds())
        try:
            return call()
        except DeliveryError as error:
            if error.retry_after is not None:
                self._store.outbox.hold(calls, self._store.now() + timedelta(seconds=error.retry_after))
            raise

    def _thread(self, alert: QueuedAlert) -> Thread | None:
        with self._store.reading() as reader:
            group = str(alert.payload["group"])
            found = reader.threads(group=group, destination=alert.destination, is_open=False)
        return found[0] if found else None

    def _kept(self, claim: Claim, thread: Thread | None, sent: Sent) -> Thread:
        """Return the thread as it is once the parent message stands."""
        payload, now = claim.alert.payload, self._store.now()
        return Thread(
            group=str(payload["group"]),
            destination=claim.alert.destination,
            about=str(payload["about"]),
            opened_at=thread.opened_at if thread else now,
            channel=sent.channel,
            ts=sent.ts,
            state={"as_of": payload["as_of"], "alert": claim.alert.id},
            closed_at=now if payload["closes"] else None,
        )


def _silent(message: Message) -> Message:
    return replace(message, mentions=())
