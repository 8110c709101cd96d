"""Troubles that are not of data: no run, an invalid file, alerts that cannot be delivered. Each has its watcher.

A dead server and checks that cannot be verified are found by the runs themselves; see `reconcile`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.incident import Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.target import MONITOR, TargetKey
from monitor.incidents.book import Book
from monitor.incidents.life import Sighting, ends, fails
from monitor.incidents.moment import Moment, Silenced, never_silenced
from monitor.incidents.policy import Policy

NO_RUN = "no_run"
"""The key of the incident that a target was not run when it was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong now. `why` is said to people."""

    target: TargetKey
    key: str
    why: str
    severity: str = "error"


def missed_run(target: TargetKey, why: str) -> Trouble:
    """Return the trouble that a target was not run when it was due."""
    return Trouble(target=target, key=NO_RUN, why=why)


def invalid_file(file: str, why: str) -> Trouble:
    """Return the trouble that a contract file is none."""
    return Trouble(target=MONITOR, key=f"file:{file}", why=why)


def undelivered(channel: str, why: str) -> Trouble:
    """Return the trouble that a channel takes no messages."""
    return Trouble(target=MONITOR, key=f"delivery:{channel}", why=why)


def watch(
    known: Iterable[Incident],
    kind: IncidentKind,
    troubles: Iterable[Trouble],
    now: datetime,
    policy: Policy,
    is_silenced: Silenced = never_silenced,
) -> tuple[IncidentChange, ...]:
    """Return what changed, given all troubles of one kind that there are now: the missing ones are over.

    `known` are the incidents of this kind, and what else lives of their targets so that they join its story.
    """
    moment = Moment(now=now, policy=policy, is_silenced=is_silenced)
    known = tuple(known)
    book = Book(known, moment)
    present = {(trouble.target, trouble.key): trouble for trouble in troubles}
    for incident in known:
        if incident.kind is kind and not incident.is_over and (incident.target, incident.key) not in present:
            book.write(ends(incident, IncidentState.RESOLVED, moment))
    for (target, key), trouble in present.items():
        sighting = Sighting(target=target, key=key, kind=kind, severity=trouble.severity, why=trouble.why)
        book.write(fails(book.find(target, key), sighting, moment, book.group(target)))
    return book.changes
