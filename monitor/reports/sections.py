"""The sections of checks on a page: each with its rule, its course over time, its last results, its incidents."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from monitor import words
from monitor.checks.sodacl import excerpt
from monitor.domain.check import Check, NotChecked
from monitor.domain.incident import Incident
from monitor.domain.scan import CheckResult, Outcome
from monitor.reports import charts, links
from monitor.reports.hints import Step, next_step
from monitor.reports.material import Promise, Settled, TargetHistory
from monitor.reports.now import Now, result_of
from monitor.reports.rows import IncidentRow, incident_row, run_link
from monitor.reports.statements import SharedStatement, place_of, statement_of
from monitor.reports.views import OUTCOME_WORDS, Instant, Table, instant, sample_table, where
from monitor.store.pages import DayPoint, KeptCheck, KeptResult
from monitor.store.values import Trigger
from monitor.visible import visible

PERIODS = 12
FEWEST = 14
"""So many days a chart has at least: a few points do not fill a page."""

_ORDER = (Outcome.FAIL, Outcome.ERROR, Outcome.BLOCKED, Outcome.WARN, Outcome.PASS, Outcome.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """A result of the past."""

    at: Instant
    outcome: str
    word: str
    measured: words.Measured | None
    reason: str | None
    took: str
    version: str
    run: str
    href: str | None
    is_on_demand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRow:
    """Days on end with one outcome."""

    first: str
    last: str
    outcome: str
    word: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSection:
    """A check with all that is known of it. `gone` is when it was promised no more, `since` since when it is so.

    `told` are the least and the greatest value of the chart in words, `cut` how many periods are not listed.
    """

    anchor: str
    check: str
    promise: str
    outcome: str
    word: str
    is_quiet: bool
    kind: str
    dimension: str | None
    severity: str
    expected: str
    measured: words.Measured | None
    reason: str | None
    offending: str | None
    impact: str | None
    step: Step | None
    where: str | None
    since: Instant | None
    at: Instant | None
    gone: Instant | None
    chart: charts.Chart | None
    told: str
    periods: tuple[PeriodRow, ...]
    cut: int
    results: tuple[ResultRow, ...]
    sample: Table | None
    sample_at: Instant | None
    sql: str | None
    shared: int
    sodacl: str | None
    incidents: tuple[IncidentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """The checks of a page, what asks for attention first, and those that are promised no more."""

    checks: tuple[CheckSection, ...]
    gone: tuple[CheckSection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the sections of one page share: it is about a dataset and lies at `path`."""

    history: TargetHistory
    promise: Promise
    settled: Settled
    now: Now
    shared: tuple[SharedStatement, ...]
    dataset: str
    path: str

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """Return the results of the dataset."""
        return tuple(result for result in self.now.run.scan.results if result.check.dataset == self.dataset)


def sections(told: Told) -> Sections:
    """Return the section of each check that a dataset has or had."""
    ordered = sorted(told.results, key=lambda result: _ORDER.index(result.outcome))
    return Sections(
        checks=tuple(_section(result, told) for result in ordered),
        gone=tuple(_gone(kept, told) for kept in told.now.gone if kept.check.dataset == told.dataset),
    )


def _section(result: CheckResult, told: Told) -> CheckSection:
    check = result.check
    statement = statement_of(result, told.shared)
    place = place_of(result, told.shared)
    section = _course(check, result, told)
    return replace(
        section,
        measured=words.measured(result),
        reason=words.reason(result),
        step=next_step(result, told.now.run),
        where=where(told.now.run, check),
        since=instant(told.now.since[check.id]),
        at=instant(told.now.at[check.id]),
        sql=visible(statement, keep="\n\t") if statement else None,
        shared=0 if place is None else told.shared[place].checks - 1,
        sodacl=_sodacl(check, told),
    )


def _gone(kept: KeptCheck, told: Told) -> CheckSection:
    """Return the section of a check that is promised no more: it keeps its place for every link that leads to it."""
    last = told.history.results.get(kept.check.id, ())
    stood = kept.standing
    result = CheckResult(check=kept.check, outcome=Outcome.SKIPPED, reason="it is not in the contract any more")
    if stood is not None:
        result = replace(result, measured=stood.measured, rows=stood.rows, reason=stood.reason, outcome=stood.outcome)
    elif last:
        result = result_of(kept.check, last[0])
    section = _course(kept.check, result, told)
    return replace(
        section,
        measured=words.measured(result),
        reason=words.reason(result),
        sql=visible(kept.sql, keep="\n\t") if kept.sql else None,
        gone=instant(kept.removed_at) if kept.removed_at else None,
        is_quiet=True,
    )


