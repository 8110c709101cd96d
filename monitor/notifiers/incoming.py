"""Tells it through a Slack incoming webhook: one channel, no thread, no update, no look back.

Slack answers a webhook with the word `ok` and nothing that names the message
(docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), so all a bot can do afterwards cannot be done here.
The SDK's client is not used: at DEBUG it logs the URL, which is the secret.
"""

import json
import re
import urllib.request
from datetime import datetime
from http.client import HTTPException, HTTPMessage
from ipaddress import ip_address
from typing import IO, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit

from monitor.notifiers.base import (
    Abilities,
    AmbiguousDelivery,
    CannotTell,
    DeliveryError,
    Destination,
    Fault,
    Mention,
    MentionKind,
    Message,
    Sent,
)
from monitor.notifiers.body import MENTIONS, nobody, spoken
from monitor.notifiers.slack_errors import fault_of
from monitor.notifiers.wire import retry_after, was_not_sent, why

CODE: Final = re.compile(r"[a-z_]{2,60}")
FAULTS: Final = {
    "action_prohibited": Fault.DESTINATION,
    "channel_is_archived": Fault.DESTINATION,
    "posting_to_general_channel_denied": Fault.DESTINATION,
    "invalid_payload": Fault.MESSAGE,
    "invalid_token": Fault.CREDENTIALS,
    "no_active_hooks": Fault.CREDENTIALS,
    "no_service": Fault.CREDENTIALS,
    "no_service_id": Fault.CREDENTIALS,
    "no_team": Fault.CREDENTIALS,
    "team_disabled": Fault.CREDENTIALS,
}
"""What a webhook refuses with, beside the errors of `chat.postMessage`."""

LONGEST_ANSWER: Final = 1_000
TOO_MANY: Final = 429
SERVER_ERROR: Final = 500


class IncomingWebhook:
    """The channel that a webhook's URL is bound to. Proxies are taken from the environment; redirects are refused."""

    abilities = Abilities()

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        """Connect to nothing yet. Raises ValueError for an address that is not https; on this machine http will do."""
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname)):
            raise ValueError("an incoming webhook begins with https://")
        self._url = url
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirect)

    def send(self, message: Message, destination: Destination) -> Sent:
        """Post a message. Its channel is the webhook's own, whatever the destination says."""
        body = json.dumps(spoken(message, [_mention(each) for each in message.mentions[:MENTIONS]])).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "pactwatch"}
        request = urllib.request.Request(self._url, body, headers, method="POST")  # noqa: S310 - checked above
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                told = response.read(LONGEST_ANSWER).strip()
        except HTTPError as error:
            with error:
                raise _refused(error) from None  # it knows the URL
        except (OSError, HTTPException) as error:
            if was_not_sent(error):
                raise DeliveryError(f"Slack cannot be reached: {why(error)}") from None
            raise AmbiguousDelivery(f"the webhook did not answer: {why(error)}") from None
        if told != b"ok":
            raise AmbiguousDelivery("the webhook answered something that is not Slack's")
        return Sent(channel=destination.channel, ts=None)

    def reply(self, message: Message, destination: Destination, thread_ts: str) -> Sent:
        """Post a message of its own: a webhook knows no threads."""
        return self.send(message, destination)

    def update(self, message: Message, destination: Destination, ts: str) -> Sent:
        """Raise DeliveryError: a webhook cannot change what it said."""
        raise DeliveryError("an incoming webhook cannot update a message", fault=Fault.PARENT)

    def find(
        self, outbox_id: str, destination: Destination, since: datetime, thread_ts: str | None = None
    ) -> Sent | None:
        """Raise CannotTell: a webhook cannot read."""
        raise CannotTell("an incoming webhook cannot read the channel")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would turn the message into a GET to somewhere else."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow none: the answer is then an HTTPError."""


def _refused(error: HTTPError) -> DeliveryError | AmbiguousDelivery:
    wait = retry_after(dict(error.headers))
    if error.code == TOO_MANY:
        return DeliveryError("the webhook: Slack asks to wait", retry_after=wait)
    if error.code >= SERVER_ERROR:
        return AmbiguousDelivery(f"the webhook: HTTP {error.code}", retry_after=wait)
    try:
        told = error.read(LONGEST_ANSWER).decode("utf-8", "replace").strip()
    except (OSError, HTTPException):
        told = ""
    if not CODE.fullmatch(told):
        return DeliveryError(f"the webhook: HTTP {error.code}", fault=Fault.CREDENTIALS)
    return DeliveryError(f"the webhook: {told}", fault=FAULTS.get(told) or fault_of(told))


def _mention(mention: Mention) -> str:
    """Return a mention; nobody can be looked up by e-mail here."""
    match mention.kind:
        case MentionKind.USER:
            return f"<@{mention.value}>"
        case MentionKind.GROUP:
            return f"<!subteam^{mention.value}>"
        case MentionKind.EMAIL:
            return nobody(mention)


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
