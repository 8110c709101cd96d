"""The fake speaks the real protocol: Slack's own client talks to it."""

import http.client
import json
import logging
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tests.conftest import until
from tests.slack.server import FakeSlack

METADATA = {"event_type": "pactwatch_alert", "event_payload": {"outbox_id": "o-1"}}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(interval=0.0) as started:
        yield started


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(token=slack.world.token, base_url=slack.api, timeout=1, retry_handlers=[])


def error_of(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


def post(client: WebClient, **arguments: Any) -> str:
    ts = client.chat_postMessage(channel="#data-quality", text="x", **arguments)["ts"]
    assert isinstance(ts, str)
    return ts


def test_a_message_is_found_in_the_history_with_its_metadata(client: WebClient) -> None:
    ts = post(client, metadata=METADATA)
    found = client.conversations_history(channel="C000000001", include_all_metadata=True)["messages"]
    assert [(each["ts"], each["metadata"]) for each in found] == [(ts, METADATA)]
    assert "metadata" not in client.conversations_history(channel="C000000001")["messages"][0]


def test_the_history_comes_in_pages_newest_first_within_its_bounds(client: WebClient) -> None:
    sent = [post(client) for _ in range(5)]
    pages = [page["messages"] for page in client.conversations_history(channel="C000000001", limit=2)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [each["ts"] for page in pages for each in page] == sent[::-1]
    bounded = client.conversations_history(channel="C000000001", oldest=sent[1], latest=sent[4])["messages"]
    assert [each["ts"] for each in bounded] == [sent[3], sent[2]]
    inclusive = client.conversations_history(channel="C000000001", oldest=sent[3], inclusive=True)["messages"]
    assert [each["ts"] for each in inclusive] == [sent[4], sent[3]]


def test_replies_live_in_their_thread_only(client: WebClient) -> None:
    parent = post(client)
    reply = post(client, thread_ts=parent)
    assert [each["ts"] for each in client.conversations_history(channel="C000000001")["messages"]] == [parent]
    thread = client.conversations_replies(channel="C000000001", ts=parent)["messages"]
    assert [each["ts"] for each in thread] == [parent, reply]


def test_an_update_changes_text_blocks_and_metadata(slack: FakeSlack, client: WebClient) -> None:
    ts = post(client, metadata=METADATA)
    client.chat_update(channel="C000000001", ts=ts, text="later", blocks=[SECTION])
    (message,) = slack.world.seen()
    assert (message["text"], message["blocks"], message["metadata"]) == ("later", [SECTION], METADATA)


@pytest.mark.parametrize(
    ("call", "arguments", "error"),
    [
        ("chat.postMessage", {"channel": "#none", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "#data-quality", "text": "x", "thread_ts": "1.0"}, "cannot_reply_to_message"),
        ("chat.postMessage", {"channel": "#data-quality"}, "no_text"),
        ("chat.postMessage", {"channel": "#data-quality", "text": "x" * 40_001}, "msg_too_long"),
        (
            "chat.postMessage",
            {"channel": "#data-quality", "text": "x", "metadata": {"a": 1}},
            "invalid_metadata_format",
        ),
        ("chat.update", {"channel": "C000000001", "ts": "1.0", "text": "x"}, "message_not_found"),
        ("chat.update", {"channel": "#data-quality", "ts": "1.0", "text": "x"}, "channel_not_found"),
        ("conversations.history", {"channel": "#data-quality"}, "channel_not_found"),
        ("conversations.replies", {"channel": "C000000001", "ts": "1.0"}, "thread_not_found"),
        ("users.lookupByEmail", {"email": "nobody@example.com"}, "users_not_found"),
        ("apps.connections.open", {}, "not_allowed_token_type"),
        ("no.method", {}, "unknown_method"),
    ],
)
def test_what_slack_refuses(client: WebClient, call: str, arguments: dict[str, Any], error: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        client.api_call(call, json=arguments)
    assert error_of(caught) == error


def text(length: int, kind: str = "mrkdwn") -> dict[str, Any]:
    return {"type": kind, "text": "x" * length}


def button(**changes: Any) -> dict[str, Any]:
    return {"type": "button", "text": text(3, "plain_text"), "action_id": "a", **changes}


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([SECTION] * 51, "invalid_blocks"),
        ([{"type": "section", "text": text(3_001)}], "invalid_blocks"),
        ([{"type": "section", "text": text(0)}], "invalid_blocks"),
        ([{"type": "section", "fields": [text(1)] * 11}], "invalid_blocks"),
        ([{"type": "section", "fields": [text(2_001)]}], "invalid_blocks"),
        ([{"type": "header", "text": text(151, "plain_text")}], "invalid_blocks"),
        ([{"type": "header", "text": text(1)}], "invalid_blocks"),
        ([{"type": "context", "elements": [text(1)] * 11}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button(text=text(76, "plain_text"))]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button(action_id="x" * 256)]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button(value="x" * 2_001)]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button(), button()]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button(style="loud")]}], "invalid_blocks"),
        ([{"type": "mystery"}], "invalid_blocks"),
        ([{"type": "section", "text": text(1), "block_id": "b"}] * 2, "invalid_blocks"),
        ([{"type": "section", "text": text(2_400)}] * 4, "msg_blocks_too_long"),
        ([{"type": "section", "text": text(2_399)}] * 4, None),
        ([SECTION] * 50, None),
    ],
)
def test_blocks_are_held_against_slacks_limits(client: WebClient, blocks: list[Any], error: str | None) -> None:
    if error is None:
        assert post(client, blocks=blocks)
        return
    with pytest.raises(SlackApiError) as caught:
        post(client, blocks=blocks)
    assert error_of(caught) == error
    if error == "invalid_blocks":
        assert "json-pointer:/blocks" in caught.value.response["response_metadata"]["messages"][0]


