"""The life of one incident: what it becomes when its check fails, passes, or is gone; one change at a time."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from monitor.domain.check import Check
from monitor.domain.incident import (
    HUSHED,
    OF_DATA,
    UNVERIFIED,
    ChangeKind,
    Incident,
    IncidentChange,
    IncidentKind,
    IncidentState,
)
from monitor.domain.target import TargetKey
from monitor.incidents.moment import Moment, changed
from monitor.incidents.policy import Policy, flips, is_calm, remember
from monitor.incidents.worse import is_clearly_worse, worst_of

PASSED = "p"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One look at something that is wrong. `check` is None for troubles that are not of data."""

    target: TargetKey
    key: str
    kind: IncidentKind
    letter: str = "e"
    dataset: str = ""
    severity: str = "error"
    measured: Decimal | None = None
    check: Check | None = None
    children: tuple[str, ...] = ()
    why: str | None = None


def fails(before: Incident | None, sighting: Sighting, moment: Moment, group: str | None) -> IncidentChange:
    """Return what a failure makes of an incident that lives, has ended lately (it comes back) or is new.

    `group` is the story it joins when it is told for the first time; None begins one.
    """
    incident = _failing(before, sighting, moment)
    kind = _kind_of_failure(before, incident, sighting, moment.policy)
    match kind:
        case ChangeKind.FLAPPING:
            incident = replace(incident, is_flapping=True)
        case ChangeKind.CALM_AGAIN:
            incident = calmed(incident, moment.policy)
        case _:
            pass
    if kind not in {ChangeKind.SEEN, ChangeKind.STILL_FAILING, ChangeKind.JOINED, ChangeKind.LEFT}:
        incident = heard(opened(incident, moment, group), moment)
    return changed(incident, kind, moment, why=sighting.why)


def passes(
    before: Incident, measured: Decimal | None, moment: Moment, children: tuple[str, ...], why: str | None = None
) -> IncidentChange | None:
    """Return what a pass makes of an incident; None where it has ended and remembers nothing but passes."""
    recent = remember(before.recent, PASSED)
    if before.is_over:
        if recent == before.recent:
            return None
        return changed(replace(before, recent=recent, last_seen_at=moment.now), ChangeKind.SEEN, moment)
    incident = awake(
        replace(
            before,
            recent=recent,
            last_seen_at=moment.now,
            measured=measured,
            passes=before.passes + 1,
            failures=0,
            children=children,
        ),
        moment,
    )
    if before.is_flapping:
        if not is_calm(recent, moment.policy.calm_after):
            return changed(incident, ChangeKind.SEEN, moment)
        incident = calmed(incident, moment.policy)
    elif flips(recent) >= moment.policy.flips_to_flap:
        incident = replace(opened(incident, moment, None), is_flapping=True, reminded_at=moment.now, reminders=0)
        return changed(incident, ChangeKind.FLAPPING, moment, why=why)
    if incident.passes >= moment.policy.resolve_after_passes:
        return ends(incident, IncidentState.RESOLVED, moment, why=why)
    return changed(incident, ChangeKind.CALM_AGAIN if before.is_flapping else ChangeKind.SEEN, moment)


def ends(
    before: Incident, state: IncidentState, moment: Moment, *, by: str | None = None, why: str | None = None
) -> IncidentChange:
    """Return how an incident ends; one that was still pending ends as quietly as it began.

    A breach that was accepted until a date stays accepted until then should it come back; unless a person ends it.
    """
    is_told = before.state is not IncidentState.PENDING
    kind = ChangeKind.RESOLVED if state is IncidentState.RESOLVED else ChangeKind.WITHDRAWN
    stays_accepted = before.state is not IncidentState.SNOOZED and state is IncidentState.RESOLVED and by is None
    after = replace(
        before,
        state=state,
        ended_at=moment.now,
        until=before.until if stays_accepted else None,
        is_flapping=False,
        failures=0,
    )
    return changed(after, kind if is_told else ChangeKind.SEEN, moment, by=by, why=why)


def regrouped(before: Incident, children: tuple[str, ...], moment: Moment) -> IncidentChange | None:
    """Return the change of an incident that was not looked at itself, but keeps other checks from being verified."""
    kind = _kind_of_children(before, children)
    if kind is ChangeKind.STILL_FAILING:
        return None
    return changed(replace(before, children=children), kind, moment)


def awake(incident: Incident, moment: Moment) -> Incident:
    """Return the incident with its snooze or acceptance ended if its time is over, and its silence as it is now."""
    if incident.until is not None and incident.until <= moment.now:
        state = IncidentState.OPEN if incident.state in HUSHED else incident.state
        incident = replace(incident, state=state, until=None)
    return replace(incident, is_silenced=moment.is_silenced(incident))


