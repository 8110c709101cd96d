"""A send that is reconciled before it is repeated loses nothing and tells nothing twice, whatever the network does."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.notifiers.base import AmbiguousDelivery, DeliveryError, Destination, Message, Sent
from monitor.notifiers.slack import SlackNotifier
from tests.slack.checker import judge, read
from tests.slack.server import FakeSlack

HERE = Destination(channel="#data-quality")
MESSAGES = 120
SCRIPT = {
    "seed": 11,
    "faults": [
        {"kind": "none", "weight": 60},
        {"kind": "status", "status": 502, "weight": 8},
        {"kind": "status", "status": 500, "visible": "now", "weight": 8},
        {"kind": "reset", "weight": 8},
        {"kind": "reset", "visible": "now", "weight": 8},
        {"kind": "html", "visible": "now", "weight": 4},
        {"kind": "error", "error": "fatal_error", "visible": "now", "weight": 4},
        {"kind": "error", "error": "service_unavailable", "weight": 4},
        {"kind": "ratelimit", "retry_after": 1, "weight": 0.5},
    ],
}


def deliver(notifier: SlackNotifier, message: Message) -> Sent:
    """Do what an outbox does with one message, without remembering it across crashes."""
    since = datetime.now(UTC)
    unsure = False
    while True:
        try:
            found = notifier.find(message.outbox_id, HERE, since) if unsure else None
            return found or notifier.send(message, HERE)
        except AmbiguousDelivery:
            unsure = True
        except DeliveryError as error:
            if error.permanent:
                raise
            time.sleep(error.retry_after or 0)


def test_a_campaign_of_faults_ends_with_everything_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    path = tmp_path / "slack.jsonl"
    with FakeSlack(path, interval=0.0) as slack:
        slack.faults.load(SCRIPT)
        notifier = SlackNotifier(slack.world.token, base_url=slack.api, timeout=1)
        for number in range(MESSAGES):
            deliver(notifier, Message(outbox_id=f"o-{number}", text="x", payload={"incident": "i", "sequence": number}))
    entries = read(path)
    truth = [{"outbox_id": f"o-{number}", "incident": "i", "sequence": number} for number in range(MESSAGES)]
    verdict = judge(entries, truth, interval=0.0)
    assert verdict.good, verdict
    assert verdict.calls > MESSAGES
    assert any(entry["answer"]["fault"] == "reset" and entry["visible"] for entry in entries)