def test_tokens_scopes_and_membership_are_checked(slack: FakeSlack, client: WebClient) -> None:
    stranger = WebClient(token="xoxb-other", base_url=slack.api, retry_handlers=[])
    with pytest.raises(SlackApiError) as caught:
        stranger.auth_test()
    assert error_of(caught) == "invalid_auth"
    slack.world.configure({"channels": [{"name": "data-quality", "member": False}]})
    post(client)  # chat:write.public
    with pytest.raises(SlackApiError) as caught:
        client.conversations_history(channel="C000000001")
    assert error_of(caught) == "not_in_channel"
    client.conversations_join(channel="C000000001")
    assert client.conversations_info(channel="C000000001")["channel"]["is_member"]
    slack.world.configure({"scopes": ["chat:write"]})
    with pytest.raises(SlackApiError) as caught:
        client.conversations_history(channel="C000000001")
    assert (error_of(caught), caught.value.response["needed"]) == ("missing_scope", "channels:history,groups:history")


def test_a_channel_takes_one_message_a_second_and_says_how_long_to_wait(client: WebClient, slack: FakeSlack) -> None:
    slack.world.configure({"interval": 1.0})
    post(client)
    with pytest.raises(SlackApiError) as caught:
        post(client)
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "1")
    assert client.chat_postMessage(channel="#data-platform", text="another channel")["ok"]


@pytest.mark.parametrize("visible", ["never", "now"])
@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 502}, {"kind": "html"}, {"kind": "reset"}, {"kind": "hang", "seconds": 0.1}]
)
def test_faults_happen_once_each_and_the_log_tells_the_truth(
    slack: FakeSlack, client: WebClient, fault: dict[str, Any], visible: str
) -> None:
    slack.faults.queue([{**fault, "visible": visible}])
    with pytest.raises((SlackApiError, OSError, http.client.HTTPException)):
        post(client)
    assert len(slack.world.seen()) == (visible == "now")
    post(client)
    seen = [(entry["visible"], entry["answer"]["fault"]) for entry in slack.log.calls("chat.postMessage")]
    assert seen == [(visible == "now", fault["kind"]), (True, "none")]


