"""The reply in a story's thread: what people should notice, line by line."""

from collections.abc import Sequence

from monitor.alerts import words
from monitor.alerts.render import Rendered, line, render
from monitor.alerts.story import NEWS, Story
from monitor.domain.incident import IncidentChange
from monitor.templates import Trusted
from monitor.words import number


def reply_of(story: Story, changes: Sequence[IncidentChange]) -> Rendered:
    """Return one reply that tells these changes."""
    lines = [_change(story, change) for change in changes]
    first, *more = lines
    return render("reply", {"first": Trusted(first), "more": len(more)}, items=[*more, *_since(story, changes)])


def _since(story: Story, changes: Sequence[IncidentChange]) -> list[str]:
    """Return what is different since these last held, where the parent message does not say so already."""
    said = set(story.background(story.lead).changed)
    lines: list[str] = []
    for change in changes:
        background = story.background(change.incident)
        if change.kind not in NEWS or change.incident.id == story.lead.id or background.held is None:
            continue
        new = [each for each in background.changed if each not in said]
        said.update(new)
        lines += [line("since", words=each, key=change.incident.key) for each in new]
    return lines


def _change(story: Story, change: IncidentChange) -> str:
    incident = change.incident
    until = words.moment(incident.until, story.now) if incident.until else ""
    return line(
        "change",
        kind=change.kind.value,
        icon=words.icon(incident),
        words=story.breach(incident),
        promise=story.promise(incident),
        before=_before(story, change),
        held=story.held(incident) if incident.id in story.context.backgrounds else "",
        since=words.moment(incident.first_failed_at, story.now),
        until=until,
        by=change.by or "",
        why=change.why or "",
        took=words.took(incident),
        key=incident.key,
    )


def _before(story: Story, change: IncidentChange) -> str:
    """Return the number that people knew."""
    known = story.context.heard.get(change.incident.id)
    return "" if known is None else number(known)
