"""When and under which rules something happens to an incident, and the change that it makes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.domain.incident import ChangeKind, Incident, IncidentChange
from monitor.incidents.policy import Policy

Silenced = Callable[[Incident], bool]
"""Says whether a maintenance window covers an incident now."""


def never_silenced(_: Incident) -> bool:
    """Cover nothing."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When and under which rules something happens, and the run that showed it."""

    now: datetime
    policy: Policy
    run_id: str | None = None
    is_first_run: bool = False
    is_silenced: Silenced = never_silenced


def changed(
    incident: Incident, kind: ChangeKind, moment: Moment, *, by: str | None = None, why: str | None = None
) -> IncidentChange:
    """Return the change that makes an incident what it is given as."""
    after = replace(incident, sequence=incident.sequence + 1)
    return IncidentChange(
        incident=after,
        kind=kind,
        at=moment.now,
        sequence=after.sequence,
        run_id=moment.run_id,
        by=by,
        why=why,
        is_first_run=moment.is_first_run,
    )
