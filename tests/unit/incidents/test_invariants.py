"""Whatever runs, clocks and people do, in any order: what an incident says is true."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from monitor.domain.incident import HUSHED, OF_DATA, ChangeKind, Incident, IncidentChange, IncidentKind, IncidentState
from monitor.domain.scan import CheckResult, Outcome
from monitor.incidents.actions import accept, acknowledge, resolve, snooze
from monitor.incidents.causes import EVALUATED, NOT_VERIFIED
from monitor.incidents.policy import Policy
from monitor.incidents.troubles import missed_run
from tests.incidents import HOUR, NULLS, RANGE, SCHEMA, TARGET, Story, result

CHECKS = (SCHEMA, RANGE, NULLS, "flights.count")
UNVERIFIED = {IncidentKind.NOT_VERIFIED, IncidentKind.SERVER_DOWN, IncidentKind.NO_RUN}
TOLD_OF_FLAPPING = {ChangeKind.FLAPPING, ChangeKind.CALM_AGAIN, ChangeKind.RESOLVED, ChangeKind.WITHDRAWN}
OUTCOMES = ["pass", "pass", "warn", "fail", "fail", "error", "by schema", "by elsewhere", "lost", "skipped"]
MEASURED = st.none() | st.integers(0, 50)
FORGOTTEN = "/"
LETTERS = {IncidentKind.BROKEN: "f", IncidentKind.WARNING: "w"}


@st.composite
def findings(draw: st.DrawFn) -> dict[str, CheckResult]:
    """What a run found for the checks that it was asked for, in plan order."""
    asked = draw(st.sets(st.sampled_from(CHECKS)))
    return {identity: draw(one_result(identity)) for identity in CHECKS if identity in asked}


def one_result(identity: str) -> st.SearchStrategy[CheckResult]:
    def of(outcome: str, measured: int | None, reason: str) -> CheckResult:
        match outcome:
            case "by schema" if identity != SCHEMA:
                return result(identity, "blocked", cause=SCHEMA, reason=reason)
            case "by elsewhere":
                return result(identity, "blocked", cause="table:elsewhere", reason=reason)
            case "lost" | "by schema":
                return result(identity, "blocked", reason=reason)
            case _:
                return result(identity, outcome, measured, reason=reason)

    return st.builds(of, st.sampled_from(OUTCOMES), MEASURED, st.sampled_from(["one", "other"]))


class Incidents(RuleBasedStateMachine):
    """A target's life, beside a model that knows only the last evaluated outcomes of each check."""

    @initialize(
        failures=st.integers(1, 3),
        passes=st.integers(1, 3),
    )
    def begin(self, failures: int, passes: int) -> None:
        policy = Policy(alert_after_failures=failures, resolve_after_passes=passes)
        self.story = Story(policy, *CHECKS)
        self.outcomes: dict[str, str] = dict.fromkeys(CHECKS, "")
        self.window = False
        self.story.is_silenced = lambda _: self.window

    @rule(found=findings(), planned=st.sets(st.sampled_from(CHECKS), min_size=3), is_shadow=st.booleans())
    def run(self, found: dict[str, CheckResult], planned: set[str], *, is_shadow: bool) -> None:
        before = dict(self.story.incidents)
        planned |= found.keys()
        mark = len(self.story.log)
        self.story.run(*found.values(), planned=frozenset(planned), is_shadow=is_shadow)
        changes = self.story.log[mark:]
        if is_shadow:
            assert not changes
            return
        for identity in CHECKS:
            if identity in found and found[identity].outcome in EVALUATED:
                self.outcomes[identity] += found[identity].outcome[0]
            elif identity not in planned or (identity in found and found[identity].outcome is Outcome.SKIPPED):
                self.outcomes[identity] = ""
        self._changes_are_true(changes, before)
        self._a_run_is_told_truly(changes, before, found, planned)
        self._what_is_unknown_has_a_home(found)

    @rule(hours=st.sampled_from([0.5, 1, 3, 5, 20, 25, 60]))
    def wait(self, hours: float) -> None:
        before, mark = dict(self.story.incidents), len(self.story.log)
        self.story.wait(hours * HOUR)
        changes = self.story.log[mark:]
        self._changes_are_true(changes, before)
        for change in changes:
            assert change.kind in {
                ChangeKind.REMINDED,
                ChangeKind.SILENCE_ENDED,
                ChangeKind.SEEN,
                ChangeKind.STILL_UNVERIFIED,
            }
            if change.kind is ChangeKind.STILL_UNVERIFIED:
                assert change.incident.kind in UNVERIFIED
                assert not before[change.incident.id].is_team_told, "once"

    @rule(
        data=st.data(),
        action=st.sampled_from(["acknowledge", "snooze", "accept", "resolve"]),
        pause=st.integers(1, 40),
    )
    def decide(self, data: st.DataObject, action: str, pause: int) -> None:
        live = sorted((i for i in self.story.incidents.values() if not i.is_over), key=lambda incident: incident.id)
        if not live:
            return
        incident, now = data.draw(st.sampled_from(live)), self.story.now
        match action:
            case "acknowledge":
                change = acknowledge(incident, "mira", None, now)
            case "snooze":
                change = snooze(incident, "mira", None, now + pause * HOUR, now)
            case "accept":
                change = accept(incident, "mira", "known", now + pause * HOUR, now)
            case _:
                change = resolve(incident, "mira", None, now)
                if incident.kind in OF_DATA:
                    self.outcomes[incident.key] += FORGOTTEN
        self.story.act(change)

    @rule()
    def open_or_close_the_window(self) -> None:
        self.window = not self.window

    @rule(is_late=st.booleans())
    def watch(self, *, is_late: bool) -> None:
        before, mark = dict(self.story.incidents), len(self.story.log)
        self.story.watch(IncidentKind.NO_RUN, *([missed_run(TARGET, "late")] if is_late else []))
        self._changes_are_true(self.story.log[mark:], before)
        assert {change.incident.kind for change in self.story.log[mark:]} <= {IncidentKind.NO_RUN}

    @invariant()
    def one_live_incident_for_each_thing(self) -> None:
        live = [incident for incident in self.story.incidents.values() if not incident.is_over]
        assert len({(incident.target, incident.key) for incident in live}) == len(live)

    @invariant()
    def what_is_broken_is_live_and_told_once_it_failed_often_enough(self) -> None:
        live = {incident.key: incident for incident in self.story.incidents.values() if not incident.is_over}
        for identity, outcomes in self.outcomes.items():
            if outcomes[-1:] in {"w", "f"}:
                in_a_row = len(outcomes) - len(outcomes.rstrip("wf"))
                assert identity in live
                assert LETTERS[live[identity].kind] == outcomes[-1]
                if in_a_row >= self.story.policy.alert_after_failures:
                    assert live[identity].state is not IncidentState.PENDING

    @invariant()
    def what_holds_for_long_enough_has_no_incident_unless_it_flaps(self) -> None:
        for incident in self.story.incidents.values():
            if incident.kind in OF_DATA and not incident.is_over and not incident.is_flapping:
                outcomes = self.outcomes[incident.key]
                assert len(outcomes) - len(outcomes.rstrip("p")) < self.story.policy.resolve_after_passes

    @invariant()
    def changes_are_numbered_without_gaps(self) -> None:
        numbers: Counter[str] = Counter()
        for change in self.story.log:
            numbers[change.incident.id] += 1
            assert change.sequence == change.incident.sequence == numbers[change.incident.id]

    @invariant()
    def an_incident_is_consistent_in_itself(self) -> None:
        for incident in self.story.incidents.values():
            assert incident.is_over == (incident.ended_at is not None)
            assert incident.until is not None or incident.state not in HUSHED
            assert incident.until is None or incident.state not in {
                IncidentState.OPEN,
                IncidentState.ACKNOWLEDGED,
                IncidentState.WITHDRAWN,
            }
            assert not (incident.failures and incident.passes)
            assert len(incident.recent) <= 10
            if incident.state not in {IncidentState.PENDING, IncidentState.RESOLVED, IncidentState.WITHDRAWN}:
                assert incident.opened_at is not None
                assert incident.group is not None

    @invariant()
    def not_knowing_began_after_it_was_last_known(self) -> None:
        known = {change.incident.id: change.at for change in self.story.log if change.incident.is_over}
        for incident in self.story.incidents.values():
            if incident.kind in UNVERIFIED and not incident.is_over and incident.id in known:
                assert incident.first_failed_at >= known[incident.id]

    @invariant()
    def a_check_has_one_home_at_most(self) -> None:
        homes = Counter(
            child
            for incident in self.story.incidents.values()
            if not incident.is_over and incident.kind is not IncidentKind.SERVER_DOWN
            for child in incident.children
        )
        assert all(number == 1 for number in homes.values())

    def _changes_are_true(self, changes: list[IncidentChange], before: dict[str, Incident]) -> None:
        assert len({change.incident.id for change in changes}) == len(changes)
        for change in changes:
            was, incident = before.get(change.incident.id), change.incident
            match change.kind:
                case ChangeKind.OPENED:
                    ended = [
                        other
                        for other in before.values()
                        if (other.target, other.key) == (incident.target, incident.key) and other.id != incident.id
                    ]
                    began = incident.first_failed_at
                    assert all(other.ended_at and began - other.ended_at > 24 * HOUR for other in ended)
                    assert all(other.until is None or other.until <= began for other in ended)
                case ChangeKind.REOPENED:
                    assert was
                    assert was.group == incident.group
                    opened = change.at if incident.kind in UNVERIFIED else was.opened_at
                    assert incident.opened_at == opened, "not knowing begins anew"
                    is_anew = was.is_over and incident.kind in UNVERIFIED
                    assert incident.first_failed_at == (change.at if is_anew else was.first_failed_at)
                    assert was.is_over or was.state is IncidentState.PENDING
                case ChangeKind.REMINDED:
                    assert was
                    assert was.state is incident.state is IncidentState.OPEN
                    assert not was.is_silenced
                    assert incident.failures
                    assert self.story.now - (was.reminded_at or self.story.now) >= timedelta(hours=4)
                case ChangeKind.SILENCE_ENDED:
                    assert was
                    assert was.is_hushed
                    assert not incident.is_hushed
                    assert incident.failures
                case ChangeKind.WORSE:
                    assert not incident.is_hushed
                case _:
                    pass
            if was and was.is_flapping:
                assert change.is_quiet or change.kind in TOLD_OF_FLAPPING | {
                    ChangeKind.SILENCE_ENDED,
                    ChangeKind.REMINDED,
                    ChangeKind.JOINED,
                    ChangeKind.LEFT,
                }

    def _a_run_is_told_truly(
        self,
        changes: list[IncidentChange],
        before: dict[str, Incident],
        found: dict[str, CheckResult],
        planned: set[str],
    ) -> None:
        for change in changes:
            incident = change.incident
            was_live = incident.id in before and not before[incident.id].is_over
            if incident.kind in OF_DATA and was_live and incident.state is IncidentState.RESOLVED:
                assert self.outcomes[incident.key].endswith("p" * self.story.policy.resolve_after_passes)
                assert found[incident.key].outcome is Outcome.PASS
            if incident.kind in OF_DATA and incident.state is IncidentState.WITHDRAWN and was_live:
                assert incident.key not in planned or found[incident.key].outcome is Outcome.SKIPPED
            if incident.kind in OF_DATA and was_live and incident.children == before[incident.id].children:
                assert incident.key in found or incident.key not in planned
            if incident.kind is IncidentKind.NOT_VERIFIED and change.kind is ChangeKind.RESOLVED:
                assert any(found[child].outcome in EVALUATED for child in incident.children if child in found)

    def _what_is_unknown_has_a_home(self, found: dict[str, CheckResult]) -> None:
        live = [incident for incident in self.story.incidents.values() if not incident.is_over]
        below = {child: incident for incident in live for child in incident.children}
        evaluated = {identity for identity, each in found.items() if each.outcome in EVALUATED}
        for identity, each in found.items():
            if each.outcome in {Outcome.ERROR, Outcome.BLOCKED} and (evaluated or each.cause or each.outcome[0] == "e"):
                assert identity in below
                home = below[identity]
                assert home.key == each.cause or home.key.startswith(NOT_VERIFIED)
            elif each.outcome is Outcome.BLOCKED:
                assert any(incident.kind is IncidentKind.SERVER_DOWN for incident in live)
            else:
                assert identity not in below


CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)


def test_what_an_incident_says_is_true() -> None:
    run_state_machine_as_test(Incidents, settings=settings(CALM, max_examples=200, stateful_step_count=25))


@pytest.mark.soak
def test_what_an_incident_says_stays_true_for_long() -> None:
    run_state_machine_as_test(Incidents, settings=settings(CALM, max_examples=10_000, stateful_step_count=60))
