"""A load of stories to tell, and time that is skipped whenever everybody waits for it."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from monitor.store.store import open_store
from monitor.store.values import ChangeRef, QueuedAlert
from tests.campaigns.state import skip_waiting
from tests.slack.server import FakeSlack

CHAPTERS = ("parent", "reply", "parent", "reply")
"""A story begins, goes on, its parent message is brought up to date, and it ends."""


def fill(url: str, truth: Path, *, stories: int, channels: int) -> None:
    """Queue stories, each in one of the channels `#c0`, `#c1`, …, and write down what has to be told."""
    now = datetime.now(UTC).isoformat()
    alerts = []
    for chapter, role in enumerate(CHAPTERS, 1):
        for story in range(stories):
            text = f"story {story}, chapter {chapter}: <!channel> & ${{HOME}}"
            alerts.append(
                QueuedAlert(
                    id=f"s{story}-{chapter}",
                    destination=f"#c{story % channels}",
                    kind=role,
                    payload={
                        "role": role,
                        "group": f"g{story}",
                        "about": f"story {story}",
                        "as_of": f"{now}-{chapter}",
                        "closes": chapter == len(CHAPTERS),
                        "text": text.replace("<", "&lt;"),
                        "blocks": [],
                        "mentions": [],
                    },
                    tells=(ChangeRef(incident=f"i{story}", sequence=chapter),),
                )
            )
    with open_store(url) as store, store.writing() as writer:
        writer.enqueue(alerts)
    lines = [{"outbox_id": a.id, "incident": a.tells[0].incident, "sequence": a.tells[0].sequence} for a in alerts]
    truth.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def while_skipping(url: str, slack: FakeSlack, is_over: Callable[[], bool], deadline: float) -> None:
    """Skip time until something is over. Raises TimeoutError when that takes longer than `deadline` real seconds."""
    end = time.monotonic() + deadline
    while not is_over():
        if time.monotonic() > end:
            raise TimeoutError(f"not over within {deadline} s")
        skip_waiting(url, slack.world.advance)
        time.sleep(0.03)
