"""`pactwatch import`: drafts from what other tools were told."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.errors import ContractError, UsageError
from monitor.visible import visible
from monitor.words import counted

if TYPE_CHECKING:
    from monitor.contracts.document import Document
    from monitor.drafting.imported import Imported
    from monitor.settings import Settings

    Reader = Callable[[Document, str], list[Imported]]

SUFFIXES: Mapping[str, tuple[str, ...]] = {"dbt": (".yml", ".yaml"), "sodacl": (".yml", ".yaml"), "gx": (".json",)}
NAMES: Mapping[str, str] = {"dbt": "dbt", "sodacl": "Soda", "gx": "Great Expectations"}
PASSED_OVER = frozenset({"target", "dbt_packages", "node_modules", ".git", ".venv"})
PATH = click.argument("path", type=click.Path(path_type=Path, exists=True))
OUT = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.  [default: as configured]"
)


@click.group("import")
def import_command() -> None:
    """Draft contracts from what other tools were told.

    What no contract can say the same way is listed line by line, here and in the draft: nothing is dropped unseen.
    """


@import_command.command("dbt")
@PATH
@OUT
@click.pass_obj
def dbt_command(settings_of: "Callable[[], Settings]", path: Path, out: Path | None) -> int:
    """Take over dbt's properties files: tests, constraints, freshness, descriptions, tags and owners.

    PATH is a file, or a project's folder. One draft a model, seed, snapshot or source table.
    """
    from monitor.drafting.from_dbt import imported

    return _import("dbt", imported, path, out or settings_of().contracts[0])


@import_command.command("gx")
@PATH
@OUT
@click.pass_obj
def gx_command(settings_of: "Callable[[], Settings]", path: Path, out: Path | None) -> int:
    """Take over Great Expectations' suites, of 0.x and 1.x: one draft a suite, called like it.

    PATH is a suite's JSON file, or a folder of them.
    """
    from monitor.drafting.from_gx import imported

    return _import("gx", imported, path, out or settings_of().contracts[0])


@import_command.command("sodacl")
@PATH
@OUT
@click.pass_obj
def sodacl_command(settings_of: "Callable[[], Settings]", path: Path, out: Path | None) -> int:
    """Take over SodaCL: one draft a table. What ODCS has no words for stays SodaCL, as a custom rule.

    PATH is a file of checks, or a folder of them.
    """
    from monitor.drafting.from_sodacl import imported

    return _import("sodacl", imported, path, out or settings_of().contracts[0])


def _import(tool: str, reader: "Reader", path: Path, folder: Path) -> int:
    """Write a draft for each table, tell what was left, and end with 2 if a file could not be read or a draft is none.

    Raises UsageError where no file holds anything of that tool.

    Files that are there already are never touched.
    """
    from monitor.contracts.files import read, source_of
    from monitor.contracts.identifiers import slug_of
    from monitor.contracts.reading import parse
    from monitor.contracts.yaml_reader import YamlError, read_yaml
    from monitor.drafting.imported import VERSION, render

    written = left = troubles = tables = 0
    for file in _files(tool, path):
        try:
            found = reader(read_yaml(read(file, str(file)).text), str(file))
        except ContractError as error:
            troubles += 1
            click.echo(visible(str(error), keep="\n"), err=True)
            continue
        except YamlError as error:
            troubles += 1
            line, _, text = error.problems[0]
            click.echo(visible(f"{file}:{line}: {text}"), err=True)
            continue
        tables += len(found)
        for table in found:
            left += len(table.left)
            for text in table.left:
                click.echo(visible(f"not carried over: {text}"))
            if not table.name or not table.has_promises:
                continue
            place = folder / slug_of(table.name) / f"{VERSION}.odcs.yaml"
            if any(place.parent.glob("*.odcs.yaml")):
                troubles += 1
                click.echo(visible(f"{file}: {table.name}: {place.parent} holds a contract already"), err=True)
                continue
            draft = render(table, str(file))
            try:
                parse(source_of(draft.encode(), str(file)), f"{file}: {table.name}")
            except ContractError as error:
                troubles += 1
                click.echo(visible(str(error), keep="\n"), err=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(draft)
            written += 1
    if not tables and not troubles:
        raise UsageError(f"{path}: nothing in it that {NAMES[tool]} would read")
    click.echo(visible(f"wrote {counted(written, 'draft contract')} to {folder}; {left:,} not carried over"))
    return UsageError.exit_code if troubles else 0


def _files(tool: str, path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    found = [
        file
        for file in sorted(path.rglob("*"))
        if file.suffix in SUFFIXES[tool] and file.is_file() and not PASSED_OVER & set(file.relative_to(path).parts)
    ]
    if not found:
        raise UsageError(f"{path}: no file ends in {' or '.join(SUFFIXES[tool])}")
    yield from found
