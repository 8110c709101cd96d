"""Stories of incidents, told run by run in the words of the tests."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitor.domain.check import ZERO, Aggregate, Catalogue, Check, CheckKind, Threshold
from monitor.domain.incident import ChangeKind, Incident, IncidentChange, IncidentKind
from monitor.domain.scan import CheckResult, Outcome
from monitor.domain.target import TargetKey
from monitor.incidents.moment import Silenced, never_silenced
from monitor.incidents.policy import Policy
from monitor.incidents.reconcile import Evaluation, reconcile
from monitor.incidents.tick import tick
from monitor.incidents.troubles import Trouble, watch

START = datetime(2026, 11, 23, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
RANGE, NULLS, SCHEMA = "flights.air_time.range", "flights.dest.nulls", "flights.schema"
OUTCOMES = {letter: outcome for outcome in Outcome for letter in outcome[0] if outcome is not Outcome.SKIPPED}


def check(identity: str, threshold: Threshold = ZERO, severity: str = "error") -> Check:
    kind, probe = CheckKind.CUSTOM, Aggregate(metric=identity, expression="1", threshold=threshold)
    dataset = identity.partition(".")[0]
    if identity.endswith(".schema"):
        return Check(id=identity, name=identity, kind=CheckKind.SCHEMA, dataset=dataset, probes=(Catalogue(),))
    return Check(id=identity, name=identity, kind=kind, dataset=dataset, probes=(probe,), severity=severity)


def result(
    identity: str,
    outcome: str,
    measured: int | Decimal | None = None,
    *,
    cause: str | None = None,
    reason: str | None = None,
    threshold: Threshold = ZERO,
) -> CheckResult:
    """A result by the first letter of its outcome, or the whole word."""
    found = OUTCOMES.get(outcome) or Outcome(outcome)
    return CheckResult(
        check=check(identity, threshold), outcome=found, reason=reason or str(found), measured=measured, cause=cause
    )


class Story:
    """A target's incidents over time. Time passes by itself: an hour from run to run."""

    def __init__(self, policy: Policy | None = None, *checks: str) -> None:
        self.policy = policy or Policy()
        self.now = START
        self.incidents: dict[str, Incident] = {}
        self.log: list[IncidentChange] = []
        self.planned = frozenset(checks or (RANGE, NULLS, SCHEMA))
        self.is_silenced: Silenced = never_silenced

    def run(self, *results: CheckResult, target: TargetKey = TARGET, **more: object) -> list[ChangeKind]:
        """A run that found these results; returns what happened."""
        self.now += HOUR
        fields: dict[str, object] = {
            "target": target,
            "run_id": f"run-{len(self.log)}",
            "results": results,
            "planned": self.planned,
        }
        evaluation = Evaluation(**(fields | more))  # type: ignore[arg-type]
        return self._keep(reconcile(self.incidents.values(), evaluation, self.now, self.policy, self.is_silenced))

    def outcomes(self, letters: str, identity: str = RANGE) -> list[ChangeKind]:
        """One run for each letter; returns what happened in the last."""
        happened: list[ChangeKind] = []
        for letter in letters:
            happened = self.run(result(identity, letter))
        return happened

    def wait(self, pause: timedelta) -> list[ChangeKind]:
        """Time passes without a run."""
        self.now += pause
        return self._keep(tick(self.incidents.values(), self.now, self.policy, self.is_silenced))

    def watch(self, kind: IncidentKind, *troubles: Trouble) -> list[ChangeKind]:
        return self._keep(watch(self.incidents.values(), kind, troubles, self.now, self.policy))

    def act(self, change: IncidentChange) -> IncidentChange:
        self._keep([change])
        return change

    def find(self, key: str = RANGE) -> Incident:
        """The latest incident of this key."""
        return max((i for i in self.incidents.values() if i.key == key), key=lambda incident: incident.last_seen_at)

    def live(self) -> set[str]:
        return {incident.key for incident in self.incidents.values() if not incident.is_over}

    def _keep(self, changes: Iterable[IncidentChange]) -> list[ChangeKind]:
        changes = list(changes)
        self.log.extend(changes)
        self.incidents.update((change.incident.id, change.incident) for change in changes)
        return [change.kind for change in changes]
