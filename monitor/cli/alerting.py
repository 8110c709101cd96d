"""What the configuration says about alerting, ready to use."""

import math
import os
import socket
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TextIO

from monitor.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from monitor.alerts.context import Routes
    from monitor.contracts.versions import Selected
    from monitor.delivery.delivered import Delivered
    from monitor.delivery.delivery import Delivery
    from monitor.domain.contract import Contract
    from monitor.domain.target import TargetKey
    from monitor.incidents.silences import ContractOf
    from monitor.notifiers.base import Notifier
    from monitor.record import Alerting
    from monitor.settings import Settings
    from monitor.store.store import Store
    from monitor.upkeep import Upkeep

MISSING = (
    'nobody can be told: add [slack] with token = "${SLACK_BOT_TOKEN}" and channel = "#data-quality" to pactwatch.toml,'
    ' or [alerts] with to = "console"'
)


def can_tell(settings: "Settings") -> bool:
    """Say whether there is a way to tell people."""
    return _way(settings) is not None


def for_daemon(settings: "Settings") -> "Settings":
    """Return the settings with a way to tell people: where none is configured, the daemon's own output."""
    if can_tell(settings):
        return settings
    return replace(settings, alerts=replace(settings.alerts, to="console"))


def alerting_of(settings: "Settings") -> "Alerting":
    """Return whom to tell and how patient to be. Raises UsageError where nobody can be told."""
    from monitor.incidents.policy import Policy
    from monitor.record import Alerting

    policy = Policy(
        alert_after_failures=settings.alerts.alert_after_failures,
        resolve_after_passes=settings.alerts.resolve_after_passes,
    )
    return Alerting(policy=policy, routes=routes_of(settings), gather=timedelta(seconds=settings.alerts.group))


def routes_of(settings: "Settings") -> "Routes":
    """Return where alerts go. Raises UsageError where nobody can be told, SettingsError where a secret is missing."""
    from monitor.alerts.context import Routes

    slack, way = settings.slack, _way(settings)
    if way is None:
        raise UsageError(MISSING)
    settings.need(way, "http.public_url")
    is_bot = way == "slack" and slack is not None
    return Routes(
        channel=slack.channel if is_bot and slack else way,
        ops_channel=(slack.ops_channel or slack.channel) if is_bot and slack else way,
        is_one_place=not is_bot,
        rules=settings.routes,
        quiet=settings.alerts.quiet,
        public_url=settings.http.public_url,
        has_buttons=is_bot and slack is not None and slack.app_token is not None,
    )


def upkeep_of(settings: "Settings", store: "Store") -> "Upkeep":
    """Return what keeps incidents up with the clock for somebody who waits: nothing is gathered first.

    Raises UsageError where nobody can be told.
    """
    from monitor.upkeep import Upkeep

    return Upkeep(store, replace(alerting_of(settings), gather=timedelta(0)), contracts_of(settings))


def deliver(settings: "Settings", store: "Store", longest: float = math.inf) -> "Delivered":
    """Deliver what waits, for about so many seconds; a channel that takes no messages is an incident, told as well.

    Raises UsageError where nobody can be told.
    """
    delivery = delivery_of(settings, store)
    done = delivery.until_quiet(longest=longest)
    if upkeep_of(settings, store).watch_channels().alerts:
        done += delivery.until_quiet(longest=longest)
    return done


def undelivered(done: "Delivered", left: int = 0) -> str:
    """Say what was not heard by anybody, or not where it should have been, and who refused it; empty for nothing.

    So many are `left` that nobody has tried to deliver.
    """
    told = []
    if done.put_off or left:
        told.append(f"{done.put_off + left:,} not delivered yet")
    if done.dead:
        told.append(f"{done.dead:,} refused for good, {done.elsewhere:,} of them told another way")
    if not told:
        return ""
    why = "; ".join(done.refused)
    return f"alerts: {', '.join(told)}{f': {why}' if why else ''} (`pactwatch alerts` says why)"


def contracts_of(settings: "Settings") -> "ContractOf":
    """Return what finds the current contract of a target, None where no file has it any more; files are read once."""
    known: dict[tuple[str, str], Contract] = {}
    is_read: list[bool] = []

    def contract_of(target: "TargetKey") -> "Contract | None":
        from monitor.contracts.semver import Version
        from monitor.contracts.versions import current, read_library

        if not is_read:
            library = read_library(settings.contracts, settings.contract_variables)
            running = (each.contract for each in current(library) if not each.shadow)
            known.update({(each.id, Version.parse(each.version).major): each for each in running})
            is_read.append(True)
        return known.get((target.contract, target.major))

    return contract_of


def current_of(settings: "Settings", target: "TargetKey") -> "Selected | None":
    """Return the contract version that runs for a target now, None where no file has it any more."""
    from monitor.contracts.semver import Version
    from monitor.contracts.versions import current, read_library

    library = read_library(settings.contracts, settings.contract_variables)
    for each in current(library):
        contract = each.contract
        if not each.shadow and contract.id == target.contract and Version.parse(contract.version).major == target.major:
            return each
    return None


def delivery_of(settings: "Settings", store: "Store", console: TextIO = sys.stderr) -> "Delivery":
    """Return what delivers the configured way. Raises UsageError where there is none, SettingsError for a bad one."""
    from monitor.alerts.routing import named
    from monitor.delivery.delivery import Delivery

    routes = routes_of(settings)
    fallback = routes.ops_channel if routes.is_one_place else named(routes.ops_channel)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    last = routes.channel if routes.is_one_place else named(routes.channel)
    url = settings.http.public_url
    return Delivery(store, notifier_of(settings, console), owner=owner, fallback=fallback, last=last, public_url=url)


def notifier_of(settings: "Settings", console: TextIO = sys.stderr) -> "Notifier":
    """Return the one way to reach people. Raises UsageError where there is none, SettingsError for a bad one."""
    try:
        return _notifier(settings, console)
    except ValueError as error:
        raise SettingsError(f"{settings.file}: {error}") from error


def _notifier(settings: "Settings", console: TextIO) -> "Notifier":
    way = _way(settings)
    settings.need(way or "slack")
    if way == "slack" and settings.slack is not None:
        from monitor.notifiers.slack import SlackNotifier

        return SlackNotifier(settings.slack.token, base_url=settings.slack.base_url)
    if way == "slack" and settings.incoming is not None:
        from monitor.notifiers.incoming import IncomingWebhook

        return IncomingWebhook(settings.incoming)
    if way == "webhook" and settings.webhook is not None:
        from monitor.notifiers.webhook import WebhookNotifier

        own = settings.webhook
        return WebhookNotifier(own.url, own.secret, allow_private=own.allow_private)
    if way == "console":
        from monitor.notifiers.console import ConsoleNotifier

        return ConsoleNotifier(console)
    raise UsageError(MISSING)


def _way(settings: "Settings") -> str | None:
    """Return the way that is chosen, else the one that is configured: slack, webhook or console."""
    if settings.alerts.to is not None:
        return settings.alerts.to
    if settings.slack is not None or settings.incoming is not None:
        return "slack"
    return "webhook" if settings.webhook is not None else None
