"""What the doctor says of Slack, asked of a Slack that looks real; nothing is sent."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from monitor.doctor.finding import Finding, Grade
from monitor.doctor.people import slack as examine
from monitor.doctor.people import webhook
from monitor.settings import SlackSettings
from tests.slack.server import FakeSlack

CHANNELS = {"#data-quality", "C000000002"}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with FakeSlack(interval=0.0) as started:
        yield started


@pytest.fixture
def settings(fake: FakeSlack) -> SlackSettings:
    own = fake.world
    return SlackSettings(token=own.token, app_token=own.app_token, channel="#data-quality", base_url=fake.api)


def look(settings: SlackSettings, channels: set[str] = CHANNELS) -> list[Finding]:
    return examine(settings, channels, mentions_by_mail=True)


def wrong(found: list[Finding]) -> list[tuple[Grade, str]]:
    return [(each.grade, each.told) for each in found if each.grade is not Grade.OK]


def test_a_bot_that_can_do_all_is_fine_and_nothing_is_sent(fake: FakeSlack, settings: SlackSettings) -> None:
    found = look(settings)
    assert wrong(found) == []
    assert [each.told for each in found] == [
        "pactwatch in Fake",
        "it has every scope that is needed",
        "pactwatch is a member of #data-quality, C000000002",
        "buttons: Slack opens a connection",
    ]
    assert fake.world.seen() == []


def test_a_wrong_token_is_told_in_slacks_own_word_and_never_repeated(settings: SlackSettings) -> None:
    (finding,) = look(replace(settings, token="xoxb-wrong"))
    assert (finding.grade, finding.told) == (Grade.BAD, "auth.test: invalid_auth")
    assert "xoxb-wrong" not in str(finding)
    found = look(replace(settings, app_token="xapp-wrong"))
    assert wrong(found) == [(Grade.BAD, "buttons: apps.connections.open: invalid_auth")]


def test_a_scope_that_is_missing_is_told_with_what_it_costs(fake: FakeSlack, settings: SlackSettings) -> None:
    fake.world.scopes.remove("users:read.email")
    fake.world.scopes.remove("groups:history")
    told = [told for _, told in wrong(look(settings))]
    assert told == [
        "without groups:history after a lost answer it cannot look whether a message is there, in private channels",
        "without users:read.email it cannot mention people by e-mail",
    ]
    fake.world.scopes.remove("chat:write")
    assert wrong(look(settings))[0] == (Grade.BAD, "without chat:write it cannot send anything")


def test_without_reading_channels_nobody_knows_where_it_is_a_member(fake: FakeSlack, settings: SlackSettings) -> None:
    fake.world.scopes = ["chat:write"]
    assert any("where the bot is a member is not known" in told for _, told in wrong(look(settings)))


def test_every_channel_that_an_alert_may_go_to_is_looked_at(fake: FakeSlack, settings: SlackSettings) -> None:
    fake.world.configure({"channels": [{"name": "data-platform", "member": False}]})
    (found,) = wrong(look(settings))
    assert found == (
        Grade.WARN,
        "pactwatch is no member of C000000002: it can write there if it is public, but not look back",
    )
    fake.world.scopes.remove("chat:write.public")
    assert wrong(look(settings, {"#typo"})) == [(Grade.BAD, "pactwatch is no member of #typo")]


def test_a_slack_that_is_not_there_is_told(settings: SlackSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (finding,) = look(replace(settings, base_url=f"http://127.0.0.1:{port}/api/"))
    assert "Slack cannot be reached" in finding.told


def test_a_webhook_is_connected_to_and_its_path_stays_secret(fake: FakeSlack) -> None:
    finding = webhook("webhook", fake.webhook)
    assert finding.grade is Grade.OK
    assert "secret" not in finding.told
    assert fake.world.seen() == []
    assert webhook("webhook", "http://127.0.0.1:1/hook").grade is Grade.BAD
