"""Tells it in Slack with a bot token; the only module that imports slack_sdk.

The SDK's own retries are off: its default posts again after a dropped connection, which nobody would notice but the
reader of two messages. Its log is off as well: at DEBUG it writes out messages, answers and proxy addresses.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from http.client import HTTPException, InvalidURL
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

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
from monitor.notifiers.slack_errors import UNSURE, fault_of
from monitor.notifiers.wire import retry_after, was_not_sent, why

CLOCK_MARGIN: Final = timedelta(minutes=5)
"""Slack's clock stamps messages, ours says since when to look."""

PAGE: Final = 200
PAGES: Final = 50
KNOWN_FOR: Final = 24 * 3600.0
UNKNOWN_FOR: Final = 3600.0

CHANNEL_ID: Final = re.compile(r"[CGD][A-Z0-9]{8,}")
CODE: Final = re.compile(r"[a-z0-9_]+")
OK: Final = 200
TOO_MANY: Final = 429
SERVER_ERROR: Final = 500

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
        base_url: str = WebClient.BASE_URL,
        timeout: int = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect to nothing yet. `timeout` in seconds is for each wait on the network."""
        self._client = WebClient(
            token,
            base_url=base_url,
            timeout=timeout,
            retry_handlers=[],
            logger=_silence(),
            user_agent_prefix="pactwatch",
        )
        self._clock = clock
        self._people: dict[str, tuple[str | None, float]] = {}
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
        except _RefusalError as refusal:
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
        mentions = [self._mention(each) for each in message.mentions[:MENTIONS]]
        return spoken(message, mentions) | {"channel": channel, "parse": "none"}

    def _mention(self, mention: Mention) -> str:
        match mention.kind:
            case MentionKind.USER:
                return f"<@{mention.value}>"
            case MentionKind.GROUP:
                return f"<!subteam^{mention.value}>"
            case MentionKind.EMAIL:
                found = self._user(mention.value)
                return f"<@{found}>" if found else nobody(mention)

    def _user(self, email: str) -> str | None:
        """Return the id of the person with this address; None when Slack does not tell. An alert never waits for it."""
        known, until = self._people.get(email, (None, float("-inf")))
        if self._clock() < until:
            return known
        found: str | None = None
        try:
            answer = self._call("users.lookupByEmail", params={"email": email})
            found = str((answer.get("user") or {}).get("id") or "") or None
        except (DeliveryError, AmbiguousDelivery) as error:
            log.info("Nobody is mentioned by e-mail: %s", error, extra={"action": "mention_unknown"})
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

    # -- one call ------------------------------------------------------------------------------------------------

    def _call(self, method: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - the SDK's own
        """Make one call. Raises DeliveryError when nothing was done, AmbiguousDelivery when something may have been."""
        data = self._response(method, **arguments).data
        return data if isinstance(data, dict) else {}

    def _response(self, method: str, **arguments: Any) -> SlackResponse:  # noqa: ANN401 - the SDK's own
        """Make one call and return the whole answer; raises like `_call`."""
        try:
            return self._client.api_call(method, **arguments)
        except SlackApiError as error:
            raise _refused(method, error) from None  # its text repeats the whole answer, and so would a log
        except (SlackRequestError, InvalidURL) as error:
            raise DeliveryError("[slack] base_url is no web address", fault=Fault.CREDENTIALS) from error
        except (OSError, HTTPException) as error:
            if was_not_sent(error):
                raise DeliveryError(f"Slack cannot be reached: {why(error)}") from error
            raise AmbiguousDelivery(f"{method} was not answered: {why(error)}") from error
        except (ValueError, AttributeError) as error:  # an answer that is JSON but no object, or bytes that are no text
            raise AmbiguousDelivery(f"{method} was answered with something that is not Slack's") from error


class _RefusalError(DeliveryError):
    """An `ok: false` with its code."""

    def __init__(self, code: str, reason: str, *, fault: Fault, retry_after: float | None) -> None:
        self.code = code
        super().__init__(reason, fault=fault, retry_after=retry_after)


def _refused(method: str, error: SlackApiError) -> DeliveryError | AmbiguousDelivery:
    """Return what an answer means that is not `ok: true`. HTTP 200 is no success."""
    response = error.response
    status = int(response.status_code)
    data = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error") or "")
    wait = retry_after(response.headers)
    if status == TOO_MANY:
        return _RefusalError("ratelimited", f"{method}: Slack asks to wait", fault=Fault.SERVICE, retry_after=wait)
    if status >= SERVER_ERROR or code in UNSURE:
        told = code if CODE.fullmatch(code) else f"HTTP {status}"
        return AmbiguousDelivery(f"{method}: {told}", retry_after=wait)
    if not CODE.fullmatch(code):
        if status == OK:
            return AmbiguousDelivery(f"{method} was answered with something that is not Slack's", retry_after=wait)
        return DeliveryError(f"{method}: HTTP {status}, and not from Slack", retry_after=wait)
    reason = f"{method}: {code}"
    if needed := data.get("needed"):
        reason += f", needs {needed}"
    if problems := (data.get("response_metadata") or {}).get("messages"):
        reason += f": {'; '.join(map(str, problems))[:300]}"
    return _RefusalError(code, reason, fault=fault_of(code), retry_after=wait)


def _bare(channel: str) -> str:
    return channel.strip().removeprefix("#")


def _silence() -> logging.Logger:
    """Return a logger that says nothing at any level."""
    logger = logging.getLogger(f"{__name__}.sdk")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    return logger
