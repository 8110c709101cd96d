"""Telling what waits in the outbox: claim, send, say how it went. Nothing is dropped or knowingly told twice."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

from monitor.alerts.routing import ELSEWHERE
from monitor.domain.target import TargetKey
from monitor.failpoints import Point, reach
from monitor.gathering import LATE, WAITING, gather
from monitor.gathering import MOST as MOST_WAITING
from monitor.mrkdwn import words
from monitor.notifiers.base import (
    AmbiguousDelivery,
    CannotTell,
    DeliveryError,
    Destination,
    Facts,
    Fault,
    Mention,
    MentionKind,
    Message,
    Notifier,
    Sent,
)
from monitor.store.outbox import PACE
from monitor.store.store import Store
from monitor.store.types import Json
from monitor.store.values import Claim, QueuedAlert, Thread

LEASE = timedelta(seconds=90)
"""Twice as long as the longest attempt: a search of the history and a call. It is prolonged when half of it is over."""

AT_ONCE = 10
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
CIRCUIT = 5
"""After so many failures in a row a channel gets one probe at a time."""

SEARCHES, UPDATES = "<searches>", "<updates>"
"""Calls that Slack counts for the whole workspace; no channel is called so."""

MOST = 50
"""The most blocks that Slack takes; ours leave room for a note."""

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one pass did. `put_off` will be tried again, `dead` will not, `elsewhere` of them were told another way.

    `refused` are the reasons, each once, for which a channel or everything was refused for good.
    """

    sent: int = 0
    superseded: int = 0
    put_off: int = 0
    dead: int = 0
    elsewhere: int = 0
    refused: tuple[str, ...] = ()

    def __add__(self, other: "Delivered") -> "Delivered":
        """Add up two passes."""
        return Delivered(
            sent=self.sent + other.sent,
            superseded=self.superseded + other.superseded,
            put_off=self.put_off + other.put_off,
            dead=self.dead + other.dead,
            elsewhere=self.elsewhere + other.elsewhere,
            refused=tuple(dict.fromkeys((*self.refused, *other.refused))),
        )


SENT, SUPERSEDED, PUT_OFF = Delivered(sent=1), Delivered(superseded=1), Delivered(put_off=1)


