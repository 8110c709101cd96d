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
    date, or that another program migrates just now, is left as it is.
    """
    from monitor.store.store import migrate_store

    before, after = migrate_store(settings_of().state_url)
    if before == after:
        click.echo(f"schema {after}: up to date")
    else:
        click.echo(f"schema {after}, {'made new' if before is None else f'was {before}'}")
    return 0
