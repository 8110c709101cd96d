"""One workspace: channels, people and messages, and what each Web API method does to them."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from threading import RLock
from typing import Any

from tests.slack.limits import refusal

Json = dict[str, Any]

BOT = "U0BOT00000"
ALL_SCOPES = (
    "chat:write",
    "chat:write.public",
    "channels:history",
    "groups:history",
    "channels:read",
    "groups:read",
    "channels:join",
    "users:read",
    "users:read.email",
    "connections:write",
)
NEEDED = {
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history"),
    "conversations.replies": ("channels:history", "groups:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.list": ("channels:read", "groups:read"),
    "users.conversations": ("channels:read", "groups:read"),
    "conversations.join": ("channels:join",),
    "users.lookupByEmail": ("users:read.email",),
    "users.info": ("users:read",),
    "chat.postEphemeral": ("chat:write",),
}
TOLERANCE = 0.05
"""Seconds by which a call may come early: clocks and the network are not exact."""


@dataclass
class Message:
    """One message as the history shows it."""

    ts: str
    user: str
    text: str
    blocks: list[Json]
    metadata: Json | None
    thread_ts: str | None = None
    edited: bool = False

    def shown(self, *, metadata: bool, replies: int = 0) -> Json:
        """Return the message as `conversations.history` does."""
        shown: Json = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts, "blocks": self.blocks}
        if self.thread_ts or replies:
            shown["thread_ts"] = self.thread_ts or self.ts
        if replies:
            shown["reply_count"] = replies
        if metadata and self.metadata:
            shown["metadata"] = self.metadata
        return shown


@dataclass
class Channel:
    """A channel; the bot reads only channels it is a member of."""

    id: str
    name: str
    member: bool = True
    archived: bool = False
    private: bool = False
    messages: list[Message] = field(default_factory=list)

    def find(self, ts: str) -> Message | None:
        return next((message for message in self.messages if message.ts == ts), None)


@dataclass(frozen=True)
class Answer:
    """What a method answers, and which message it made visible or changed."""

    body: Json
    ts: str | None = None
    channel: str | None = None
    retry_after: int | None = None


class SlackError(Exception):
    """An `ok: false` answer."""

    def __init__(self, error: str, **more: object) -> None:
        self.body: Json = {"ok": False, "error": error, **more}
        super().__init__(error)


class World:
    """The workspace. `interval` is the pace of one channel in seconds; Slack's own is 1."""

    def __init__(self, channels: tuple[str, ...] = ("data-quality", "data-platform"), interval: float = 1.0) -> None:
        self.lock = RLock()
        self.interval = interval
        self.token = "xoxb-fake-token"
        self.app_token = "xapp-fake-token"
        self.webhook_path = "/services/T0FAKE/B0FAKE/secret"
        self.scopes = list(ALL_SCOPES)
        self.users = {"anna@example.com": "U0ANNA0000"}
        self.guests: list[str] = []
        self.clock_offset = 0.0
        self.channels = [Channel(f"C{number:09d}", name) for number, name in enumerate(channels, start=1)]
        self._skipped = 0.0
        self._last_ts = 0.0
        self._accepted: dict[str, float] = {}
        self._closed_until: dict[str, float] = {}

    def clock(self) -> float:
        """Return seconds that never go back: those that passed, and those that were skipped."""
        return time.monotonic() + self._skipped

    def advance(self, seconds: float) -> None:
        """Let time pass at once: limits and `Retry-After` count it."""
        with self.lock:
            self._skipped += seconds

    def configure(self, values: Json) -> None:
        """Change the workspace: any of token, app_token, scopes, users, guests, interval, clock_offset, channels."""
        with self.lock:
            for name in ("token", "app_token", "webhook_path", "scopes", "users", "guests", "interval", "clock_offset"):
                if name in values:
                    setattr(self, name, values[name])
            for changed in values.get("channels", ()):
                channel = next((each for each in self.channels if each.name == changed["name"]), None)
                if channel is None:
                    channel = Channel(changed.get("id", f"C{len(self.channels) + 1:09d}"), changed["name"])
                    self.channels.append(channel)
                for name in ("member", "archived", "private"):
                    setattr(channel, name, changed.get(name, getattr(channel, name)))

    def seen(self) -> list[Json]:
        """Return every visible message, oldest first in each channel."""
        with self.lock:
            return [{"channel": each.id, **asdict(message)} for each in self.channels for message in each.messages]

    def delete(self, channel: str, ts: str) -> None:
        """Delete a message as a person would."""
        with self.lock:
            place = self._channel(channel)
            place.messages = [message for message in place.messages if message.ts != ts]

    def limited(self, method: str, arguments: Json, at: float) -> int | None:
        """Return the Retry-After of a call that comes too early, None for one in time. `at` is monotonic."""
        with self.lock:
            key = rate_key(method, self.channel_id(arguments))
            if at < self._closed_until.get(key, 0.0) - TOLERANCE:
                return max(1, round(self._closed_until[key] - at + 0.5))
            if method not in {"chat.postMessage", "webhook"}:
                return None
            if at < self._accepted.get(key, float("-inf")) + self.interval - TOLERANCE:
                self.close(key, at, 1)
                return 1
            self._accepted[key] = at
            return None

    def close(self, key: str, at: float, seconds: int) -> None:
        """Refuse every call of this key until the Retry-After has passed."""
        with self.lock:
            self._closed_until[key] = max(self._closed_until.get(key, 0.0), at + seconds)

    def channel_id(self, arguments: Json) -> str | None:
        """Return the id of the channel a call is about, None where there is none."""
        try:
            return self._channel(str(arguments.get("channel", "")), by_name=True).id
        except SlackError:
            return None

    def call(self, method: str, arguments: Json) -> Answer:
        """Do what the method does. Raises SlackError for an `ok: false` answer."""
        with self.lock:
            do = METHODS.get(method)
            if do is None:
                raise SlackError("unknown_method", req_method=method)
            if (needed := NEEDED.get(method)) and not set(needed) & set(self.scopes):
                raise SlackError("missing_scope", needed=",".join(needed), provided=",".join(self.scopes))
            return do(self, arguments)

    def post_by_webhook(self, body: Json) -> Answer:
        """Post into the first channel, as an incoming webhook bound to it does."""
        with self.lock:
            _check(body)
            message = self._new_message(body, self.channels[0], thread_ts=None)
            return Answer({}, ts=message.ts, channel=self.channels[0].id)

    # -- the methods ---------------------------------------------------------------------------------------------

    def post_message(self, arguments: Json) -> Answer:
        channel = self._channel(str(arguments.get("channel", "")), by_name=True)
        if channel.archived:
            raise SlackError("is_archived")
        if not channel.member and (channel.private or "chat:write.public" not in self.scopes):
            raise SlackError("channel_not_found" if channel.private else "not_in_channel")
        _check(arguments)
        thread = arguments.get("thread_ts")
        if thread is not None:
            parent = channel.find(str(thread))
            if parent is None:
                raise SlackError("cannot_reply_to_message")
            thread = parent.thread_ts or parent.ts
        message = self._new_message(arguments, channel, thread)
        body = {"ok": True, "channel": channel.id, "ts": message.ts, "message": message.shown(metadata=True)}
        return Answer(body, ts=message.ts, channel=channel.id)

    def update(self, arguments: Json) -> Answer:
        channel = self._channel(str(arguments.get("channel", "")))
        message = channel.find(str(arguments.get("ts", "")))
        if message is None:
            raise SlackError("message_not_found")
        if message.user != BOT:
            raise SlackError("cant_update_message")
        _check(arguments)
        message.text = str(arguments.get("text") or "")
        message.blocks = arguments.get("blocks") or []
        message.edited = True
        if "metadata" in arguments:
            message.metadata = arguments["metadata"] or None
        body = {"ok": True, "channel": channel.id, "ts": message.ts, "text": message.text}
        return Answer(body, ts=message.ts, channel=channel.id)

    def history(self, arguments: Json) -> Answer:
        channel = self._readable(arguments)
        chosen = [each for each in reversed(channel.messages) if each.thread_ts is None and _within(each, arguments)]
        return self._page(chosen, arguments, channel)

    def replies(self, arguments: Json) -> Answer:
        channel = self._readable(arguments)
        asked = channel.find(str(arguments.get("ts", "")))
        if asked is None:
            raise SlackError("thread_not_found")
        root = asked.thread_ts or asked.ts
        parent = [each for each in channel.messages if each.ts == root]
        replies = [each for each in channel.messages if each.thread_ts == root and _within(each, arguments)]
        return self._page([*parent, *replies], arguments, channel)

    def info(self, arguments: Json) -> Answer:
        channel = self._channel(str(arguments.get("channel", "")))
        return Answer({"ok": True, "channel": _described(channel)})

    def join(self, arguments: Json) -> Answer:
        channel = self._channel(str(arguments.get("channel", "")))
        if channel.archived:
            raise SlackError("is_archived")
        channel.member = True
        return Answer({"ok": True, "channel": _described(channel)})

    def list_channels(self, arguments: Json) -> Answer:
        return self._channel_page(self.channels, arguments)

    def own_channels(self, arguments: Json) -> Answer:
        return self._channel_page([each for each in self.channels if each.member], arguments)

    def look_up(self, arguments: Json) -> Answer:
        found = self.users.get(str(arguments.get("email", "")))
        if found is None:
            raise SlackError("users_not_found")
        return Answer({"ok": True, "user": {"id": found, "profile": {"email": arguments["email"]}}})

    def who(self, arguments: Json) -> Answer:
        asked = str(arguments.get("user", ""))
        email = next((email for email, user in self.users.items() if user == asked), None)
        if email is None:
            raise SlackError("user_not_found")
        profile = {"email": email} if "users:read.email" in self.scopes else {}
        return Answer({"ok": True, "user": {"id": asked, "profile": profile, "is_restricted": asked in self.guests}})

    def whisper(self, arguments: Json) -> Answer:
        channel = self._channel(str(arguments.get("channel", "")))
        if not channel.member:
            raise SlackError("not_in_channel")
        if str(arguments.get("user")) not in self.users.values():
            raise SlackError("user_not_in_channel")
        _check(arguments)
        return Answer({"ok": True, "message_ts": f"{time.time():.6f}"}, channel=channel.id)

    def auth(self, _arguments: Json) -> Answer:
        return Answer(
            {
                "ok": True,
                "url": "https://fake.slack.com/",
                "team": "Fake",
                "team_id": "T0FAKE",
                "user": "pactwatch",
                "user_id": BOT,
                "bot_id": "B0FAKE",
            }
        )

    # -- inside --------------------------------------------------------------------------------------------------

    def _channel(self, name: str, *, by_name: bool = False) -> Channel:
        for channel in self.channels:
            if channel.id == name or (by_name and channel.name == name.removeprefix("#")):
                return channel
        raise SlackError("channel_not_found")

    def _readable(self, arguments: Json) -> Channel:
        channel = self._channel(str(arguments.get("channel", "")))
        if not channel.member:
            raise SlackError("channel_not_found" if channel.private else "not_in_channel")
        return channel

    def _new_message(self, body: Json, channel: Channel, thread_ts: str | None) -> Message:
        self._last_ts = max(time.time() + self.clock_offset, self._last_ts + 1e-6)
        message = Message(
            ts=f"{self._last_ts:.6f}",
            user=BOT,
            text=str(body.get("text") or ""),
            blocks=body.get("blocks") or [],
            metadata=body.get("metadata"),
            thread_ts=thread_ts,
        )
        channel.messages.append(message)
        return message

    def _page(self, chosen: list[Message], arguments: Json, channel: Channel) -> Answer:
        start = self._start(arguments)
        limit = _limit(arguments)
        page, more = chosen[start : start + limit], len(chosen) > start + limit
        wanted = _true(arguments.get("include_all_metadata"))
        count = {each.ts: sum(reply.thread_ts == each.ts for reply in channel.messages) for each in page}
        body: Json = {
            "ok": True,
            "messages": [each.shown(metadata=wanted, replies=count[each.ts]) for each in page],
            "has_more": more,
        }
        if more:
            body["response_metadata"] = {"next_cursor": self._cursor(start + limit)}
        return Answer(body)

    def _channel_page(self, chosen: list[Channel], arguments: Json) -> Answer:
        start, limit = self._start(arguments), _limit(arguments)
        if _true(arguments.get("exclude_archived")):
            chosen = [each for each in chosen if not each.archived]
        more = len(chosen) > start + limit
        cursor = self._cursor(start + limit) if more else ""
        page = [_described(each) for each in chosen[start : start + limit]]
        return Answer({"ok": True, "channels": page, "response_metadata": {"next_cursor": cursor}})

    def _cursor(self, start: int) -> str:
        return f"cursor:{start}="

    def _start(self, arguments: Json) -> int:
        cursor = str(arguments.get("cursor") or "cursor:0=")
        if not cursor.startswith("cursor:"):
            raise SlackError("invalid_cursor")
        return int(cursor.removeprefix("cursor:").rstrip("="))


