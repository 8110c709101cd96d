"""What happened to incidents → the messages that tell it, one thread for each story and channel."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from monitor.alerts.context import Context
from monitor.alerts.parent import parent_of, summary_of
from monitor.alerts.quiet import quiet_until
from monitor.alerts.render import Rendered, rest
from monitor.alerts.reply import reply_of
from monitor.alerts.routing import channels_of, contract_channels, is_urgent
from monitor.alerts.story import NEWS, STORM, Story
from monitor.domain.incident import ChangeKind, IncidentChange
from monitor.notifiers.base import Mention
from monitor.store.values import ChangeRef, QueuedAlert

SILENT = frozenset({ChangeKind.LEFT})
"""What only changes the parent message."""

CALLS = NEWS | {ChangeKind.REMINDED}
"""What people are called for where it is urgent."""


def alerts_for(changes: Iterable[IncidentChange], context: Context, now: datetime) -> tuple[QueuedAlert, ...]:
    """Return the messages that tell these changes, in the order in which they must be sent.

    What is quiet is not told, and neither is the end of something of which nobody has heard, or a decision about it.
    """
    loud = [change for change in changes if not change.is_quiet and _is_news(change, context)]
    stories: dict[tuple[str, str], list[IncidentChange]] = {}
    for change in loud:
        for channel in channels_of(change.incident, context, change.kind):
            stories.setdefault((change.incident.group or change.incident.id, channel), []).append(change)
    found = [Story(group, channel, told, context, now) for (group, channel), told in stories.items()]
    alerts = [alert for story in found for alert in _alerts(story)]
    if context.is_first_run and not any(story.is_summary for story in found):
        notes = [Story("", channel, [], context, now) for channel in contract_channels(context)]
        alerts += [_alert(note, "note", 0, summary_of(note, ()), ()) for note in notes]
    return tuple(alerts)


def _is_news(change: IncidentChange, context: Context) -> bool:
    return change.incident.id in context.told or not (change.incident.is_over or change.by)


def _alerts(story: Story) -> list[QueuedAlert]:
    """Return the parent message, then one reply with all that happened, then what did not fit."""
    parent = parent_of(story)
    noticed = [change for change in story.told if change.kind not in SILENT]
    replies = [reply_of(story, noticed)] if story.is_known and noticed else []
    for reply in tuple(replies):
        replies += rest(reply.remainder)
    pages = rest(parent.remainder) if not story.is_known or len(noticed) > STORM else []
    return [
        _alert(story, "parent", 0, parent, _all_of(story), mentions=story.mentions(story.members)),
        *(
            _alert(
                story, "reply", place, each, _told(story), mentions=_calls(story, place), is_page=place > len(replies)
            )
            for place, each in enumerate((*replies, *pages), 1)
        ),
    ]


def _calls(story: Story, place: int) -> tuple[Mention, ...]:
    """Return whom the first reply calls: those of what must be heard in a story they know; nobody hears an edit."""
    if place > 1 or not story.is_known:
        return ()
    return story.mentions(change.incident for change in story.told if change.kind in CALLS)


def _not_before(story: Story) -> datetime | None:
    """Return the end of the quiet hours where nothing here is urgent or what somebody just did."""
    if any(change.by or is_urgent(change.incident, story.context) for change in story.told):
        return None
    return quiet_until(story.context.routes.quiet, story.now)


def _told(story: Story) -> tuple[ChangeRef, ...]:
    return tuple(sorted({ChangeRef(incident=change.incident.id, sequence=change.sequence) for change in story.told}))


def _all_of(story: Story) -> tuple[ChangeRef, ...]:
    """Return what a parent tells: the state of all, so that parents of one story keep their order."""
    now = {ChangeRef(incident=member.id, sequence=member.sequence) for member in story.members}
    return tuple(sorted(now.union(_told(story))))


def _alert(
    story: Story,
    role: str,
    place: int,
    rendered: Rendered,
    refs: tuple[ChangeRef, ...],
    *,
    mentions: Sequence[Mention] = (),
    is_page: bool = False,
) -> QueuedAlert:
    """Return a message; a page holds what did not fit elsewhere."""
    living = sum(not member.is_over for member in story.members)
    lead = story.told[0].incident if story.told else None
    payload: dict[str, Any] = {
        "role": role,
        "group": story.group,
        "about": str(lead.target if lead else story.context.target),
        "as_of": f"{story.now:%Y-%m-%dT%H:%M:%S.%f}",
        "text": rendered.text,
        "blocks": [dict(block) for block in rendered.blocks],
        "mentions": [{"kind": mention.kind.value, "value": mention.value} for mention in mentions],
        "closes": bool(story.group) and not living,
        "living": living,
        "hidden": len(rendered.remainder),
        "page": is_page,
    }
    return QueuedAlert(
        id=_identity(story, role, place, refs),
        destination=story.channel,
        kind=role,
        payload=payload,
        tells=refs,
        target=lead.target if lead else story.context.target,
        not_before=_not_before(story),
    )


def _identity(story: Story, role: str, place: int, refs: tuple[ChangeRef, ...]) -> str:
    """Return an id that the same message always has: what is computed twice is sent once."""
    about = story.context.run.run_id if story.context.run and not refs else ""
    told = " ".join(f"{ref.incident}.{ref.sequence}" for ref in refs)
    text = "\n".join((story.group, story.channel, role, str(place), about, told))
    return hashlib.sha256(text.encode()).hexdigest()[:24]