def test_a_message_may_appear_after_its_call_was_given_up(slack: FakeSlack, client: WebClient) -> None:
    slack.faults.queue([{"kind": "reset", "visible": "late", "seconds": 0.05}])
    with pytest.raises((OSError, http.client.HTTPException)):
        post(client)
    (late,) = until(lambda: slack.log.calls("late"))
    assert (late["visible"], late["of"], late["ts"]) == (True, 0, slack.world.seen()[0]["ts"])


def test_a_script_of_faults_is_reproducible(slack: FakeSlack, client: WebClient) -> None:
    script = {"seed": 3, "faults": [{"kind": "none", "weight": 2}, {"kind": "error", "error": "fatal_error"}]}

    errors: list[str] = []

    def campaign() -> list[bool]:
        slack.faults.load(script)
        before = len(slack.log.entries)
        errors.clear()
        for _ in range(20):
            try:
                post(client)
            except SlackApiError as error:
                errors.append(error.response["error"])
        return [entry["visible"] for entry in slack.log.entries[before:]]

    first = campaign()
    assert first == campaign()
    assert {True, False} == set(first)
    assert set(errors) == {"fatal_error"}


def test_the_incoming_webhook_answers_text_and_no_timestamp(slack: FakeSlack) -> None:
    def send(url: str) -> tuple[int, str]:
        body = json.dumps({"text": "x", "metadata": METADATA}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    assert send(slack.webhook) == (200, "ok")
    assert send(f"{slack.url}/services/wrong") == (404, "no_service")
    assert [entry["visible"] for entry in slack.log.calls("webhook")] == [True, False]


def test_buttons_reach_slacks_own_socket_mode_client_and_acks_are_counted(slack: FakeSlack, client: WebClient) -> None:
    ts = post(client, blocks=[{"type": "actions", "elements": [button(value="7")]}])
    app = WebClient(token=slack.world.app_token, base_url=slack.api)
    quiet = logging.getLogger("tests.slack.client")
    quiet.setLevel(logging.CRITICAL + 1)
    socket = SocketModeClient(app_token=slack.world.app_token, web_client=app, logger=quiet)
    pressed: list[SocketModeRequest] = []
    done = Event()

    def listen(listening: Any, request: SocketModeRequest) -> None:
        pressed.append(request)
        listening.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        done.set()

    socket.socket_mode_request_listeners.append(listen)
    try:
        socket.connect()
        until(lambda: slack.socket_mode.connections() == 1)
        envelope = slack.press(channel="C000000001", ts=ts, action_id="a", value="7")
        assert done.wait(5)
        assert until(lambda: slack.socket_mode.acknowledged) == [envelope]
    finally:
        socket.close()
    (request,) = pressed
    assert request.type == "interactive"
    assert request.payload["actions"][0]["value"] == "7"
    assert request.payload["message"]["ts"] == ts


def test_it_runs_as_a_program_of_its_own_and_ends_cleanly(tmp_path: Path) -> None:
    log = tmp_path / "slack.jsonl"
    command = [sys.executable, "-m", "tests.slack.server", "--log", str(log), "--channel", "alerts", "--interval", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())
        client = WebClient(token="xoxb-fake-token", base_url=address["api"], retry_handlers=[])
        client.chat_postMessage(channel="alerts", text="x", metadata=METADATA)
        asked = time.monotonic()
        process.terminate()
        assert process.wait(5) == 0
        assert time.monotonic() - asked < 3
    (entry,) = [json.loads(line) for line in log.read_text().splitlines()]
    assert (entry["method"], entry["visible"]) == ("chat.postMessage", True)
    assert "xoxb" not in log.read_text()
