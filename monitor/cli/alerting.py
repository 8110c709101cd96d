"""What the configuration says about alerting, ready to use."""

import os
import socket
from typing import TYPE_CHECKING, TextIO

from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.deliver import Delivery
    from monitor.record import Alerting
    from monitor.settings import Settings, SlackSettings
    from monitor.store.store import Store

CONSOLE = "#console"
"""Where the daemon's alerts go without Slack: they are lines of its output."""

MISSING = (
    'no Slack is configured: add [slack] with token = "${SLACK_BOT_TOKEN}" and channel = "#data-quality"'
    " to pactwatch.toml"
)


def slack_of(settings: "Settings") -> "SlackSettings":
    """Return how to reach Slack. Raises UsageError saying what to configure."""
    if settings.slack is None:
        raise UsageError(MISSING)
    return settings.slack


def alerting_of(settings: "Settings") -> "Alerting":
    """Return whom to tell and how patient to be. Raises UsageError where nobody can be told."""
    slack = slack_of(settings)
    return _alerting(settings, slack.channel, slack.ops_channel or slack.channel)


def alerting_of_daemon(settings: "Settings") -> "Alerting":
    """Return whom the daemon tells: Slack, else its own log."""
    return _alerting(settings, CONSOLE, CONSOLE) if settings.slack is None else alerting_of(settings)


def _alerting(settings: "Settings", channel: str, ops_channel: str) -> "Alerting":
    from monitor.alerts.context import Routes
    from monitor.incidents.policy import Policy
    from monitor.record import Alerting

    policy = Policy(
        alert_after_failures=settings.alerts.alert_after_failures,
        resolve_after_passes=settings.alerts.resolve_after_passes,
    )
    return Alerting(policy=policy, routes=Routes(channel=channel, ops_channel=ops_channel))


def delivery_of(settings: "Settings", store: "Store") -> "Delivery":
    """Return what delivers to the configured Slack. Raises UsageError where there is none."""
    from monitor.alerts.routing import named
    from monitor.deliver import Delivery
    from monitor.notifiers.slack import SlackNotifier

    slack = slack_of(settings)
    notifier = SlackNotifier(slack.token, base_url=slack.base_url)
    return Delivery(store, notifier, owner=_owner(), fallback=named(slack.ops_channel or slack.channel))


def delivery_of_daemon(settings: "Settings", store: "Store", stream: TextIO) -> "Delivery":
    """Return what delivers for the daemon: to Slack, else to a stream."""
    from monitor.alerts.routing import named
    from monitor.deliver import Delivery
    from monitor.notifiers.console import ConsoleNotifier

    if settings.slack is not None:
        return delivery_of(settings, store)
    return Delivery(store, ConsoleNotifier(stream), owner=_owner(), fallback=named(CONSOLE))


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
