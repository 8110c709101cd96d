"""What happened to incidents → kept, and queued to be told, in the transaction of whatever made it happen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.alerts.context import Background, Context, Routes
from monitor.alerts.routing import ELSEWHERE
from monitor.domain.contract import Contract
from monitor.domain.incident import OF_DATA, Incident, IncidentChange, IncidentKind
from monitor.domain.scan import CheckResult, Outcome, Run
from monitor.domain.target import TargetKey
from monitor.drift.words import sentence
from monitor.store.store import Writer
from monitor.store.values import Against, Held, QueuedAlert, Standing
from monitor.words import plain_number

LEDGER = 1_000
"""So far back the ledger is read."""

CHANGES = 8
"""So many things that changed since a check last held are told one by one."""

EVALUATED = frozenset({Outcome.PASS, Outcome.WARN, Outcome.FAIL})


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What happened to incidents of one target, and what was known before.

    `known` are the incidents that lived or had ended lately. `run` is what showed it, or the latest one; `results` are
    newer than where the checks stand. `met` are the contracts that a dead server keeps from being verified and whose
    teams did not ask for quiet. For so long as `gather` says the beginning of a story waits for others.
    """

    target: TargetKey
    changes: tuple[IncidentChange, ...]
    known: tuple[Incident, ...]
    contract: Contract | None = None
    run: Run | None = None
    results: Mapping[str, CheckResult] = field(default_factory=dict)
    is_first_run: bool = False
    met: Mapping[TargetKey, Contract] = field(default_factory=dict)
    gather: timedelta = timedelta(0)


def tell(writer: Writer, news: News, routes: Routes, now: datetime) -> tuple[QueuedAlert, ...]:
    """Keep what happened and queue what people should hear of it; return that.

    Raises ConflictError if somebody else changed one of the incidents meanwhile.
    """
    context = _context(writer, news, routes)
    context = replace(context, evaluated=_evaluated(writer, context))
    context = replace(context, backgrounds=_backgrounds(writer, context, news.changes))
    writer.save_changes(news.changes)
    from monitor.alerts.compose import alerts_for  # not before it is needed: its templates are slow to import

    alerts = alerts_for(news.changes, context, now)
    if news.gather:
        later = writer.now() + news.gather
        known = {
            group for group, members in context.members.items() if not context.told.isdisjoint(m.id for m in members)
        }
        alerts = tuple(alert if alert.story in known else _later(alert, later) for alert in alerts)
    writer.enqueue(alerts)
    return alerts


def _later(alert: QueuedAlert, moment: datetime) -> QueuedAlert:
    return replace(alert, not_before=moment if alert.not_before is None else max(alert.not_before, moment))


def latest_run(writer: Writer, target: TargetKey) -> Run | None:
    """Return the last run of a target, None where it never ran."""
    ran = writer.runs(limit=1, target=target)
    found = writer.run(ran[0].run_id) if ran else None
    return found[1] if found else None


def _context(writer: Writer, news: News, routes: Routes) -> Context:
    """Return what the store knows of the stories that these changes belong to."""
    before = {incident.id: incident for incident in news.known}
    after = before | {change.incident.id: change.incident for change in news.changes}
    touched = {change.incident.group for change in news.changes if not change.is_quiet}
    members: dict[str, tuple[Incident, ...]] = {}
    for incident in after.values():
        if incident.group in touched and incident.group is not None:
            members[incident.group] = (*members.get(incident.group, ()), incident)
    known = {incident.id for several in members.values() for incident in several if incident.id in before}
    where = writer.heard_in(known, ELSEWHERE)
    standings = {standing.check.id: _result(standing) for standing in writer.verdict_now(news.target)}
    return Context(
        target=news.target,
        routes=routes,
        contract=news.contract,
        run=news.run,
        is_first_run=news.is_first_run,
        members=members,
        told=frozenset(where),
        results={**standings, **news.results},
        heard={incident.id: incident.told for incident in before.values() if incident.told is not None},
        where=where,
        met=news.met,
    )


