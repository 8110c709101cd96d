"""The seam between a plan and whatever evaluates it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol, Self

from monitor.domain.check import Check, CheckPlan
from monitor.domain.scan import CheckResult, History, Outcome, Scan
from monitor.settings import SampleSettings

Progress = Callable[[CheckResult], None]
"""Told of each check as soon as its outcome is known; the scan's own result may know more (rows, samples)."""


Interrupted = Callable[[], str | None]
"""Asked now and then while a scan goes on: why it must end now; None while it may go on."""


def never_interrupted() -> str | None:
    """Let a scan last as long as it takes."""
    return None


def _tell_nobody(_: CheckResult) -> None:
    """Take no interest in progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller wants of one scan.

    `shown` holds the (dataset, column) contract names whose values people may see. `history` is what earlier runs
    measured for the checks that look back; None says that nobody remembers, and these are skipped. `interrupted` is
    asked at least every second while the server is waited for; a reason ends all that was started, and what has no
    result by then is an `error` with that reason.
    """

    samples: SampleSettings = field(default_factory=SampleSettings)
    shown: frozenset[tuple[str, str]] = frozenset()
    progress: Progress = _tell_nobody
    history: History | None = None
    interrupted: Interrupted = never_interrupted


class Engine(Protocol):
    """Evaluates plans on one server. Every engine passes the shared suite in `tests/integration/engines`."""

    def start(self) -> None:
        """Begin to warm up without waiting; `scan` does it otherwise."""

    def scan(self, plan: CheckPlan, wishes: Wishes) -> Scan:
        """Return one result per planned check, whatever happens to the server.

        Raises EngineError only when the engine itself is broken. KeyboardInterrupt ends the scan and everything it
        started.
        """
        ...

    def close(self) -> None:
        """End all that the engine keeps running."""

    def __enter__(self) -> Self:
        """Start to warm up."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close."""


def complete(plan: CheckPlan, found: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """Return one result per planned check, in plan order; what was not found is an `error`."""
    by_id = {result.check.id: result for result in found}
    return tuple(by_id.get(check.id) or not_evaluated(check) for check in plan.checks)


def not_evaluated(check: Check) -> CheckResult:
    """Return the result of a check that nobody answered for: never a pass, never absent."""
    return CheckResult(check=check, outcome=Outcome.ERROR, reason="the engine gave no answer for this check")
