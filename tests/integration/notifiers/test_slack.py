"""The notifier against a Slack that misbehaves on demand: every outcome is named for what it is."""

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.notifiers.base import (
    AmbiguousDelivery,
    CannotTell,
    DeliveryError,
    Destination,
    Fault,
    Mention,
    MentionKind,
    Message,
    Sent,
)
from monitor.notifiers.blocks import People, Words, assemble
from monitor.notifiers.slack import SlackNotifier
from tests.slack.server import FakeSlack

HOME = Destination(channel="#data-quality")
CHANNEL = Destination(channel="C000000001")
NOW = datetime.now(UTC)
BLOCKS = assemble([Words(markup="*orders*: 7 rows"), People(markup="cc")]).blocks
TOKEN = "xoxb-fake-token"


def alert(outbox_id: str = "o-1", **changes: Any) -> Message:
    values: dict[str, Any] = {"text": "orders: 7 rows", "blocks": BLOCKS, "payload": {"incident": "i", "sequence": 1}}
    return Message(outbox_id=outbox_id, **{**values, **changes})


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(interval=0.0) as started:
        yield started


@pytest.fixture
def notifier(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> SlackNotifier:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    return SlackNotifier(TOKEN, base_url=slack.api, timeout=1)


def test_a_message_is_sent_once_and_carries_its_id(slack: FakeSlack, notifier: SlackNotifier) -> None:
    sent = notifier.send(alert(), HOME)
    (seen,) = slack.world.seen()
    assert sent == Sent(channel="C000000001", ts=seen["ts"])
    payload = {"incident": "i", "sequence": 1, "outbox_id": "o-1"}
    assert seen["metadata"] == {"event_type": "pactwatch_alert", "event_payload": payload}


def test_a_reply_goes_into_the_thread_and_an_update_replaces(slack: FakeSlack, notifier: SlackNotifier) -> None:
    parent = notifier.send(alert(), HOME)
    assert parent.ts
    reply = notifier.reply(alert("o-2"), CHANNEL, parent.ts)
    assert notifier.update(alert("o-3", text="resolved"), CHANNEL, parent.ts) == parent
    first, second = slack.world.seen()
    assert (first["text"], second["ts"], second["thread_ts"]) == ("resolved", reply.ts, parent.ts)


UNSURE: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 503, "body": '{"ok": false, "error": "service_unavailable"}'},
    {"kind": "html"},
    {"kind": "html", "body": "[1]"},
    {"kind": "html", "body": "null"},
    {"kind": "html", "body": ""},
    {"kind": "reset"},
    {"kind": "hang", "seconds": 5},
    {"kind": "error", "error": "internal_error"},
    {"kind": "error", "error": "fatal_error"},
]


@pytest.mark.parametrize("visible", ["never", "now"])
@pytest.mark.parametrize("fault", UNSURE, ids=str)
def test_an_outcome_that_nobody_saw_is_ambiguous_and_the_history_settles_it(
    slack: FakeSlack, notifier: SlackNotifier, fault: dict[str, Any], visible: str
) -> None:
    slack.faults.queue([{**fault, "visible": visible}])
    with pytest.raises(AmbiguousDelivery):
        notifier.send(alert(), HOME)
    assert len(slack.log.calls("chat.postMessage")) == 1
    found = notifier.find("o-1", HOME, NOW)
    assert (found is not None) == (visible == "now") == bool(slack.world.seen())
    assert not found or found.ts == slack.world.seen()[0]["ts"]


@pytest.mark.parametrize("fault", [UNSURE[0], UNSURE[7], UNSURE[9]], ids=str)
def test_an_update_may_be_repeated_so_it_is_only_late(
    slack: FakeSlack, notifier: SlackNotifier, fault: dict[str, Any]
) -> None:
    sent = notifier.send(alert(), HOME)
    slack.faults.queue([fault])
    with pytest.raises(DeliveryError) as caught:
        notifier.update(alert("o-2"), CHANNEL, sent.ts or "")
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        ("channel_not_found", Fault.DESTINATION),
        ("is_archived", Fault.DESTINATION),
        ("token_revoked", Fault.CREDENTIALS),
        ("invalid_blocks", Fault.MESSAGE),
        ("ratelimited", Fault.SERVICE),
        ("something_new", Fault.DESTINATION),
    ],
)
def test_ok_false_is_a_failure_with_a_culprit(
    slack: FakeSlack, notifier: SlackNotifier, error: str, fault: Fault
) -> None:
    slack.faults.queue([{"kind": "error", "error": error}])
    with pytest.raises(DeliveryError, match=error) as caught:
        notifier.send(alert(), HOME)
    assert caught.value.fault is fault


def test_what_slack_dislikes_about_blocks_is_told(notifier: SlackNotifier) -> None:
    with pytest.raises(DeliveryError, match=r"must be less than 3001 characters .*/blocks/0/text/text"):
        notifier.send(alert(blocks=({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}},)), HOME)