def has_woken(before: Incident, after: Incident) -> bool:
    """Say whether quiet ended and nobody has taken care of it."""
    return before.is_hushed and not after.is_hushed and after.state is IncidentState.OPEN


def opened(incident: Incident, moment: Moment, group: str | None) -> Incident:
    """Return a pending incident as one that people may hear of (or have accepted before), any other as it is.

    Not knowing begins anew each time: it was known meanwhile.
    """
    if incident.state is not IncidentState.PENDING:
        return incident
    return replace(
        incident,
        state=IncidentState.ACCEPTED if incident.until else IncidentState.OPEN,
        opened_at=(None if incident.kind in UNVERIFIED else incident.opened_at) or moment.now,
        team_told_at=None,
        group=incident.group or group or incident.id,
    )


def heard(incident: Incident, moment: Moment) -> Incident:
    """Return the incident as one whose present number people know; the clock of reminders starts anew."""
    return replace(incident, told=incident.measured, reminded_at=moment.now, reminders=0)


def calmed(incident: Incident, policy: Policy) -> Incident:
    """Return the incident without its restless past."""
    return replace(incident, is_flapping=False, recent=incident.recent[-policy.calm_after :])


def _failing(before: Incident | None, sighting: Sighting, moment: Moment) -> Incident:
    """Return the incident with one more failure counted, awake; `pending` if it is new or had ended."""
    has_returned = before is not None and before.is_over
    if before is None:
        before = Incident(
            id=_identity(sighting.target, sighting.key, moment.now),
            target=sighting.target,
            key=sighting.key,
            kind=sighting.kind,
            state=IncidentState.PENDING,
            first_failed_at=moment.now,
            last_seen_at=moment.now,
        )
    elif before.is_over:
        began = moment.now if sighting.kind in UNVERIFIED else before.first_failed_at  # it was known meanwhile
        before = replace(before, state=IncidentState.PENDING, ended_at=None, first_failed_at=began)
    worst = worst_of(sighting.check, before.worst, sighting.measured) if sighting.check else None
    incident = replace(
        before,
        kind=sighting.kind,
        dataset=sighting.dataset,
        severity=sighting.severity,
        last_seen_at=moment.now,
        failures=before.failures + 1,
        passes=0,
        recent=remember(before.recent, sighting.letter),
        measured=sighting.measured,
        worst=worst,
        children=sighting.children,
    )
    incident = awake(incident, moment)
    if has_returned and incident.until is None:  # what somebody decided then says nothing of it now
        incident = replace(incident, by=None, why=None)
    return incident


def _kind_of_failure(before: Incident | None, incident: Incident, sighting: Sighting, policy: Policy) -> ChangeKind:
    if incident.is_flapping and is_calm(incident.recent, policy.calm_after):
        return ChangeKind.CALM_AGAIN
    if not incident.is_flapping and incident.kind in OF_DATA and flips(incident.recent) >= policy.flips_to_flap:
        return ChangeKind.FLAPPING
    if incident.state is IncidentState.PENDING:
        if incident.failures < policy.alert_after_failures:
            return ChangeKind.SEEN
        return ChangeKind.REOPENED if incident.opened_at else ChangeKind.OPENED
    if before is None:
        raise ValueError(incident.key)
    if has_woken(before, incident):
        return ChangeKind.SILENCE_ENDED
    if not incident.is_flapping and not incident.is_hushed and _is_worse(before, incident, sighting):
        return ChangeKind.WORSE
    return _kind_of_children(before, incident.children)


def _is_worse(before: Incident, incident: Incident, sighting: Sighting) -> bool:
    if before.kind is IncidentKind.WARNING and incident.kind is IncidentKind.BROKEN:
        return True
    return sighting.check is not None and is_clearly_worse(sighting.check, before.told, incident.measured)


def _kind_of_children(before: Incident, children: tuple[str, ...]) -> ChangeKind:
    if set(children) == set(before.children):
        return ChangeKind.STILL_FAILING
    if before.state is IncidentState.PENDING:
        return ChangeKind.SEEN
    return ChangeKind.JOINED if set(children) - set(before.children) else ChangeKind.LEFT


def _identity(target: TargetKey, key: str, began: datetime) -> str:
    """Return an id that the same beginning always has: what is computed twice is one incident."""
    text = f"{target.contract}\n{target.major}\n{target.server}\n{key}\n{began.isoformat()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
