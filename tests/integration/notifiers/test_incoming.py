"""An incoming webhook: one door, no memory, and its address is the secret."""

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.notifiers.base import (
    Abilities,
    AmbiguousDelivery,
    CannotTell,
    DeliveryError,
    Destination,
    Fault,
    Mention,
    MentionKind,
    Message,
)
from monitor.notifiers.incoming import IncomingWebhook
from tests.slack.server import FakeSlack

HERE = Destination(channel="#data-quality")
CALLED = (Mention(kind=MentionKind.USER, value="U0ANNA0000"), Mention(kind=MentionKind.EMAIL, value="b@example.com"))
ALERT = Message(outbox_id="o-1", text="orders: 7 rows", payload={"sequence": 1}, mentions=CALLED)


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with FakeSlack(interval=0.0) as started:
        yield started


@pytest.fixture
def notifier(slack: FakeSlack) -> IncomingWebhook:
    return IncomingWebhook(slack.webhook, timeout=1)


def test_it_says_plainly_what_it_cannot_do(slack: FakeSlack, notifier: IncomingWebhook) -> None:
    assert notifier.abilities == Abilities(threads=False, updates=False, search=False)
    assert notifier.send(ALERT, HERE).ts is None
    assert notifier.reply(ALERT, HERE, "1.0").ts is None
    first, second = slack.world.seen()
    assert first["text"] == "orders: 7 rows <@U0ANNA0000> b@example.com"
    assert first["metadata"]["event_payload"] == {"sequence": 1, "outbox_id": "o-1"}
    assert second["thread_ts"] is None
    with pytest.raises(DeliveryError, match="cannot update"):
        notifier.update(ALERT, HERE, "1.0")
    with pytest.raises(CannotTell):
        notifier.find("o-1", HERE, datetime.now(UTC))


@pytest.mark.parametrize(
    "fault",
    [{"kind": "status"}, {"kind": "html"}, {"kind": "reset"}, {"kind": "hang", "seconds": 5}],
    ids=str,
)
def test_what_was_not_answered_is_ambiguous(slack: FakeSlack, notifier: IncomingWebhook, fault: dict[str, Any]) -> None:
    slack.faults.queue([fault])
    with pytest.raises(AmbiguousDelivery):
        notifier.send(ALERT, HERE)


@pytest.mark.parametrize(
    ("fault", "whose"),
    [
        ({"kind": "ratelimit", "retry_after": 7}, Fault.SERVICE),
        ({"kind": "status", "status": 404, "body": "no_service"}, Fault.CREDENTIALS),
        ({"kind": "status", "status": 410, "body": "channel_is_archived"}, Fault.DESTINATION),
        ({"kind": "status", "status": 404, "body": "channel_not_found"}, Fault.DESTINATION),
        ({"kind": "status", "status": 400, "body": "invalid_payload"}, Fault.MESSAGE),
        ({"kind": "status", "status": 403}, Fault.CREDENTIALS),
    ],
    ids=str,
)
def test_a_refusal_is_somebodys_fault(
    slack: FakeSlack, notifier: IncomingWebhook, fault: dict[str, Any], whose: Fault
) -> None:
    slack.faults.queue([fault])
    with pytest.raises(DeliveryError) as caught:
        notifier.send(ALERT, HERE)
    assert caught.value.fault is whose
    assert caught.value.retry_after == fault.get("retry_after")
    assert not slack.world.seen()


def test_its_address_reaches_no_log_and_no_error(
    slack: FakeSlack, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    notifier = IncomingWebhook(slack.webhook, timeout=1)
    told = [repr(notifier)]
    for fault in ({"kind": "none"}, {"kind": "status"}, {"kind": "reset"}, {"kind": "status", "status": 404}):
        slack.faults.queue([fault])
        try:
            notifier.send(ALERT, HERE)
        except (DeliveryError, AmbiguousDelivery) as error:
            told.append(f"{error!r} {error.__cause__!r}")
    monkeypatch.setenv("HTTP_PROXY", "http://user:proxy-canary@127.0.0.1:1")
    with pytest.raises(DeliveryError) as caught:
        IncomingWebhook("http://localhost:1/services/T0FAKE/B0FAKE/secret", timeout=1).send(ALERT, HERE)
    shown = caplog.text + "".join(told) + repr(caught.value)
    assert "B0FAKE" not in shown
    assert "canary" not in shown


def test_only_this_machine_may_be_spoken_to_in_the_clear() -> None:
    with pytest.raises(ValueError, match="https"):
        IncomingWebhook("http://hooks.slack.com/services/x")
