"""`pactwatch migrate`: the state database comes to this program's schema."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from monitor.settings import Settings


@click.command("migrate")
@click.pass_obj
def migrate_command(settings_of: "Callable[[], Settings]") -> int:
    """Bring the state database to the schema of this version.

    Once after an upgrade, before the daemon starts again. A file of SQLite does so by itself; a database that is up to
    date, or that another program migrates just now, is left as it is. The queue of a dispatcher is brought along.
    """
    from monitor.settings import Dispatcher
    from monitor.store.store import migrate_dispatcher, migrate_store

    settings = settings_of()
    _tell("schema", *migrate_store(settings.state_url))
    if settings.daemon.dispatcher is Dispatcher.PROCRASTINATE:
        _tell("tables of Procrastinate", *migrate_dispatcher(settings.state_url))
    return 0


def _tell(what: str, before: str | None, after: str) -> None:
    if before == after:
        click.echo(f"{what} {after}: up to date")
    else:
        click.echo(f"{what} {after}, {'made new' if before is None else f'was {before}'}")
