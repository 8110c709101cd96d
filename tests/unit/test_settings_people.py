"""`pactwatch.toml` about people: every mistake is located, no secret stands in it or is repeated."""

from datetime import time
from pathlib import Path

import pytest

from monitor.errors import SettingsError
from monitor.settings import QuietHours, RouteSettings, Settings
from monitor.settings_file import parse

ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "xoxb-very-secret",
    "SLACK_APP_TOKEN": "xapp-very-secret",
    "SLACK_WEBHOOK": "https://hooks.slack.com/services/T/B/very-secret",
    "WEBHOOK_SECRET": "a-very-secret-secret",
}
BOT = '[slack]\ntoken = "${SLACK_BOT_TOKEN}"\nchannel = "#data"\n'
INCOMING = '[slack]\nwebhook = "${SLACK_WEBHOOK}"\n'
WEBHOOK = '[webhook]\nurl = "https://hooks.example.com/p"\nsecret = "${WEBHOOK_SECRET}"\n'


def read(text: str) -> Settings:
    return parse(text, Path("pactwatch.toml"), ENVIRONMENT)


def problem(text: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read(text)
    assert "very-secret" not in str(refused.value)
    return str(refused.value)


def test_each_way_to_tell_people() -> None:
    bot = read(BOT + 'app_token = "${SLACK_APP_TOKEN}"\nbase_url = "http://127.0.0.1:1/api"\n').slack
    assert bot is not None
    assert (bot.token, bot.app_token) == ("xoxb-very-secret", "xapp-very-secret")
    assert bot.base_url == "http://127.0.0.1:1/api/"
    assert read(INCOMING).incoming == ENVIRONMENT["SLACK_WEBHOOK"]
    webhook = read(WEBHOOK).webhook
    assert webhook is not None
    assert not webhook.allow_private
    assert read('[alerts]\nto = "console"\n').alerts.to == "console"
    assert "very-secret" not in repr([read(BOT), read(INCOMING), read(WEBHOOK)])


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ('[slack]\ntoken = "xoxb-very-secret"\nchannel = "#d"', "slack.token", 'write token = "${SLACK_BOT_TOKEN}"'),
        (BOT + 'app_token = "xapp-very-secret"', "slack.app_token", 'app_token = "${SLACK_APP_TOKEN}"'),
        ('[slack]\nwebhook = "https://very-secret.example.com"', "slack.webhook", 'webhook = "${SLACK_WEBHOOK}"'),
        ('[webhook]\nurl = "https://a.b/"\nsecret = "very-secret"', "webhook.secret", '"${WEBHOOK_SECRET}"'),
        ('[slack]\nchannel = "#d"', "slack", "expected token (a bot) or webhook"),
        (BOT + 'webhook = "${SLACK_WEBHOOK}"', "slack", "one of them"),
        ('[slack]\ntoken = "${SLACK_BOT_TOKEN}"', "slack", "channel is missing"),
        (INCOMING + 'channel = "#d"', "slack", "bound to one channel"),
        (BOT + WEBHOOK, "alerts.to", 'to = "slack" or "webhook"'),
        (BOT + '[alerts]\nto = "webhook"', "alerts.to", "expected a table [webhook]"),
        (BOT + '[alerts]\nto = "email"', "alerts.to", "'email'"),
        (BOT + "[alerts]\nrestrict = true", "alerts.restrict", "slack.app_token"),
        ('[webhook]\nurl = "http://a.b"\nsecret = "${WEBHOOK_SECRET}"', "webhook.url", "begins with https://"),
        ('[webhook]\nsecret = "${WEBHOOK_SECRET}"', "webhook.url", "required"),
        ('[alerts]\nquiet_hours = "22-7"', "alerts.quiet_hours", '"22:00-07:00", found \'22-7\''),
        ('[alerts]\nquiet_hours = "07:00-07:00"', "alerts.quiet_hours", "two different times"),
        ('[alerts]\ntimezone = "Mars/Crater"', "alerts.timezone", "Europe/Berlin"),
        ('[[routes]]\nchannel = "#a"\n[[routes]]\nchannel = "a b"', "routes[2].channel", "found 'a b'"),
        ('[[routes]]\ncontract = "*"', "routes[1]", "expected channel"),
        ('[[routes]]\ntags = "gold"\nchannel = "#a"', "routes[1].tags", "no such setting"),
        ('[[routes]]\ntag = []\nchannel = "#a"', "routes[1].tag", "at least 1"),
        ('[[routes]]\nmention = ["U0ANNA0", "@oncall"]', "routes[1].mention[2]", "found '@oncall'"),
        ('[http]\npublic_url = "dq.example.com"', "http.public_url", "https://dq.example.com"),
        ('[http]\npublic_url = "https://[::1"', "http.public_url", "expected the address"),
    ],
)  # fmt: skip
def test_a_mistake_says_where_and_what_is_expected(text: str, where: str, what: str) -> None:
    told = problem(text)
    assert f"pactwatch.toml: {where}: " in told
    assert what in told


def test_several_ways_are_fine_where_one_is_chosen() -> None:
    assert read(BOT + WEBHOOK + '[alerts]\nto = "webhook"\n').alerts.to == "webhook"


def test_routes_are_read_in_order_a_word_being_a_list_of_one() -> None:
    routes = read(
        '[[routes]]\ncontract = "orders-*"\nseverity = ["critical", "high"]\nchannel = "#oncall"\nmention = "S0ONCALL"\n'
        '[[routes]]\nchannel = "C0123456789"\n'
    ).routes
    assert routes == (
        RouteSettings(
            matches={"contract": ("orders-*",), "severity": ("critical", "high")},
            channel="#oncall",
            mention=("S0ONCALL",),
        ),
        RouteSettings(channel="C0123456789"),
    )


def test_quiet_hours_are_in_a_zone_and_may_cover_weekends() -> None:
    text = '[alerts]\nquiet_hours = "22:00-07:00"\ntimezone = "Europe/Berlin"\nquiet_weekends = true\n'
    assert read(text).alerts.quiet == QuietHours(start=time(22), end=time(7), timezone="Europe/Berlin", weekends=True)
    assert read("").alerts.quiet is None
    assert read("[alerts]\nquiet_weekends = true").alerts.quiet == QuietHours(start=time(0), end=time(0), weekends=True)
