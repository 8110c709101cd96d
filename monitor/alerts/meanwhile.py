"""Alerts of one story that have waited for long → its present state, told once, with what happened meanwhile."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from monitor.alerts import words
from monitor.alerts.render import Rendered, line, rest
from monitor.alerts.render import render as rendered
from monitor.domain.incident import ChangeKind, IncidentChange
from monitor.store.types import Json
from monitor.store.values import AlertRecord, ChangeRef, QueuedAlert
from monitor.templates import Trusted

HAPPENED = {
    ChangeKind.OPENED: "broke",
    ChangeKind.REOPENED: "broke again",
    ChangeKind.WORSE: "got worse",
    ChangeKind.REMINDED: "still broken",
    ChangeKind.STILL_UNVERIFIED: "still not verified",
    ChangeKind.ACKNOWLEDGED: "acknowledged",
    ChangeKind.SNOOZED: "snoozed",
    ChangeKind.ACCEPTED: "accepted",
    ChangeKind.SILENCE_ENDED: "broken when quiet was over",
    ChangeKind.FLAPPING: "began to come and go",
    ChangeKind.CALM_AGAIN: "stayed broken",
    ChangeKind.JOINED: "kept more from being verified",
    ChangeKind.LEFT: "kept less from being verified",
    ChangeKind.RESOLVED: "resolved",
    ChangeKind.WITHDRAWN: "no longer watched",
}
"""What happened, in the words of a list; in the order in which they are counted."""


def told_once(
    waiting: Sequence[AlertRecord], changes: Sequence[IncidentChange], *, is_known: bool, now: datetime
) -> tuple[QueuedAlert, ...]:
    """Return what tells a story's present state once, instead of alerts that wait, of which one is a parent at least.

    `waiting` is in the order in which they were queued; `changes`, in the order in which they happened, are those they
    were to tell. A story that the channel knows gets its parent edited and one reply; any other begins with its present
    state, and says in one line what happened before.
    """
    newest = [each.alert for each in waiting if each.alert.kind == "parent"][-1]
    due = min(each.alert.due_at or each.queued_at for each in waiting)
    loud = [change for change in changes if change.kind in HAPPENED and not change.is_quiet]
    refs = tuple(sorted({ref for each in waiting for ref in each.alert.tells}))
    payload: dict[str, Json] = dict(newest.payload)
    if payload["closes"]:
        payload["mentions"] = []
    identity = hashlib.sha256("\n".join(each.alert.id for each in waiting).encode()).hexdigest()[:20]
    if not is_known and loud:
        note = line("meanwhile_note", counts=_counts(loud))
        payload["blocks"] = [*_list(payload["blocks"]), _small(note)] if payload["blocks"] else []
    base = replace(newest, not_before=None, due_at=due)
    found = [replace(base, id=f"{identity}-now", payload=payload, tells=refs)]
    pages = [each.alert for each in waiting if _is_page_of(each.alert, newest)]
    found += [
        replace(base, id=f"{identity}-{place}", kind="reply", payload=page.payload, tells=page.tells)
        for place, page in enumerate(pages, 1)
    ]
    if loud and (is_known or payload.get("hidden")):
        told = tuple(sorted({ChangeRef(incident=change.incident.id, sequence=change.sequence) for change in loud}))
        for place, each in enumerate(_happened(loud, due, now)):
            calls = [] if place else _called(waiting, _list(payload["mentions"]))
            more: dict[str, Any] = {
                "role": "reply",
                "text": each.text,
                "blocks": [dict(block) for block in each.blocks],
            }
            reply = {**payload, **more, "mentions": calls, "hidden": 0}
            found.append(replace(base, id=f"{identity}-happened-{place}", kind="reply", payload=reply, tells=told))
    return tuple(found)


def _happened(changes: Sequence[IncidentChange], since: datetime, now: datetime) -> list[Rendered]:
    """Return the reply that sums up, and what did not fit in it."""
    stories: dict[str, list[IncidentChange]] = {}
    for change in changes:
        stories.setdefault(change.incident.id, []).append(change)
    items = [_line(story, now) for story in stories.values()]
    span = {"since": words.moment(since, now), "until": words.moment(now, now)}
    reply = rendered("meanwhile", {"counts": Trusted(_counts(changes)), **span}, items=items)
    return [reply, *rest(reply.remainder)]


def _line(story: Sequence[IncidentChange], now: datetime) -> str:
    """Return one incident's story in a line."""
    steps = []
    for change in story:
        by = f" by {change.by}" if change.by else ""
        steps.append(f"{words.moment(change.at, now)} {HAPPENED[change.kind]}{by}")
    last = story[-1].incident
    return line("meanwhile_member", icon=words.icon(last), key=last.key, steps=", ".join(steps))


def _called(waiting: Sequence[AlertRecord], now: Sequence[Json]) -> list[Json]:
    """Return whom the replies would have called (nobody hears the edit of a parent), of those whom it concerns now."""
    replies = (each.alert for each in waiting if each.alert.kind == "reply")
    called = [one for reply in replies for one in _list(reply.payload["mentions"])]
    return [one for one in now if one in called]


def _counts(changes: Sequence[IncidentChange]) -> str:
    counts = Counter(change.kind for change in changes)
    return ", ".join(f"{counts[kind]:,} {told}" for kind, told in HAPPENED.items() if counts[kind])


def _is_page_of(alert: QueuedAlert, parent: QueuedAlert) -> bool:
    return bool(alert.payload.get("page")) and alert.payload["as_of"] == parent.payload["as_of"]


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else []


def _small(note: str) -> Json:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": note, "verbatim": True}]}
