"""What is going on while a scan runs: a live view on a terminal, one line per contract elsewhere."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TextIO

from monitor.cli.styles import STYLES
from monitor.domain.scan import CheckResult, Outcome, Run
from monitor.reports.views import OUTCOME_WORDS, seconds
from monitor.visible import visible
from monitor.words import counted

if TYPE_CHECKING:
    from rich.console import Group

_SHOWN = 12


class Progress(Protocol):
    """Told about a scan by whoever runs it: started, then any number of results, then finished.

    Results may come from several threads; one contract is under way at a time.
    """

    def started(self, contract: str, checks: int) -> None:
        """Say that the scan of a contract with so many checks begins."""

    def result(self, result: CheckResult) -> None:
        """Say that a check has its result."""

    def finished(self, run: Run) -> None:
        """Say that the scan is over."""


@contextmanager
def progress_on(
    stream: TextIO,
    *,
    quiet: bool,
    environment: Mapping[str, str] = os.environ,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Progress]:
    """Provide the progress that suits the stream, and leave nothing of a live view on it afterwards."""
    if quiet:
        yield Silence()
    elif stream.isatty() and environment.get("TERM") != "dumb":
        with _live(stream, clock, colour=not environment.get("NO_COLOR")) as progress:
            yield progress
    else:
        yield Lines(stream)


class Silence:
    """Says nothing."""

    def started(self, contract: str, checks: int) -> None:
        """Say nothing."""

    def result(self, result: CheckResult) -> None:
        """Say nothing."""

    def finished(self, run: Run) -> None:
        """Say nothing."""


class Lines:
    """Writes a line when a contract is started and one when it is finished: what a log can bear."""

    def __init__(self, stream: TextIO) -> None:
        """Write to this stream."""
        self._stream = stream

    def started(self, contract: str, checks: int) -> None:
        """Write what begins."""
        self._write(f"verifying {visible(contract)}: {counted(checks, 'check')}")

    def result(self, result: CheckResult) -> None:
        """Write nothing: a line per check would bury the rest."""

    def finished(self, run: Run) -> None:
        """Write how it ended."""
        counts = Counter(result.outcome for result in run.scan.results)
        found = ", ".join(text for _, text in outcomes(counts)) or "nothing checked"
        self._write(f"{visible(f'{run.contract} {run.version}')}: {run.verdict}; {found}. {seconds(run)}.")

    def _write(self, text: str) -> None:
        """Write one line at once, whatever the stream can encode."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._stream.write(f"{text}\n".encode(encoding, "backslashreplace").decode(encoding))
        self._stream.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a scan is: how many checks of each dataset have which outcome."""

    contract: str
    checks: int
    since: float
    datasets: Mapping[str, Mapping[Outcome, int]]

    def after(self, result: CheckResult) -> "Standing":
        """Return the standing with one more result."""
        dataset, outcome = result.check.dataset, result.outcome
        counts = dict(self.datasets.get(dataset, {}))
        counts[outcome] = counts.get(outcome, 0) + 1
        return replace(self, datasets={**self.datasets, dataset: counts})

    @property
    def done(self) -> int:
        """Return how many checks have their result."""
        return sum(sum(counts.values()) for counts in self.datasets.values())


class Live:
    """Keeps the standing of the scan under way, for a live view that looks at it several times a second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Measure time with this clock."""
        self._clock = clock
        self._lock = threading.Lock()
        self._standing: Standing | None = None

    def started(self, contract: str, checks: int) -> None:
        """Begin with an empty standing."""
        self._standing = Standing(contract=contract, checks=checks, since=self._clock(), datasets={})

    def result(self, result: CheckResult) -> None:
        """Count the result."""
        with self._lock:
            self._standing = self._standing and self._standing.after(result)

    def finished(self, run: Run) -> None:  # noqa: ARG002 - the verdict is told on stdout
        """Leave nothing on the screen."""
        self._standing = None

    def view(self) -> "Group":
        """Return what to show now."""
        standing = self._standing
        from rich.console import Group

        return Group() if standing is None else view(standing, self._clock() - standing.since)


def view(standing: Standing, elapsed: float) -> "Group":
    """Return the live view: the contract with its progress, then the datasets that were looked at last."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    total = f"{standing.done:,} of {standing.checks:,} checks, {elapsed:.1f} s"
    table = Table.grid(padding=(0, 3))
    datasets = list(standing.datasets.items())
    for dataset, counts in datasets[-_SHOWN:]:
        found = Text(", ").join(Text(text, style=STYLES[outcome]) for outcome, text in outcomes(counts))
        table.add_row(Text(f"  {visible(dataset)}"), Text(f"{sum(counts.values()):,} done", justify="right"), found)
    hidden = len(datasets) - _SHOWN
    head = Text.assemble((f"{visible(standing.contract)}   ", "bold"), total)
    return Group(head, table, *([Text(f"  {hidden:,} more datasets")] if hidden > 0 else []))


def outcomes(counts: Mapping[Outcome, int]) -> list[tuple[Outcome, str]]:
    """Return the outcomes that occurred, worst first, each with its count in words."""
    return [
        (outcome, f"{counts[outcome]:,} {one if counts[outcome] == 1 else many}")
        for outcome, (one, many) in OUTCOME_WORDS.items()
        if counts.get(outcome)
    ]


@contextmanager
def _live(stream: TextIO, clock: Callable[[], float], *, colour: bool) -> Iterator[Progress]:
    """Provide a live view that disappears when it is over; printing elsewhere stays untouched."""
    from rich import live
    from rich.console import Console

    progress = Live(clock)
    console = Console(file=stream, force_terminal=True, no_color=not colour, markup=False, emoji=False, highlight=False)
    with live.Live(
        get_renderable=progress.view,
        console=console,
        transient=True,
        refresh_per_second=8,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield progress
