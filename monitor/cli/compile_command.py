"""`pactwatch compile`: the SodaCL of every contract, committed like a lock file."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import click

from monitor.checks.dialect import DEFAULT_TYPE, SERVER_TYPES
from monitor.checks.plan import compile_plan
from monitor.checks.sodacl import MARK, compiled_file
from monitor.contracts.versions import Library, read_library
from monitor.settings import Settings
from monitor.visible import visible
from monitor.words import counted


@click.command("compile")
@click.option("--check", is_flag=True, help="Write nothing; exit 2 if the folder is out of date.")
@click.pass_obj
def compile_command(settings_of: Callable[[], Settings], check: bool) -> None:
    """Write the SodaCL compiled from every contract to the `checks` folder.

    One file per contract version and server type: a pull request on a contract shows every expression that will run.
    A compiled file whose contract is gone is removed; files of others stay. Runs compile in memory and never read
    this folder. Exit code 2 if there is nothing to compile.
    """
    settings = settings_of()
    library = read_library(settings.contracts, settings.contract_variables)
    wanted = dict(compiled(library))
    stale = _stale(settings.checks, wanted, orphans=not library.invalid)
    for file in library.invalid:
        for problem in file.problems:
            click.echo(visible(f"{file.file}:{problem}"), err=True)
    if check:
        for path in stale:
            click.echo(visible(f"{path}: out of date; run `pactwatch compile`"), err=True)
    else:
        for path in stale:
            _replace(settings.checks / path, wanted.get(path))
            click.echo(visible(f"{'wrote' if path in wanted else 'removed'} {settings.checks / path}"))
    is_nothing = not (wanted or stale or library.invalid)
    if is_nothing:
        folders = ", ".join(str(path) for path in settings.contracts)
        click.echo(visible(f"nothing to compile: no contract in {folders}"), err=True)
    elif not (stale and check):
        click.echo(f"{counted(len(wanted), 'compiled file')} in step with the contracts")
    if library.invalid or is_nothing or (stale and check):
        raise click.exceptions.Exit(2)


def compiled(library: Library) -> Iterator[tuple[str, str]]:
    """Yield path (below the checks folder) and text for every contract version and every type of server it names."""
    for contract in library.contracts:
        types = {SERVER_TYPES[each.type] for each in contract.servers if each.type in SERVER_TYPES}
        for server_type in sorted(types or ({DEFAULT_TYPE} if not contract.servers else set())):
            text = compiled_file(compile_plan(contract, server_type))
            yield f"{contract.slug}/{contract.version}.{server_type}.yml", text


def _stale(folder: Path, wanted: dict[str, str], *, orphans: bool) -> list[str]:
    """Return the paths whose file differs from what is wanted; with `orphans`, also files that nothing stands behind.

    What an invalid contract file stands behind cannot be known, so nobody may call its compiled file an orphan; nor a
    file that was not compiled by Pactwatch.
    """
    changed = {path for path, text in wanted.items() if _text_of(folder / path) != text}
    ours = {str(path.relative_to(folder)) for path in folder.rglob("*.yml") if _text_of(path).startswith(MARK)}
    return sorted(changed | (ours - wanted.keys() if orphans else set()))


def _text_of(path: Path) -> str:
    """Return what a file holds; nothing where there is none, or none of ours."""
    if not path.is_file():
        return ""
    return path.read_bytes().decode("utf-8", "replace")


def _replace(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
        with suppress(OSError):  # others live in the folder
            path.parent.rmdir()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    os.replace(temporary, path)  # noqa: PTH105 - the atomic one