def test_a_parent_that_is_gone_is_named_as_such(slack: FakeSlack, notifier: SlackNotifier) -> None:
    sent = notifier.send(alert(), HOME)
    slack.world.delete(sent.channel, sent.ts or "")
    for attempt in (notifier.reply, notifier.update):
        with pytest.raises(DeliveryError) as caught:
            attempt(alert("o-2"), CHANNEL, sent.ts or "")
        assert caught.value.fault is Fault.PARENT
    assert notifier.find("o-2", CHANNEL, NOW, sent.ts) is None


def test_slacks_wait_is_handed_on_and_not_slept(slack: FakeSlack, notifier: SlackNotifier) -> None:
    slack.faults.queue([{"kind": "ratelimit", "retry_after": 30}])
    for _ in range(2):
        with pytest.raises(DeliveryError) as caught:
            notifier.send(alert(), HOME)
        assert caught.value.retry_after is not None
        assert 29 <= caught.value.retry_after <= 31
    assert not caught.value.permanent


def test_nobody_at_home_means_nothing_was_sent() -> None:
    with pytest.raises(DeliveryError, match="ConnectionRefusedError") as caught:
        SlackNotifier(TOKEN, base_url="http://127.0.0.1:1/api/", timeout=1).send(alert(), HOME)
    assert not caught.value.permanent
    with pytest.raises(DeliveryError, match="base_url") as caught:
        SlackNotifier(TOKEN, base_url="file:///etc/", timeout=1).send(alert(), HOME)
    assert caught.value.permanent


