"""`pactwatch verify`: the verdict on demand."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.alerting import undelivered
from monitor.cli.places import check_writable, while_somebody_reads
from monitor.cli.recorder import Recorder
from monitor.errors import ContractError, MonitorError, UsageError
from monitor.run import Target
from monitor.visible import visible
from monitor.wiring import Engines, targets

if TYPE_CHECKING:
    from monitor.cli.exits import Named
    from monitor.cli.text import Told
    from monitor.contracts.versions import Library, Selected
    from monitor.domain.contract import Contract
    from monitor.domain.scan import Run
    from monitor.settings import Settings
    from monitor.store.values import AlertRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for beside the contracts. `troubles` beside the verdict are added meanwhile."""

    server: str | None = None
    dataset: str | None = None
    checks: tuple[str, ...] = ()
    quiet: bool = False
    report: Path | None = None
    troubles: list[str] = field(default_factory=list)


@click.command("verify")
@click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
@click.option("--server", metavar="NAME", help="Which of the contract's servers; `all` for each of them.")
@click.option("--dataset", metavar="D", help="Only the checks of this dataset.")
@click.option("--check", "checks", metavar="ID", multiple=True, help="Only this check; may be given several times.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "junit", "github"]),
    default="text",
    show_default=True,
)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the verdict here, not to stdout."
)
@click.option(
    "--report", type=click.Path(path_type=Path), help="Write an HTML page of each run: FILE.html, or a folder."
)
@click.option(
    "--fail-on",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="From what outcome on to exit 1.",
)
@click.option("--no-record", is_flag=True, help="Do not remember these runs.")
@click.option("--alert", is_flag=True, help="Move incidents and tell people, as a scheduled run does.")
@click.option("-v", "--verbose", is_flag=True, help="List what holds, show SQL and what else is known.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@click.pass_obj
def verify_command(
    settings_of: "Callable[[], Settings]",
    contracts: tuple[str, ...],
    server: str | None,
    dataset: str | None,
    checks: tuple[str, ...],
    output_format: str,
    output: Path | None,
    report: Path | None,
    fail_on: str,
    no_record: bool,
    alert: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Verify contracts against the warehouse, now.

    CONTRACT is an id, id@version, a unique name, or a contract file; without one, every contract that is current.
    The verdict goes to stdout, progress to stderr. Runs are recorded in the state database; nobody is alerted
    unless --alert is given. Where they cannot be recorded the verdict is told all the same, and what was kept ends
    with 3.
    """
    if output is not None:
        check_writable(output, "--output")
    if alert and no_record:
        raise UsageError("--alert tells what is recorded: leave --no-record out")
    asked = Asked(server=server, dataset=dataset, checks=checks, quiet=quiet, report=report)
    with Engines() as engines, ExitStack() as stack:  # engines first: their imports hide behind all that follows
        settings = settings_of()
        engines.reach(settings)
        library, selected = select(settings, contracts)
        chosen, unplaced = targets(selected, settings, os.environ, asked.server)
        recorder = None if no_record else stack.enter_context(Recorder(settings, alert=alert))
        told = list(verify(settings, chosen, asked, engines, recorder))
        delivered = recorder.deliver() if recorder is not None else None
        alerts = recorder.alerts() if recorder is not None else ()
        left = recorder.left(alerts) if recorder is not None else 0
    named = {(each.contract.id, each.contract.version) for each in selected if each.named}
    invalid = [*unplaced, *(ContractError(file.file, list(file.problems)) for file in library.invalid)]
    code = tell(
        told,
        invalid,
        output_format=output_format,
        output=output,
        fail_on=fail_on,
        verbose=verbose,
        named=named,
        alerts=alerts,
    )
    if recorder is not None and recorder.trouble is not None:
        asked.troubles.append(f"not recorded: {recorder.trouble} (--no-record verifies without it)")
    if delivered is not None and (trouble := undelivered(delivered, left)):
        asked.troubles.append(trouble)
    for trouble in asked.troubles:
        click.echo(visible(trouble), err=True)
    return code or (MonitorError.exit_code if asked.troubles else 0)


def select(settings: "Settings", wanted: Sequence[str]) -> "tuple[Library, tuple[Selected, ...]]":
    """Return the contracts that were read, and those of them to verify.

    Raises UsageError if a name means nothing or too much, or if there is nothing to verify at all.
    """
    from monitor.contracts.versions import SHADOW_STATUSES, Library, Selected, current, read_library, resolve

    files = [Path(word) for word in wanted if _is_file(word)]
    names = [word for word in wanted if not _is_file(word)]
    library = read_library(files, settings.contract_variables) if files else Library(contracts=(), invalid=())
    selected = [
        Selected(contract=contract, shadow=contract.status in SHADOW_STATUSES, named=True)
        for contract in library.contracts
    ]
    if names or not wanted:
        known = read_library(settings.contracts, settings.contract_variables)
        selected += [each for name in names for each in resolve(known, name)] if names else current(known)
        library = Library(contracts=(*library.contracts, *known.contracts), invalid=(*library.invalid, *known.invalid))
    if not selected and not library.invalid:
        folders = ", ".join(str(path) for path in settings.contracts)
        raise UsageError(f"no contract to verify in {folders}")
    unique: dict[tuple[str, str, str], Selected] = {}
    for each in selected:
        key = (each.contract.id, each.contract.version, each.contract.file)
        unique[key] = each if each.named else unique.get(key, each)
    return library, tuple(unique.values())


def verify(
    settings: "Settings",
    chosen: "Sequence[Target]",
    asked: Asked,
    engines: Engines,
    recorder: Recorder | None = None,
) -> "Iterator[Told]":
    """Verify each target and yield what is to be told; runs are recorded and pages written as they end.

    All questions about datasets, checks and places to write to are settled before the first connection.
    """
    from monitor.checks.plan import compile_plan, subsets
    from monitor.cli.progress import progress_on
    from monitor.cli.text import Told
    from monitor.run import looking_back, run_contract

    wholes = [compile_plan(each.contract, each.server.type) for each in chosen]
    plans = subsets(wholes, asked.dataset, asked.checks)
    is_part = asked.dataset is not None or asked.checks
    runs = [each for each in zip(chosen, plans, wholes, strict=True) if each[1].checks or not is_part]
    _check_report(asked.report, len(runs))
    if recorder is not None:
        recorder.start()
    with progress_on(sys.stderr, quiet=asked.quiet) as progress:
        for target, plan, whole in runs:
            progress.started(_label(target), len(plan.checks))
            looks = looking_back(plan)
            of = (target.contract, target.server.name, looks)
            history = None if recorder is None else recorder.history(*of, shadow=target.shadow)
            run = run_contract(
                target.contract,
                plan,
                target.server,
                engines.of(target.server),
                samples=settings.samples,
                shadow=target.shadow,
                progress=progress.result,
                history=history,
            )
            progress.finished(run)
            report = _write_report(asked.report, run, target.contract, asked.troubles)
            heard = None if recorder is None else recorder.record(run, target.contract, whole, subset=bool(is_part))
            yield Told(run=run, report=report, recorded=heard is not None, alerted=heard or ())


def tell(
    told: "Sequence[Told]",
    invalid: "Sequence[ContractError]",
    *,
    output_format: str,
    output: Path | None,
    fail_on: str,
    verbose: bool,
    named: "Named",
    alerts: "Sequence[AlertRecord]" = (),
) -> int:
    """Write the verdict and return the exit code. A shadow run counts only where its version was named."""
    from monitor.cli.exits import exit_code
    from monitor.cli.text import print_runs

    runs = [one.run for one in told]
    code = exit_code(runs, invalid=bool(invalid), fail_on_warn=fail_on == "warn", named=named)
    with ExitStack() as stack:
        stack.enter_context(while_somebody_reads())
        if output is not None:
            output.parent.mkdir(parents=True, exist_ok=True)
        stream = stack.enter_context(output.open("w", encoding="utf-8")) if output else sys.stdout
        if output_format == "json":
            from monitor.cli.json_output import document

            stream.write(document(runs, invalid, named=named, alerts=alerts))
        elif output_format == "junit":
            from monitor.cli.junit import junit

            stream.write(junit(runs, invalid, fail_on_warn=fail_on == "warn", named=named))
        elif output_format == "github":
            from monitor.cli.github import add_to_summary
            from monitor.cli.verify_github import annotations, summary

            stream.writelines(f"{line}\n" for line in annotations(runs, invalid, named=named))
            add_to_summary(summary(runs, invalid, named=named))
        else:
            print_runs(told, invalid, exit_code=code, stream=stream, verbose=verbose, named=named)
    return code


def _is_file(word: str) -> bool:
    return word.endswith((".yaml", ".yml")) or "/" in word or Path(word).is_file()


def _label(target: Target) -> str:
    return f"{target.contract.id} {target.contract.version} on {target.server.name}"


def _check_report(report: Path | None, runs: int) -> None:
    """Refuse one file for several pages, or a place that cannot be written to, before anything runs."""
    if report is None:
        return
    check_writable(report, "--report")
    if runs > 1 and report.suffix == ".html":
        raise UsageError(f"--report {report}: one file cannot hold {runs} runs; name a folder")


def _write_report(report: Path | None, run: "Run", contract: "Contract", troubles: list[str]) -> str | None:
    """Write the page of a run to the file, or into the folder, that was asked for; tell troubles instead of raising."""
    if report is None:
        return None
    from monitor.contracts.identifiers import slug_of
    from monitor.reports.html import render, write

    name = "-".join([run.slug, slug_of(run.version), slug_of(run.server or "nowhere")])
    path = report if report.suffix == ".html" else report / f"{name}.html"
    try:
        write(path, render(run, contract))
    except OSError as error:  # a full disk must not cost the verdict
        troubles.append(f"--report {path}: cannot be written: {error.strerror or error}")
        return None
    return str(path)
