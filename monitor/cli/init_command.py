"""`pactwatch init`: draft contracts from a server's catalogue."""

import fnmatch
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.errors import UsageError
from monitor.visible import visible
from monitor.words import counted

if TYPE_CHECKING:
    from monitor.domain.table import LivePlace, LiveTable
    from monitor.settings import ServerSettings, Settings

EVERY = 25
"""How many tables are drafted between two lines of progress."""


@click.command("init")
@click.option("--server", required=True, metavar="NAME", help="The server of pactwatch.toml whose catalogue to read.")
@click.option("--tables", "globs", metavar="GLOB", multiple=True, help="Only tables like this; `schema.table` too.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.  [default: as configured]"
)
@click.option("--profile", is_flag=True, help="Also look at the data, and propose what it shows as comments.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@click.pass_obj
def init_command(
    settings_of: "Callable[[], Settings]",
    server: str,
    globs: tuple[str, ...],
    out: Path | None,
    profile: bool,
    quiet: bool,
) -> int:
    """Draft a contract for each table from what the catalogue keeps of it.

    Columns, types, keys, NOT NULL, unique and foreign keys, enumerations, comments, and those check constraints that a
    contract can say (the others stand in it as comments). No threshold is guessed. One draft a table, in
    OUT/<table>/1.0.0.odcs.yaml; files that are there are never touched. Without --tables: the tables of the server's
    own schema.
    """
    from monitor.contracts.identifiers import slug_of
    from monitor.drafting.from_catalogue import VERSION, contract_id, draft
    from monitor.wiring import catalogue

    settings = settings_of()
    folder = out or settings.contracts[0]
    written = kept = 0
    with catalogue(_server(settings, server)) as live:
        place = live.place
        tables = [table for table in live.tables() if _is_wanted(table, place, globs)]
        if not tables:
            raise UsageError(f"{server}: no table is called {' or '.join(globs) or f'{place.schema}.*'}")
        for number, table in enumerate(tables, start=1):
            path = folder / slug_of(contract_id(table, place)) / f"{VERSION}.odcs.yaml"
            if _has_contract(path.parent):
                kept += 1
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                proposals = live.profile(table) if profile else None
                with path.open("x", encoding="utf-8", newline="\n") as file:
                    file.write(draft(table, place, proposals))
                written += 1
            if not quiet and (number % EVERY == 0 or number == len(tables)):
                click.echo(f"{number:,} of {counted(len(tables), 'table')}", err=True)
    click.echo(visible(f"wrote {counted(written, 'draft contract')} to {folder}; {kept:,} were there already"))
    return 0


def _server(settings: "Settings", name: str) -> "ServerSettings":
    """Return the configured server; without any configuration, the one that the driver's own variables name."""
    from monitor.settings import ServerSettings, server_from_environment

    if name in settings.servers:
        settings.need(f"servers.{name}")
        return settings.servers[name]
    if settings.servers or settings.file:
        listed = ", ".join(settings.servers) or "none"
        raise UsageError(f"no server {name!r}; {settings.file} configures {listed}")
    import os

    user, password = server_from_environment(name, os.environ)
    return ServerSettings(name=name, user=user, password=password)


def _is_wanted(table: "LiveTable", place: "LivePlace", globs: tuple[str, ...]) -> bool:
    if not globs:
        return table.schema == place.schema
    names = [f"{table.schema}.{table.name}", *([table.name] if table.schema == place.schema else [])]
    return any(fnmatch.fnmatchcase(name, glob) for name in names for glob in globs)


def _has_contract(folder: Path) -> bool:
    """Say whether any version of a contract is there: a draft beside a released version would not be what was asked."""
    return any(folder.glob("*.odcs.yaml"))
