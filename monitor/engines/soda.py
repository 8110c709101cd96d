"""The Soda engine: catalogue → blocked, skipped → value pass in warm children on one snapshot → a result per check."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection, wait
from typing import Self

import psycopg2
from psycopg2.extensions import connection

from monitor.checks import schema
from monitor.domain.check import Catalogue, Check, CheckPlan, NotChecked
from monitor.domain.scan import CheckResult, Outcome, Scan, Seen
from monitor.engines import sql_errors
from monitor.engines.base import Progress, complete
from monitor.engines.messages import Answer, Connected, Done, Failed, Found, Refused, Shown, Trouble, Work, metric_of
from monitor.engines.process import Child, Nursery
from monitor.engines.soda_results import result_of, row_counts
from monitor.engines.split import Groups, sub_plans
from monitor.engines.waiting import patiently
from monitor.engines.warehouses import postgres, postgres_catalogue
from monitor.engines.warm import soda_nursery
from monitor.errors import EngineError
from monitor.settings import SampleSettings, ServerSettings

_LOCK_INTEREST = 0.5
"""Seconds of silence after which it is asked who holds a lock that a child may wait for."""


class SodaEngine:
    """Scans one server with Soda, in processes that know nothing but their work. Safe to use from several threads."""

    def __init__(self, server: ServerSettings, nursery: Nursery | None = None) -> None:
        """Remember the server; nothing is connected yet. A nursery that is handed over stays the caller's to close."""
        self._server = server
        self._owns_nursery = nursery is None
        self._nursery = nursery or soda_nursery(server.env)

    def start(self) -> None:
        """Begin to import Soda in the background."""
        self._nursery.start()

    def scan(
        self, plan: CheckPlan, *, samples: SampleSettings, shown: frozenset[tuple[str, str]], progress: Progress
    ) -> Scan:
        """Return one result per planned check; see `Engine.scan`."""
        started_at = datetime.now(UTC)
        self._nursery.start()
        notebook = _Notebook(plan, progress)
        notebook.settle(_not_checked(plan))
        seen: Seen = {}
        try:
            seen = self._look(plan, notebook, samples, shown)
        except postgres.Unreachable as error:
            notebook.block_the_rest(f"server {self._server.name} cannot be reached: {error}")
        except psycopg2.Error as error:
            reason = sql_errors.reason_of(error, may_show_values=False)
            notebook.block_the_rest(f"server {self._server.name} did not answer: {reason}")
        return Scan(
            started_at=started_at, finished_at=datetime.now(UTC), results=complete(plan, notebook.results()), seen=seen
        )

    def close(self) -> None:
        """End the warm process, unless it is somebody else's."""
        if self._owns_nursery:
            self._nursery.close()

    def __enter__(self) -> Self:
        """Begin to import Soda in the background."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the warm process."""
        self.close()

    def _look(
        self, plan: CheckPlan, notebook: "_Notebook", samples: SampleSettings, shown: frozenset[tuple[str, str]]
    ) -> Seen:
        if not notebook.open_checks():
            return {}
        session = postgres.session_for(self._server, plan.slug)
        holder = patiently(lambda: postgres.connect(postgres.route_to(self._server), replace(session, idle_timeout=0)))
        with closing(holder):
            seen = postgres_catalogue.look_up(holder, plan.tables(), self._server.schema)
            notebook.settle(_judged_by_catalogue(plan, notebook.open_checks(), seen))
            lanes = sub_plans(plan, notebook.open_checks(), seen, self._lanes())
            if not lanes:
                return seen
            snapshot = postgres.export_snapshot(holder) if self._server.max_connections > 1 else None
            if snapshot is None:
                lanes = (tuple(group for lane in lanes for group in lane),)
            route = postgres.route_of(holder)
            if self._server.max_connections <= 1:
                holder.close()
            work = Work(
                route=route,
                session=session,
                snapshot=snapshot,
                plan=replace(plan, checks=()),
                groups=(),
                sample_rows=samples.rows,
                shown=shown,
            )
            self._run(work, lanes, notebook, holder)
        return seen

    def _lanes(self) -> int:
        return max(1, min(self._server.heavy_statements, self._server.max_connections - 1))

    def _run(self, work: Work, lanes: Sequence[Groups], notebook: "_Notebook", holder: connection) -> None:
        crew: dict[Connection, _Crewman] = {}
        with ExitStack() as stack:
            for groups in lanes:
                child = self._nursery.spawn()
                stack.callback(child.kill)
                crew[child.channel] = _Crewman(child=child, groups=groups)
            try:
                for channel, man in crew.items():
                    with suppress(BrokenPipeError, ConnectionResetError):  # then it is heard that the channel ended
                        channel.send(replace(work, groups=man.groups))
                while crew:
                    ready = wait(list(crew), _LOCK_INTEREST)
                    for channel in [channel for channel in crew if channel in ready]:
                        if _hear(crew[channel], notebook):
                            del crew[channel]
                    if not ready and not holder.closed:
                        _ask_for_blockers(holder, crew.values())
            except BaseException:
                if not holder.closed:
                    postgres.end_backends(holder, [man.backend for man in crew.values() if man.backend is not None])
                raise


@dataclass(slots=True, kw_only=True)
class _Crewman:
    """A child at work: what it was given, what it has answered."""

    child: Child
    groups: Groups
    backend: int | None = None
    blocker: str | None = None
    answered: set[int] = field(default_factory=set)


