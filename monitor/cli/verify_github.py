"""Runs as annotations at the lines of their contracts, and as the page of a step."""

from collections.abc import Iterator, Sequence

from monitor import words
from monitor.cli.exits import Named, counting, overall
from monitor.cli.github import annotation, cell, table
from monitor.domain.scan import CheckResult, Outcome, Run
from monitor.errors import ContractError

LEVELS = {Outcome.FAIL: "error", Outcome.ERROR: "error", Outcome.BLOCKED: "error", Outcome.WARN: "warning"}


def annotations(runs: Sequence[Run], invalid: Sequence[ContractError], *, named: Named = ()) -> Iterator[str]:
    """Yield one annotation per promise that does not hold or could not be looked at, and per problem of a file.

    What runs in the shadow decides nothing: it is noticed.
    """
    deciding = {run.run_id for run in counting(runs, named)}
    for run in runs:
        for result in _wrong(run):
            level = LEVELS[result.outcome] if run.run_id in deciding else "notice"
            message = (
                f"{result.check.name}: {words.outcome(result.outcome)}: {words.sentence(result)} ({result.check.id})"
            )
            yield annotation(level, message, title=_title(run), file=run.file, line=result.check.line or 1)
    for error in invalid:
        for problem in error.problems:
            line, colon, text = problem.partition(": ")
            number = int(line) if colon and line.isdecimal() else 1
            yield annotation("error", text or problem, title="no valid contract", file=error.file, line=number)


def summary(runs: Sequence[Run], invalid: Sequence[ContractError], *, named: Named = ()) -> str:
    """Return the page: the verdict, a line per run, a line per promise that does not hold, exact counts."""
    parts = [f"## Data contracts: {overall(runs, invalid=bool(invalid), named=named)}\n"]
    if runs:
        head = ("run", "verdict", *map(words.outcome, Outcome))
        rows = [(_title(run), run.verdict, *(f"{run.count(outcome):,}" for outcome in Outcome)) for run in runs]
        parts.append(table(head, rows))
    wrong = [(run, result) for run in runs for result in _wrong(run)]
    if wrong:
        rows = [
            (
                words.outcome(result.outcome),
                result.check.name,
                words.sentence(result),
                f"{run.file}:{result.check.line}",
            )
            for run, result in wrong
        ]
        parts.append(table(("", "promise", "found", "where"), rows))
    parts += [f"- {cell(f'{error.file}:{problem}')}\n" for error in invalid for problem in error.problems]
    return "\n".join(parts)


def _wrong(run: Run) -> list[CheckResult]:
    return [result for result in run.scan.results if result.outcome in LEVELS]


def _title(run: Run) -> str:
    return f"{run.contract} {run.version}{f' on {run.server}' if run.server else ''}{' (shadow)' if run.shadow else ''}"
