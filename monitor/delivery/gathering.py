"""Fewer messages instead of many that wait: a story's present state, many stories' beginnings in one."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.store.store import Store
from monitor.store.values import AlertRecord, AlertState, Claim, QueuedAlert

LATE = timedelta(minutes=30)
"""What has waited for longer is told as it stands now, not step by step."""

STORM = 20
"""More new incidents than this for one channel are told as one digest."""

MOST = 100_000
"""More alerts than ever wait in one channel."""

WAITING = (AlertState.QUEUED, AlertState.FAILED)

log = logging.getLogger(__name__)


def gather(store: Store, claim: Claim, now: datetime) -> int:
    """Queue fewer messages instead of the claimed one and others; return how many they replace, 0 where none should be.

    Nothing is decided of an alert that may have been sent, or that somebody is sending. Every change that the replaced
    ones tell, the new ones tell.
    """
    if claim.may_have_been_sent:
        return 0
    return _digest(store, claim, now) or _collapse(store, claim, now)


def _collapse(store: Store, claim: Claim, now: datetime) -> int:
    """Tell a story that has waited for long as it stands now."""
    story, place = claim.alert.story, claim.alert.destination
    if story is None or now - claim.queued_at < LATE or claim.alert.kind not in {"parent", "reply"}:
        return 0
    with store.reading() as reader:
        found = reader.alerts(limit=MOST, story=story, destination=place)
        records = [each for each in reversed(found) if each.state in WAITING or each.alert.id == claim.alert.id]
        waiting = [each for each in records if not each.may_have_been_sent or each.alert.id == claim.alert.id]
        if sum(each.alert.kind == "parent" for each in waiting) < 2:  # noqa: PLR2004 - one state says it all
            return 0
        refs = {ref for each in waiting for ref in each.alert.tells}
        heard = reader.told(place, {ref.incident for ref in refs})
        changes = reader.changes(refs - heard)
        is_known = bool(reader.threads(group=story, destination=place, is_open=False))
    from monitor.alerts.meanwhile import told_once

    alerts = told_once(waiting, changes, is_known=is_known, now=now)
    return len(waiting) if _replaced(store, claim, alerts, waiting) else 0


def _digest(store: Store, claim: Claim, now: datetime) -> int:
    """Tell many beginnings in one message."""
    alert = claim.alert
    if alert.kind not in {"parent", "note"}:
        return 0
    with store.reading() as reader:
        stories, incidents = reader.beginning(alert.destination, alert.id)
        if stories < 2 or incidents <= STORM:  # noqa: PLR2004 - one story is a digest of its own
            return 0
        ids = reader.beginnings(alert.destination, alert.id)
        if alert.id not in ids:
            return 0
        waiting = reader.alerts_by_id(ids)[::-1]
    from monitor.alerts.digest import digest_of

    return len(waiting) if _replaced(store, claim, digest_of(waiting, now), waiting) else 0


def _replaced(store: Store, claim: Claim, by: tuple[QueuedAlert, ...], waiting: Sequence[AlertRecord]) -> bool:
    others = [each.alert.id for each in waiting if each.alert.id != claim.alert.id]
    done = store.outbox.replaced(claim, others, by)
    if done:
        log.info("%d alerts are told in %d", len(waiting), len(by), extra={"action": "alerts_gathered"})
    return done
