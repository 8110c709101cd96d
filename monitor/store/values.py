"""What the store is told and what it tells, beside the nouns of `domain`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from monitor.domain.check import Check
from monitor.domain.drift import DriftEvent
from monitor.domain.scan import Outcome, Verdict
from monitor.domain.target import TargetKey
from monitor.store.types import Json


class Trigger(StrEnum):
    """What made a run happen."""

    ON_DEMAND = "on_demand"
    SCHEDULED = "scheduled"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A recorded run without its results.

    `slot` is the moment that a schedule asked for, None on demand. `stands` says whether "the verdict now" rests on it.
    `pruned` says that its results live on in the daily roll-ups only.
    """

    run_id: str
    target: TargetKey
    slug: str
    name: str
    version: str
    file: str
    fingerprint: str
    location: str | None
    trigger: Trigger
    slot: datetime | None
    shadow: bool
    subset: bool
    stands: bool
    started_at: datetime
    finished_at: datetime
    verdict: Verdict
    counts: Mapping[Outcome, int]
    pruned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """When a check last held: the last such run, what it measured, and since when it had held without a break."""

    at: datetime
    since: datetime
    run_id: str
    measured: int | Decimal | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The latest result of a check that stands. `since` is when its outcome became what it is."""

    target: TargetKey
    check: Check
    run_id: str
    at: datetime
    outcome: Outcome
    since: datetime
    measured: int | Decimal | None = None
    rows: int | None = None
    reason: str = ""
    last_held: Held | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One result in the history of a check."""

    at: datetime
    run_id: str
    outcome: Outcome
    stands: bool
    measured: int | Decimal | None = None
    rows: int | None = None
    seconds: float | None = None
    reason: str = ""


class Against(StrEnum):
    """What the live columns, or a contract, were compared with."""

    CONTRACT = "contract"
    LAST_TIME = "last_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRecord:
    """A drift event in the ledger: of which target, which run found it, when, and compared with what."""

    target: TargetKey
    run_id: str
    at: datetime
    against: Against
    event: DriftEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One story in one channel. `state` is what the parent message says, in the words of whoever sends it."""

    group: str
    destination: str
    about: str
    opened_at: datetime
    channel: str | None = None
    ts: str | None = None
    state: Mapping[str, Json]
    closed_at: datetime | None = None


class AlertState(StrEnum):
    """Where an alert is. `failed` will be tried again; `dead` will not."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ChangeRef:
    """A change of an incident that an alert tells."""

    incident: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedAlert:
    """An alert to send: `payload` is for the notifier of its destination; `tells` are the changes that it tells.

    `due_at` is when people should have heard of it, by default as soon as it may go.
    """

    id: str
    destination: str
    kind: str
    payload: Mapping[str, Json]
    tells: tuple[ChangeRef, ...] = ()
    target: TargetKey | None = None
    not_before: datetime | None = None
    due_at: datetime | None = None

    @property
    def story(self) -> str | None:
        """Return the group of incidents whose thread it belongs to, None where it begins and ends a story itself."""
        return str(self.payload.get("group") or "") or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An alert that is this owner's to send until a moment, as its attempt of this number (from 1).

    `may_have_been_sent` says that an earlier attempt has no known end: look before sending again. `pace` is how long
    the channel rests afterwards.
    """

    alert: QueuedAlert
    owner: str
    attempt: int
    until: datetime
    queued_at: datetime
    due_at: datetime
    may_have_been_sent: bool
    pace: timedelta


class Attempt(StrEnum):
    """How an attempt to send ended; `lost` is that of a sender who never came back."""

    SENT = "sent"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """One attempt to send an alert."""

    attempt: int
    at: datetime
    outcome: Attempt
    error: str | None = None
    channel: str | None = None
    ts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRecord:
    """An alert with what became of it. `superseded_by` is what is told instead, also of one that is dead."""

    alert: QueuedAlert
    state: AlertState
    attempts: int
    queued_at: datetime
    finished_at: datetime | None
    superseded_by: str | None
    may_have_been_sent: bool = False
    deliveries: tuple[DeliveryRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One change that one alert is to tell, and what became of the alert; `why` it waits or is dead."""

    ref: ChangeRef
    alert: str
    destination: str
    state: AlertState
    superseded_by: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTrouble:
    """A channel that takes no messages: whose fault that is, and the words of whoever refused the last one."""

    destination: str
    fault: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """When a daemon was last alive, by the database's clock."""

    name: str
    started_at: datetime
    at: datetime
    details: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What one pass of retention removed."""

    results: int = 0
    days: int = 0
    runs: int = 0
    slots: int = 0
    changes: int = 0
    alerts: int = 0
