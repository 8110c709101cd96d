"""The incidents that matter now, and what happened to them so far in one pass."""

from collections.abc import Iterable
from datetime import datetime

from monitor.domain.incident import Incident, IncidentChange, IncidentState
from monitor.domain.target import TargetKey
from monitor.incidents.moment import Moment


class Book:
    """Holds, for each target and key, the living incident or the one that ended last and may come back."""

    def __init__(self, known: Iterable[Incident], moment: Moment) -> None:
        """Open the book; incidents that ended too long ago are not in it."""
        self._changes: list[IncidentChange] = []
        self._incidents: dict[tuple[TargetKey, str], Incident] = {}
        for incident in sorted(known, key=_latest_last):
            if not incident.is_over or _may_return(incident, moment):
                self._incidents[incident.target, incident.key] = incident

    @property
    def changes(self) -> tuple[IncidentChange, ...]:
        """What was written, in order."""
        return tuple(self._changes)

    def find(self, target: TargetKey, key: str) -> Incident | None:
        """Return the incident that lives, or that a new failure would bring back."""
        return self._incidents.get((target, key))

    def live(self, target: TargetKey, key: str) -> Incident | None:
        """Return the incident only if it lives."""
        found = self.find(target, key)
        return found if found and not found.is_over else None

    def live_of(self, target: TargetKey) -> dict[str, Incident]:
        """Return the living incidents of a target by key."""
        return {
            incident.key: incident
            for incident in self._incidents.values()
            if incident.target == target and not incident.is_over
        }

    def group(self, target: TargetKey) -> str | None:
        """Return the story that is being told of a target, the latest if there are several; None if there is none."""
        live = self.live_of(target).values()
        told = [incident for incident in live if incident.state is not IncidentState.PENDING]
        return max(told, key=_opening).group if told else None

    def write(self, change: IncidentChange | None) -> None:
        """Note what happened to an incident, if anything did."""
        if change is not None:
            self._changes.append(change)
            self._incidents[change.incident.target, change.incident.key] = change.incident


def _latest_last(incident: Incident) -> tuple[bool, datetime, str]:
    return (not incident.is_over, incident.ended_at or incident.last_seen_at, incident.id)


def _may_return(incident: Incident, moment: Moment) -> bool:
    """Say whether a new failure brings it back: it ended lately, or is accepted until a date that is still to come."""
    if incident.until is not None and incident.until > moment.now:
        return True
    return incident.ended_at is not None and moment.now - incident.ended_at <= moment.policy.reopen_within


def _opening(incident: Incident) -> tuple[datetime, str]:
    return (incident.opened_at or incident.first_failed_at, incident.id)
