"""What people do about an incident. Each says who and why, and stays in the history."""

from dataclasses import replace
from datetime import datetime

from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentState
from monitor.errors import UsageError
from monitor.incidents.life import ends, heard, opened
from monitor.incidents.moment import Moment, changed
from monitor.incidents.policy import Policy


def acknowledge(incident: Incident, by: str, why: str | None, now: datetime) -> IncidentChange:
    """Take care of an incident: no reminders until it passes."""
    return _decided(incident, IncidentState.ACKNOWLEDGED, ChangeKind.ACKNOWLEDGED, now, by=by, why=why)


def snooze(incident: Incident, by: str, why: str | None, until: datetime, now: datetime) -> IncidentChange:
    """Hear nothing of an incident until a moment; if it still fails then, that is said."""
    _check_end(until, now)
    return _decided(incident, IncidentState.SNOOZED, ChangeKind.SNOOZED, now, by=by, why=why, until=until)


def accept(incident: Incident, by: str, why: str, until: datetime, now: datetime) -> IncidentChange:
    """Make an incident a known breach: visible and quiet until a date."""
    _check_end(until, now)
    return _decided(incident, IncidentState.ACCEPTED, ChangeKind.ACCEPTED, now, by=by, why=why, until=until)


def resolve(incident: Incident, by: str, why: str | None, now: datetime) -> IncidentChange:
    """Call an incident over. If its check fails again within a day it comes back, its flips forgotten."""
    _check_lives(incident)
    clean = replace(opened(incident, _moment(now), None), by=by, why=why, recent="")
    return ends(clean, IncidentState.RESOLVED, _moment(now), by=by, why=why)


def note(incident: Incident, by: str, why: str, now: datetime) -> IncidentChange:
    """Keep what somebody asked for, in whatever state the incident is."""
    return changed(incident, ChangeKind.PRESSED, _moment(now), by=by, why=why)


def withdraw(incident: Incident, why: str, now: datetime, by: str | None = None) -> IncidentChange:
    """End an incident whose check, contract or server nobody watches any more."""
    _check_lives(incident)
    return ends(incident, IncidentState.WITHDRAWN, _moment(now), by=by, why=why)


def _decided(
    incident: Incident,
    state: IncidentState,
    kind: ChangeKind,
    now: datetime,
    *,
    by: str,
    why: str | None,
    until: datetime | None = None,
) -> IncidentChange:
    _check_lives(incident)
    moment = _moment(now)
    known = heard(opened(incident, moment, None), moment)  # who decides has seen it
    after = replace(known, state=state, until=until, by=by, why=why)
    return changed(after, kind, moment, by=by, why=why)


def _moment(now: datetime) -> Moment:
    return Moment(now=now, policy=Policy())


def _check_lives(incident: Incident) -> None:
    if incident.is_over:
        raise UsageError(over_since(incident))


def over_since(incident: Incident) -> str:
    """Say since when an incident that has ended is over, and how it ended."""
    since = f" since {incident.ended_at:%Y-%m-%d %H:%M} UTC" if incident.ended_at else ""
    return f"{incident.key} of {incident.target} is over{since}: it is already {incident.state}"


def _check_end(until: datetime, now: datetime) -> None:
    if until <= now:
        raise UsageError(f"the end {until:%Y-%m-%d %H:%M %Z} is not in the future")
