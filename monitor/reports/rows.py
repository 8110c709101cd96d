"""The rows that several pages share: a check with its course, an incident, a run, a change of the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor import words
from monitor.domain.incident import ENDED, OF_DATA, Incident, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult, Outcome
from monitor.drift.words import consequence, sentence
from monitor.reports import charts, links
from monitor.reports.frame import GLYPHS, Link
from monitor.reports.material import TargetHistory
from monitor.reports.now import Now
from monitor.reports.views import OUTCOME_WORDS, VERDICT_WORDS, Instant, instant
from monitor.store.values import DriftRecord, RunRecord, Trigger
from monitor.visible import visible

_KINDS = {
    IncidentKind.BROKEN: "broken",
    IncidentKind.WARNING: "warning",
    IncidentKind.NOT_VERIFIED: "not verified",
    IncidentKind.SERVER_DOWN: "server down",
    IncidentKind.NO_RUN: "no run",
    IncidentKind.INVALID_FILE: "invalid contract file",
    IncidentKind.DELIVERY: "not delivered",
}
_TRIGGERS = {Trigger.SCHEDULED: "scheduled", Trigger.ON_DEMAND: "on demand", Trigger.API: "asked for"}
_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """A check with its last value, its limit and its course. `since` is when its outcome became what it is."""

    href: str
    check: str
    promise: str
    outcome: str
    word: str
    dataset: str
    expected: str
    measured: words.Measured | None
    reason: str | None
    since: Instant
    spark: charts.Chart | None
    spark_words: str
    incident: "IncidentRow | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An incident: what it is about, what state it is in, how long it has lasted, who took care of it."""

    href: str | None
    about: str
    kind: str
    glyph: str
    state: str
    is_over: bool
    since: Instant
    ended: Instant | None
    lasted: str
    by: str | None
    why: str | None
    until: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run of the past."""

    href: str | None
    run_id: str
    glyph: str
    word: str
    at: Instant
    version: str
    cause: str
    told: str
    is_shadow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """Something that changed about a table or a contract."""

    what: str
    whom: str
    against: str
    at: Instant


def check_rows(history: TargetHistory, now: Now, path: str, days: int) -> tuple[CheckRow, ...]:
    """Return a row for each check that is promised, in the order of history: by dataset and place in the file."""
    open_ones = {incident.key: incident for incident in history.incidents if not incident.is_over}
    return tuple(
        CheckRow(
            href=links.relative(path, to=links.check_link(history.target, result.check.dataset, result.check.id)),
            check=visible(result.check.id),
            promise=visible(result.check.name),
            outcome=result.outcome,
            word=OUTCOME_WORDS[result.outcome][0],
            dataset=visible(result.check.dataset),
            expected=words.expected(result.check),
            measured=words.measured(result),
            reason=words.reason(result),
            since=instant(now.since[result.check.id]),
            spark=charts.spark(history.trends.get(result.check.id, ()), until=history.until, length=days),
            spark_words=_course(result, history, days),
            incident=incident_row(open_ones[result.check.id], path) if result.check.id in open_ones else None,
        )
        for result in now.run.scan.results
    )


def incident_row(incident: Incident, path: str) -> IncidentRow:
    """Return an incident in words."""
    end = incident.ended_at if incident.is_over else None
    return IncidentRow(
        href=links.relative(path, to=links.incident_page(incident.target, incident.id)),
        about=visible(incident.key),
        kind=_KINDS[incident.kind],
        glyph=incident_glyph(incident),
        state=state_words(incident),
        is_over=incident.is_over,
        since=instant(incident.first_failed_at),
        ended=instant(end) if end else None,
        lasted=lasting((end or incident.last_seen_at) - incident.first_failed_at),
        by=visible(incident.by) if incident.by else None,
        why=visible(incident.why) if incident.why else None,
        until=instant(incident.until) if incident.until and not incident.is_over else None,
    )


def incident_glyph(incident: Incident) -> str:
    """Return the sign of an incident: of what is over, of broken data, of a warning, of not knowing."""
    if incident.state in ENDED:
        return "pass" if incident.state is IncidentState.RESOLVED else "skipped"
    if incident.kind in OF_DATA:
        return "fail" if incident.kind is IncidentKind.BROKEN else "warn"
    return "error"


def state_words(incident: Incident) -> str:
    """Return the state of an incident as people say it."""
    told = {IncidentState.ACCEPTED: "known and accepted"}.get(incident.state, incident.state.value)
    return f"{told}, flapping" if incident.is_flapping and not incident.is_over else told


def run_link(run_id: str, history: TargetHistory, path: str) -> Link:
    """Return the way to a run's page; only words where its results are not kept any more."""
    to = links.run_page(history.target, run_id) if run_id in history.kept_runs else None
    return Link(text=visible(run_id), href=links.relative(path, to=to) if to else None)


def run_rows(runs: Iterable[RunRecord], history: TargetHistory, path: str) -> tuple[RunRow, ...]:
    """Return runs in words."""
    return tuple(
        RunRow(
            href=run_link(run.run_id, history, path).href,
            run_id=visible(run.run_id),
            glyph="shadow" if run.shadow else GLYPHS[run.verdict],
            word=VERDICT_WORDS[run.verdict],
            at=instant(run.started_at),
            version=visible(run.version),
            cause=_TRIGGERS[run.trigger]
            + (", a part" if run.subset else "")
            + (", in the shadow" if run.shadow else ""),
            told=told(run.counts),
            is_shadow=run.shadow,
        )
        for run in runs
    )


def told(counts: Mapping[Outcome, int]) -> str:
    """Return counts in words, worst first, without what there is none of: `2 broken, 17 hold`."""
    parts = [f"{counts[outcome]:,} {OUTCOME_WORDS[outcome][counts[outcome] != 1]}" for outcome in OUTCOME_WORDS]
    return ", ".join(part for part in parts if not part.startswith("0 ")) or "nothing was checked"


def drift_rows(records: Sequence[DriftRecord]) -> tuple[DriftRow, ...]:
    """Return changes of the ledger in words."""
    return tuple(
        DriftRow(
            what=visible(sentence(record.event)),
            whom=consequence(record.event),
            against={"contract": "against the contract", "last_time": "against last time"}[record.against],
            at=instant(record.at),
        )
        for record in records
    )


def lasting(span: timedelta) -> str:
    """Return how long something lasted: to the minute, a short time to the second."""
    seconds = max(int(span.total_seconds()), 0)
    return words.duration(seconds - seconds % _MINUTE if seconds > _MINUTE else seconds)


def day(moment: datetime) -> str:
    """Return a moment's UTC day."""
    return f"{moment:%-d %b %Y}"


def _course(result: CheckResult, history: TargetHistory, days: int) -> str:
    """Return what the small drawing shows, for those who do not see it."""
    points = history.trends.get(result.check.id, ())
    bad = sum(point.worst is not Outcome.PASS for point in points)
    return f"{len(points)} of {days} days; not as promised on {bad}"
