"""What people press in Slack, done by the real program over a real socket."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitor.store.slots import SlotState
from monitor.store.values import Trigger
from tests.acceptance.daemon import slots, state
from tests.acceptance.program import ROOT, Program
from tests.ageing import age
from tests.slack.server import FakeSlack

BODY = """\
    team: {name: Orders, members: [{username: anna@example.com, name: Anna}]}
    schema:
      - name: orders
        properties:
          - {name: id, logicalType: integer, required: true}
          - {name: amount, logicalType: integer, logicalTypeOptions: {minimum: 0}}
    """
PATIENCE = 20.0
NOTHING_DUE = """
        [schedule]
        catch_up = "skip"
"""
ANNA, BEN = "U0ANNA0000", "U0BEN00000"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as started:
        started.world.configure({"scopes": scopes_of_the_manifest()})
        started.world.users["ben@example.com"] = BEN
        yield started


@pytest.fixture
def broken(program: Program, slack: FakeSlack) -> Program:
    """A contract that held at its first run and is broken since; its thread is the last message."""
    program.warehouse.rows("CREATE TABLE orders (id int NOT NULL, amount int); INSERT INTO orders VALUES (1, 1)")
    program.contract(BODY)
    program.environment |= {"SLACK_BOT_TOKEN": "xoxb-fake-token", "SLACK_APP_TOKEN": "xapp-fake-token"}
    configure(program, slack)
    assert program.run("verify", "--alert").code == 0
    program.warehouse.rows("UPDATE orders SET amount = -1")
    assert program.run("verify", "--alert").code == 1
    return program


def scopes_of_the_manifest() -> list[str]:
    """Return what the README asks for: it must be enough for all that is done here."""
    manifest = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- manifest -->\n```yaml\n")[2]
    scopes = YAML(typ="safe").load(manifest.partition("```")[0])["oauth_config"]["scopes"]["bot"]
    assert "chat:write" in scopes
    return list(scopes)


def configure(program: Program, slack: FakeSlack, more: str = "", **changes: Any) -> None:
    text = f"""
        [slack]
        token = "${{SLACK_BOT_TOKEN}}"
        app_token = "${{SLACK_APP_TOKEN}}"
        channel = "#data-quality"
        base_url = "{slack.api}"
        [http]
        public_url = "https://dq.example.com"
        [alerts]
        {more}
        """
    program.configure(text, **changes)


@contextmanager
def listening(
    program: Program, slack: FakeSlack, *command: str, end: int = signal.SIGTERM
) -> Iterator[subprocess.Popen[bytes]]:
    process = program.start(*(command or ("alerts", "listen")), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        eventually(lambda: slack.socket_mode.connections() == 1 or process.poll() is not None)
        yield process
    finally:
        process.send_signal(end)
        out, err = process.communicate(timeout=PATIENCE)
        assert b"Traceback" not in out + err, err.decode()
    assert process.returncode == (0 if end == signal.SIGTERM else -end)


def eventually(is_so: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := is_so():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def parent(slack: FakeSlack) -> dict[str, Any]:
    return next(each for each in slack.world.seen() if "is now watched" not in each["text"] and not each["thread_ts"])


def replies(slack: FakeSlack) -> list[str]:
    return [each["text"] for each in slack.world.seen() if each["thread_ts"]]


def whispers(slack: FakeSlack) -> list[dict[str, Any]]:
    return [entry["body"] for entry in slack.log.calls("chat.postEphemeral")]


def buttons(slack: FakeSlack) -> dict[str, dict[str, Any]]:
    rows = [block["elements"] for block in parent(slack)["blocks"] if block["type"] == "actions"]
    return {button["text"]["text"]: button for row in rows for button in row}


def press(slack: FakeSlack, label: str, user: str = ANNA) -> dict[str, Any]:
    """Press a button as Slack tells it; return the payload, which Slack might deliver again."""
    message, button = parent(slack), buttons(slack)[label]
    payload = slack.payload(message["channel"], message["ts"], button["action_id"], button["value"], user)
    envelope = slack.socket_mode.deliver(payload)
    began = time.monotonic()
    eventually(lambda: envelope in slack.socket_mode.acknowledged)
    assert time.monotonic() - began < 3, "Slack waits so long for an acknowledgement"
    return payload


def incident(program: Program) -> dict[str, Any]:
    (found,) = json.loads(program.run("incidents", "list", "--all", "--format", "json").out)["incidents"]
    return dict(found)


def test_a_press_acknowledges_once_snoozes_and_is_seen_by_everybody(broken: Program, slack: FakeSlack) -> None:
    assert list(buttons(slack)) == ["Acknowledge", "Snooze 1 h", "Snooze 1 d", "Re-verify", "Open check"]
    link = buttons(slack)["Open check"]["url"]
    assert link == "https://dq.example.com/contracts/test/v1/warehouse/orders.html#orders.amount.range"
    with listening(broken, slack):
        payload = press(slack, "Acknowledge")
        eventually(lambda: replies(slack))
        assert "*Acknowledged* by anna (U0ANNA0000)" in replies(slack)[0]
        assert "acknowledged by anna" in json.dumps(parent(slack)["blocks"])
        assert "Acknowledge" not in buttons(slack)
        assert (incident(broken)["state"], incident(broken)["by"]) == ("acknowledged", "anna (U0ANNA0000)")

        again = {**payload, "actions": [{**payload["actions"][0], "action_ts": f"{time.time():.6f}"}]}
        slack.socket_mode.deliver(payload)  # Slack was not sure that it was heard
        slack.socket_mode.deliver(again)  # Anna was not either
        eventually(lambda: whispers(slack))
        (whisper,) = whispers(slack)
        assert (whisper["user"], "already acknowledged by anna" in whisper["text"]) == (ANNA, True)
        assert len(replies(slack)) == 1

        press(slack, "Snooze 1 h", BEN)
        eventually(lambda: len(replies(slack)) == 2)
        assert "*Snoozed* until" in replies(slack)[1]
        assert incident(broken)["state"] == "snoozed"
    with listening(broken, slack):  # another process knows nothing of what this one did, but the incident does
        slack.socket_mode.deliver(payload | {"actions": [payload["actions"][0] | {"action_id": "pactwatch_open"}]})
        press(slack, "Snooze 1 h", BEN)
        eventually(lambda: len(whispers(slack)) == 2)
        assert "already snoozed" in whispers(slack)[1]["text"]
        assert len(replies(slack)) == 2


def test_re_verify_says_what_is_still_broken_and_resolves_what_was_mended(broken: Program, slack: FakeSlack) -> None:
    with listening(broken, slack):
        press(slack, "Re-verify")
        eventually(lambda: replies(slack))
        assert "*Verified again* for anna (U0ANNA0000): it still does not hold" in replies(slack)[0]
        broken.warehouse.rows("UPDATE orders SET amount = 1")
        began = time.monotonic()
        message = parent(slack)
        press(slack, "Re-verify")
        eventually(lambda: len(replies(slack)) == 2)
        assert time.monotonic() - began < 60
        assert "*Resolved* after" in replies(slack)[1]
        assert incident(broken)["state"] == "resolved"
        assert list(buttons(slack)) == ["Open check"]
        action = "pactwatch_acknowledge"
        slack.press(channel=message["channel"], ts=message["ts"], action_id=action, value=incident(broken)["id"])
        eventually(lambda: "This is over: resolved at" in whispers(slack)[-1]["text"])


def test_the_daemon_hears_presses_too(broken: Program, slack: FakeSlack) -> None:
    configure(broken, slack, NOTHING_DUE)
    with listening(broken, slack, "serve"):
        press(slack, "Acknowledge")
        eventually(lambda: replies(slack))
        broken.warehouse.rows("UPDATE orders SET amount = 1")
        press(slack, "Re-verify")
        eventually(lambda: len(replies(slack)) == 2)
    assert "*Acknowledged* by anna" in replies(slack)[0]
    assert "*Resolved* after" in replies(slack)[1]
    with state(broken) as store:  # it went the way of all runs: in its turn, with a claim
        assert [slot.state for slot in slots(store) if slot.trigger is Trigger.ON_DEMAND] == [SlotState.DONE]


def test_the_daemon_says_within_a_minute_that_a_server_is_away(broken: Program, slack: FakeSlack) -> None:
    configure(broken, slack, NOTHING_DUE, port=1)
    with listening(broken, slack, "serve"):
        press(slack, "Re-verify")
        eventually(lambda: replies(slack))
    assert "*Verified again* for anna (U0ANNA0000)" in replies(slack)[0]


def test_whoever_listens_also_does_what_only_time_does(broken: Program, slack: FakeSlack) -> None:
    age(f"sqlite:///{broken.folder}/.pactwatch/state.db", timedelta(hours=5))
    with listening(broken, slack):
        eventually(lambda: replies(slack))
        assert "*Still broken* since" in replies(slack)[0]


def test_with_restrict_only_the_team_may_press(broken: Program, slack: FakeSlack) -> None:
    configure(broken, slack, "restrict = true")
    with listening(broken, slack):
        press(slack, "Acknowledge", BEN)
        eventually(lambda: whispers(slack))
        assert whispers(slack)[0]["user"] == BEN
        assert whispers(slack)[0]["text"] == "Only the team Orders may press this: Anna."
        assert incident(broken)["state"] == "open"
        press(slack, "Acknowledge", ANNA)
        eventually(lambda: replies(slack))
        assert incident(broken)["by"] == f"anna ({ANNA})"


def test_a_killed_listener_is_followed_by_another_and_nothing_hostile_ends_it(
    broken: Program, slack: FakeSlack
) -> None:
    with listening(broken, slack, end=signal.SIGKILL):
        pass
    eventually(lambda: slack.socket_mode.connections() == 0)
    with listening(broken, slack):
        good = slack.payload(parent(slack)["channel"], parent(slack)["ts"], "pactwatch_acknowledge", "<!channel>")
        for hostile in (
            {},
            {"type": "view_submission"},
            good,
            good | {"actions": []},
            good | {"actions": [{"action_id": "rm -rf", "value": "x"}]},
            good | {"team": {"id": "T0OTHER"}},
            good | {"user": {"id": 7, "username": ["anna"], "team_id": "T0FAKE"}},
            good | {"actions": [{"action_id": "pactwatch_verify", "value": "x" * 2_000, "action_ts": "1e999"}]},
        ):
            slack.socket_mode.deliver(hostile)
        slack.press(channel=good["channel"]["id"], ts="1.1", action_id="pactwatch_verify", value="no-such-story")
        eventually(lambda: whispers(slack))
        assert "Nobody here knows this message" in whispers(slack)[0]["text"]
        slack.socket_mode.refresh()  # Slack asks to come again, as it does every few hours
        eventually(lambda: len(slack.log.calls("apps.connections.open")) == 3)
        eventually(lambda: slack.socket_mode.connections() == 1)
        press(slack, "Acknowledge")
        eventually(lambda: replies(slack))


def test_a_token_that_is_none_for_sockets_is_a_mistake_of_the_configuration(broken: Program) -> None:
    for variable, told in (("SLACK_APP_TOKEN", "connections:write"), ("SLACK_BOT_TOKEN", "auth.test: invalid_auth")):
        done = broken.run("alerts", "listen", **{variable: "xoxb-wrong"})
        assert done.code == 2, done.all
        assert told in done.err
        assert "xoxb-wrong" not in done.all