class Delivery:
    """Delivers with one notifier; `fallback` is the channel for what its own refuses for good.

    What even that one refuses goes to the `last` channel.
    """

    def __init__(
        self,
        store: Store,
        notifier: Notifier,
        *,
        owner: str,
        fallback: str,
        last: str | None = None,
        pace: timedelta = PACE,
        public_url: str | None = None,
    ) -> None:
        """Use this store and notifier. `owner` names the process: two of them never send the same alert at a time.

        `public_url` is where the links of a message for machines lead.
        """
        self._store = store
        self._notifier = notifier
        self._owner = owner
        self._pace = pace
        self._public_url = public_url
        self._fallbacks = (fallback,) if last is None else (fallback, last)

    def once(self) -> Delivered:
        """Send what may go now: at most one message to each channel."""
        done, fresh = Delivered(), time.monotonic() + LEASE.total_seconds() / 2
        for claim in self._store.outbox.claim(self._owner, limit=AT_ONCE, lease=LEASE, pace=self._pace):
            if time.monotonic() < fresh or self._store.outbox.extend(claim, LEASE):
                done += self._deliver(claim)
        return done

    def until_quiet(self, idle: float = 3.0, sleep: Callable[[float], None] = time.sleep) -> Delivered:
        """Send until nothing that was never tried waits any more, or nothing could be sent for `idle` seconds."""
        done, waited = Delivered(), 0.0
        while waited < idle:
            step = self.once()
            done += step
            if step != Delivered():
                waited = 0.0
                continue
            with self._store.reading() as reader:
                if not reader.is_due(timedelta(seconds=idle)):
                    break
            sleep(0.1)
            waited += 0.1
        return done

    def _deliver(self, claim: Claim) -> Delivered:
        alert = claim.alert
        gathered = gather(self._store, claim, self._now())
        if gathered:
            return Delivered(superseded=gathered)
        try:
            threads, sent = self._attempt(claim)
        except _SupersededError as newer:
            self._store.outbox.superseded(claim, newer.by)
            return SUPERSEDED
        except AmbiguousDelivery as unsure:
            wait = timedelta(seconds=max(unsure.settle, unsure.retry_after or 0.0))
            self._put_off(claim, unsure.reason, wait, is_ambiguous=True)
            return PUT_OFF
        except DeliveryError as error:
            return self._refused(claim, error)
        reach(Point.TOLD)
        log.info("Told in %s", alert.destination, extra={"action": "alert_sent", "alert": alert.id})
        self._store.outbox.sent(claim, channel=sent.channel, ts=sent.ts, threads=threads)
        return SENT

    # -- one attempt ---------------------------------------------------------------------------------------------

    def _attempt(self, claim: Claim) -> tuple[tuple[Thread, ...], Sent]:
        """Tell it; return the threads as they are since, and where the message is."""
        message = self._message(claim)
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
        """Post the parent message, or bring it up to date."""
        thread = self._thread(claim.alert)
        if thread is not None and str(thread.state.get("as_of", "")) > str(claim.alert.payload["as_of"]):
            raise _SupersededError(str(thread.state.get("alert", "")))
        updates = self._notifier.abilities.updates
        if thread is not None and not updates and (reply := self._reply_to(claim.alert)):
            raise _SupersededError(reply)
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
        sent = self._tell_first(claim, message)
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
            whole = replace(message, text=digest.text, blocks=digest.blocks, mentions=())
            try:
                update = partial(self._notifier.update, whole, Destination(channel=line.channel or ""), line.ts or "")
                sent = self._unhurried(UPDATES, update)
            except DeliveryError as error:
                if error.fault is not Fault.PARENT:
                    raise
                sent = self._tell_first(claim, message)
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

        alert, now = claim.alert, self._now()
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
            return self._tell_first(claim, _alone(message, claim.alert))
        there = Destination(channel=thread.channel)
        found = self._found(claim, there, thread.ts)
        if found is not None:
            return found
        try:
            return self._notifier.reply(message, there, thread.ts)
        except DeliveryError as error:
            if error.fault is not Fault.PARENT:
                raise
            return self._tell_first(claim, _alone(message, claim.alert))

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
            return None
        if found is None:
            reach(Point.LOOKED)
        return found

    def _unhurried(self, calls: str, call: Callable[[], T]) -> T:
        """Make a call whose limit counts for the whole workspace: where Slack asks to wait, all channels wait."""
        held = self._store.outbox.held(calls)
        if held:
            raise DeliveryError("Slack asked to wait", retry_after=held.total_seconds())
        try:
            return call()
        except DeliveryError as error:
            if error.retry_after is not None:
                self._store.outbox.hold(calls, self._now() + timedelta(seconds=error.retry_after))
            raise

    def _thread(self, alert: QueuedAlert) -> Thread | None:
        with self._store.reading() as reader:
            group = str(alert.payload["group"])
            found = reader.threads(group=group, destination=alert.destination, is_open=False)
        return found[0] if found else None

    def _kept(self, claim: Claim, thread: Thread | None, sent: Sent) -> Thread:
        """Return the thread as it is once the parent message stands."""
        payload, now = claim.alert.payload, self._now()
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

    def _message(self, claim: Claim) -> Message:
        payload = claim.alert.payload
        mentions = cast("Sequence[Mapping[str, str]]", payload["mentions"])
        blocks = cast("Sequence[Mapping[str, Any]]", payload["blocks"])
        text, late = str(payload["text"]), self._now() - claim.due_at
        if late >= LATE:
            note = f"_delivered {_lasting(late)} late_"
            text = f"{text} ({note.strip('_')})"
            blocks = [*blocks, *cast("Any", _small(note))] if blocks else blocks
        tells = claim.alert.tells
        return Message(
            outbox_id=claim.alert.id,
            text=text,
            blocks=tuple(blocks),
            payload={"incident": tells[0].incident, "sequence": tells[0].sequence} if tells else {},
            mentions=tuple(Mention(kind=MentionKind(each["kind"]), value=each["value"]) for each in mentions),
            facts=self._facts(claim.alert) if self._notifier.abilities.facts else None,
        )

    def _facts(self, alert: QueuedAlert) -> Facts:
        """Return what a machine needs in order to act."""
        from monitor.alerts.facts import Promised, facts_of

        promises: dict[TargetKey, Promised] = {}
        with self._store.reading() as reader:
            changes = reader.changes(alert.tells)
            for target in {change.incident.target for change in changes}:
                checks = {standing.check.id: standing.check for standing in reader.verdict_now(target)}
                ran = reader.runs(limit=1, target=target)
                promises[target] = Promised(version=ran[0].version if ran else None, checks=checks)
        return Facts(
            role=str(alert.payload["role"]),
            story=alert.story,
            incidents=facts_of(changes, promises, self._public_url),
            total=len({change.incident.id for change in changes}),
        )

    def _now(self) -> datetime:
        with self._store.reading() as reader:
            return reader.now()

    # -- what did not work ---------------------------------------------------------------------------------------

    def _refused(self, claim: Claim, error: DeliveryError) -> Delivered:
        match error.fault:
            case Fault.SERVICE:
                pause = min(FIRST_PAUSE * 2 ** min(claim.attempt - 1, 10), LONGEST_PAUSE)
                told = None if error.retry_after is None else timedelta(seconds=error.retry_after)
                self._put_off(claim, error.reason, told or pause, channel=told)
                return PUT_OFF
            case Fault.CREDENTIALS:
                self._put_off(claim, error.reason, LONGEST_PAUSE, channel=LONGEST_PAUSE, fault=error.fault)
                return Delivered(put_off=1, refused=(error.reason,))
            case Fault.MESSAGE if claim.alert.payload["blocks"]:
                return self._instead(claim, error, f"{claim.alert.id}-plain", blocks=[])
            case _:
                return self._elsewhere(claim, error)

    def _elsewhere(self, claim: Claim, error: DeliveryError) -> Delivered:
        """Tell it in the first fallback that has not refused it yet."""
        alert, place = claim.alert, claim.alert.destination
        tried = [*cast("list[Json]", alert.payload.get("refused_by", [])), place]
        other = next((each for each in self._fallbacks if each not in tried), None)
        is_channel = error.fault is Fault.DESTINATION
        refused = (f"{place}: {error.reason}",) if is_channel else ()
        if other is None:
            log.error("An alert is dead: %s", error, extra={"action": "alert_dead", "alert": alert.id})
            fault = error.fault if is_channel else None
            self._store.outbox.failed(claim, error.reason, retry_at=None, fault=fault)
            return Delivered(dead=1, refused=refused)
        note = f"{words(place)} takes no messages: {words(error.reason)}"
        text = f"{alert.payload['text']} ({note})"
        blocks = [*_small(note), *cast("list[Json]", alert.payload["blocks"])][:MOST]
        identity = f"{alert.id}{ELSEWHERE}"
        changes: dict[str, Json] = {"text": text, "blocks": blocks, "refused_by": tried}
        return self._instead(claim, error, identity, other, **changes) + Delivered(refused=refused)

    def _instead(
        self, claim: Claim, error: DeliveryError, identity: str, destination: str | None = None, **changes: Json
    ) -> Delivered:
        """Give up on this one and queue the same in another form or place, at once or not at all."""
        alert = claim.alert
        other = replace(
            alert,
            id=identity,
            destination=destination or alert.destination,
            payload={**alert.payload, **changes},
            not_before=None,
        )
        fault = error.fault if error.fault is Fault.DESTINATION else None
        self._store.outbox.failed_for(claim, error.reason, other, fault=fault)
        return Delivered(dead=1, elsewhere=1)

    def _put_off(
        self,
        claim: Claim,
        reason: str,
        pause: timedelta,
        *,
        is_ambiguous: bool = False,
        channel: timedelta | None = None,
        fault: Fault | None = None,
    ) -> None:
        now = self._now()
        destination = claim.alert.destination
        is_open = self._store.outbox.failures(destination) + 1 >= CIRCUIT
        log.warning("Not told in %s: %s", destination, reason, extra={"action": "alert_put_off"})
        self._store.outbox.failed(
            claim,
            reason,
            retry_at=now + pause,
            is_ambiguous=is_ambiguous,
            channel_free_at=None if channel is None else now + channel,
            probe_at=now + pause if is_open else None,
            fault=fault,
        )


class _SupersededError(Exception):
    """A newer alert already told more."""

    def __init__(self, by: str) -> None:
        """Keep which one."""
        self.by = by
        super().__init__(by)


def _alone(message: Message, alert: QueuedAlert) -> Message:
    """Return a reply that has no thread around it: it says what it is about."""
    about = words(str(alert.payload["about"]))
    blocks = (*message.blocks, *cast("Any", _small(about))) if message.blocks else ()
    return replace(message, text=f"{message.text} · {about}", blocks=blocks[:MOST])


def _small(note: str) -> list[Json]:
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": note, "verbatim": True}]}]


def _lasting(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004 - two hours
