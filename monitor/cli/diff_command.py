"""`pactwatch diff`: what a newer contract says otherwise, whom it hurts, and what its version must be."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.diff_output import as_annotations, as_document, as_lines, as_summary
from monitor.cli.github import add_to_summary
from monitor.cli.places import while_somebody_reads
from monitor.errors import ContractError, UsageError

if TYPE_CHECKING:
    from monitor.contracts.versions import Library
    from monitor.domain.contract import Contract
    from monitor.drift.releases import Release
    from monitor.settings import Settings

NOT_CARRIED = 1


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option(
    "--format", "output_format", type=click.Choice(["text", "json", "github"]), default="text", show_default=True
)
@click.pass_obj
def diff_command(settings_of: "Callable[[], Settings]", old: str, new: str, output_format: str) -> int:
    """Tell what NEW says otherwise than OLD, whom it hurts, and what its version must be.

    Each of them is a contract (a file, id@version, or REV:path of git) or all contracts (a folder, or a git revision,
    at which the configured folders are read). Every change is breaking (who reads is promised less), tightening (who
    writes must keep more) or cosmetic, and wants a new major, minor or patch version. Words on which no promise rests
    may be edited under the same version; drafts may change as they like.

    Exit code 1 when a version does not carry its changes. In the format github, changes are annotations, and the page
    of the step lists them.
    """
    from monitor.drift.releases import compare_contracts, compare_folders

    settings = settings_of()
    was, now = _read(old, settings), _read(new, settings)
    releases: Sequence[Release]
    match was, now:
        case tuple(), tuple():
            releases = compare_folders(was, now)
        case tuple(), _:
            raise UsageError(f"{old} is all contracts, {new} is one: compare two of a kind")
        case _, tuple():
            raise UsageError(f"{old} is one contract, {new} is all of them: compare two of a kind")
        case _:
            releases = (compare_contracts(was, now),)
    with while_somebody_reads():
        if output_format == "json":
            sys.stdout.write(as_document(releases))
        elif output_format == "github":
            sys.stdout.writelines(f"{line}\n" for line in as_annotations(releases))
            add_to_summary(as_summary(releases))
        else:
            from monitor.cli.text import print_lines, terminal_width

            print_lines(as_lines(releases, width=terminal_width()), sys.stdout)
    return NOT_CARRIED if any(release.problem for release in releases) else 0


def _read(word: str, settings: "Settings") -> "Contract | tuple[Contract, ...]":
    """Return what a word of the command line stands for.

    Raises UsageError if it is nothing that we know, ContractError if a file of it is no contract.
    """
    from monitor.contracts.reading import load
    from monitor.contracts.revisions import contract_at, is_revision, library_at
    from monitor.contracts.versions import read_library, resolve

    path, variables = Path(word), settings.contract_variables
    if path.is_dir():
        return _valid(read_library((path,), variables))
    if path.exists():
        return load(path, variables=variables)
    revision, colon, below = word.partition(":")
    if colon and below and is_revision(revision):
        return contract_at(revision, below, variables)
    if is_revision(word):
        return _valid(library_at(word, settings.contracts, variables))
    if path.suffix in {".yaml", ".yml"}:
        raise UsageError(f"there is no file {word}")
    (selected, *others) = resolve(read_library(settings.contracts, variables), word)
    if others:
        listed = ", ".join(f"{each.contract.id}@{each.contract.version}" for each in (selected, *others))
        raise UsageError(f"{word} has several versions: {listed}; name one")
    return selected.contract


def _valid(library: "Library") -> "tuple[Contract, ...]":
    if library.invalid:
        first = library.invalid[0]
        raise ContractError(first.file, list(first.problems))
    return library.contracts
