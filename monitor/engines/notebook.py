"""What is known so far of a plan's checks, while their parts are answered one after the other. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from monitor.domain.check import Aggregate, Check, CheckPlan, Query, SodaBlock
from monitor.domain.scan import CheckResult, Outcome
from monitor.engines.base import Progress
from monitor.engines.messages import Failed, Found, Shown, Trouble, metric_of
from monitor.engines.soda_results import result_of, row_counts


class Notebook:
    """What is known so far of a plan's checks; tells progress of each check once."""

    def __init__(self, plan: CheckPlan, progress: Progress) -> None:
        """Begin with an empty page."""
        self._plan = plan
        self._progress = progress
        self._settled: dict[str, CheckResult] = {}
        self._found: dict[str, Found] = {}
        self._rows: dict[str, int] = {}
        self._shown: dict[str, Shown] = {}
        self._told: set[str] = set()
        self._checks = {check.id: check for check in plan.checks}
        metrics = {dataset.name: dataset.rows_metric for dataset in plan.datasets}
        self._rows_metrics = {
            check.id: window.rows_metric if (window := plan.window(check)) else metrics.get(check.dataset, "")
            for check in plan.checks
        }

    def open_checks(self) -> list[Check]:
        """Return the checks that have no result yet, in plan order."""
        return [check for check in self._plan.checks if check.id not in self._settled]

    def settle(self, results: Iterable[CheckResult]) -> None:
        """Write down results that need nothing more."""
        for result in results:
            self._settled[result.check.id] = result
            self._tell(result)

    def block_the_rest(self, reason: str, remedy: str) -> None:
        """Say of every check without result that it depends on something that is gone."""
        self._close(Outcome.BLOCKED, reason, remedy)

    def end_the_rest(self, reason: str) -> None:
        """Say of every check without result that there was no more time for it."""
        self._close(Outcome.ERROR, reason, None)

    def skip_the_rest(self, reason: str) -> None:
        """Say of every check without result that nothing here can look at it."""
        self._close(Outcome.SKIPPED, reason, None)

    def _close(self, outcome: Outcome, reason: str, remedy: str | None) -> None:
        self.settle(self._answered())
        self.settle(
            CheckResult(check=check, outcome=outcome, reason=reason, remedy=remedy) for check in self.open_checks()
        )

    def write(self, group: Iterable[Check], found: Iterable[Found]) -> None:
        """Write down what was found for a group, and tell of the checks that are now complete."""
        items = list(found)
        self._found.update((item.metric, item) for item in items)
        self._rows.update(row_counts(frozenset(self._rows_metrics.values()), items))
        for part in group:
            check = self._checks[part.id]
            if self._is_complete(check):
                self._tell(self._result(check))

    def attach(self, shown: Shown) -> None:
        """Keep the offending values of a check."""
        self._shown[shown.check_id] = shown

    def give_up(
        self, groups: Iterable[Iterable[Check]], trouble: Trouble, reason: str, remedy: str | None = None
    ) -> None:
        """Say of groups that nobody will answer for them any more, and why."""
        for group in groups:
            parts = list(group)
            self.write(
                parts,
                [
                    Failed(metric=metric_of(part, probe), trouble=trouble, reason=reason, remedy=remedy)
                    for part in parts
                    for probe in part.probes
                    if isinstance(probe, Aggregate | Query | SodaBlock)
                ],
            )

    def results(self) -> list[CheckResult]:
        """Return everything that is known, with all that is known of it by now."""
        return [*self._settled.values(), *self._answered()]

    def _answered(self) -> list[CheckResult]:
        return [self._result(check) for check in self.open_checks() if self._is_complete(check)]

    def _is_complete(self, check: Check) -> bool:
        metrics = [
            metric_of(check, probe) for probe in check.probes if isinstance(probe, Aggregate | Query | SodaBlock)
        ]
        return bool(metrics) and all(metric in self._found for metric in metrics)

    def _result(self, check: Check) -> CheckResult:
        result = result_of(check, self._found, self._rows.get(self._rows_metrics[check.id]))
        shown = self._shown.get(check.id)
        return replace(result, offending=shown.offending, sample=shown.sample) if shown else result

    def _tell(self, result: CheckResult) -> None:
        if result.check.id not in self._told:
            self._told.add(result.check.id)
            self._progress(result)