def _course(check: Check, result: CheckResult, told: Told) -> CheckSection:
    """Return what a section says of the past of its check."""
    history, days = told.history, told.settled.days
    points, last = history.trends.get(check.id, ()), history.results.get(check.id, ())
    known = (history.until - points[0].day).days + 1 if points else days
    drawn = charts.chart(points, words.bounds(check), until=history.until, length=min(days, max(FEWEST, known)))
    if drawn is not None and drawn.least == drawn.greatest and not drawn.marks and not drawn.unknown:
        drawn = None
    several = charts.periods(points)
    sampled = next((each for each in last if each.sample is not None and each.sample.rows), None)
    return CheckSection(
        anchor=links.anchor(check.id),
        check=visible(check.id),
        promise=visible(check.name),
        outcome=result.outcome,
        word=OUTCOME_WORDS[result.outcome][0],
        is_quiet=result.outcome in {Outcome.PASS, Outcome.SKIPPED},
        kind=check.kind.replace("_", " "),
        dimension=check.dimension,
        severity=visible(check.severity),
        expected=words.expected(check),
        measured=None,
        reason=None,
        offending=visible(result.offending) if result.offending else None,
        impact=visible(check.impact) if check.impact else None,
        step=None,
        where=None,
        since=None,
        at=None,
        gone=None,
        chart=drawn,
        told=_chart_words(check, drawn, points) if drawn else "",
        periods=tuple(_period(check, each) for each in several[:PERIODS]),
        cut=max(0, len(several) - PERIODS),
        results=tuple(_row(check, each, told) for each in last),
        sample=sample_table(sampled.sample) if sampled and sampled.sample else None,
        sample_at=instant(sampled.at) if sampled else None,
        sql=None,
        shared=0,
        sodacl=None,
        incidents=tuple(incident_row(each, told.path) for each in _incidents(check.id, history.incidents)),
    )


def _incidents(check_id: str, incidents: Iterable[Incident]) -> list[Incident]:
    return [each for each in incidents if each.key == check_id or check_id in each.children]


def _row(check: Check, each: KeptResult, told: Told) -> ResultRow:
    result = result_of(check, each)
    return ResultRow(
        at=instant(each.at),
        outcome=each.outcome,
        word=OUTCOME_WORDS[each.outcome][0],
        measured=words.measured(result),
        reason=words.reason(result),
        took="" if each.seconds is None else _took(each.seconds),
        version=visible(each.version),
        run=visible(each.run_id),
        href=run_link(each.run_id, told.history, told.path).href,
        is_on_demand=each.trigger is not Trigger.SCHEDULED,
    )


def _took(seconds: float) -> str:
    return f"{seconds:,.1f} s" if seconds >= 1 else f"{seconds * 1000:,.0f} ms"


def _period(check: Check, period: charts.Period) -> PeriodRow:
    numbers = [
        f"{word} {words.amount(check, words.plain_number(value), None)}"
        for word, value in (("lowest", period.least), ("highest", period.greatest))
        if value is not None
    ]
    if period.least is not None and period.least == period.greatest:
        numbers = [str(words.amount(check, words.plain_number(period.least), None))]
    return PeriodRow(
        first=f"{period.first:%-d %b %Y}",
        last=f"{period.last:%-d %b %Y}",
        outcome=period.outcome,
        word=OUTCOME_WORDS[period.outcome][0],
        told=", ".join(numbers),
    )


def _chart_words(check: Check, drawn: charts.Chart, points: tuple[DayPoint, ...]) -> str:
    """Say what the chart shows, for those who do not see it."""
    least, greatest = (words.amount(check, words.plain_number(value), None) for value in (drawn.least, drawn.greatest))
    bad = sum(point.worst is not Outcome.PASS for point in points)
    between = f"{len(points)} days between {least} and {greatest}"
    return f"{between}, expected {words.expected(check)}; not as promised on {bad}"


def _sodacl(check: Check, told: Told) -> str | None:
    plan = told.promise.plan
    if plan is None or not check.probes or all(isinstance(probe, NotChecked) for probe in check.probes):
        return None
    return visible(excerpt(plan, check), keep="\n\t").strip("\n") or None
