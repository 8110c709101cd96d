"""One claimed slot, start to end: scan, try again what may recover, record; or give it back, or give it up."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event

from monitor.daemon.timetable import Entry
from monitor.domain.check import Catalogue, Check, CheckPlan, NotChecked
from monitor.domain.scan import CheckResult, History, Outcome, Run, Scan
from monitor.engines.base import Engine, Wishes, complete
from monitor.errors import EngineError, FencedError, StoreError
from monitor.record import Alerting, Recorded, record
from monitor.run import columns_shown, looking_back, run_of
from monitor.schedule.cadences import part_of
from monitor.settings import CatchUp, DaemonSettings, SampleSettings, ServerSettings
from monitor.store.slots import SlotClaim
from monitor.store.store import Store
from monitor.store.values import Trigger
from monitor.words import duration

POISONED = 3
"""After so many attempts that nobody came back from, a slot is not tried again."""

FIRST_PAUSE = timedelta(seconds=10)
SHORT_PAUSE = 1.0
"""Seconds before what a scan could not evaluate is tried again, while the rest of it was."""

ABANDONED = timedelta(minutes=10)
"""So long a slot of a contract that this daemon does not know is left to others."""

UNKNOWN = frozenset({Outcome.ERROR, Outcome.BLOCKED})
EVALUATED = frozenset({Outcome.PASS, Outcome.WARN, Outcome.FAIL})

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Work:
    """A claim that is being worked on. `stop` is why it must end now; `ended` wakes whoever waits in it.

    `entry` is None where this daemon does not know the contract. `again` is when, by the monotonic clock, what came to
    know nothing is tried once more.
    """

    claim: SlotClaim
    entry: Entry | None
    begun: float = 0.0
    stop: str | None = None
    was_fenced: bool = False
    again: float | None = None
    ended: Event = field(default_factory=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a worker works with."""

    store: Store
    engine_of: Callable[[ServerSettings], Engine]
    samples: SampleSettings
    alerting: Alerting | None
    settings: DaemonSettings
    catch_up: CatchUp = CatchUp.LATEST


def work_on(work: Work, tools: Tools) -> None:
    """Run a slot and record what was found; raises nothing but what nobody foresaw. Raises StoreError."""
    claim, entry = work.claim, work.entry
    about = {"slot": claim.id, "target": str(claim.watched), "attempt": claim.attempt}
    if entry is None:
        _leave(work, tools, about)
        return
    later = _overtaken(claim, tools)
    if later is not None:
        reason = f"overtaken by the slot of {later:%Y-%m-%d %H:%M:%S} UTC, which does all of it"
        tools.store.slots.skip(claim, reason, missed=True)
        log.info("Skipped %s: overtaken", claim.watched, extra={"action": "slot_skipped", **about})
        return
    plan = part_of(entry.plan, entry.target.contract, claim.parts)
    if not plan.checks and entry.plan.checks:
        tools.store.slots.skip(claim, "its rules are no longer part of the contract")
        return
    log.info("Run %s", claim.watched, extra={"action": "run_started", **about})
    work.begun = time.monotonic()
    run = _given_up(work, plan, entry) if claim.losses >= POISONED else _run(work, plan, entry, tools)
    if any(result.reason == work.stop for result in run.scan.results):
        tools.store.slots.hand_back(claim, str(work.stop), after=timedelta(0))
        log.info("Handed back %s: %s", claim.watched, work.stop, extra={"action": "run_handed_back", **about})
        return
    wasted = _first_reason(run) if claim.losses < POISONED and not _has_evaluated(run.scan) else None
    if wasted is not None and claim.tries < _retries(claim, tools.settings) and _time_left(work, tools.settings):
        pause = FIRST_PAUSE * 4**claim.tries
        tools.store.slots.hand_back(claim, wasted, after=pause, tried=True)
        work.again = time.monotonic() + pause.total_seconds()
        again = {"action": "run_retried", "after": pause.total_seconds(), **about}
        log.warning("Nothing could be verified of %s; it is tried again", claim.watched, extra=again)
        return
    if not _record(work, run, plan, entry, tools):
        return
    told = {"run": run.run_id, "verdict": run.verdict.value, "seconds": round(time.monotonic() - work.begun, 3)}
    log.info("%s: %s", claim.watched, run.verdict.value, extra={"action": "run_finished", **about, **told})


def _retries(claim: SlotClaim, settings: DaemonSettings) -> int:
    """Return how often a slot is handed back to be tried again later: never while somebody waits for what comes out."""
    return settings.retries if claim.trigger is Trigger.SCHEDULED else 0


def _overtaken(claim: SlotClaim, tools: Tools) -> datetime | None:
    """Return the moment of a later slot that makes this one needless: work that piles up is not done twice.

    What was begun is ended: a later slot knows nothing of attempts that were in vain, so their end would never come.
    """
    if claim.trigger is not Trigger.SCHEDULED or tools.catch_up is CatchUp.ALL or claim.tries or claim.losses:
        return None
    return tools.store.slots.overtaken(claim)


