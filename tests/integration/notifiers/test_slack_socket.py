"""The socket to Slack comes back by itself, acknowledges at once, and never writes down a secret."""

import logging
import time
from collections.abc import Callable, Iterator
from threading import Event

import pytest

from monitor.domain.person import Person
from monitor.notifiers.base import DeliveryError, Fault
from monitor.notifiers.slack_people import SlackPeople
from monitor.notifiers.slack_socket import SlackSocket
from tests.slack.server import FakeSlack

PATIENCE = 15.0


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as started:
        yield started


@pytest.fixture
def socket(slack: FakeSlack) -> Iterator[SlackSocket]:
    made = SlackSocket("xapp-fake-token", base_url=slack.api, ping=0.1)
    yield made
    made.stop()


@pytest.fixture
def people(slack: FakeSlack) -> SlackPeople:
    return SlackPeople("xoxb-fake-token", base_url=slack.api)


def eventually(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_lost_socket_is_opened_again_and_presses_go_on(
    slack: FakeSlack, socket: SlackSocket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    heard: list[object] = []
    socket.start(heard.append)
    eventually(lambda: slack.socket_mode.connections() == 1)
    slack.socket_mode.deliver({"n": 1})
    eventually(lambda: heard == [{"n": 1}])
    slack.socket_mode.drop()
    eventually(lambda: len(slack.log.calls("apps.connections.open")) == 2 and slack.socket_mode.connections() == 1)
    eventually(lambda: slack.socket_mode.deliver({"n": 2}) is not None)
    eventually(lambda: {"n": 2} in heard)
    eventually(lambda: len(slack.socket_mode.acknowledged) >= 2)
    assert "xapp-" not in caplog.text
    assert "ticket" not in caplog.text


def test_what_is_done_about_a_press_never_delays_that_slack_is_answered(slack: FakeSlack, socket: SlackSocket) -> None:
    done = Event()
    socket.start(lambda _: done.wait(PATIENCE) and None)
    eventually(lambda: slack.socket_mode.connections() == 1)
    slack.socket_mode.deliver({"n": 1})
    eventually(lambda: slack.socket_mode.acknowledged)
    done.set()


def test_after_stop_nothing_is_connected(slack: FakeSlack, socket: SlackSocket) -> None:
    socket.start(lambda _: None)
    assert socket.is_connected
    socket.stop()
    assert not socket.is_connected
    eventually(lambda: slack.socket_mode.connections() == 0)
    socket.stop()


@pytest.mark.parametrize("token", ["xapp-wrong", "xoxb-fake-token"])
def test_a_wrong_token_is_for_good_and_says_what_is_needed(slack: FakeSlack, token: str) -> None:
    with pytest.raises(DeliveryError, match=r"\[slack\] app_token: .*connections:write") as refused:
        SlackSocket(token, base_url=slack.api).start(lambda _: None)
    assert refused.value.fault is Fault.CREDENTIALS


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "html"}, {"kind": "reset"}])
def test_a_slack_that_stumbles_is_tried_again_later(
    slack: FakeSlack, socket: SlackSocket, fault: dict[str, object]
) -> None:
    slack.faults.queue([fault])
    with pytest.raises(DeliveryError) as refused:
        socket.start(lambda _: None)
    assert not refused.value.permanent
    socket.start(lambda _: None)
    assert socket.is_connected


def test_people_are_known_by_what_slack_tells(slack: FakeSlack, people: SlackPeople) -> None:
    assert people.team() == "T0FAKE"
    assert people.person("U0ANNA0000") == Person(user="U0ANNA0000", email="anna@example.com")
    slack.world.configure({"guests": ["U0ANNA0000"], "scopes": ["users:read"]})
    assert people.person("U0ANNA0000") == Person(user="U0ANNA0000", is_guest=True)
    with pytest.raises(DeliveryError, match="user_not_found"):
        people.person("U0NOBODY")


def test_a_whisper_is_words_and_calls_nobody(slack: FakeSlack, people: SlackPeople) -> None:
    people.whisper("C000000001", "U0ANNA0000", "<!channel> *x*")
    (sent,) = slack.log.calls("chat.postEphemeral")
    assert sent["body"]["text"] == "&lt;!channel&gt; \N{ASTERISK OPERATOR}x\N{ASTERISK OPERATOR}"
    assert (sent["body"]["user"], sent["answer"]["ok"]) == ("U0ANNA0000", True)
