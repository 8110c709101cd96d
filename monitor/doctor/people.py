"""Ways to tell people: the bot's token and scopes, its channels, the app token, the address of a webhook."""

import os
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from monitor.doctor.finding import Finding, bad, fine, warn
from monitor.notifiers.base import AmbiguousDelivery, CannotTell, DeliveryError
from monitor.notifiers.slack_inspect import Bot, SlackInspector
from monitor.settings import SlackSettings

PATIENCE = 5
"""Seconds for each wait on the network."""

SCOPES = "add it under OAuth & Permissions of the Slack app, and install the app again"
USEFUL = {
    "channels:history": "after a lost answer it cannot look whether a message is there",
    "groups:history": "after a lost answer it cannot look whether a message is there, in private channels",
    "channels:read": "it cannot find channels by name",
    "groups:read": "it cannot find private channels by name",
}
TROUBLES = (DeliveryError, AmbiguousDelivery, CannotTell)


def slack(settings: SlackSettings, channels: Collection[str], *, mentions_by_mail: bool) -> list[Finding]:
    """Ask Slack about the bot; nothing is sent. `channels` are all that an alert may go to."""
    inspector = SlackInspector(settings.token, base_url=settings.base_url, timeout=PATIENCE)
    try:
        bot = inspector.bot()
    except TROUBLES as error:
        return [bad("slack", str(error), "see [slack] token: the Bot User OAuth Token of an installed app (xoxb-…)")]
    found = [fine("slack", f"{bot.name} in {bot.team}"), *scopes(bot, mentions_by_mail=mentions_by_mail)]
    try:
        found += membership(bot, inspector.memberships(), channels)
    except TROUBLES as error:
        found.append(warn("slack", f"where the bot is a member is not known: {error}", SCOPES))
    if settings.app_token is not None:
        try:
            SlackInspector(settings.app_token, base_url=settings.base_url, timeout=PATIENCE).open_socket()
        except TROUBLES as error:
            mend = "see [slack] app_token: an app-level token (xapp-…) with connections:write, and Socket Mode on"
            found.append(bad("slack", f"buttons: {error}", mend))
        else:
            found.append(fine("slack", "buttons: Slack opens a connection"))
    return found


def scopes(bot: Bot, *, mentions_by_mail: bool) -> list[Finding]:
    """Judge what the bot may do."""
    if bot.scopes is None:
        return [warn("slack", "Slack does not say what the bot may do", "look under OAuth & Permissions")]
    found = [] if "chat:write" in bot.scopes else [bad("slack", "without chat:write it cannot send anything", SCOPES)]
    useful = USEFUL | ({"users:read.email": "it cannot mention people by e-mail"} if mentions_by_mail else {})
    found += [
        warn("slack", f"without {scope} {why}", SCOPES) for scope, why in useful.items() if scope not in bot.scopes
    ]
    return found or [fine("slack", "it has every scope that is needed")]


def membership(bot: Bot, member_of: Collection[str], channels: Collection[str]) -> list[Finding]:
    """Judge whether every alert has a channel that the bot is in."""
    found = []
    for channel in sorted(set(channels) - set(member_of)):
        invite = f"/invite @{bot.name} in {channel}, or correct the channel's name"
        if "chat:write.public" in (bot.scopes or ()):
            told = f"{bot.name} is no member of {channel}: it can write there if it is public, but not look back"
            found.append(warn("slack", told, invite))
        else:
            found.append(bad("slack", f"{bot.name} is no member of {channel}", invite))
    return found or [fine("slack", f"{bot.name} is a member of {', '.join(sorted(channels))}")]


def webhook(about: str, url: str) -> Finding:
    """Try to connect to where a webhook is; nothing is sent, and its path, which may be a secret, is not told."""
    parts = urlsplit(url)
    if any(os.environ.get(name) for name in (f"{parts.scheme}_proxy", f"{parts.scheme.upper()}_PROXY")):
        return fine(about, f"{parts.hostname} is reached through a proxy: not looked at")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), PATIENCE).close()
    except OSError as error:
        return bad(
            about, f"{parts.hostname}:{port} cannot be reached: {error.strerror or error}", "correct its address"
        )
    return fine(about, f"{parts.hostname}:{port} answers")