def _run(work: Work, plan: CheckPlan, entry: Entry, tools: Tools) -> Run:
    """Scan, and once more what may have been a passing trouble while the rest was evaluated."""
    try:
        scan = _scan(work, plan, entry, tools)
        for number in range(tools.settings.retries):
            again = _unknown(scan)
            if not again or not _has_evaluated(scan) or not _time_left(work, tools.settings):
                break
            work.ended.wait(SHORT_PAUSE * 2**number)
            structure = [check for check in plan.checks if any(isinstance(probe, Catalogue) for probe in check.probes)]
            asked = {check.id for check in [*again, *structure]}  # the tables may have another shape by now
            some = replace(plan, checks=tuple(check for check in plan.checks if check.id in asked))
            scan = _merged(plan, scan, _scan(work, some, entry, tools))
    except EngineError as error:
        scan = _without_answer(plan, str(error))
    return run_of(entry.target, scan, work.claim.run_id)


def _scan(work: Work, plan: CheckPlan, entry: Entry, tools: Tools) -> Scan:
    target, back = entry.target, looking_back(plan)
    history: History = {}
    if back:
        with tools.store.reading() as reader:
            history = reader.earlier(work.claim.watched.target, back, shadow=target.shadow)
    wishes = Wishes(
        samples=tools.samples,
        shown=columns_shown(target.contract, tools.samples),
        history=history,
        interrupted=lambda: _interrupted(work, tools.settings),
    )
    return tools.engine_of(target.server).scan(plan, wishes)


def _interrupted(work: Work, settings: DaemonSettings) -> str | None:
    """Say why a run must end now: somebody wants it to, or its time is over."""
    if work.stop is not None:
        return work.stop
    if time.monotonic() - work.begun > settings.run_timeout:
        return f"stopped: the run took longer than run_timeout ({duration(Decimal(str(settings.run_timeout)))})"
    return None


def _time_left(work: Work, settings: DaemonSettings) -> bool:
    return _interrupted(work, settings) is None


def _unknown(scan: Scan) -> list[Check]:
    """Return the checks that could not be evaluated and may be another time: not those that are themselves at fault."""
    return [result.check for result in scan.results if result.outcome is Outcome.ERROR and _may_recover(result)]


def _may_recover(result: CheckResult) -> bool:
    return result.outcome in UNKNOWN and not any(isinstance(probe, NotChecked) for probe in result.check.probes)


def _has_evaluated(scan: Scan) -> bool:
    return any(result.outcome in EVALUATED for result in scan.results)


def _merged(plan: CheckPlan, scan: Scan, more: Scan) -> Scan:
    """Return a scan with what a second one knows better: nothing if it came to know nothing at all."""
    if not _has_evaluated(more):
        return replace(scan, finished_at=more.finished_at)
    better = {result.check.id: result for result in more.results if result.outcome is not Outcome.ERROR}
    results = [better.get(result.check.id, result) for result in scan.results]
    return replace(scan, finished_at=more.finished_at, results=complete(plan, results), seen=more.seen)


def _first_reason(run: Run) -> str | None:
    """Say why something could not be evaluated that may be another time; None where there is no such thing."""
    return next((result.reason for result in run.scan.results if _may_recover(result)), None)


def _given_up(work: Work, plan: CheckPlan, entry: Entry) -> Run:
    """Return the run of a slot that ended every daemon that ran it: nothing of it is known, and that is said."""
    reason = f"given up: {work.claim.losses} attempts to run it ended the daemon or were never heard of again"
    return run_of(entry.target, _without_answer(plan, reason), work.claim.run_id)


def _without_answer(plan: CheckPlan, reason: str) -> Scan:
    """Return a scan in which no check could be evaluated."""
    now = datetime.now(UTC)
    results = tuple(CheckResult(check=check, outcome=Outcome.ERROR, reason=reason) for check in plan.checks)
    return Scan(started_at=now, finished_at=now, results=results, seen={})


def _record(work: Work, run: Run, plan: CheckPlan, entry: Entry, tools: Tools) -> bool:
    """Record a run; False if its slot went to somebody else. A state database that restarts is waited for."""
    claim = work.claim
    found = Recorded(
        run=run,
        contract=entry.target.contract,
        plan=entry.plan,
        trigger=claim.trigger,
        slot=claim.instant,
        subset=len(plan.checks) < len(entry.plan.checks),
        claim=claim,
        alerting=_alerting(claim, tools),
    )
    about = {"slot": claim.id, "run": run.run_id}
    until = time.monotonic() + tools.settings.lease
    while True:
        try:
            record(tools.store, found)
        except FencedError as error:
            work.was_fenced = True
            log.warning("Not recorded: %s", error, extra={"action": "run_fenced", **about})
            return False
        except StoreError as error:
            if work.stop is not None or time.monotonic() > until:
                raise
            log.warning("Not recorded yet: %s", error, extra={"action": "run_unrecorded", **about})
            work.ended.wait(SHORT_PAUSE)
        else:
            return True


def _alerting(claim: SlotClaim, tools: Tools) -> Alerting | None:
    """Say who hears of it; whoever asked in person is awake, so no hour is quiet."""
    if not claim.alert or tools.alerting is None or claim.trigger is not Trigger.ON_DEMAND:
        return tools.alerting if claim.alert else None
    return replace(tools.alerting, routes=replace(tools.alerting.routes, quiet=None))


def _leave(work: Work, tools: Tools, about: dict[str, object]) -> None:
    """Leave a slot to a daemon that knows its contract; after a while nobody does."""
    claim, slots = work.claim, tools.store.slots
    if slots.now() - claim.created_at > ABANDONED:
        slots.skip(claim, "nobody has this contract any more", missed=True)  # should another daemon have it, it is told
        log.info("Skipped %s: it is gone", claim.watched, extra={"action": "slot_skipped", **about})
    else:
        slots.hand_back(claim, "this daemon does not know the contract", after=timedelta(seconds=15))
