"""`pactwatch lint`: contract files only, no database, no state."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.linted import LintedFile
from monitor.cli.places import while_somebody_reads
from monitor.words import counted

if TYPE_CHECKING:
    from monitor.contracts.versions import Library
    from monitor.domain.contract import Contract
    from monitor.settings import Settings

DEFAULT_FOLDER = Path("contracts")
INVALID = 2
MOST = 100
"""How many promises of one file that no run looks at are listed; the rest are counted."""


@click.command("lint")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--against",
    metavar="REF|DIR",
    help="Also hold the contracts against those of a git revision, or of another folder.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How to answer.",
)
@click.pass_context
def lint_command(ctx: click.Context, paths: tuple[Path, ...], against: str | None, format_: str) -> None:
    """Read contract files and tell every problem and remark, with its line.

    PATH is a folder of *.odcs.yaml files or one file; by default the configured contract folders.

    With --against these are problems too: a released version that promises something else than it did, a version that
    does not carry its changes or goes backwards, an active contract that is gone.

    Exit code 2 if any file has a problem, or there is no file; remarks change nothing.
    """
    from monitor.contracts.versions import read_library

    settings: Callable[[], Settings] | None = ctx.obj
    configured = settings() if settings is not None else None
    home = (configured.contracts if configured is not None else ()) or (DEFAULT_FOLDER,)
    variables = configured.contract_variables if configured is not None else {}
    is_home = {path.absolute() for path in paths or home} <= {path.absolute() for path in home}
    library = read_library(paths or home, variables)
    files = _linted(library, clashes_matter=is_home)
    if against is not None:
        from monitor.cli.lint_against import held_against

        files = held_against(files, library, against, paths or home, variables)
    with while_somebody_reads():
        if format_ == "json":
            print(_as_json(files))
        elif format_ == "github":
            from monitor.cli.lint_against import annotations

            for line in annotations(files):
                print(line)
        else:
            for line in _as_lines(files):
                print(line)
    ctx.exit(INVALID if not files or any(file.problems for file in files) else 0)


def _linted(library: "Library", *, clashes_matter: bool) -> tuple[LintedFile, ...]:
    """Return one entry per file, by file name.

    Two files of one contract version cannot run beside each other in the configured folders: a problem there. Files
    from elsewhere are looked at one by one; that they clash is then a remark.
    """
    valid = (
        LintedFile(file=found.file, contract=found.id, version=found.version, problems=(), remarks=_remarks(found))
        for found in library.contracts
    )
    invalid = (
        LintedFile(file=found.file, contract=None, version=None, problems=found.problems, remarks=())
        if found.contract is None or clashes_matter
        else LintedFile(
            file=found.file,
            contract=found.contract.id,
            version=found.contract.version,
            problems=(),
            remarks=(*found.problems, *_remarks(found.contract)),
        )
        for found in library.invalid
    )
    return tuple(sorted((*valid, *invalid), key=lambda file: file.file))


def _remarks(contract: "Contract") -> tuple[str, ...]:
    """Return what is worth knowing of a valid contract: the reader's remarks, and what no run will look at."""
    from monitor.checks.dialect import DEFAULT_TYPE, SERVER_TYPES
    from monitor.checks.plan import compile_plan, never_checked

    types = {SERVER_TYPES[each.type] for each in contract.servers if each.type in SERVER_TYPES} or {DEFAULT_TYPE}
    supported = ", ".join(sorted(set(SERVER_TYPES.values())))
    told = {
        (server.line, f"servers.{server.name}: servers of type {server.type} cannot be verified, only {supported}")
        for server in contract.servers
        if server.type not in SERVER_TYPES
    }
    plans = [compile_plan(contract, each) for each in sorted(types)]
    for plan in plans:
        kinds = {check.id: check.kind for check in plan.checks}
        told |= {(line, words) for line, words in never_checked(plan) if kinds[words.partition(":")[0]] != "text"}
    remarks = {remark for plan in plans for remark in plan.remarks}
    found = sorted({*(f"{line}: {words}" for line, words in told), *remarks}, key=_line)
    listed = found[:MOST]
    more = (f"and {len(found) - MOST:,} more remarks",) if len(found) > MOST else ()
    return (*contract.remarks, *listed, *more)


def _line(remark: str) -> int:
    return int(remark.partition(":")[0])


def _as_lines(files: Sequence[LintedFile]) -> list[str]:
    lines: list[str] = []
    for file in files:
        shown = file.file if file.file.isprintable() else repr(file.file)
        lines.extend(f"{shown}:{problem}" for problem in file.problems)
        lines.extend(f"remark: {shown}:{remark}" for remark in file.remarks)
    problems = sum(len(file.problems) for file in files)
    remarks = sum(len(file.remarks) for file in files)
    total = f"{counted(len(files), 'file')}: {counted(problems, 'problem')}, {counted(remarks, 'remark')}"
    return [*lines, total if files else "no contract files found"]


def _as_json(files: Sequence[LintedFile]) -> str:
    listed = [
        {
            "file": file.file,
            "contract": file.contract,
            "version": file.version,
            "problems": list(file.problems),
            "remarks": list(file.remarks),
        }
        for file in files
    ]
    return json.dumps({"schema_version": 1, "files": listed}, indent=2)
