"""What is wrong, for how long, and what people did about it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from monitor.domain.target import TargetKey


class IncidentKind(StrEnum):
    """What kind of trouble it is. Only `broken` and `warning` speak of data; the others of not knowing."""

    BROKEN = "broken"
    WARNING = "warning"
    NOT_VERIFIED = "not_verified"
    SERVER_DOWN = "server_down"
    NO_RUN = "no_run"
    INVALID_FILE = "invalid_file"
    DELIVERY = "delivery"


class IncidentState(StrEnum):
    """Where an incident stands. `pending` has not yet failed often enough to be told."""

    PENDING = "pending"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class ChangeKind(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    REOPENED = "reopened"
    WORSE = "worse"
    STILL_FAILING = "still_failing"
    REMINDED = "reminded"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    ACCEPTED = "accepted"
    SILENCE_ENDED = "silence_ended"
    FLAPPING = "flapping"
    CALM_AGAIN = "calm_again"
    JOINED = "joined"
    LEFT = "left"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


ENDED = frozenset({IncidentState.RESOLVED, IncidentState.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One thing that is wrong with one target, from its first failure to its end.

    `key` is the check's id, or the name of a root cause (`server:warehouse`). `children` are the checks that it keeps
    from being verified. `recent` holds up to ten last outcomes of its check, oldest first, one letter each: p(ass),
    w(arn), f(ail), e(rror), b(locked). `failures` and `passes` count since the last opposite; not knowing counts for
    neither. `until` ends a snooze or an acceptance. `worst` is the worst value measured so far.
    """

    id: str
    target: TargetKey
    key: str
    kind: IncidentKind
    state: IncidentState
    dataset: str = ""
    severity: str = "error"
    first_failed_at: datetime
    opened_at: datetime | None = None
    last_seen_at: datetime
    ended_at: datetime | None = None
    failures: int = 0
    passes: int = 0
    recent: str = ""
    is_flapping: bool = False
    measured: Decimal | None = None
    worst: Decimal | None = None
    children: tuple[str, ...] = ()
    until: datetime | None = None
    by: str | None = None
    why: str | None = None
    reminded_at: datetime | None = None
    reminders: int = 0
    group: str | None = None

    @property
    def is_over(self) -> bool:
        """Say whether it is resolved or withdrawn."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentChange:
    """Something that happened to an incident, and the incident as it is since. `sequence` counts from 1 per incident."""

    incident: Incident
    kind: ChangeKind
    at: datetime
    sequence: int
    run_id: str | None = None
    by: str | None = None
    why: str | None = None
