"""What the program ends with: one verdict and one exit code over all runs and files."""

from collections.abc import Collection, Iterable, Sequence

from monitor.domain.scan import Outcome, Run, Verdict

KEPT, BROKEN, MISUSED, UNVERIFIED = range(4)

MEANINGS = {
    KEPT: "every promise that was checked is kept",
    BROKEN: "a promise is broken",
    MISUSED: "a contract file is invalid",
    UNVERIFIED: "a promise could not be verified",
}


Named = Collection[tuple[str, str]]
"""The contract versions (id, version) that somebody asked for by name: there even a shadow run counts."""


def overall(runs: Iterable[Run], *, invalid: bool, named: Named = ()) -> Verdict:
    """Return the verdict over all runs. A shadow run changes nothing unless its version was named."""
    verdicts = {run.verdict for run in counting(runs, named)}
    if Verdict.BROKEN in verdicts:
        return Verdict.BROKEN
    if Verdict.UNVERIFIED in verdicts or invalid or not verdicts:
        return Verdict.UNVERIFIED
    return Verdict.KEPT


def exit_code(runs: Sequence[Run], *, invalid: bool, fail_on_warn: bool = False, named: Named = ()) -> int:
    """Return the exit code over all runs: broken, else an invalid file, else what could not be verified."""
    verdict = overall(runs, invalid=invalid, named=named)
    if verdict is Verdict.BROKEN or (fail_on_warn and any(run.count(Outcome.WARN) for run in counting(runs, named))):
        return BROKEN
    if invalid:
        return MISUSED
    return UNVERIFIED if verdict is Verdict.UNVERIFIED else KEPT


def counting(runs: Iterable[Run], named: Named) -> list[Run]:
    """Return the runs that decide: all but those in the shadow that nobody named."""
    return [run for run in runs if not run.shadow or (run.contract, run.version) in named]


def meaning(code: int, verdict: Verdict, *, only_drafts: bool = False) -> str:
    """Return what an exit code means in words, given the verdict it came with."""
    if code == BROKEN and verdict is not Verdict.BROKEN:
        return "a warning, and --fail-on warn was asked for"
    if code == UNVERIFIED and only_drafts:
        return "nothing but drafts ran: set `status: active`, or name one"
    return MEANINGS[code]
