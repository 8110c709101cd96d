"""The Soda engine: catalogue → blocked, skipped → value pass in warm children on one snapshot → a result per check."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.connection import wait
from typing import Self

from monitor.checks import mending, schema, windows
from monitor.domain.check import Catalogue, Check, CheckPlan, Elsewhere, NotChecked, SodaBlock, TableName
from monitor.domain.scan import CheckResult, Outcome, Scan, Seen
from monitor.engines import remedies, sql_errors
from monitor.engines.base import Interrupted, Wishes, complete
from monitor.engines.messages import Answer, Connected, Done, Failed, Found, Refused, Shown, Trouble, Work
from monitor.engines.notebook import Notebook
from monitor.engines.process import Child, Nursery
from monitor.engines.split import Groups, sub_plans
from monitor.engines.waiting import HEED, Interruption, heed, patiently
from monitor.engines.warehouses.base import Blocker, Holder, Unreachable, Unsupported, session_for
from monitor.engines.warehouses.opening import open_holder
from monitor.engines.warm import soda_nursery
from monitor.errors import EngineError
from monitor.settings import ServerSettings

NO_MEMORY = "it compares with earlier runs, and nothing is remembered here: no state database could be asked"
_LOCK_INTEREST = 0.5
"""Seconds of silence after which it is asked who holds a lock that a child may wait for."""


class SodaEngine:
    """Scans one server with Soda, in processes that know nothing but their work. Safe to use from several threads."""

    def __init__(
        self,
        server: ServerSettings,
        nursery: Nursery | None = None,
        opener: Callable[[ServerSettings, str, Sequence[TableName]], Holder] = open_holder,
    ) -> None:
        """Remember the server; nothing is connected yet. A nursery that is handed over stays the caller's to close."""
        self._server = server
        self._open = opener
        self._owns_nursery = nursery is None
        self._nursery = nursery or soda_nursery(server.env)

    def start(self) -> None:
        """Begin to import Soda in the background."""
        self._nursery.start()

    def scan(self, plan: CheckPlan, wishes: Wishes) -> Scan:
        """Return one result per planned check; see `Engine.scan`."""
        started_at = datetime.now(UTC)
        self._nursery.start()
        notebook = Notebook(plan, wishes.progress)
        notebook.settle(_not_checked(plan, remembers=wishes.history is not None))
        seen: Seen = {}
        try:
            seen = self._look(plan, notebook, wishes)
        except Interruption as end:
            notebook.end_the_rest(str(end))
        except Unsupported as error:
            notebook.skip_the_rest(str(error))
        except Unreachable as error:
            reason = f"server {self._server.name} cannot be reached: {error}"
            notebook.block_the_rest(reason, remedies.after_refusal(str(error), self._server))
        except sql_errors.SERVER_ERRORS as error:
            why = wishes.interrupted()
            if why is not None:  # it was cut off
                notebook.end_the_rest(why)
            else:
                reason = sql_errors.reason_of(error, may_show_values=False)
                notebook.block_the_rest(f"server {self._server.name} did not answer: {reason}", remedies.LOST)
        results = tuple(windows.told(result, seen) for result in complete(plan, notebook.results()))
        return Scan(started_at=started_at, finished_at=datetime.now(UTC), results=results, seen=seen)

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

    def _look(self, plan: CheckPlan, notebook: Notebook, wishes: Wishes) -> Seen:
        if not notebook.open_checks():
            return {}
        session = session_for(self._server, plan.slug)
        holder = patiently(lambda: self._open(self._server, plan.slug, plan.tables()), wishes.interrupted)
        with closing(holder), holder.cut_off_in_the_end(wishes.interrupted):
            seen = holder.look_up(plan.tables())
            if not seen and self._server.schema and not holder.has_schema(self._server.schema):
                reason = f"server {self._server.name} has no schema {self._server.schema}"
                notebook.block_the_rest(reason, remedies.NO_SCHEMA)
                return seen
            if windows.has_windows(plan):
                plan = windows.anchored(plan, holder.moment())
            place = remedies.Place(server=self._server, role=holder.role)
            notebook.settle(_judged_by_catalogue(plan, notebook.open_checks(), seen, place.role))
            lanes = sub_plans(plan, notebook.open_checks(), seen, self._lanes())
            if not lanes:
                return seen
            snapshot = holder.export_snapshot() if self._server.max_connections > 1 else None
            if snapshot is None:
                lanes = (tuple(group for lane in lanes for group in lane),)
            route = holder.route()
            if self._server.max_connections <= 1:
                holder.close()
            work = Work(
                route=route,
                session=replace(session, is_one_of_many=len(lanes) > 1),
                snapshot=snapshot,
                plan=replace(plan, checks=()),
                groups=(),
                sample_rows=wishes.samples.rows,
                shown=wishes.shown,
                history=wishes.history or {},
            )
            self._run(work, lanes, _Desk(notebook=notebook, holder=holder, place=place), wishes.interrupted)
        return seen

    def _lanes(self) -> int:
        return max(1, min(self._server.heavy_statements, self._server.max_connections - 1))

    def _run(self, work: Work, lanes: Sequence[Groups], desk: "_Desk", interrupted: Interrupted) -> None:
        with ExitStack() as stack:
            crew = []
            for groups in lanes:
                child = self._nursery.spawn()
                stack.callback(child.kill)
                crew.append(_Crewman(child=child, groups=groups, place=desk.place))
            try:
                for man in crew:
                    with suppress(BrokenPipeError, ConnectionResetError):  # then it is heard that the channel ended
                        man.child.channel.send(replace(work, groups=man.groups))
                _hear_all(crew, desk, interrupted)
            except BaseException:
                if not desk.holder.closed:
                    desk.holder.end_backends([man.backend for man in crew if man.backend is not None])
                raise
        refused = [man for man in crew if man.refused is not None]
        if refused and len(refused) < len(crew):  # the server takes fewer connections than we may open: in turn, then
            self._run(work, [tuple(group for man in refused for group in man.groups)], desk, interrupted)
        else:
            for man in refused:
                reason = f"no connection for the measurements: {man.refused}"
                remedy = remedies.after_refusal(str(man.refused), self._server)
                desk.notebook.give_up(man.groups, Trouble.LOST, reason, remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Where the answers of one scan come together: the notebook, and the connection that holds the snapshot."""

    notebook: Notebook
    holder: Holder
    place: remedies.Place


@dataclass(slots=True, kw_only=True)
class _Crewman:
    """A child at work: what it was given, what it has answered."""

    child: Child
    groups: Groups
    place: remedies.Place
    backend: int | None = None
    refused: str | None = None
    blocker: Blocker | None = None
    answered: set[int] = field(default_factory=set)

    def unanswered(self) -> Groups:
        """Return the groups of which nothing was heard."""
        return tuple(group for number, group in enumerate(self.groups) if number not in self.answered)


def _hear_all(crew: Iterable[_Crewman], desk: _Desk, interrupted: Interrupted) -> None:
    """Listen until every child has said all it has to say. Raises Interruption.

    While they are silent, ask who holds a lock that they wait for: less and less often, as long statements are silent
    too, but twice within the time after which a lock is given up.
    """
    busy = {man.child.channel: man for man in crew}
    pause, heard = _LOCK_INTEREST, time.monotonic()
    while busy:
        heed(interrupted)
        ready = wait(list(busy), min(pause, HEED))
        for channel in [channel for channel in busy if channel in ready]:
            if _hear(busy[channel], desk):
                del busy[channel]
        if ready:
            pause, heard = _LOCK_INTEREST, time.monotonic()
        elif time.monotonic() - heard >= pause and not desk.holder.closed:
            _ask_for_blockers(desk.holder, busy.values())
            longest = max(_LOCK_INTEREST, desk.place.server.lock_timeout / 3)
            pause, heard = min(2 * pause, longest), time.monotonic()


def _hear(man: _Crewman, desk: _Desk) -> bool:
    """Take one message of a child; True when it has nothing more to say. What a dead one left running is ended."""
    notebook = desk.notebook
    try:
        message = man.child.channel.recv()
    except (EOFError, ConnectionResetError):
        if man.backend is None:
            raise EngineError("the scanning process ended before it could begin; is soda-core installed?") from None
        notebook.give_up(man.unanswered(), Trouble.ERROR, "the scanning process died")
        if not desk.holder.closed:
            desk.holder.end_backends([man.backend])
        return True
    match message:
        case Connected(backend=backend):
            man.backend = backend
        case Answer(group=group, found=found):
            man.answered.add(group)
            notebook.write(man.groups[group], [_with_remedy(item, man) for item in found])
        case Shown():
            notebook.attach(message)
        case Refused(reason=reason):
            man.refused = reason
            return True
        case Done():
            return True
        case _:
            raise EngineError(f"unexpected message from a scanning process: {type(message).__name__}")
    return False


def _ask_for_blockers(holder: Holder, crew: Iterable[_Crewman]) -> None:
    by_backend = {man.backend: man for man in crew if man.backend is not None}
    with suppress(*sql_errors.SERVER_ERRORS):  # a courtesy; the children's own errors say what is wrong
        for backend, blocker in holder.blockers(list(by_backend)).items():
            by_backend[backend].blocker = blocker


def _with_remedy(found: Found, man: _Crewman) -> Found:
    if not isinstance(found, Failed):
        return found
    held = f"; held by {man.blocker}" if man.blocker and found.obstacle is sql_errors.Obstacle.LOCKED else ""
    remedy = remedies.after_failure(found, man.place, man.blocker)
    return replace(found, reason=f"{found.reason}{held}", remedy=remedy)


def _not_checked(plan: CheckPlan, *, remembers: bool) -> Iterable[CheckResult]:
    for check in plan.checks:
        for probe in check.probes:
            if isinstance(probe, NotChecked):
                outcome = Outcome.ERROR if probe.is_error else Outcome.SKIPPED
                yield CheckResult(check=check, outcome=outcome, reason=probe.reason)
                break
            if isinstance(probe, Elsewhere):
                yield CheckResult(
                    check=check, outcome=Outcome.ERROR, reason=f"nobody here reaches server {probe.server}"
                )
                break
            if isinstance(probe, SodaBlock) and probe.looks_back and not remembers:
                yield CheckResult(check=check, outcome=Outcome.SKIPPED, reason=NO_MEMORY)
                break


def _judged_by_catalogue(plan: CheckPlan, checks: Iterable[Check], seen: Seen, role: str) -> Iterable[CheckResult]:
    for check in checks:
        if any(isinstance(probe, Catalogue) for probe in check.probes):
            result = schema.judge(check, plan, seen)
        elif blocked := schema.blocked_by(check, plan, seen) or windows.unfit(check, plan, seen):
            result = blocked
        else:
            continue
        is_blocked = result.outcome is Outcome.BLOCKED
        yield replace(result, remedy=mending.way_out(check, seen, role)) if is_blocked else result
