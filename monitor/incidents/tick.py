"""What the clock alone does to incidents: quiet ends, reminders come due, teams hear of what nobody could verify."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from monitor.domain.incident import UNVERIFIED, ChangeKind, Incident, IncidentChange, IncidentState
from monitor.incidents.life import awake, has_woken, heard
from monitor.incidents.moment import Moment, Silenced, changed, never_silenced
from monitor.incidents.policy import Policy, pause

Concerns = Callable[[Incident], bool]
"""Says whether there is a team to tell that nobody could verify its promises."""


def once(incident: Incident) -> bool:
    """Tell a team that was not told yet."""
    return not incident.is_team_told


def tick(
    incidents: Iterable[Incident],
    now: datetime,
    policy: Policy,
    is_silenced: Silenced = never_silenced,
    concerns: Concerns = once,
) -> tuple[IncidentChange, ...]:
    """Return what became due, at most one change per incident; however long nobody asked, it is said once."""
    moment = Moment(now=now, policy=policy, is_silenced=is_silenced)
    found = (_tick(incident, moment, concerns) for incident in incidents if not incident.is_over)
    return tuple(change for change in found if change is not None)


def _tick(before: Incident, moment: Moment, concerns: Concerns) -> IncidentChange | None:
    after = awake(before, moment)
    if has_woken(before, after) and after.failures:
        return changed(heard(after, moment), ChangeKind.SILENCE_ENDED, moment)
    if after != before:
        return changed(after, ChangeKind.SEEN, moment)
    if _is_long_unknown(after, moment) and concerns(after):
        return changed(replace(after, team_told_at=moment.now), ChangeKind.STILL_UNVERIFIED, moment)
    if _is_due(after, moment):
        reminded = replace(heard(after, moment), reminders=after.reminders + 1)
        return changed(reminded, ChangeKind.REMINDED, moment)
    return None


def _is_long_unknown(incident: Incident, moment: Moment) -> bool:
    """Say whether promises could not be verified for so long that their teams should know."""
    if incident.kind not in UNVERIFIED or incident.is_hushed or incident.opened_at is None:
        return False
    is_told = incident.state is not IncidentState.PENDING
    return is_told and moment.now - incident.opened_at >= moment.policy.team_hears_after


def _is_due(incident: Incident, moment: Moment) -> bool:
    """Say whether people should be reminded: it fails, it was told, nobody took it and nobody asked for quiet."""
    if incident.state is not IncidentState.OPEN or incident.is_hushed or not incident.failures:
        return False
    last = incident.reminded_at or incident.opened_at or incident.first_failed_at
    return moment.now - last >= pause(incident.reminders, moment.policy)
