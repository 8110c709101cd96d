"""Tells it in Slack with a bot token."""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from monitor.notifiers.base import (
    EVENT_TYPE,
    Abilities,
    AmbiguousDelivery,
    CannotTell,
    DeliveryError,
    Destination,
    Fault,
    Json,
    Mention,
    MentionKind,
    Message,
    Sent,
)
from monitor.notifiers.body import MENTIONS, nobody, spoken
from monitor.notifiers.slack_client import BASE_URL, RefusalError, SlackClient

CLOCK_MARGIN: Final = timedelta(minutes=5)
"""Slack's clock stamps messages, ours says since when to look."""

PAGE: Final = 200
PAGES: Final = 50
KNOWN_FOR: Final = 24 * 3600.0
UNKNOWN_FOR: Final = 3600.0
PATIENCE: Final = 10.0
"""Seconds within which the people of one message are looked up: an alert never waits for it."""

NO_ANSWER: Final = 30.0
"""Seconds for which nobody is looked up after Slack did not answer."""

CHANNEL_ID: Final = re.compile(r"[CGD][A-Z0-9]{8,}")

log = logging.getLogger(__name__)


class SlackNotifier:
    """A bot in one workspace.

    It needs `chat:write`, and for certainty after a lost reply `channels:history` and `groups:history`;
    `channels:read` and `groups:read` where channels are given by name, `users:read.email` to mention by e-mail.
    Proxies are taken from the environment.
    """

    abilities = Abilities(threads=True, updates=True, search=True)

    def __init__(
        self,
        token: str,
        *,
        base_url: str = BASE_URL,
        timeout: int = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect to nothing yet. `timeout` in seconds is for each wait on the network."""
        self._client = SlackClient(token, base_url=base_url, timeout=timeout)
        self._call = self._client.call
        self._clock = clock
        self._people: dict[str, tuple[str | None, float]] = {}
        self._look_up_from = float("-inf")
        self._channels: dict[str, str] = {}

    def send(self, message: Message, destination: Destination) -> Sent:
        """Post a message of its own."""
        return self._post(message, destination, {})

    def reply(self, message: Message, destination: Destination, thread_ts: str) -> Sent:
        """Post below the message `thread_ts`."""
        return self._post(message, destination, {"thread_ts": thread_ts})

    def update(self, message: Message, destination: Destination, ts: str) -> Sent:
        """Replace the message `ts`; `destination` must be a channel's id, as `Sent` tells it."""
        try:
            answer = self._call("chat.update", json=self._body(message, destination.channel) | {"ts": ts})
        except AmbiguousDelivery as unsure:
            raise DeliveryError(
                f"{unsure.reason}; an update may be repeated", retry_after=unsure.retry_after
            ) from unsure
        return Sent(channel=str(answer.get("channel") or destination.channel), ts=str(answer.get("ts") or ts))

    def find(
        self, outbox_id: str, destination: Destination, since: datetime, thread_ts: str | None = None
    ) -> Sent | None:
        """Search the channel's history, or a thread. Several pages may be read, each counted by Slack's limits."""
        try:
            channel = self._channel_id(destination.channel)
            for found in self._history(channel, since, thread_ts):
                metadata = found.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if payload.get("outbox_id") == outbox_id:
                    return Sent(channel=channel, ts=str(found["ts"]))
                if metadata.get("event_type") == EVENT_TYPE and "outbox_id" not in payload:
                    raise CannotTell("Slack shows messages of ours without what identifies them")
        except RefusalError as refusal:
            if refusal.code == "thread_not_found":
                return None
            if refusal.code == "missing_scope" or refusal.fault is Fault.DESTINATION:
                raise CannotTell(refusal.reason) from refusal
            raise
        except AmbiguousDelivery as unsure:
            raise DeliveryError(unsure.reason, retry_after=unsure.retry_after) from unsure
        return None

    # -- messages ------------------------------------------------------------------------------------------------

    def _post(self, message: Message, destination: Destination, more: dict[str, Any]) -> Sent:
        answer = self._call("chat.postMessage", json=self._body(message, destination.channel) | more)
        channel, ts = answer.get("channel"), answer.get("ts")
        if not isinstance(channel, str) or not isinstance(ts, str):
            raise AmbiguousDelivery("Slack said ok but not where the message is")
        self._channels[_bare(destination.channel)] = channel
        return Sent(channel=channel, ts=ts)

    def _body(self, message: Message, channel: str) -> dict[str, Any]:
        """Return the arguments that posting and updating share. Slack must not interpret text on its own."""
        end = self._clock() + PATIENCE
        mentions = [self._mention(each, end) for each in message.mentions[:MENTIONS]]
        return spoken(message, mentions) | {"channel": channel, "parse": "none"}

    def _mention(self, mention: Mention, end: float) -> str:
        match mention.kind:
            case MentionKind.USER:
                return f"<@{mention.value}>"
            case MentionKind.GROUP:
                return f"<!subteam^{mention.value}>"
            case MentionKind.EMAIL:
                found = self._user(mention.value, end)
                return f"<@{found}>" if found else nobody(mention)

    def _user(self, email: str, end: float) -> str | None:
        """Return the id of the person with this address; None when Slack does not tell before `end`.

        What Slack says is kept, also that there is nobody; that it did not answer, or asked to wait, holds for all.
        """
        known, until = self._people.get(email, (None, float("-inf")))
        if self._clock() < until:
            return known
        if not self._look_up_from <= self._clock() < end:
            return None
        found: str | None = None
        try:
            answer = self._call("users.lookupByEmail", params={"email": email})
            found = str((answer.get("user") or {}).get("id") or "") or None
        except (DeliveryError, AmbiguousDelivery) as error:
            log.info("Nobody is mentioned by e-mail: %s", error, extra={"action": "mention_unknown"})
            if isinstance(error, AmbiguousDelivery) or error.fault is Fault.SERVICE:
                self._look_up_from = self._clock() + (error.retry_after or NO_ANSWER)
                return None
        self._people[email] = (found, self._clock() + (KNOWN_FOR if found else UNKNOWN_FOR))
        return found

    # -- history -------------------------------------------------------------------------------------------------

    def _history(self, channel: str, since: datetime, thread_ts: str | None) -> Iterator[dict[str, Any]]:
        arguments: dict[str, Json] = {
            "channel": channel,
            "oldest": f"{(since - CLOCK_MARGIN).timestamp():.6f}",
            "inclusive": True,
            "include_all_metadata": True,
        }
        if thread_ts is None:
            yield from self._pages("conversations.history", "messages", arguments)
        else:
            yield from self._pages("conversations.replies", "messages", {**arguments, "ts": thread_ts})

    def _channel_id(self, channel: str) -> str:
        """Return a channel's id. A history is read by id only, and only where the bot is a member."""
        name = _bare(channel)
        if CHANNEL_ID.fullmatch(name):
            return name
        if name not in self._channels:
            arguments: dict[str, Json] = {"types": "public_channel,private_channel", "exclude_archived": False}
            for each in self._pages("users.conversations", "channels", arguments):
                self._channels[str(each.get("name"))] = str(each.get("id"))
        if name not in self._channels:
            raise CannotTell(f"#{name} is none of the channels that the bot is a member of")
        return self._channels[name]

    def _pages(self, method: str, key: str, arguments: Mapping[str, Json]) -> Iterator[dict[str, Any]]:
        cursor = ""
        for _ in range(PAGES):
            answer = self._call(method, params={**arguments, "limit": PAGE, **({"cursor": cursor} if cursor else {})})
            yield from answer.get(key) or ()
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
        raise CannotTell(f"{method} has more than {PAGES * PAGE:,} entries")


def _bare(channel: str) -> str:
    return channel.strip().removeprefix("#")
