"""A child's life: connect, run the groups of its sub-plan as Soda scans, isolate culprits, take samples, close."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from multiprocessing.connection import Connection

from monitor.checks import windows
from monitor.checks.dialect import dialect_of
from monitor.checks.sodacl import render
from monitor.domain.check import Aggregate, Check, CheckPlan, Query, SodaBlock
from monitor.engines import culprits, samples, sql_errors
from monitor.engines.messages import (
    Answer,
    Connected,
    Done,
    Failed,
    Found,
    Measured,
    Refused,
    Trouble,
    Uncompared,
    Work,
    metric_of,
)
from monitor.engines.only_reading import OnlyReading
from monitor.engines.soda_history import LocalHistory
from monitor.engines.soda_run import BrokenStatement, SodaScan, run_sodacl
from monitor.engines.soda_run import preload as preload_soda
from monitor.engines.split import parts_of
from monitor.engines.warehouses.base import Guarded, Unreachable
from monitor.engines.warehouses.opening import open_guarded
from monitor.failpoints import Point, arm, reach

NO_OUTCOME = "Soda gave no outcome: the expression returned no number"
REWRITTEN = "rewritten or replaced while this run looked at it, so the rows of its moment are gone"
NOTHING_BEFORE = "nothing to compare with yet: this run measured it first, the next one compares"


def preload() -> None:
    """Import what every child needs, once, in the nursery."""
    preload_soda()
    arm(os.environ)


def run(channel: Connection, work: object) -> None:
    """Do the work and tell the parent over the channel; ends with `Done` or `Refused`."""
    if not isinstance(work, Work):
        raise TypeError(type(work))
    try:
        guarded = open_guarded(work.plan.server_type, work.route, work.session, work.snapshot)
    except Unreachable as error:
        channel.send(Refused(reason=str(error)))
        return
    except sql_errors.SERVER_ERRORS as error:
        channel.send(Refused(reason=sql_errors.reason_of(error, may_show_values=False)))
        return
    with closing(guarded):
        channel.send(Connected(backend=guarded.backend))
        reach(Point.SCANNING)
        broken = _run_groups(channel, work, guarded)
        if work.sample_rows:
            for check in broken:
                channel.send(samples.take(guarded, _in_window(check, work.plan), work.sample_rows, work.shown))
    channel.send(Done())


def _run_groups(channel: Connection, work: Work, guarded: Guarded) -> list[Check]:
    broken: dict[str, Check] = {}
    for number, group in enumerate(work.groups):
        found = _vouched_for(tuple(Measurer(guarded, work).measure(group)), guarded)
        channel.send(Answer(group=number, found=found))
        values = {item.metric: item.value for item in found if isinstance(item, Measured) and item.value is not None}
        broken |= {check.id: check for check in group if check.offenders and _is_broken(check, values)}
    return list(broken.values())


def _vouched_for(found: tuple[Found, ...], guarded: Guarded) -> tuple[Found, ...]:
    """Return what was found, but no value of which it cannot be said that it is of the snapshot's rows."""
    if not any(isinstance(item, Measured | Uncompared) for item in found):
        return found
    trouble, obstacle = Trouble.ERROR, None
    try:
        rewritten = guarded.rewritten()
    except sql_errors.SERVER_ERRORS as error:
        why = f"nobody can say whether the table was rewritten: {sql_errors.reason_of(error, may_show_values=False)}"
        trouble = Trouble.LOST if guarded.loss() else trouble
    else:
        if not rewritten:
            return found
        why, obstacle = f"{REWRITTEN}: {', '.join(rewritten)}", sql_errors.Obstacle.REWRITTEN
    return tuple(
        item if isinstance(item, Failed) else Failed(metric=item.metric, trouble=trouble, reason=why, obstacle=obstacle)
        for item in found
    )


def _in_window(check: Check, plan: CheckPlan) -> Check:
    """Return the check with those of its offenders that it has looked at."""
    window = plan.window(check)
    if window is None or check.offenders is None:
        return check
    condition = f"({check.offenders.condition}) AND {windows.condition(window)}"
    return replace(check, offenders=replace(check.offenders, condition=condition))


def _is_broken(check: Check, values: Mapping[str, Decimal]) -> bool:
    return any(
        not probe.threshold.holds(values[probe.metric])
        for probe in check.probes
        if isinstance(probe, Aggregate | Query) and probe.metric in values
    )


