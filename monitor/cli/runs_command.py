"""`pactwatch runs`: what was found before."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from monitor.cli.layout import edged, line, wrap
from monitor.cli.text import VERDICT_STYLES, print_lines, terminal_width
from monitor.domain.scan import Outcome, Verdict
from monitor.errors import UsageError
from monitor.exact_json import encode
from monitor.objects import SCHEMA_VERSION, record_object
from monitor.visible import visible

if TYPE_CHECKING:
    from monitor.cli.layout import Line
    from monitor.settings import Settings
    from monitor.store.values import RunRecord

GUTTER = 12


@click.command("runs")
@click.argument("contract", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many, latest first.")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def runs_command(settings_of: "Callable[[], Settings]", contract: str | None, limit: int, output_format: str) -> int:
    """List recorded runs, latest first.

    CONTRACT is an id, id@version, a slug or a name; without one, the runs of all contracts.
    """
    from monitor.store.store import open_store

    with open_store(settings_of().state_url) as store, store.reading() as reader:
        runs = reader.runs(limit=limit, contract=contract)
        place = store.place
    if contract is not None and not runs:
        raise UsageError(f"no run of a contract {contract!r} is recorded in {place}")
    if output_format == "json":
        sys.stdout.write(document(runs))
    else:
        print_lines(render(runs, width=terminal_width()), sys.stdout)
    return 0


def document(runs: Sequence["RunRecord"]) -> str:
    """Return the document of `runs --format json`."""
    return encode({"schema_version": SCHEMA_VERSION, "runs": [record_object(run) for run in runs]})


def render(runs: Sequence["RunRecord"], *, width: int) -> "list[Line]":
    """Return two lines a run: the verdict with when and how many, then which run of what."""
    if not runs:
        return [line("no run is recorded yet")]
    lines: list[Line] = []
    for run in runs:
        style = VERDICT_STYLES[run.verdict]
        server = f" on {run.target.server}" if run.target.server else ""
        shadow = " (shadow)" if run.shadow else ""
        part = " (a part of it)" if run.subset else ""
        lines += edged(
            run.verdict.upper(),
            visible(f"{run.target.contract} {run.version}{server}{shadow}{part}"),
            run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
            width=width,
            gutter=GUTTER,
            word_style=style,
            style="bold",
            right_style="dim",
        )
        told = wrap(f"{_counts(run)}; run {visible(run.run_id)}, {_cause(run)}", width - GUTTER)
        lines += [line(more, "dim", indent=GUTTER) for more in told]
    return lines


def _counts(run: "RunRecord") -> str:
    """Return what decided, and how many checks there were."""
    total = sum(run.counts.values())
    deciding = {
        Verdict.BROKEN: f"{run.counts[Outcome.FAIL]:,} broken",
        Verdict.UNVERIFIED: f"{run.counts[Outcome.ERROR] + run.counts[Outcome.BLOCKED]:,} not verified",
        Verdict.KEPT: f"{run.counts[Outcome.PASS]:,} hold",
    }[run.verdict]
    return f"{deciding} of {total:,}"


def _cause(run: "RunRecord") -> str:
    if run.trigger == "api":
        return "asked for over the API"
    if run.slot is not None:
        return f"scheduled for {run.slot.strftime('%H:%M UTC')}"
    return run.trigger.replace("_", " ")
