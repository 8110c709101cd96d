"""What becomes of an alert that could not be told: later, in another form, in another channel, or dead and said so."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import cast

from monitor.alerts.routing import ELSEWHERE
from monitor.delivery.delivered import PUT_OFF, Delivered
from monitor.delivery.message import MOST, small
from monitor.mrkdwn import words
from monitor.notifiers.base import DeliveryError, Fault
from monitor.store.store import Store
from monitor.store.types import Json
from monitor.store.values import Claim

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
CIRCUIT = 5
"""After so many failures in a row a channel gets one probe at a time."""

log = logging.getLogger(__name__)


class Refusals:
    """Decides what becomes of alerts; the first fallback that takes it gets what its channel refuses for good."""

    def __init__(self, store: Store, fallbacks: tuple[str, ...]) -> None:
        """Write down in this store; `fallbacks` are channels, in the order in which they are tried."""
        self._store = store
        self._fallbacks = fallbacks

    def refused(self, claim: Claim, error: DeliveryError) -> Delivered:
        """Write down what becomes of an alert that was refused, and say it in numbers."""
        match error.fault:
            case Fault.SERVICE:
                pause = min(FIRST_PAUSE * 2 ** min(claim.attempt - 1, 10), LONGEST_PAUSE)
                told = None if error.retry_after is None else timedelta(seconds=error.retry_after)
                self.put_off(claim, error.reason, told or pause, channel=told)
                return PUT_OFF
            case Fault.CREDENTIALS:
                self.put_off(claim, error.reason, LONGEST_PAUSE, channel=LONGEST_PAUSE, fault=error.fault)
                return Delivered(put_off=1, refused=(error.reason,))
            case Fault.MESSAGE if claim.alert.payload["blocks"]:
                return self._instead(claim, error, _plain(claim.alert.id), blocks=[])
            case _:
                return self._elsewhere(claim, error)

    def put_off(
        self,
        claim: Claim,
        reason: str,
        pause: timedelta,
        *,
        is_ambiguous: bool = False,
        channel: timedelta | None = None,
        fault: Fault | None = None,
    ) -> None:
        """Try again after a pause; after several failures in a row its channel gets one probe at a time."""
        now = self._store.now()
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
        blocks = [*small(note), *cast("list[Json]", alert.payload["blocks"])][:MOST]
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


def _plain(alert: str) -> str:
    """Return the id of an alert in plain words; that of a stand-in ends still as one's."""
    is_elsewhere = alert.endswith(ELSEWHERE)
    return f"{alert.removesuffix(ELSEWHERE)}-plain{ELSEWHERE if is_elsewhere else ''}"
