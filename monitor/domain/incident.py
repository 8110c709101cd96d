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
    """What happened to an incident.

    `seen` is bookkeeping: looked at again, counters moved, nothing to tell. `pressed`: somebody asked for something
    that changes nothing by itself, or that was refused.
    """

    SEEN = "seen"
    OPENED = "opened"
    REOPENED = "reopened"
    WORSE = "worse"
    STILL_FAILING = "still_failing"
    REMINDED = "reminded"
    STILL_UNVERIFIED = "still_unverified"
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
    PRESSED = "pressed"


ENDED = frozenset({IncidentState.RESOLVED, IncidentState.WITHDRAWN})
HUSHED = frozenset({IncidentState.SNOOZED, IncidentState.ACCEPTED})
QUIET = frozenset({ChangeKind.SEEN, ChangeKind.STILL_FAILING, ChangeKind.PRESSED})
OF_DATA = frozenset({IncidentKind.BROKEN, IncidentKind.WARNING})
UNVERIFIED = frozenset({IncidentKind.NOT_VERIFIED, IncidentKind.SERVER_DOWN, IncidentKind.NO_RUN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One thing that is wrong with one target, from its first failure to its end.

    `key` is the check's id, or the name of a root cause (`server:warehouse`, `not_verified:flights.schema`). `children`
    are the checks that it keeps from being verified; of a server, the targets. `recent` holds up to ten last evaluated
    outcomes of its check, oldest first, one letter each: p(ass), w(arn), f(ail); of troubles that are not of data
    e(rror) for a failure. `failures` and `passes` count since the last opposite; not knowing counts for neither.
    `team_told_at` is when, not knowing for so long, the contracts' own channels were last told of it too. `until` ends
    a snooze or an acceptance (which outlives a pass), `by` and `why` are the last person's. `worst` is the worst value
    so far, `told` the one that people last heard of, `reminded_at` is when they did, `reminders` counts since then.
    `is_silenced` says that a maintenance window keeps it quiet. `group` is the story it belongs to: the incidents of
    one target that share a thread. `sequence` is the number of its last change.
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
    sequence: int = 0
    told: Decimal | None = None
    is_silenced: bool = False
    team_told_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Say whether it is resolved or withdrawn."""
        return self.state in ENDED

    @property
    def is_team_told(self) -> bool:
        """Say whether the contracts' own channels hear of it too."""
        return self.team_told_at is not None

    @property
    def is_hushed(self) -> bool:
        """Say whether people asked not to hear of it for now."""
        return self.state in HUSHED or self.is_silenced


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentChange:
    """Something that happened to an incident, and the incident as it is since.

    `sequence` counts from 1 per incident. Of a target's first run one summary is sent and nobody is mentioned.
    """

    incident: Incident
    kind: ChangeKind
    at: datetime
    sequence: int
    run_id: str | None = None
    by: str | None = None
    why: str | None = None
    is_first_run: bool = False

    @property
    def is_quiet(self) -> bool:
        """Say whether it is only kept: bookkeeping, or something that people asked not to hear of.

        An end is never quiet (a thread that tells of the incident must learn of it); nor is what a person did.
        """
        if self.kind in QUIET:
            return True
        return self.incident.is_hushed and not self.incident.is_over and self.by is None
