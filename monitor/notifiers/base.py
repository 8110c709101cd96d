"""The seam between the outbox and the ways to reach people.

A notifier makes one attempt and says exactly what became of it. It never retries, never waits and keeps no pace: the
outbox does, because only the outbox survives a crash.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from monitor import exact_json

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]

EVENT_TYPE = "pactwatch_alert"
PEOPLE = "people"
"""The `block_id` of the block to whose text a notifier adds the mentions."""

USER = re.compile(r"[UW][A-Z0-9]{2,20}")
GROUP = re.compile(r"S[A-Z0-9]{2,20}")


class MentionKind(StrEnum):
    """Who is called. There is none for a whole channel: Pactwatch calls people, not rooms."""

    USER = "user"
    GROUP = "group"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Somebody to call: a user or group by Slack's id, or a person by e-mail. Raises ValueError for a wrong id."""

    kind: MentionKind
    value: str

    def __post_init__(self) -> None:
        """Refuse an id that could be anything else than a mention."""
        shape = {MentionKind.USER: USER, MentionKind.GROUP: GROUP}.get(self.kind)
        if shape and not shape.fullmatch(self.value):
            raise ValueError(f"{self.value!r} is no Slack {self.kind} id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A message for a machine: `role` is `parent`, `reply`, `digest` or `note`, `story` what parent and replies share.

    `incidents` are objects as `alerts.facts` makes them, of `total` that the message tells.
    """

    role: str
    story: str | None
    incidents: tuple[Mapping[str, exact_json.Json], ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What to tell, worded and within the budgets of `blocks`.

    `text` (what a notification shows) and `blocks` are Slack's markup; other notifiers undo it. `payload` is flat:
    incident, sequence, and whatever a receiver may want; it travels as Slack metadata beside the outbox id. `facts`
    say it to a machine, where a notifier carries them.
    """

    outbox_id: str
    text: str
    blocks: tuple[Mapping[str, Json], ...] = ()
    payload: Mapping[str, str | int | bool] = field(default_factory=dict)
    mentions: tuple[Mention, ...] = ()
    facts: Facts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to tell it: a Slack channel's name or id; other notifiers have but one and ignore it."""

    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Where a message is now. `channel` is Slack's id: use it from now on, a name is not accepted for updates.

    `ts` is None where a message has no handle: it can be neither updated nor replied to.
    """

    channel: str
    ts: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a notifier can do.

    Without `threads` a reply is a message of its own. Without `updates`, `update` always fails. Without `search`,
    `find` always raises CannotTell. `facts` means that the receiver is a machine,
    for which a message carries them.
    """

    threads: bool = False
    updates: bool = False
    search: bool = False
    facts: bool = False


class Fault(StrEnum):
    """What a failed delivery is the fault of; it decides what may help."""

    SERVICE = "service"
    """The way to them: the same attempt may succeed later. The only temporary one."""

    DESTINATION = "destination"
    """The channel: gone, archived, closed to us. A fallback channel may help."""

    CREDENTIALS = "credentials"
    """The token, its scopes, the address. No channel helps until somebody mends it."""

    MESSAGE = "message"
    """The message itself is refused everywhere. A simpler one may pass."""

    PARENT = "parent"
    """The message to update or reply to is gone. A new one may be sent."""


class DeliveryError(Exception):
    """The message is certainly not there. `reason` is for people and holds no secret.

    `retry_after`: seconds during which the same call must not be made again; None where nothing was said.
    """

    def __init__(self, reason: str, *, fault: Fault = Fault.SERVICE, retry_after: float | None = None) -> None:
        """Keep whose fault it is, and why."""
        self.reason = reason
        self.fault = fault
        self.retry_after = retry_after
        super().__init__(reason)

    @property
    def permanent(self) -> bool:
        """Say whether the same attempt is bound to fail again."""
        return self.fault is not Fault.SERVICE


class AmbiguousDelivery(Exception):  # noqa: N818 - it may have succeeded
    """The message may be there or not, or may yet appear: ask `find`, not sooner than `settle` seconds from now.

    Not a DeliveryError on purpose: whoever handles that one may send again.
    """

    settle = 30.0

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        """Keep what was seen of the attempt."""
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(reason)


class CannotTell(Exception):  # noqa: N818 - a gap in knowledge, not a failure
    """Nobody can find out whether a message is there, and asking again will not help."""

    def __init__(self, reason: str) -> None:
        """Keep why."""
        self.reason = reason
        super().__init__(reason)


class Notifier(Protocol):
    """One way to reach people. Every method makes one attempt; each may raise DeliveryError."""

    @property
    def abilities(self) -> Abilities:
        """Say what this notifier can do."""
        ...

    def send(self, message: Message, destination: Destination) -> Sent:
        """Tell it. Raises AmbiguousDelivery when the outcome is unknown."""
        ...

    def reply(self, message: Message, destination: Destination, thread_ts: str) -> Sent:
        """Tell it below the message `thread_ts`. Raises AmbiguousDelivery when the outcome is unknown."""
        ...

    def update(self, message: Message, destination: Destination, ts: str) -> Sent:
        """Replace the message `ts`. It may be repeated freely, so an unknown outcome is a temporary DeliveryError."""
        ...

    def find(
        self, outbox_id: str, destination: Destination, since: datetime, thread_ts: str | None = None
    ) -> Sent | None:
        """Return where the message is, sent at `since` or later; None when it is certainly not there.

        Raises CannotTell when that cannot be found out, DeliveryError when it cannot be found out now.
        """
        ...