def _hear(man: _Crewman, notebook: "_Notebook") -> bool:
    """Take one message of a child; True when it has nothing more to say."""
    try:
        message = man.child.channel.recv()
    except (EOFError, ConnectionResetError):
        if man.backend is None:
            raise EngineError("the scanning process ended before it could begin; is soda-core installed?") from None
        notebook.give_up(man, Trouble.ERROR, "the scanning process died")
        return True
    match message:
        case Connected(backend=backend):
            man.backend = backend
        case Answer(group=group, found=found):
            man.answered.add(group)
            notebook.write(man.groups[group], [_with_blocker(item, man.blocker) for item in found])
        case Shown():
            notebook.attach(message)
        case Refused(reason=reason):
            notebook.give_up(man, Trouble.LOST, reason)
            return True
        case Done():
            return True
        case _:
            raise EngineError(f"unexpected message from a scanning process: {type(message).__name__}")
    return False


def _ask_for_blockers(holder: connection, crew: Iterable[_Crewman]) -> None:
    by_backend = {man.backend: man for man in crew if man.backend is not None}
    with suppress(psycopg2.Error):  # a courtesy; the children's own errors say what is wrong
        for backend, blocker in postgres.blockers(holder, list(by_backend)).items():
            by_backend[backend].blocker = blocker


def _with_blocker(found: Found, blocker: str | None) -> Found:
    if isinstance(found, Failed) and blocker and found.reason.startswith(sql_errors.LOCKED):
        return replace(found, reason=f"{found.reason}; held by {blocker}")
    return found


class _Notebook:
    """What is known so far of a plan's checks; tells progress of each check once."""

    def __init__(self, plan: CheckPlan, progress: Progress) -> None:
        self._plan = plan
        self._progress = progress
        self._settled: dict[str, CheckResult] = {}
        self._found: dict[str, Found] = {}
        self._shown: dict[str, Shown] = {}
        self._told: set[str] = set()
        self._checks = {check.id: check for check in plan.checks}
        self._rows_metrics = {dataset.rows_metric: dataset.name for dataset in plan.datasets}

    def open_checks(self) -> list[Check]:
        """Return the checks that have no result yet, in plan order."""
        return [check for check in self._plan.checks if check.id not in self._settled]

    def settle(self, results: Iterable[CheckResult]) -> None:
        """Write down results that need nothing more."""
        for result in results:
            self._settled[result.check.id] = result
            self._tell(result)

    def block_the_rest(self, reason: str) -> None:
        """Say of every check without result that it depends on something that is gone."""
        found = self._answered()
        self.settle(found)
        self.settle(CheckResult(check=check, outcome=Outcome.BLOCKED, reason=reason) for check in self.open_checks())

    def write(self, group: Iterable[Check], found: Iterable[Found]) -> None:
        """Write down what was found for a group, and tell of the checks that are now complete."""
        self._found.update((item.metric, item) for item in found)
        for part in group:
            check = self._checks[part.id]
            if self._is_complete(check):
                self._tell(self._result(check))

    def attach(self, shown: Shown) -> None:
        """Keep the offending values of a check."""
        self._shown[shown.check_id] = shown

    def give_up(self, man: _Crewman, trouble: Trouble, reason: str) -> None:
        """Say of all that a child has not answered why it never will."""
        for number, group in enumerate(man.groups):
            if number not in man.answered:
                failed = [
                    Failed(metric=metric_of(check, probe), trouble=trouble, reason=reason)
                    for check in group
                    for probe in check.probes
                    if not isinstance(probe, Catalogue | NotChecked)
                ]
                self.write(group, failed)

    def results(self) -> list[CheckResult]:
        """Return everything that is known, with all that is known of it by now."""
        return [*self._settled.values(), *self._answered()]

    def _answered(self) -> list[CheckResult]:
        return [self._result(check) for check in self.open_checks() if self._is_complete(check)]

    def _is_complete(self, check: Check) -> bool:
        return all(
            metric_of(check, probe) in self._found
            for probe in check.probes
            if not isinstance(probe, Catalogue | NotChecked)
        )

    def _result(self, check: Check) -> CheckResult:
        rows = row_counts(self._rows_metrics, self._found.values()).get(check.dataset)
        result = result_of(check, self._found, rows)
        shown = self._shown.get(check.id)
        return replace(result, offending=shown.offending, sample=shown.sample) if shown else result

    def _tell(self, result: CheckResult) -> None:
        if result.check.id not in self._told:
            self._told.add(result.check.id)
            self._progress(result)


def _not_checked(plan: CheckPlan) -> Iterable[CheckResult]:
    for check in plan.checks:
        for probe in check.probes:
            if isinstance(probe, NotChecked):
                outcome = Outcome.ERROR if probe.is_error else Outcome.SKIPPED
                yield CheckResult(check=check, outcome=outcome, reason=probe.reason)
                break


def _judged_by_catalogue(plan: CheckPlan, checks: Iterable[Check], seen: Seen) -> Iterable[CheckResult]:
    for check in checks:
        if any(isinstance(probe, Catalogue) for probe in check.probes):
            yield schema.judge(check, plan, seen)
        elif reason := schema.blocked_by(check, plan, seen):
            yield CheckResult(check=check, outcome=Outcome.BLOCKED, reason=reason)
