"""What somebody hears who asked for a verification from within a story. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from monitor.alerts import words
from monitor.alerts.render import Rendered, line, render
from monitor.domain.incident import Incident
from monitor.domain.scan import CheckResult, Run
from monitor.domain.target import TargetKey
from monitor.store.values import QueuedAlert, Thread


def verified_again(
    thread: Thread, run: Run, live: Sequence[Incident], results: Mapping[str, CheckResult], by: str, now: datetime
) -> QueuedAlert:
    """Return the reply that says what still does not hold; what does is told as resolved anyway."""
    items = [line("again", words=words.breach(each, results.get(each.key)), key=each.key) for each in live]
    told = {"by": by, "total": len(live), "verdict": run.verdict.value, "run": run.run_id}
    return _reply(thread, live[0].target, render("verified", told, items=items), now, run.run_id)


def not_verified(thread: Thread, target: TargetKey, why: str, by: str, now: datetime) -> QueuedAlert:
    """Return the reply that says why nothing could be verified."""
    return _reply(thread, target, render("unverified", {"by": by, "why": why}), now, f"{now.timestamp():.6f}")


def _reply(thread: Thread, target: TargetKey, rendered: Rendered, now: datetime, about: str) -> QueuedAlert:
    text = f"{thread.group}\n{thread.destination}\nverified\n{about}"
    blocks: list[Any] = [dict(block) for block in rendered.blocks]
    return QueuedAlert(
        id=hashlib.sha256(text.encode()).hexdigest()[:24],
        destination=thread.destination,
        kind="reply",
        payload={
            "role": "reply",
            "group": thread.group,
            "about": thread.about,
            "as_of": f"{now:%Y-%m-%dT%H:%M:%S.%f}",
            "text": rendered.text,
            "blocks": blocks,
            "mentions": [],
            "closes": False,
        },
        target=target,
    )
