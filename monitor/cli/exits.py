"""What the program ends with: one verdict and one exit code over all runs and files."""

from collections.abc import Iterable, Sequence

from monitor.domain.scan import Outcome, Run, Verdict

KEPT, BROKEN, MISUSED, UNVERIFIED = range(4)

MEANINGS = {
    KEPT: "every promise that was checked is kept",
    BROKEN: "a promise is broken",
    MISUSED: "a contract file is invalid",
    UNVERIFIED: "a promise could not be verified",
}


def overall(runs: Iterable[Run], *, invalid: bool, shadow_counts: bool = False) -> Verdict:
    """Return the verdict over all runs. A shadow run changes nothing unless it was named (`shadow_counts`)."""
    verdicts = {run.verdict for run in runs if shadow_counts or not run.shadow}
    if Verdict.BROKEN in verdicts:
        return Verdict.BROKEN
    if Verdict.UNVERIFIED in verdicts or invalid or not verdicts:
        return Verdict.UNVERIFIED
    return Verdict.KEPT


def exit_code(runs: Sequence[Run], *, invalid: bool, fail_on_warn: bool = False, shadow_counts: bool = False) -> int:
    """Return the exit code over all runs: broken, else an invalid file, else what could not be verified."""
    counting = [run for run in runs if shadow_counts or not run.shadow]
    verdicts = {run.verdict for run in counting}
    if Verdict.BROKEN in verdicts or (fail_on_warn and any(run.count(Outcome.WARN) for run in counting)):
        return BROKEN
    if invalid:
        return MISUSED
    if Verdict.UNVERIFIED in verdicts:
        return UNVERIFIED
    return KEPT


def meaning(code: int, verdict: Verdict) -> str:
    """Return what an exit code means in words, given the verdict it came with."""
    if code == BROKEN and verdict is not Verdict.BROKEN:
        return "a warning, and --fail-on warn was asked for"
    return MEANINGS[code]
