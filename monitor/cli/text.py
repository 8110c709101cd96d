"""A run on a terminal: what is broken first, exact numbers, what to do next, where it is written."""

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from monitor import words
from monitor.cli.exits import Named, counting, meaning, overall
from monitor.cli.layout import Line, edged, hanging, line, plain, side_by_side, styled, wrap
from monitor.cli.styles import STYLES
from monitor.domain.scan import CheckResult, Outcome, Run, Verdict
from monitor.errors import ContractError
from monitor.reports.hints import next_step
from monitor.reports.statements import SharedStatement, shared_statements, statement_of
from monitor.reports.views import seconds, where
from monitor.visible import visible

GUTTER = 8
FACTS = 10
FILE_COLUMN = 37
_LISTED = 3

WORDS = {
    Outcome.FAIL: "BROKEN",
    Outcome.ERROR: "ERROR",
    Outcome.BLOCKED: "BLOCKED",
    Outcome.WARN: "WARN",
    Outcome.SKIPPED: "SKIP",
    Outcome.PASS: "HOLD",
}
_UNSEEN = frozenset({Outcome.ERROR, Outcome.BLOCKED, Outcome.SKIPPED})
VERDICT_STYLES = {Verdict.BROKEN: "bold red", Verdict.UNVERIFIED: "bold magenta", Verdict.KEPT: "bold green"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A run to tell, with the page that was written of it, if there is one; `recorded` says that it is remembered.

    `alerted` are the channels that hear of it.
    """

    run: Run
    report: str | None = None
    recorded: bool = False
    alerted: tuple[str, ...] = ()


def print_runs(
    told: Sequence[Told],
    invalid: Sequence[ContractError],
    *,
    exit_code: int,
    stream: TextIO,
    verbose: bool = False,
    named: Named = (),
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Print runs and invalid files as wide as the terminal, in colour if `stream` is one that may have it."""
    lines = render_runs(told, invalid, exit_code=exit_code, width=terminal_width(), verbose=verbose, named=named)
    print_lines(lines, stream, environment)


def print_lines(lines: Sequence[Line], stream: TextIO, environment: Mapping[str, str] = os.environ) -> None:
    """Print lines, in colour if `stream` is one that may have it."""
    if wants_colour(stream, environment):
        _print_styled(lines, stream)
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(plain(lines).encode(encoding, "backslashreplace").decode(encoding))


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Say whether to use colour: on a terminal that can, unless NO_COLOR is set to anything (no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def terminal_width() -> int:
    """Return the width to write for: COLUMNS, else the terminal's, else 80."""
    return shutil.get_terminal_size((80, 24)).columns


def render_runs(
    told: Sequence[Told],
    invalid: Sequence[ContractError],
    *,
    exit_code: int,
    width: int,
    verbose: bool = False,
    named: Named = (),
) -> list[Line]:
    """Return a block per run, then invalid files, then a total over many, then what the exit code means."""
    lines: list[Line] = []
    for one in told:
        lines += render_run(one, width=width, verbose=verbose)
        lines.append(())
    for error in invalid:
        lines += [*_invalid(error, width), ()]
    if len(told) + len(invalid) > 1:
        lines += _wrapped(_total([one.run for one in told], len(invalid)), width)
    elif told:
        lines.pop()
    runs = [one.run for one in told]
    verdict = overall(runs, invalid=bool(invalid), named=named)
    why = meaning(exit_code, verdict, only_drafts=not counting(runs, named))
    return [*lines, *_fact(f"Exit {exit_code}", why, width)]


def render_run(told: Told, *, width: int, verbose: bool = False) -> list[Line]:
    """Return the lines about one run: failures, errors and what they block, warnings, skips, what holds."""
    run, report = told.run, told.report
    found = {outcome: [result for result in run.scan.results if result.outcome is outcome] for outcome in Outcome}
    shared = shared_statements(run.scan.results) if verbose else None
    lines = [*_header(run, width), ()]
    for result in found[Outcome.FAIL]:
        lines += [*_block(result, run, width, shared), ()]
    for reason, results in _by_reason(found[Outcome.ERROR]):
        one = len(results) == 1
        lines += _block(results[0], run, width, shared) if one else _group(reason, results, run, width, verbose=verbose)
        lines.append(())
    for reason, results in _by_reason(found[Outcome.BLOCKED]):
        lines += [*_group(reason, results, run, width, verbose=verbose), ()]
    for result in found[Outcome.WARN]:
        lines += _one_line(Outcome.WARN, _warning(result), width)
        lines += _details(result, run, width, shared) if shared is not None else []
    for reason, results in _by_reason(found[Outcome.SKIPPED]):
        lines += _one_line(Outcome.SKIPPED, _skipped(reason, results, verbose=verbose), width)
    lines += _holds(found[Outcome.PASS], width, verbose=verbose)
    if {result.outcome for result in run.scan.results} <= _UNSEEN:
        lines.append(line("nothing could be checked"))
    for each in shared or ():
        lines += _pass(each, width)
    errors = words.counted(len(found[Outcome.ERROR]), "error")
    heard = f"alerted {visible(', '.join(told.alerted))}" if told.alerted else "nobody was alerted"
    recorded = f" Recorded as run {run.run_id}; {heard}." if told.recorded else ""
    lines += _wrapped(f"{errors}, {len(found[Outcome.BLOCKED]):,} blocked. {seconds(run)}.{recorded}", width)
    return [*lines, *(_fact("Report", visible(report), width) if report else ())]


def _header(run: Run, width: int) -> list[Line]:
    """Return which contract was verified where, with the verdict and the number of rules that make it."""
    server = f" on {run.server}" if run.server else ""
    location = f" ({run.location})" if run.location else ""
    shadow = " (shadow)" if run.shadow else ""
    version = visible(f"{run.contract} {run.version}{shadow}{server}{location}")
    deciding = {
        Verdict.BROKEN: run.count(Outcome.FAIL),
        Verdict.UNVERIFIED: run.count(Outcome.ERROR) + run.count(Outcome.BLOCKED),
        Verdict.KEPT: run.count(Outcome.PASS),
    }[run.verdict]
    rules = f"{deciding:,} of {words.counted(len(run.scan.results), 'rule')}"
    return edged(
        "",
        version,
        f"{run.verdict.upper()}   {rules}",
        width=width,
        gutter=0,
        word_style="",
        style="bold",
        right_style=VERDICT_STYLES[run.verdict],
    )


def _block(result: CheckResult, run: Run, width: int, shared: Sequence[SharedStatement] | None) -> list[Line]:
    """Return everything about one result that does not hold, with its details where statements are asked for."""
    lines = _head(result.outcome, visible(result.check.name), result.check.dimension or "", width)
    if result.outcome is Outcome.FAIL:
        lines += _figures(result, width)
    if reason := words.reason(result):
        lines += [line(text, indent=GUTTER) for text in wrap(reason, width - GUTTER)]
    if result.offending:
        lines += [line(text, indent=GUTTER) for text in _values(visible(result.offending), width - GUTTER)]
    if step := next_step(result, run):
        lines += hanging("next", str(step), width=width, indent=GUTTER)
    if shared is not None:
        return lines + _details(result, run, width, shared)
    return lines + _place(result, run, width)


def _figures(result: CheckResult, width: int) -> list[Line]:
    """Return what was expected and measured; the promise alone where nothing was measured.

    Nothing where columns are counted: the reason names them.
    """
    if result.check.unit == "columns":
        return []
    found = words.measured(result)
    measured = f", measured {found}" if found else ""
    return [
        line(text, "bold" if found else "", indent=GUTTER)
        for text in wrap(f"expected {words.expected(result.check)}{measured}", width - GUTTER)
    ]


def _values(offending: str, width: int) -> list[str]:
    """Return offending values wrapped; the number of a value's rows stays together: `(365 rows)`."""
    glued = re.sub(r"(\([\d,]+) (rows?\))", "\\1\xa0\\2", offending)
    return [re.sub("(\\([\\d,]+)\xa0(rows?\\))", r"\1 \2", text) for text in wrap(glued, width)]


def _details(result: CheckResult, run: Run, width: int, shared: Sequence[SharedStatement]) -> list[Line]:
    """Return what `-v` adds: the impact, the check's own statement, the id and its place."""
    lines: list[Line] = []
    if result.check.impact:
        lines += hanging("impact", visible(result.check.impact), width=width, indent=GUTTER)
    if statement := statement_of(result, shared):
        lines += hanging("sql", visible(statement.expandtabs(4), keep="\n"), width=width, indent=GUTTER)
    return lines + _place(result, run, width)


def _place(result: CheckResult, run: Run, width: int) -> list[Line]:
    """Return the check's id and where its rule is written."""
    return side_by_side(
        visible(result.check.id), where(run, result.check), width=width, indent=GUTTER, column=FILE_COLUMN, style="dim"
    )


def _pass(shared: SharedStatement, width: int) -> list[Line]:
    """Return the statement that measured many checks of a dataset."""
    checks = words.counted(shared.checks, "check")
    lines = edged(
        "SQL",
        f"{visible(shared.dataset)}: one pass for {checks}",
        "",
        width=width,
        gutter=GUTTER,
        word_style="dim",
        style="",
        right_style="",
    )
    statement = visible(shared.sql.expandtabs(4), keep="\n")
    return [*lines, *(line(text, indent=GUTTER) for text in wrap(statement, width - GUTTER))]


def _group(reason: str, results: Sequence[CheckResult], run: Run, width: int, *, verbose: bool) -> list[Line]:
    """Return the checks that one cause keeps from being known."""
    lines = _head(results[0].outcome, f"{words.counted(len(results), 'check')}: {reason}", "", width)
    if verbose:
        for result in results:
            lines += [line(text, indent=GUTTER) for text in wrap(visible(result.check.name), width - GUTTER)]
            lines += _place(result, run, width)
    else:
        lines += [line(text, indent=GUTTER) for text in wrap(_some(results, verbose=False), width - GUTTER)]
    if step := next_step(results[0], run):
        lines += hanging("next", str(step), width=width, indent=GUTTER)
    return lines


def _warning(result: CheckResult) -> str:
    """Say a warning in one line: numbers if there are, else the reason, which may name its subject itself."""
    name, reason = visible(result.check.name), words.reason(result)
    if found := words.measured(result):
        told = f"{name}: expected {words.expected(result.check)}, measured {found}"
        return f"{told}; {reason}" if reason else told
    if reason and visible(result.check.dataset) in reason:
        return reason
    return f"{name}: {reason or 'does not hold'}"


def _skipped(reason: str, results: Sequence[CheckResult], *, verbose: bool) -> str:
    """Say what one reason keeps from being checked."""
    count = "" if len(results) == 1 else f"{words.counted(len(results), 'rule')}, "
    return f"{count}{_some(results, verbose=verbose)}: {reason}"


def _holds(results: Sequence[CheckResult], width: int, *, verbose: bool) -> list[Line]:
    """Return how many checks hold in each dataset; all of them if asked for."""
    lines: list[Line] = []
    if verbose:
        for result in results:
            lines += _head(Outcome.PASS, visible(result.check.name), str(words.measured(result) or ""), width)
    if not results:
        return []
    count = f"{len(results):,} {'holds' if len(results) == 1 else 'hold'}"
    listed = "" if verbose else " (-v lists)"
    return lines + hanging(f"{count} ", f"{_datasets(results)}{listed}", width=width, indent=0, first_style="green")


def _some(results: Sequence[CheckResult], *, verbose: bool) -> str:
    """Name a few checks, or all if asked for; of many, say how many each dataset has."""
    if verbose or len(results) <= _LISTED:
        return ", ".join(visible(result.check.name) for result in results)
    return f"{_datasets(results)} (-v lists)"


def _datasets(results: Iterable[CheckResult]) -> str:
    """Return how many results each dataset has, in order of first appearance."""
    counts = Counter(visible(result.check.dataset) for result in results)
    return ", ".join(f"{dataset} {count:,}" for dataset, count in counts.items())


def _by_reason(results: Iterable[CheckResult]) -> list[tuple[str, list[CheckResult]]]:
    """Group results by their reason, in order of first appearance."""
    groups: dict[str, list[CheckResult]] = {}
    for result in results:
        groups.setdefault(words.reason(result) or "no reason was given", []).append(result)
    return list(groups.items())


def _invalid(error: ContractError, width: int) -> list[Line]:
    """Return an invalid file with all its problems, each as `file:line: where: what`."""
    lines = _labelled("INVALID", f"{visible(error.file)}: {words.counted(len(error.problems), 'problem')}", width)
    for problem in error.problems:
        text = f"{visible(error.file)}:{visible(problem)}"
        lines += [line(part, indent=GUTTER) for part in wrap(text, width - GUTTER)]
    return lines


def _total(runs: Sequence[Run], invalid: int) -> str:
    """Return one line over many runs."""
    counts = Counter(run.verdict for run in runs)
    verdicts = ", ".join(
        f"{counts[verdict]:,} {verdict}" for verdict in (Verdict.BROKEN, Verdict.UNVERIFIED, Verdict.KEPT)
    )
    shadow = sum(run.shadow for run in runs)
    aside = f" ({shadow:,} in the shadow)" if shadow else ""
    return f"{words.counted(len(runs), 'run')}: {verdicts}{aside}; {words.counted(invalid, 'invalid file')}."


def _head(outcome: Outcome, text: str, right: str, width: int) -> list[Line]:
    """Return the first line of a result: outcome, promise, and a note at the right edge."""
    return edged(
        WORDS[outcome],
        text,
        right,
        width=width,
        gutter=GUTTER,
        word_style=STYLES[outcome],
        style="" if outcome is Outcome.PASS else "bold",
        right_style="dim",
    )


def _one_line(outcome: Outcome, text: str, width: int) -> list[Line]:
    """Return a result that needs no block."""
    style = STYLES[outcome]
    return edged(WORDS[outcome], text, "", width=width, gutter=GUTTER, word_style=style, style="", right_style="")


def _labelled(label: str, text: str, width: int) -> list[Line]:
    """Return text behind a red gutter word."""
    return edged(label, text, "", width=width, gutter=GUTTER, word_style="bold red", style="bold", right_style="")


def _fact(label: str, text: str, width: int) -> list[Line]:
    """Return a closing line: label and text."""
    return edged(label, text, "", width=width, gutter=FACTS, word_style="bold", style="", right_style="")


def _wrapped(text: str, width: int) -> list[Line]:
    """Return text over the whole width."""
    return [line(part) for part in wrap(text, width)]


def _print_styled(lines: Iterable[Line], stream: TextIO) -> None:
    """Print lines in colour. No markup, emoji codes or highlighting: what looks like them is data."""
    from rich.console import Console

    console = Console(file=stream, force_terminal=True, markup=False, emoji=False, highlight=False)
    for pieces in lines:
        console.print(styled(pieces), soft_wrap=True)
