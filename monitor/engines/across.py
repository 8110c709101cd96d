"""An engine that compares with other servers: each number is measured where it is, by that server's own guarded engine.

There is no snapshot over two servers. The other one is asked right after this one.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Self

from monitor import words
from monitor.checks.dialect import speaking
from monitor.checks.packs import total
from monitor.checks.unsaid import supported
from monitor.domain.check import ANY_NUMBER, Check, CheckPlan, Elsewhere, Need, PlannedDataset, Query
from monitor.domain.scan import CheckResult, Outcome, Scan, broken_outcome
from monitor.engines.base import Engine, Interrupted, Wishes
from monitor.engines.soda_results import DIGITS, tidy
from monitor.errors import MonitorError

_DIGITS_OF_A_SHARE = 28


class Across:
    """Scans one server, and asks others for what its checks compare with."""

    def __init__(self, near: Engine, far: Callable[[str], tuple[Engine, str]]) -> None:
        """Remember the engine of the server that is scanned, and who knows those of others, with their types, by name.

        `far` raises MonitorError where there is no such server.
        """
        self._near = near
        self._far = far

    def start(self) -> None:
        """Begin to warm up."""
        self._near.start()

    def scan(self, plan: CheckPlan, wishes: Wishes) -> Scan:
        """Return one result per planned check; see `Engine.scan`."""
        far = {check.id: each for check in plan.checks for each in check.probes if isinstance(each, Elsewhere)}

        def told(result: CheckResult) -> None:
            if result.check.id not in far:
                wishes.progress(result)

        scan = self._near.scan(
            replace(plan, checks=tuple(_here(check) for check in plan.checks)), replace(wishes, progress=told)
        )
        if not far:
            return scan
        measured = {result.check.id for result in scan.results if result.outcome is Outcome.PASS} & far.keys()
        there = self._ask(plan, {name: far[name] for name in far if name in measured}, wishes.interrupted)
        why = wishes.interrupted() if far else None
        results = []
        for check, result in zip(plan.checks, scan.results, strict=True):
            joined = replace(result, check=check)
            if check.id in measured:
                joined = _compared(joined, there[check.id], far[check.id], why)
            if check.id in far:
                wishes.progress(joined)
            results.append(joined)
        return replace(scan, finished_at=datetime.now(UTC), results=tuple(results))

    def close(self) -> None:
        """Close this server's engine; those of others belong to whoever made them."""
        self._near.close()

    def __enter__(self) -> Self:
        """Begin to warm up."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _ask(
        self, plan: CheckPlan, far: Mapping[str, Elsewhere], interrupted: Interrupted
    ) -> Mapping[str, CheckResult]:
        found: dict[str, CheckResult] = {}
        for server in dict.fromkeys(probe.server for probe in far.values()):
            probes = {name: probe for name, probe in far.items() if probe.server == server}
            try:
                engine, server_type = self._far(server)
                asked = _there(plan, probes, server_type)
                scan = engine.scan(asked, Wishes(interrupted=interrupted))
            except MonitorError as error:
                found |= {name: _refused(plan, name, str(error)) for name in probes}
            else:
                found |= {result.check.id: result for result in scan.results}
        return found


def _here(check: Check) -> Check:
    """Return the part of a check that its own server answers."""
    probes = tuple(probe for probe in check.probes if not isinstance(probe, Elsewhere))
    return check if len(probes) == len(check.probes) else replace(check, probes=probes)


def _there(plan: CheckPlan, far: Mapping[str, Elsewhere], server_type: str) -> CheckPlan:
    """Return the plan of what another server is asked, in its own SQL: a number for each check, and nothing else."""
    with speaking(server_type):
        asked = {name: total(probe.table, probe.column) for name, probe in far.items()}
    checks = tuple(
        supported(
            Check(
                id=name,
                name=name,
                kind=_planned(plan, name).kind,
                dataset=name,
                expected="",
                unit=None,
                probes=(Query(metric=name, sql=asked[name], threshold=ANY_NUMBER),),
                needs=(Need(table=probe.table, columns=(probe.column,) if probe.column else ()),),
            )
        )
        for name, probe in far.items()
    )
    datasets = tuple(
        PlannedDataset(name=name, table=probe.table, rows_metric=f"{name}.rows") for name, probe in far.items()
    )
    return replace(plan, server_type=server_type, datasets=datasets, checks=checks)


def _planned(plan: CheckPlan, name: str) -> Check:
    return next(check for check in plan.checks if check.id == name)


def _refused(plan: CheckPlan, name: str, reason: str) -> CheckResult:
    return CheckResult(check=_planned(plan, name), outcome=Outcome.ERROR, reason=reason)


def _compared(here: CheckResult, there: CheckResult, probe: Elsewhere, why: str | None) -> CheckResult:
    """Judge the difference; what the other server does not say is an `error`, whatever kept it from saying it.

    `why` is for what reason the scan had to end, if it had to: that is no word of the other server's.
    """
    seconds = (here.seconds or 0.0) + (there.seconds or 0.0)
    if there.outcome is Outcome.SKIPPED:
        return replace(here, outcome=Outcome.SKIPPED, measured=None, reason=f"{there.reason} (server {probe.server})")
    if there.outcome is not Outcome.PASS or there.measured is None or here.measured is None:
        is_told = there.reason == why or probe.server in there.reason
        told = there.reason if is_told else f"server {probe.server}: {there.reason}"
        return replace(here, outcome=Outcome.ERROR, measured=None, reason=told, remedy=there.remedy)
    one, other = Decimal(here.measured), Decimal(there.measured)
    difference = difference_of(one, other, is_share=probe.is_share)
    kept = probe.threshold.holds(difference)
    return replace(
        here,
        outcome=Outcome.PASS if kept else broken_outcome(here.check.severity),
        measured=tidy(difference),
        reason=f"{words.number(here.measured)} here, {words.number(there.measured)} on {probe.server}",
        sql=f"{here.sql}\n-- and on {probe.server!r}\n{there.sql}",
        seconds=seconds,
    )


def difference_of(one: Decimal, other: Decimal, *, is_share: bool) -> Decimal:
    """Return how far two numbers are apart, without sign, or in percent of the other; of 0 any difference is 100 %."""
    with localcontext() as context:
        context.prec = DIGITS
        difference = abs(one - other)
        if not is_share:
            return difference
        if not other:
            return Decimal(100 if difference else 0)
        context.prec = _DIGITS_OF_A_SHARE
        return 100 * difference / abs(other)