def _result(standing: Standing) -> CheckResult:
    return CheckResult(
        check=standing.check,
        outcome=standing.outcome,
        reason=standing.reason,
        measured=standing.measured,
        rows=standing.rows,
    )


def _evaluated(writer: Writer, context: Context) -> Mapping[str, CheckResult]:
    """Return the last evaluated results of what is broken and could not be evaluated since."""
    lost = {
        incident.key: incident
        for members in context.members.values()
        for incident in members
        if not incident.is_over and incident.kind in OF_DATA and _is_unknown(context.results.get(incident.key))
    }
    kept = {result.check.id: result for result in writer.last_evaluated(context.target, lost)} if lost else {}
    return {key: kept.get(key) or _remembered(incident, context.results[key]) for key, incident in lost.items()}


def _is_unknown(result: CheckResult | None) -> bool:
    return result is not None and result.outcome not in EVALUATED


def _remembered(incident: Incident, latest: CheckResult) -> CheckResult:
    """Return what an incident itself remembers of a result that is not kept any more."""
    outcome = Outcome.FAIL if incident.kind is IncidentKind.BROKEN else Outcome.WARN
    measured = None if incident.measured is None else plain_number(incident.measured)
    return CheckResult(check=latest.check, outcome=outcome, reason="", measured=measured)


def _backgrounds(writer: Writer, context: Context, changes: Iterable[IncidentChange]) -> Mapping[str, Background]:
    """Return what is known of each story's first incident, and of those that people hear of now."""
    from monitor.alerts.story import NEWS, STORM, lead_of

    leads = {lead.id: lead for lead in map(lead_of, context.members.values())}
    news = {change.incident.id: change.incident for change in changes if change.kind in NEWS and not change.is_quiet}
    since: dict[str, tuple[str, ...]] = {}
    found: dict[str, Background] = {}
    for incident in (leads | dict(list(news.items())[:STORM])).values():
        held = None if incident.is_over else writer.last_held(context.target, incident.key)
        if held is None:
            continue
        if held.run_id not in since:
            since[held.run_id] = _changed(writer, context, held)
        siblings = _siblings(context, incident) if incident.id in leads else ()
        found[incident.id] = Background(held=held, changed=(*since[held.run_id], *siblings))
    return found


def _changed(writer: Writer, context: Context, held: Held) -> tuple[str, ...]:
    """Return what is different since a run in which something held."""
    target, lines = context.target, list[str]()
    rows = {result.check.dataset: result.rows for result in context.results.values() if result.rows is not None}
    for dataset, count in writer.row_counts(held.run_id).items():
        difference = rows.get(dataset, count) - count
        if difference:
            sign = "+" if difference > 0 else "\N{MINUS SIGN}"
            lines.append(f"{dataset}: {count:,} → {rows[dataset]:,} rows ({sign}{abs(difference):,})")
    drift = writer.drift(limit=LEDGER, target=target, since=held.at)
    told = [sentence(each.event) for each in drift if each.against is Against.LAST_TIME or not each.event.table]
    lines += told[:CHANGES]
    if len(told) > CHANGES:
        lines.append(f"{len(told) - CHANGES:,} more changes of the schema")
    before, after = writer.version_of(held.run_id), context.run.version if context.run else None
    unchanged = [] if told else ["schema"]
    if before and after and before != after:
        lines.append(f"contract version: {before} → {after}")
    elif before:
        unchanged.append("contract version")
    if unchanged:
        lines.append(f"{', '.join(unchanged)}: unchanged")
    return tuple(lines)


def _siblings(context: Context, lead: Incident) -> tuple[str, ...]:
    siblings = [
        result.outcome
        for result in context.results.values()
        if result.check.dataset == lead.dataset and result.check.id != lead.key and result.outcome in EVALUATED
    ]
    if not siblings:
        return ()
    return (f"{siblings.count(Outcome.PASS):,} of {len(siblings):,} other checks of {lead.dataset} hold",)
