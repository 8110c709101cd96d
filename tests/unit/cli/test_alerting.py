"""One way to tell people: the one that is chosen, else the one that is configured."""

import pytest

from monitor.cli.alerting import can_tell, notifier_of, routes_of, undelivered
from monitor.delivery.delivered import Delivered
from monitor.errors import SettingsError, UsageError
from monitor.notifiers.base import Notifier
from monitor.notifiers.console import ConsoleNotifier
from monitor.notifiers.incoming import IncomingWebhook
from monitor.notifiers.slack import SlackNotifier
from monitor.notifiers.webhook import WebhookNotifier
from monitor.settings import AlertSettings, Settings, SlackSettings, WebhookSettings

BOT = SlackSettings(token="xoxb-1", channel="#data", app_token="xapp-1")
HOOK = WebhookSettings(url="https://hooks.example.com/p", secret="0123456789abcdef")


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (Settings(slack=BOT), SlackNotifier),
        (Settings(incoming="https://hooks.slack.com/services/T/B/x"), IncomingWebhook),
        (Settings(webhook=HOOK), WebhookNotifier),
        (Settings(slack=BOT, webhook=HOOK, alerts=AlertSettings(to="webhook")), WebhookNotifier),
        (Settings(slack=BOT, alerts=AlertSettings(to="console")), ConsoleNotifier),
    ],
)
def test_the_configured_way_is_taken(settings: Settings, kind: type[Notifier]) -> None:
    assert can_tell(settings)
    assert isinstance(notifier_of(settings), kind)
    routes = routes_of(settings)
    assert routes.is_one_place is (kind is not SlackNotifier)
    assert routes.has_buttons is (kind is SlackNotifier)


def test_without_a_way_it_is_said_what_to_add() -> None:
    assert not can_tell(Settings())
    for use in (notifier_of, routes_of):
        with pytest.raises(UsageError, match=r"\[slack\]"):
            use(Settings())


def test_buttons_need_somebody_who_hears_them() -> None:
    silent = SlackSettings(token="xoxb-1", channel="#data")
    assert not routes_of(Settings(slack=silent)).has_buttons


def test_a_bad_secret_is_a_mistake_of_the_configuration() -> None:
    bad = WebhookSettings(url="https://a.example.com", secret="whsec_YQ==")
    with pytest.raises(SettingsError, match="at least 16 bytes"):
        notifier_of(Settings(webhook=bad))


def test_what_nobody_heard_is_said() -> None:
    assert undelivered(Delivered(sent=3)) == ""
    assert undelivered(Delivered(sent=3, put_off=1), left=2).startswith("alerts: 3 not delivered yet")
    assert "1 of them told another way: #a: is_archived" in undelivered(
        Delivered(dead=1, elsewhere=1, refused=("#a: is_archived",))
    )