def rate_key(method: str, channel: str | None) -> str:
    """Return what a limit counts: posts by channel, every other method for the whole workspace."""
    return f"post:{channel}" if method in {"chat.postMessage", "webhook"} else method


def _check(body: Json) -> None:
    refused = refusal(body)
    if refused is None:
        return
    more: Json = {}
    if refused.messages:
        more["errors"] = list(refused.messages)
        more["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in refused.messages]}
    raise SlackError(refused.error, **more)


def _within(message: Message, arguments: Json) -> bool:
    ts = float(message.ts)
    oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or "inf")
    return oldest <= ts <= latest if _true(arguments.get("inclusive")) else oldest < ts < latest


def _limit(arguments: Json) -> int:
    return min(int(arguments.get("limit") or 100), 999)


def _true(value: object) -> bool:
    return value in {True, "1", "true", "True"} if isinstance(value, bool | str) else bool(value)


def _described(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_member": channel.member,
        "is_archived": channel.archived,
        "is_private": channel.private,
    }


METHODS: dict[str, Callable[[World, Json], Answer]] = {
    "chat.postMessage": World.post_message,
    "chat.update": World.update,
    "conversations.history": World.history,
    "conversations.replies": World.replies,
    "conversations.info": World.info,
    "conversations.join": World.join,
    "conversations.list": World.list_channels,
    "users.conversations": World.own_channels,
    "users.lookupByEmail": World.look_up,
    "users.info": World.who,
    "chat.postEphemeral": World.whisper,
    "auth.test": World.auth,
}
