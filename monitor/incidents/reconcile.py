"""What one run makes of the incidents of its target.

Failures open incidents, passes end them. What could not be evaluated does neither: it is an incident of its own kind.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from monitor.domain.incident import OF_DATA, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult, Outcome
from monitor.domain.target import TargetKey, server_itself
from monitor.incidents.book import Book
from monitor.incidents.causes import BROKEN, EVALUATED, NOT_VERIFIED, find_homes
from monitor.incidents.life import Sighting, ends, fails, passes, regrouped
from monitor.incidents.moment import Moment, Silenced, never_silenced
from monitor.incidents.policy import Policy
from monitor.incidents.troubles import NO_RUN
from monitor.words import sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a run says of its target.

    `planned` are the ids of all checks of the contract, also of those that this run was not asked for: what is live and
    not among them is withdrawn. `has_answered` says that the server showed its tables, whatever came after. `is_first`
    marks the target's first recorded run.
    """

    target: TargetKey
    run_id: str
    results: tuple[CheckResult, ...]
    planned: frozenset[str]
    has_answered: bool = False
    is_first: bool = False
    is_shadow: bool = False


def reconcile(
    known: Iterable[Incident],
    evaluation: Evaluation,
    now: datetime,
    policy: Policy,
    is_silenced: Silenced = never_silenced,
) -> tuple[IncidentChange, ...]:
    """Return what a run changed, at most one change per incident; those of checks come first, in plan order.

    `known` are the incidents of the target and of its server (`server_itself`) that live, that ended within
    `policy.reopen_within` or whose `until` is still to come; others are ignored. A shadow run changes nothing.
    """
    if evaluation.is_shadow:
        return ()
    moment = Moment(
        now=now, policy=policy, run_id=evaluation.run_id, is_first_run=evaluation.is_first, is_silenced=is_silenced
    )
    book = Book(known, moment)
    _Pass(evaluation, book, moment).make()
    return book.changes


class _Pass:
    """One pass over the book of incidents with one run in hand."""

    def __init__(self, run: Evaluation, book: Book, moment: Moment) -> None:
        self._run = run
        self._book = book
        self._moment = moment
        self._evaluated = {result.check.id for result in run.results if result.outcome in EVALUATED}
        self._skipped = {result.check.id: result.reason for result in run.results if result.outcome is Outcome.SKIPPED}
        self._planned = run.planned | {result.check.id for result in run.results}
        live = book.live_of(run.target).items()
        stay = {key: incident for key, incident in live if incident.kind not in OF_DATA or key in self._planned}
        self._homes = find_homes(run.results, stay, run.target.server, has_answered=run.has_answered)

    def make(self) -> None:
        """Look at what was evaluated, then at what was not, then at why."""
        before = tuple(self._book.live_of(self._run.target).values())
        for result in self._run.results:
            if result.outcome in EVALUATED:
                self._evaluate(result)
        for incident in before:
            if incident.kind in OF_DATA and incident.key not in self._evaluated:
                self._keep(incident)
        for incident in before:
            if incident.key.startswith(NOT_VERIFIED) and incident.key not in self._homes.of.values():
                self._let_go(incident)
        for key in dict.fromkeys(self._homes.of.values()):
            if key.startswith(NOT_VERIFIED):
                self._not_verified(key)
        self._server()
        self._ran()

    def _evaluate(self, result: CheckResult) -> None:
        key = result.check.id
        before = self._book.find(self._run.target, key)
        measured = None if result.measured is None else Decimal(result.measured)
        children = self._children(key, before)
        if result.outcome in BROKEN:
            sighting = Sighting(
                target=self._run.target,
                key=key,
                kind=IncidentKind.BROKEN if result.outcome is Outcome.FAIL else IncidentKind.WARNING,
                letter=result.outcome[0],
                dataset=result.check.dataset,
                severity=result.check.severity,
                measured=measured,
                check=result.check,
                children=children,
                why=sentence(result),
            )
            self._fail(before, sighting)
        elif before is not None:
            self._book.write(passes(before, measured, self._moment, children, why=sentence(result)))

    def _keep(self, incident: Incident) -> None:
        """Keep an incident whose check was not evaluated, unless nobody will evaluate it any more."""
        if incident.key in self._skipped:
            why = f"no longer checked: {self._skipped[incident.key]}"
            self._book.write(ends(incident, IncidentState.WITHDRAWN, self._moment, why=why))
        elif incident.key not in self._planned:
            why = "no longer part of the contract"
            self._book.write(ends(incident, IncidentState.WITHDRAWN, self._moment, why=why))
        else:
            self._book.write(regrouped(incident, self._children(incident.key, incident), self._moment))

    def _let_go(self, incident: Incident) -> None:
        """Let go of children that are verified, told elsewhere or gone; without any left the incident is over."""
        left = self._children(incident.key, incident)
        if left:
            self._book.write(regrouped(incident, left, self._moment))
        elif not self._evaluated.isdisjoint(incident.children):
            self._book.write(ends(incident, IncidentState.RESOLVED, self._moment, why="verified again"))
        else:
            elsewhere = sorted({self._homes.of[child] for child in incident.children if child in self._homes.of})
            why = f"part of {', '.join(elsewhere)}" if elsewhere else "no longer part of the contract"
            self._book.write(ends(incident, IncidentState.WITHDRAWN, self._moment, why=why))

    def _not_verified(self, key: str) -> None:
        before = self._book.find(self._run.target, key)
        first = next(result for result in self._run.results if self._homes.of.get(result.check.id) == key)
        sighting = Sighting(
            target=self._run.target,
            key=key,
            kind=IncidentKind.NOT_VERIFIED,
            dataset=first.check.dataset,
            severity=first.check.severity,
            children=self._children(key, before),
            why=first.reason,
        )
        self._fail(before, sighting)

    def _server(self) -> None:
        name = self._run.target.server
        owner, key = server_itself(name), f"server:{name}"
        live = self._book.live(owner, key)
        if self._homes.is_server_down:
            met = (*(live.children if live else ()), str(self._run.target))
            sighting = Sighting(
                target=owner,
                key=key,
                kind=IncidentKind.SERVER_DOWN,
                children=tuple(dict.fromkeys(met)),
                why=next(result.reason for result in self._run.results if result.outcome is Outcome.BLOCKED),
            )
            self._fail(self._book.find(owner, key), sighting)
        elif live and self._evaluated:
            self._book.write(ends(live, IncidentState.RESOLVED, self._moment, why="it answers again"))

    def _ran(self) -> None:
        """End the trouble that nothing ran, if this run came to know anything or had nothing to know."""
        late = self._book.live(self._run.target, NO_RUN)
        if late and (self._evaluated or not (self._homes.of or self._homes.is_server_down)):
            self._book.write(ends(late, IncidentState.RESOLVED, self._moment, why="it ran again"))

    def _fail(self, before: Incident | None, sighting: Sighting) -> None:
        self._book.write(fails(before, sighting, self._moment, self._book.group(sighting.target)))

    def _children(self, key: str, before: Incident | None) -> tuple[str, ...]:
        """Return the checks below an incident: those that were and have gone nowhere, then those that are new."""
        homes = self._homes.of
        had = () if before is None or before.is_over else before.children
        gone = (self._evaluated | self._skipped.keys() | homes.keys()) - {c for c in homes if homes[c] == key}
        stay = (child for child in had if child in self._planned and child not in gone)
        return tuple(dict.fromkeys([*stay, *(child for child in homes if homes[child] == key)]))
