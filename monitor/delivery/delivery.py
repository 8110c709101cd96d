"""Telling what waits in the outbox: claim, send, say how it went."""

import logging
import math
import time
from collections.abc import Callable
from datetime import timedelta

from monitor.delivery.attempt import LEASE, LostError, SupersededError, Teller
from monitor.delivery.delivered import PUT_OFF, SENT, SUPERSEDED, Delivered
from monitor.delivery.gathering import gather
from monitor.delivery.refusals import Refusals
from monitor.failpoints import Point, reach
from monitor.notifiers.base import AmbiguousDelivery, DeliveryError, Notifier
from monitor.store.outbox import PACE
from monitor.store.store import Store
from monitor.store.values import Claim

AT_ONCE = 10

log = logging.getLogger(__name__)


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
        self._owner = owner
        self._pace = pace
        self._teller = Teller(store, notifier, public_url)
        self._refusals = Refusals(store, (fallback,) if last is None else (fallback, last))

    def once(self) -> Delivered:
        """Send what may go now: at most one message to each channel."""
        done, fresh = Delivered(), time.monotonic() + LEASE.total_seconds() / 2
        for claim in self._store.outbox.claim(self._owner, limit=AT_ONCE, lease=LEASE, pace=self._pace):
            if time.monotonic() < fresh or self._store.outbox.extend(claim, LEASE):
                done += self._deliver(claim)
        return done

    def until_quiet(
        self, idle: float = 3.0, longest: float = math.inf, sleep: Callable[[float], None] = time.sleep
    ) -> Delivered:
        """Send until nothing that was never tried waits any more, or nothing could be sent for `idle` seconds.

        After `longest` seconds no more is begun.
        """
        done, waited, end = Delivered(), 0.0, time.monotonic() + longest
        while waited < idle and time.monotonic() < end:
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
        gathered = gather(self._store, claim, self._store.now())
        if gathered:
            return Delivered(superseded=gathered)
        try:
            threads, sent = self._teller.tell(claim)
        except SupersededError as newer:
            self._store.outbox.superseded(claim, newer.by)
            return SUPERSEDED
        except LostError:
            return Delivered()
        except AmbiguousDelivery as unsure:
            wait = timedelta(seconds=max(unsure.settle, unsure.retry_after or 0.0))
            held = None if unsure.retry_after is None else timedelta(seconds=unsure.retry_after)
            self._refusals.put_off(claim, unsure.reason, wait, is_ambiguous=True, channel=held)
            return PUT_OFF
        except DeliveryError as error:
            return self._refusals.refused(claim, error)
        reach(Point.TOLD)
        log.info("Told in %s", alert.destination, extra={"action": "alert_sent", "alert": alert.id})
        self._store.outbox.sent(claim, channel=sent.channel, ts=sent.ts, threads=threads)
        return SENT
