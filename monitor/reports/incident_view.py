"""What the page of an incident shows: what is wrong, for how long, and who did what about it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby

from monitor import words
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentState
from monitor.reports import links
from monitor.reports.frame import Frame, Link, frame, to_contract, to_index
from monitor.reports.material import Promise, Settled, TargetHistory
from monitor.reports.rows import IncidentRow, incident_glyph, incident_row, run_link
from monitor.reports.views import Instant, instant
from monitor.store.values import AlertState, ChangeRef, Telling
from monitor.visible import visible

_TOLD = {
    ChangeKind.OPENED: "opened",
    ChangeKind.REOPENED: "came back",
    ChangeKind.WORSE: "got worse",
    ChangeKind.STILL_FAILING: "still failing",
    ChangeKind.REMINDED: "people were reminded",
    ChangeKind.STILL_UNVERIFIED: "still not verified: the team was told too",
    ChangeKind.ACKNOWLEDGED: "acknowledged",
    ChangeKind.SNOOZED: "snoozed",
    ChangeKind.ACCEPTED: "accepted as a known breach",
    ChangeKind.SILENCE_ENDED: "a silence ended",
    ChangeKind.FLAPPING: "began to flap",
    ChangeKind.CALM_AGAIN: "calm again",
    ChangeKind.JOINED: "joined a root cause",
    ChangeKind.LEFT: "stands on its own again",
    ChangeKind.RESOLVED: "resolved",
    ChangeKind.WITHDRAWN: "withdrawn: what it was about is gone",
    ChangeKind.PRESSED: "a button was pressed",
}
_GLYPHS = {
    ChangeKind.OPENED: "fail",
    ChangeKind.REOPENED: "fail",
    ChangeKind.WORSE: "fail",
    ChangeKind.RESOLVED: "pass",
    ChangeKind.CALM_AGAIN: "pass",
    ChangeKind.FLAPPING: "warn",
}
_MEASURED = frozenset({ChangeKind.OPENED, ChangeKind.REOPENED, ChangeKind.WORSE, ChangeKind.STILL_FAILING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happened; `count` and `last` tell of several alike on end, `told` who heard of it."""

    at: Instant
    last: Instant | None
    glyph: str
    what: str
    count: int
    measured: str | None
    by: str | None
    why: str | None
    run: Link | None
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """Everything the page of an incident says."""

    frame: Frame
    row: IncidentRow
    title: str
    promise: str | None
    check: Link | None
    measured: str | None
    worst: str | None
    severity: str
    children: tuple[Link, ...]
    steps: tuple[Step, ...]


def incident_page(
    incident: Incident,
    changes: tuple[IncidentChange, ...],
    history: TargetHistory,
    promise: Promise,
    settled: Settled,
) -> IncidentPage:
    """Return what the page of this incident shows."""
    path = links.incident_page(incident.target, incident.id)
    name = promise.contract.name if promise.contract else history.latest.run.name
    checks = {kept.check.id: kept.check for kept in history.checks}
    check = checks.get(incident.key)
    row = incident_row(incident, path)
    title = check.name if check else incident.key

    def number(value: Decimal | None) -> str | None:
        if check is None or value is None:
            return None
        return str(words.amount(check, words.plain_number(value), None))

    def to_check(check_id: str) -> Link:
        found = checks.get(check_id)
        to = links.check_link(history.target, found.dataset, check_id) if found else None
        return Link(text=visible(check_id), href=links.relative(path, to=to) if to else None)

    return IncidentPage(
        frame=frame(settled, path, f"{row.state}: {title}", to_index(path), to_contract(path, history.target, name)),
        row=row,
        title=visible(title),
        promise=words.expected(check) if check else None,
        check=to_check(check.id) if check else None,
        measured=number(incident.measured),
        worst=number(incident.worst) if incident.worst != incident.measured else None,
        severity=visible(incident.severity),
        children=tuple(to_check(child) for child in incident.children),
        steps=_steps(changes, history, path, number),
    )


def _steps(
    changes: tuple[IncidentChange, ...],
    history: TargetHistory,
    path: str,
    number: Callable[[Decimal | None], str | None],
) -> tuple[Step, ...]:
    """Return what happened, in order; bookkeeping is left out, and the same thing on end is told once."""
    told = [change for change in changes if change.kind is not ChangeKind.SEEN]
    steps = []
    for _, several in groupby(told, key=_alike):
        alike = list(several)
        first, last = alike[0], alike[-1]
        steps.append(
            Step(
                at=instant(first.at),
                last=instant(last.at) if len(alike) > 1 else None,
                glyph=_glyph(first),
                what=_TOLD[first.kind],
                count=len(alike),
                measured=number(last.incident.measured) if first.kind in _MEASURED and not last.why else None,
                by=visible(first.by) if first.by else None,
                why=visible(last.why) if last.why else None,
                run=run_link(last.run_id, history, path) if last.run_id and len(alike) == 1 else None,
                told=_told(alike, history.tellings),
            )
        )
    return tuple(steps)


def _told(changes: Iterable[IncidentChange], tellings: Iterable[Telling]) -> tuple[str, ...]:
    """Return where these changes were told, and where they could not be, or not yet; each place once."""
    refs = {ChangeRef(incident=change.incident.id, sequence=change.sequence) for change in changes}
    found = (_fate(telling) for telling in tellings if telling.ref in refs)
    return tuple(dict.fromkeys(visible(words) for words in found if words is not None))


def _fate(telling: Telling) -> str | None:
    """Return what became of one alert; None for one in whose place another tells."""
    match telling.state:
        case AlertState.SENT:
            return f"Told in {telling.destination}"
        case AlertState.SUPERSEDED:
            return None
        case AlertState.DEAD:
            return f"Could not be told in {telling.destination}: {telling.why}"
        case _:
            return f"Not told yet in {telling.destination}" + (f": {telling.why}" if telling.why else "")


def _alike(change: IncidentChange) -> tuple[ChangeKind, str | None, str | None]:
    """Return what makes changes the same: of a failure that goes on only that it does."""
    return change.kind, change.by, None if change.kind is ChangeKind.STILL_FAILING else change.why


def _glyph(change: IncidentChange) -> str:
    """Return the sign of what happened: bad news looks as its incident does, never as broken data where none are."""
    glyph = _GLYPHS.get(change.kind, "skipped")
    return incident_glyph(replace(change.incident, state=IncidentState.OPEN)) if glyph == "fail" else glyph
