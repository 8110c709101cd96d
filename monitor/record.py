"""Remembering a run, and all that follows from it, in one transaction: all of it stays, or nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from monitor.alerts.context import Routes
from monitor.domain.check import CheckPlan, TableName
from monitor.domain.contract import Contract
from monitor.domain.drift import DriftKind
from monitor.domain.incident import Incident, IncidentChange
from monitor.domain.scan import Run
from monitor.domain.target import TargetKey, server_itself
from monitor.drift.ledger import edited_in_place
from monitor.drift.since import Look, against_contract, since_last_time
from monitor.errors import ConflictError, UsageError
from monitor.failpoints import Point, reach
from monitor.incidents.policy import Policy
from monitor.incidents.reconcile import Evaluation, reconcile
from monitor.incidents.silences import ContractOf, facts_of, is_silenced, silenced_by
from monitor.store.rows import target_of
from monitor.store.slots import SlotClaim
from monitor.store.store import Reader, Store, Writer
from monitor.store.values import Against, DriftRecord, QueuedAlert, Trigger
from monitor.telling import EVALUATED, LEDGER, News, latest_run, tell

TRIES = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """Whom to tell, and how patient to be. What nobody waits for may `gather` for so long before it is told."""

    policy: Policy
    routes: Routes
    gather: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A run and what it is a run of. `plan` is the whole plan of the contract, of which `subset` runs looked at a part.

    Without `alerting` it is kept as history only: the verdict now and the incidents do not move. With a `claim` it ends
    that slot, or is not recorded at all.
    """

    run: Run
    contract: Contract
    plan: CheckPlan
    trigger: Trigger = Trigger.ON_DEMAND
    slot: datetime | None = None
    subset: bool = False
    claim: SlotClaim | None = None
    alerting: Alerting | None = None


def record(store: Store, found: Recorded) -> tuple[QueuedAlert, ...]:
    """Record a run with the columns seen, drift, incidents and alerts; return the alerts that are queued.

    Raises StoreError if it cannot be recorded; then nothing of it is. FencedError says that its slot went to somebody
    else meanwhile.
    """
    alerts = again(lambda: _record(store, found))
    reach(Point.RUN_COMMITTED)
    return alerts


def decide(
    store: Store,
    incident_id: str,
    decision: Callable[[Incident, datetime], IncidentChange],
    contract_of: ContractOf,
    alerting: Alerting | None,
) -> IncidentChange:
    """Record what a person decided about an incident, and tell its thread where there is one.

    Raises UsageError if there is no such incident, or if it cannot be decided so.
    """
    change = again(lambda: _decide(store, incident_id, decision, contract_of, alerting))
    reach(Point.DECISION_COMMITTED)
    return change


def decide_story(
    store: Store,
    group: str,
    decision: Callable[[Incident, datetime], IncidentChange | None],
    contract_of: ContractOf,
    alerting: Alerting,
) -> tuple[IncidentChange, ...]:
    """Record what a person decided about all that a story tells of, in one transaction and one reply.

    The decision is None for an incident that it leaves as it is. Raises UsageError if there is no such story.
    """

    def transaction() -> tuple[IncidentChange, ...]:
        with store.writing() as writer:
            now = writer.now()
            members = story(writer, group, now, alerting)
            if not members:
                raise UsageError(f"no story {group!r} is recorded in {store.place}")
            changes = tuple(change for incident in members if (change := decision(incident, now)))
            _tell_decided(writer, changes, contract_of, alerting, now)
            reach(Point.DECISION_WRITTEN)
            return changes

    decided = again(transaction)
    reach(Point.DECISION_COMMITTED)
    return decided


def story(reader: Reader, group: str, now: datetime, alerting: Alerting) -> tuple[Incident, ...]:
    """Return the incidents of a story, also those that ended lately, oldest first; none where nobody knows it."""
    first = reader.incident(group)  # a story is called by the incident that began it
    if first is None:
        return ()
    since = now - alerting.policy.reopen_within
    known = {incident.id: incident for incident in reader.open_incidents(first[0].target, ended_since=since)}
    known.setdefault(group, first[0])
    return tuple(incident for incident in known.values() if incident.group == group)


def again(transaction: Callable[[], T]) -> T:
    """Repeat a transaction of which somebody else changed the ground."""
    for _ in range(TRIES - 1):
        try:
            return transaction()
        except ConflictError:
            continue
    return transaction()


def _record(store: Store, found: Recorded) -> tuple[QueuedAlert, ...]:
    run, target = found.run, target_of(found.run)
    alerting = None if run.shadow else found.alerting
    with store.writing() as writer:
        if found.claim is not None:
            writer.finish_slot(found.claim)
        is_first = _is_first(writer, found, target)
        drift = _drift(writer, found, target)
        writer.record_run(
            run,
            found.contract,
            trigger=found.trigger,
            slot=found.slot,
            subset=found.subset,
            stands=alerting is not None,
        )
        reach(Point.RUN_WRITTEN)
        writer.save_columns(target, run.run_id, run.scan.started_at, run.scan.seen)
        writer.save_drift(drift)
        return () if alerting is None else _alert(writer, found, target, alerting, is_first=is_first)


