"""`pactwatch report`: the HTML site, built from history."""

import re
import webbrowser
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.places import check_writable
from monitor.errors import UsageError
from monitor.visible import visible

if TYPE_CHECKING:
    from monitor.domain.target import TargetKey
    from monitor.reports.promises import Promises
    from monitor.settings import Settings
    from monitor.store.store import Store

LONGEST = 400


def _days(context: click.Context, option: click.Parameter, value: str) -> int:
    del context, option
    match = re.fullmatch(r"(\d{1,3})d", value)
    if match is None or not 1 <= int(match[1]) <= LONGEST:
        raise click.BadParameter(f"{value!r}: expected days such as 30d, up to {LONGEST}d")
    return int(match[1])


@click.command("report")
@click.option("--open", "is_open", is_flag=True, help="Open it in the browser.")
@click.option("--contract", metavar="ID", help="Only the pages of this contract, and the front page.")
@click.option("--server", metavar="NAME", help="With --contract: only those of this server.")
@click.option("--since", "days", metavar="DAYS", default="90d", show_default=True, callback=_days, help="How far back.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where to.  [default: reports]")
@click.option(
    "--single",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Instead write the page of the contract alone, as one file to send.",
)
@click.pass_obj
def report_command(
    settings_of: "Callable[[], Settings]",
    is_open: bool,
    contract: str | None,
    server: str | None,
    days: int,
    out: Path | None,
    single: Path | None,
) -> int:
    """Build the HTML site from what was recorded.

    A folder of pages that needs no server: open it from a disk, or copy it to any web space. Only what has changed is
    written again.
    """
    if single is not None and contract is None:
        raise UsageError("--single is the page of one contract: name it with --contract")
    settings = settings_of()
    folder = settings.reports if out is None else out
    check_writable(single or folder, "--single" if single else "--out")
    from monitor.store.store import open_store

    with open_store(settings.state_url) as store:
        wanted = None if contract is None else _targets(store, contract, server)
        if single is None:
            page = _build(settings, store, wanted, folder, days)
        else:
            page = _single(settings, store, wanted, single)
    if is_open:
        webbrowser.open(page.resolve().as_uri())
    return 0


def promises_of(settings: "Settings") -> "Promises":
    """Return what the contract files say now; files that are no contracts are told of on stderr."""
    from monitor.contracts.versions import current, read_library
    from monitor.reports.promises import Promises, scheduled

    library = read_library(settings.contracts, settings.contract_variables)
    for invalid in library.invalid:
        click.echo(visible(f"{invalid.file}: no valid contract (`pactwatch lint` says why); history speaks"), err=True)
    return Promises(current(library), scheduled(settings.schedule))


def _build(settings: "Settings", store: "Store", wanted: "Sequence[TargetKey] | None", folder: Path, days: int) -> Path:
    from monitor.reports.site import Site
    from monitor.words import counted

    built = Site(folder, days=days).build(store, promises_of(settings), datetime.now(UTC), only=wanted)
    page = folder / "index.html"
    looked_at = f"{counted(built.targets, 'target')}, {counted(built.pages, 'page')}"
    click.echo(visible(f"{looked_at}, {built.written:,} written: {page}"))
    if not built.targets:
        click.echo("nothing is recorded yet: `pactwatch verify` records what it finds", err=True)
    return page


def _single(settings: "Settings", store: "Store", wanted: "Sequence[TargetKey] | None", file: Path) -> Path:
    from monitor.reports import html
    from monitor.reports.site import Site

    found = wanted or ()
    if len(found) != 1:
        listed = ", ".join(str(target) for target in found)
        raise UsageError(f"--single is one page, and there are several: {listed}; name the --server")
    html.write(file, Site(settings.reports).single(store, promises_of(settings), found[0], datetime.now(UTC)))
    click.echo(visible(str(file)))
    return file


def _targets(store: "Store", contract: str, server: str | None) -> "list[TargetKey]":
    """Return the targets of a contract that have run; a draft in the shadow counts where it is all there is."""
    with store.reading() as reader:
        latest = reader.latest()
    mine = [target for target in latest if target.contract == contract and server in {None, target.server}]
    found = [target for target in mine if not latest[target].run.shadow] or mine
    if not found:
        where = "" if server is None else f" on {server}"
        raise UsageError(f"no run of a contract {contract!r}{where} is recorded in {store.place}")
    return found