def test_a_reply_is_searched_in_its_thread_and_through_all_pages(
    slack: FakeSlack, notifier: SlackNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.notifiers.slack.PAGE", 2)
    parent = notifier.send(alert(), HOME)
    replies = [notifier.reply(alert(f"r-{number}"), CHANNEL, parent.ts or "") for number in range(5)]
    assert [notifier.find(f"r-{number}", CHANNEL, NOW, parent.ts) for number in range(5)] == replies
    assert notifier.find("r-1", CHANNEL, NOW) is None
    assert notifier.find("o-1", CHANNEL, NOW + timedelta(minutes=4)) == parent  # clocks differ
    assert notifier.find("o-1", CHANNEL, NOW + timedelta(hours=1)) is None
    assert len(slack.log.calls("conversations.replies")) > 5


def test_without_the_right_to_read_nobody_can_tell(slack: FakeSlack, notifier: SlackNotifier) -> None:
    notifier.send(alert(), HOME)
    with pytest.raises(CannotTell, match="none of the channels"):
        notifier.find("o-1", Destination(channel="#elsewhere"), NOW)
    slack.world.configure({"channels": [{"name": "data-quality", "member": False}]})
    with pytest.raises(CannotTell, match="not_in_channel"):
        notifier.find("o-1", CHANNEL, NOW)
    slack.world.configure({"scopes": ["chat:write"]})
    with pytest.raises(CannotTell, match="missing_scope, needs channels:history"):
        notifier.find("o-1", CHANNEL, NOW)


def test_too_long_a_history_and_anonymous_messages_prove_nothing(
    slack: FakeSlack, notifier: SlackNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.notifiers.slack.PAGE", 1)
    monkeypatch.setattr("monitor.notifiers.slack.PAGES", 2)
    for number in range(3):
        notifier.send(alert(f"o-{number}"), HOME)
    with pytest.raises(CannotTell, match="more than 2 entries"):
        notifier.find("o-9", CHANNEL, NOW)
    slack.world.channels[0].messages[-1].metadata = {"event_type": "pactwatch_alert"}
    with pytest.raises(CannotTell, match="what identifies them"):
        notifier.find("o-9", CHANNEL, NOW)


@pytest.mark.parametrize("fault", [{"kind": "status"}, {"kind": "reset"}, {"kind": "ratelimit"}], ids=str)
def test_a_search_that_fails_now_is_no_answer(slack: FakeSlack, notifier: SlackNotifier, fault: Any) -> None:
    slack.faults.queue([fault])
    with pytest.raises(DeliveryError) as caught:
        notifier.find("o-1", CHANNEL, NOW)
    assert not caught.value.permanent


def people_of(slack: FakeSlack) -> str:
    block = slack.world.seen()[-1]["blocks"][-1]
    return f"{block.get('block_id')}: {block['elements'][0]['text']}" if block["type"] == "context" else "nobody"


def mention(kind: MentionKind, value: str) -> Mention:
    return Mention(kind=kind, value=value)


def test_people_are_called_by_id_group_and_e_mail(slack: FakeSlack, notifier: SlackNotifier) -> None:
    called = (
        mention(MentionKind.USER, "U0BEN00000"),
        mention(MentionKind.GROUP, "S0ONCALL"),
        mention(MentionKind.EMAIL, "anna@example.com"),
        mention(MentionKind.EMAIL, "<!channel>@example.com"),
    )
    for _ in range(2):
        notifier.send(alert(mentions=called), HOME)
        assert people_of(slack) == (
            "people: cc <@U0BEN00000> <!subteam^S0ONCALL> <@U0ANNA0000> &lt;!channel&gt;@example.com"
        )
    assert len(slack.log.calls("users.lookupByEmail")) == 2  # each address once
    notifier.send(alert(), HOME)
    assert people_of(slack) == "nobody"
    notifier.send(alert(mentions=called[:1], blocks=BLOCKS[:1]), HOME)
    assert people_of(slack) == "people: <@U0BEN00000>"
    notifier.send(alert(mentions=called[:1] * 30, blocks=()), HOME)
    assert slack.world.seen()[-1]["text"].endswith("<@U0BEN00000> +10")


def test_a_failed_look_up_never_holds_up_an_alert(slack: FakeSlack) -> None:
    now = [0.0]
    notifier = SlackNotifier(TOKEN, base_url=slack.api, timeout=1, clock=lambda: now[0])
    slack.faults.queue([{"kind": "status", "methods": ["users.lookupByEmail"]}])
    anna = (mention(MentionKind.EMAIL, "anna@example.com"),)
    notifier.send(alert(mentions=anna), HOME)
    assert people_of(slack) == "people: cc anna@example.com"
    now[0] = 31.0
    notifier.send(alert(mentions=anna), HOME)
    assert people_of(slack) == "people: cc <@U0ANNA0000>"


def test_nobody_is_looked_up_before_slack_allows_it_again(slack: FakeSlack) -> None:
    now = [0.0]
    notifier = SlackNotifier(TOKEN, base_url=slack.api, timeout=1, clock=lambda: now[0])
    slack.faults.queue([{"kind": "ratelimit", "retry_after": 1, "methods": ["users.lookupByEmail"]}])
    team = (mention(MentionKind.EMAIL, "nobody@example.com"), mention(MentionKind.EMAIL, "anna@example.com"))
    notifier.send(alert(mentions=team), HOME)
    assert len(slack.log.calls("users.lookupByEmail")) == 1
    now[0] = 1.5
    slack.world.advance(1.5)
    notifier.send(alert(mentions=team), HOME)
    assert people_of(slack) == "people: cc nobody@example.com <@U0ANNA0000>"


def test_the_people_of_a_message_are_looked_up_for_so_long_and_no_longer(slack: FakeSlack) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 4.0
        return now[0]

    notifier = SlackNotifier(TOKEN, base_url=slack.api, timeout=1, clock=clock)
    notifier.send(alert(mentions=tuple(mention(MentionKind.EMAIL, f"{n}@example.com") for n in range(9))), HOME)
    assert len(slack.log.calls("users.lookupByEmail")) == 1


@pytest.mark.parametrize("value", ["<!channel>", "channel", "u0anna", "U0|x", "S0ONCALL"])
def test_a_mention_can_be_nothing_else(value: str) -> None:
    with pytest.raises(ValueError, match="no Slack user id"):
        mention(MentionKind.USER, value)


def test_no_message_calls_a_channel_whoever_worded_it(slack: FakeSlack, notifier: SlackNotifier) -> None:
    loud = ({"type": "section", "text": {"type": "mrkdwn", "text": "<!here|x> <!CHANNEL>"}},)
    notifier.send(alert(text="<!everyone> look", blocks=loud), HOME)
    body = slack.log.calls("chat.postMessage")[0]["body"]
    assert "<!" not in str(body)
    assert (body["parse"], body["link_names"]) == ("none", False)


def test_no_secret_reaches_a_log_or_an_error_at_any_level(
    slack: FakeSlack,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The SDK logs requests, answers and the proxy's address at DEBUG; a misbehaving answer may echo the token."""
    caplog.set_level(logging.DEBUG)
    for name in ("slack_sdk", "slack_sdk.web.base_client", "urllib3", "http.client"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    monkeypatch.setenv("HTTPS_PROXY", "http://user:proxy-canary@127.0.0.1:1")
    SlackNotifier(TOKEN, base_url=slack.api, timeout=1)
    monkeypatch.delenv("HTTPS_PROXY")
    notifier = SlackNotifier(TOKEN, base_url=slack.api, timeout=1)
    echo = f"<html>Bearer {TOKEN} row-canary</html>"
    told = []
    faults: list[dict[str, Any]] = [
        {"kind": "none"},
        *UNSURE,
        {"kind": "html", "body": echo},
        {"kind": "status", "status": 403, "body": echo},
        {"kind": "error", "error": f"invalid {TOKEN}"},
        {"kind": "error", "error": "invalid_auth"},
    ]
    for fault in faults:
        slack.faults.queue([fault])
        try:
            notifier.send(alert(text="row-canary"), HOME)
        except (DeliveryError, AmbiguousDelivery) as error:
            told.append(f"{error} {error.reason}")
    shown = caplog.text + str(capfd.readouterr()) + "".join(told)
    assert len(told) == len(faults) - 1
    for secret in (TOKEN, "proxy-canary", "row-canary"):
        assert secret not in shown
