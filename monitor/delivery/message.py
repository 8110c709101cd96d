"""An alert of the outbox → the message that a notifier takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from monitor.delivery.gathering import LATE
from monitor.domain.target import TargetKey
from monitor.mrkdwn import words
from monitor.notifiers.base import Facts, Mention, MentionKind, Message
from monitor.store.store import Store
from monitor.store.types import Json
from monitor.store.values import Claim, QueuedAlert

MOST = 50
"""The most blocks that Slack takes; ours leave room for a note."""


def message_of(claim: Claim, now: datetime, facts: Facts | None) -> Message:
    """Return the message; one that comes late says so."""
    payload = claim.alert.payload
    mentions = cast("Sequence[Mapping[str, str]]", payload["mentions"])
    blocks = cast("Sequence[Mapping[str, Any]]", payload["blocks"])
    text, late = str(payload["text"]), now - claim.due_at
    if late >= LATE:
        note = f"_delivered {_lasting(late)} late_"
        text = f"{text} ({note.strip('_')})"
        blocks = [*blocks, *cast("Any", small(note))] if blocks else blocks
    tells = claim.alert.tells
    return Message(
        outbox_id=claim.alert.id,
        text=text,
        blocks=tuple(blocks),
        payload={"incident": tells[0].incident, "sequence": tells[0].sequence} if tells else {},
        mentions=tuple(Mention(kind=MentionKind(each["kind"]), value=each["value"]) for each in mentions),
        facts=facts,
    )


def facts_of(alert: QueuedAlert, store: Store, public_url: str | None) -> Facts:
    """Return what a machine needs in order to act; links begin with `public_url`."""
    from monitor.alerts.facts import Promised, facts_of

    promises: dict[TargetKey, Promised] = {}
    with store.reading() as reader:
        changes = reader.changes(alert.tells)
        for target in {change.incident.target for change in changes}:
            checks = {standing.check.id: standing.check for standing in reader.verdict_now(target)}
            ran = reader.runs(limit=1, target=target)
            promises[target] = Promised(version=ran[0].version if ran else None, checks=checks)
    return Facts(
        role=str(alert.payload["role"]),
        story=alert.story,
        incidents=facts_of(changes, promises, public_url),
        total=len({change.incident.id for change in changes}),
    )


def alone(message: Message, alert: QueuedAlert) -> Message:
    """Return a reply that has no thread around it: it says what it is about."""
    about = words(str(alert.payload["about"]))
    blocks = (*message.blocks, *cast("Any", small(about))) if message.blocks else ()
    return replace(message, text=f"{message.text} · {about}", blocks=blocks[:MOST])


def small(note: str) -> list[Json]:
    """Return a note in small letters, as Slack's blocks."""
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": note, "verbatim": True}]}]


def _lasting(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004 - two hours
