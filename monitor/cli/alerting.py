"""What the configuration says about alerting, ready to use."""

import os
import socket
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.deliver import Delivered, Delivery
    from monitor.domain.contract import Contract
    from monitor.domain.target import TargetKey
    from monitor.incidents.silences import ContractOf
    from monitor.record import Alerting
    from monitor.settings import Settings, SlackSettings
    from monitor.store.store import Store
    from monitor.upkeep import Upkeep

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
    from monitor.alerts.context import Routes
    from monitor.incidents.policy import Policy
    from monitor.record import Alerting

    slack = slack_of(settings)
    policy = Policy(
        alert_after_failures=settings.alerts.alert_after_failures,
        resolve_after_passes=settings.alerts.resolve_after_passes,
    )
    routes = Routes(channel=slack.channel, ops_channel=slack.ops_channel or slack.channel)
    return Alerting(policy=policy, routes=routes, gather=timedelta(seconds=settings.alerts.group))


def upkeep_of(settings: "Settings", store: "Store") -> "Upkeep":
    """Return what keeps incidents up with the clock for somebody who waits: nothing is gathered first.

    Raises UsageError where nobody can be told.
    """
    from monitor.upkeep import Upkeep

    return Upkeep(store, replace(alerting_of(settings), gather=timedelta(0)), contracts_of(settings))


def deliver(settings: "Settings", store: "Store") -> "Delivered":
    """Deliver what waits; a channel that takes no messages becomes an incident, and that is told as well.

    Raises UsageError where nobody can be told.
    """
    delivery = delivery_of(settings, store)
    done = delivery.until_quiet()
    if upkeep_of(settings, store).watch_channels().alerts:
        done += delivery.until_quiet()
    return done


def undelivered(done: "Delivered") -> str:
    """Say what was not heard by anybody, or not where it should have been, and who refused it; empty for nothing."""
    told = []
    if done.put_off:
        told.append(f"{done.put_off:,} not delivered yet")
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


def delivery_of(settings: "Settings", store: "Store") -> "Delivery":
    """Return what delivers to the configured Slack. Raises UsageError where there is none."""
    from monitor.alerts.routing import named
    from monitor.deliver import Delivery
    from monitor.notifiers.slack import SlackNotifier

    slack = slack_of(settings)
    notifier = SlackNotifier(slack.token, base_url=slack.base_url)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    fallback = named(slack.ops_channel or slack.channel)
    return Delivery(store, notifier, owner=owner, fallback=fallback, last=named(slack.channel))