def _is_first(writer: Writer, found: Recorded, target: TargetKey) -> bool:
    """Say whether it is the first whole run of its target that could verify anything."""
    knows = any(result.outcome in EVALUATED for result in found.run.scan.results)
    return knows and not found.subset and not writer.has_begun(target)


def _alert(
    writer: Writer, found: Recorded, target: TargetKey, alerting: Alerting, *, is_first: bool
) -> tuple[QueuedAlert, ...]:
    now, contract = writer.now(), found.contract
    owners = (target, server_itself(target.server))
    policy = alerting.policy
    known = writer.open_incidents(*owners, ended_since=now - policy.reopen_within, until_after=now)
    silences = writer.silences(at=now)
    evaluation = Evaluation(
        target=target,
        run_id=found.run.run_id,
        results=found.run.scan.results,
        planned=frozenset(check.id for check in found.plan.checks),
        has_answered=bool(found.run.scan.seen),
        is_first=is_first,
        is_shadow=found.run.shadow,
    )
    changes = reconcile(
        known,
        evaluation,
        now,
        policy,
        silenced_by(silences, lambda _: contract, now),
    )
    news = News(
        target=target,
        changes=changes,
        known=known,
        contract=contract,
        run=found.run,
        results={result.check.id: result for result in found.run.scan.results},
        is_first_run=is_first,
        met={} if is_silenced(facts_of(contract, ""), silences, now) else {target: contract},
        gather=alerting.gather if found.trigger is Trigger.SCHEDULED else timedelta(0),
    )
    alerts = tell(writer, news, alerting.routes, now)
    reach(Point.ALERTS_WRITTEN)
    return alerts


def _decide(
    store: Store,
    incident_id: str,
    decision: Callable[[Incident, datetime], IncidentChange],
    contract_of: ContractOf,
    alerting: Alerting | None,
) -> IncidentChange:
    with store.writing() as writer:
        now = writer.now()
        found = writer.incident(incident_id)
        if found is None:
            raise UsageError(f"no incident {incident_id!r} is recorded in {store.place}")
        incident, _ = found
        change = decision(incident, now)
        _tell_decided(writer, (change,), contract_of, alerting, now)
        reach(Point.DECISION_WRITTEN)
        return change


def _tell_decided(
    writer: Writer,
    changes: tuple[IncidentChange, ...],
    contract_of: ContractOf,
    alerting: Alerting | None,
    now: datetime,
) -> None:
    """Keep what was decided about incidents of one target, and queue what its threads hear of it."""
    if alerting is None or not changes:
        writer.save_changes(changes)
        return
    target = changes[0].incident.target
    known = writer.open_incidents(target, ended_since=now - alerting.policy.reopen_within)
    contract, run = contract_of(target), latest_run(writer, target)
    news = News(target=target, changes=changes, known=known, contract=contract, run=run)
    tell(writer, news, alerting.routes, now)


# -- drift -------------------------------------------------------------------------------------------------------


def _drift(writer: Writer, found: Recorded, target: TargetKey) -> tuple[DriftRecord, ...]:
    """Return what this run adds to the ledger; it must be asked before the run is recorded."""
    run, contract, plan = found.run, found.contract, found.plan
    at = run.scan.started_at
    last = writer.runs(limit=1, target=target)
    answered = any(result.outcome in EVALUATED for result in run.scan.results)
    look = Look(
        before=writer.columns(target),
        gone=_gone(writer, target, plan),
        seen=run.scan.seen,
        is_whole=answered and not found.subset,
        is_known=bool(last) and last[0].fingerprint == run.fingerprint,
    )
    edited = edited_in_place(writer.known_meanings(contract.id), contract)
    promised = [] if run.shadow else [*([edited] if edited else []), *against_contract(look, plan, contract)]
    pairs = [(Against.LAST_TIME, event) for event in since_last_time(look, plan)]
    pairs += [(Against.CONTRACT, event) for event in promised]
    return tuple(
        DriftRecord(target=target, run_id=run.run_id, at=at, against=against, event=event) for against, event in pairs
    )


def _gone(writer: Writer, target: TargetKey, plan: CheckPlan) -> frozenset[TableName]:
    """Return the tables that were missing when they were last looked for."""
    by_name = {str(table): table for table in plan.tables()}
    latest: dict[str, DriftKind] = {}
    for each in writer.drift(limit=LEDGER, target=target):
        if each.against is Against.LAST_TIME:
            latest.setdefault(each.event.table, each.event.kind)
    return frozenset(
        by_name[name] for name, kind in latest.items() if kind is DriftKind.TABLE_DROPPED and name in by_name
    )