class Measurer:
    """Measures checks on one connection; what fails together is taken apart until only the culprits are left."""

    def __init__(self, guarded: Guarded, work: Work) -> None:
        """Remember the connection and the plan that knows the datasets."""
        self._guarded = guarded
        self._work = work
        self._plan: CheckPlan = work.plan

    def measure(self, checks: Sequence[Check]) -> list[Found]:
        """Return one finding for each probe of the checks, and for the row counts taken with them."""
        numeric = [part for check in checks for kind in (Aggregate, Query) for part in parts_of(check, kind)]
        blocks = [(check, probe) for check in checks for probe in check.probes if isinstance(probe, SodaBlock)]
        return self._measure_probes(numeric) + [self._run_block(check, probe) for check, probe in blocks]

    def _measure_probes(self, parts: Sequence[Check]) -> list[Found]:
        """Measure checks of one probe each."""
        if not parts:
            return []
        if self._guarded.loss():
            return [self._lost(part) for part in parts]
        scan = run_sodacl(self._guarded, render(self._plan, parts))
        by_metric = {_metric(part): part for part in parts}
        found: dict[str, Found] = {}
        for item in scan.measured:
            if item.value is None and item.metric in by_metric:
                found[item.metric] = self._without_value(by_metric[item.metric], scan)
            elif item.kept is not None:
                found[item.metric] = item
        for statement in scan.broken:
            victims = [by_metric[name] for name in statement.identities if name in by_metric]
            found.update((item.metric, item) for item in self._take_apart(statement, victims))
        # What is still open, Soda has dropped: ask again in smaller parts, until the one that ended its scan is alone.
        dropped = [part for part in parts if _metric(part) not in found]
        if len(parts) == 1:
            found.update((_metric(part), self._without_value(part, scan)) for part in dropped)
        else:
            for smaller in _halves(dropped) if len(dropped) == len(parts) else [dropped]:
                found.update((item.metric, item) for item in self._measure_probes(smaller))
        return list(found.values())

    def _take_apart(self, statement: BrokenStatement, victims: Sequence[Check]) -> Iterable[Found]:
        error = statement.error
        if self._guarded.loss():
            return [self._lost(part) for part in victims]
        if len(victims) == 1 or sql_errors.is_of_the_whole_statement(error):
            return [self._failed(part, error, statement, len(victims)) for part in victims]
        blamed = self._blamed(victims)
        if blamed:
            rest = [part for part in victims if _metric(part) not in blamed]
            guilty = [
                self._failed(part, blamed[_metric(part)], statement, 1) for part in victims if _metric(part) in blamed
            ]
            return guilty + (self._measure_probes(rest) if rest else [])
        return [item for half in _halves(victims) for item in self._measure_probes(half)]

    def _blamed(self, victims: Sequence[Check]) -> dict[str, Exception]:
        dataset = next(item for item in self._plan.datasets if item.name == victims[0].dataset)
        expressions = {
            probe.metric: probe.expression for part in victims for probe in part.probes if isinstance(probe, Aggregate)
        }
        dialect = dialect_of(self._plan.server_type)
        table, bare_table = dialect.table(dataset.table), dialect.identifier(dataset.table.name)
        where = windows.where(self._plan.window(victims[0]))
        return culprits.find(self._guarded, table, bare_table, expressions, where)

    def _run_block(self, check: Check, probe: SodaBlock) -> Found:
        metric = metric_of(check, probe)
        if self._guarded.loss():
            return Failed(metric=metric, trouble=Trouble.LOST, reason=self._gone())
        history = LocalHistory(self._work.history.get(check.id, ())) if probe.looks_back else None
        scan = run_sodacl(OnlyReading(self._guarded), probe.sodacl, history)
        if scan.broken:
            statement = scan.broken[0]
            if self._guarded.loss():
                return Failed(metric=metric, trouble=Trouble.LOST, reason=self._gone(), sql=statement.sql)
            reason = sql_errors.reason_of(statement.error, may_show_values=self._may_show(check))
            if isinstance(statement.error, GeneratorExit):  # Soda stumbled over the text before it sent anything
                reason = f"Soda cannot run this block: {scan.errors[-1].rpartition('.: ')[2]}"
            obstacle = sql_errors.obstacle_of(statement.error)
            return Failed(metric=metric, trouble=Trouble.ERROR, reason=reason, obstacle=obstacle, sql=statement.sql)
        taken = None if history is None else history.taken
        if history is not None and taken is not None and history.is_empty and not scan.errors:
            return Uncompared(metric=metric, reason=NOTHING_BEFORE, kept_for_later=taken)
        if history is not None and history.is_undefined:
            return Failed(metric=metric, trouble=Trouble.ERROR, reason=history.told)
        if scan.errors or not scan.outcomes or None in scan.outcomes:
            return Failed(metric=metric, trouble=Trouble.ERROR, reason=scan.errors[0] if scan.errors else NO_OUTCOME)
        worst = next((word for word in ("fail", "warn") if word in scan.outcomes), "pass")
        value = scan.values[scan.outcomes.index(worst)]
        told = "" if history is None else history.told
        is_warning = worst == "warn"
        return Measured(
            metric=metric, value=value, kept=worst == "pass", only_warns=is_warning, told=told, kept_for_later=taken
        )

    def _without_value(self, part: Check, scan: SodaScan) -> Failed:
        metric = _metric(part)
        own = next((message for message in scan.errors if metric in message), None)
        if own is None or own.startswith("Metrics "):  # "Metrics … were not computed": says no more than we do
            own = next((message for message in scan.errors if not message.startswith("Metrics ")), NO_OUTCOME)
        return Failed(metric=metric, trouble=Trouble.ERROR, reason=own)

    def _failed(self, part: Check, error: BaseException, statement: BrokenStatement, together: int) -> Failed:
        reason = sql_errors.reason_of(error, may_show_values=self._may_show(part))
        if together > 1:
            reason = f"{reason}; {together} checks were measured in this one pass"
        return Failed(
            metric=_metric(part),
            trouble=Trouble.ERROR,
            reason=reason,
            obstacle=sql_errors.obstacle_of(error),
            sql=statement.sql,
            seconds=statement.seconds,
        )

    def _lost(self, part: Check) -> Failed:
        return Failed(metric=_metric(part), trouble=Trouble.LOST, reason=self._gone())

    def _gone(self) -> str:
        return f"the server went away: {self._guarded.loss()}"

    def _may_show(self, check: Check) -> bool:
        return bool(check.columns) and all((check.dataset, column) in self._work.shown for column in check.columns)


def _metric(part: Check) -> str:
    (probe,) = part.probes
    if not isinstance(probe, Aggregate | Query):
        raise TypeError(type(probe))
    return probe.metric


def _halves(parts: Sequence[Check]) -> list[Sequence[Check]]:
    middle = len(parts) // 2
    return [half for half in (parts[:middle], parts[middle:]) if half]
