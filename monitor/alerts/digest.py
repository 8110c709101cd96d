"""Many stories that begin in one channel at a time → one message with a line for each, kept up to date."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from monitor.alerts.render import Rendered, render, rest
from monitor.store.types import Json
from monitor.store.values import AlertRecord, QueuedAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One story in a digest. `words` is markup; `is_note` marks one that ended as it began: nothing is wrong there."""

    group: str
    about: str
    words: str
    living: int
    as_of: str
    closes: bool
    is_note: bool = False

    def encoded(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def entry_of(alert: QueuedAlert) -> Entry:
    """Return the line of a story, from its parent message or note."""
    payload = alert.payload
    return Entry(
        group=alert.story or alert.id,
        about=str(payload["about"]),
        words=str(payload["text"]),
        living=int(str(payload.get("living", 0))),
        as_of=str(payload["as_of"]),
        closes=bool(payload["closes"]),
        is_note=alert.kind == "note",
    )


def entry_from(value: Json) -> Entry:
    """Return the entry that JSON stands for. Raises TypeError for anything else."""
    if not isinstance(value, Mapping):
        raise TypeError("an entry of a digest is an object")
    return Entry(**value)  # type: ignore[arg-type]


def digest_of(waiting: Sequence[AlertRecord], now: datetime) -> tuple[QueuedAlert, ...]:
    """Return one message instead of all that waits of these stories, and what does not fit: where each stands now."""
    newest = {
        each.alert.story or each.alert.id: each.alert for each in waiting if each.alert.kind in {"parent", "note"}
    }
    entries = [entry_of(alert) for alert in newest.values()]
    identity = hashlib.sha256("\n".join(each.alert.id for each in waiting).encode()).hexdigest()[:20]
    mentions: list[Json] = []
    for alert in newest.values():
        called = alert.payload["mentions"]
        if isinstance(called, list | tuple) and not alert.payload["closes"]:
            mentions += [each for each in called if each not in mentions]
    shown = rendered(entries)
    first = waiting[0].alert
    payload: dict[str, Json] = {
        "role": "digest",
        "group": f"digest:{identity}",
        "about": "several",
        "as_of": f"{now:%Y-%m-%dT%H:%M:%S.%f}",
        "text": shown.text,
        "blocks": _json(shown),
        "mentions": mentions,
        "closes": False,
        "entries": [entry.encoded() for entry in entries],
    }
    refs = tuple(sorted({ref for each in waiting for ref in each.alert.tells}))
    digest = QueuedAlert(
        id=f"{identity}-digest",
        destination=first.destination,
        kind="digest",
        payload=payload,
        tells=refs,
        due_at=min(each.alert.due_at or each.queued_at for each in waiting),
    )
    pages = [
        replace(
            digest,
            id=f"{identity}-{place}",
            kind="reply",
            payload={
                **payload,
                "role": "reply",
                "text": page.text,
                "blocks": _json(page),
                "mentions": [],
                "entries": [],
            },
        )
        for place, page in enumerate(rest(shown.remainder), 1)
    ]
    return (digest, *pages)


def rendered(entries: Iterable[Entry]) -> Rendered:
    """Return the message; what is still wrong comes first."""
    found = sorted(
        entries, key=lambda entry: (entry.living == 0, entry.is_note, -entry.living, entry.about, entry.group)
    )
    wrong = [entry for entry in found if entry.living]
    counts = {
        "living": sum(entry.living for entry in wrong),
        "wrong": len(wrong),
        "places": len(found),
        "over": sum(not entry.living and not entry.is_note for entry in found),
        "notes": sum(entry.is_note for entry in found),
    }
    return render("many", counts, items=[_line(entry) for entry in found])


def _json(message: Rendered) -> list[Json]:
    return cast("list[Json]", [dict(block) for block in message.blocks])


def _line(entry: Entry) -> str:
    more = f" (and {entry.living - 1:,} more)" if entry.living > 1 else ""
    return f"{entry.words}{more}"
