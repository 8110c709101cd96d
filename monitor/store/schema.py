"""Which schema a state database has, and how it comes to ours."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from monitor.errors import StoreError
from monitor.failpoints import Point, reach
from monitor.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Every schema that this program knows, oldest first; the last one is the one it needs. Alembic is not asked for it:
its import is as long as a small run."""

_LOCK = 0x7061_6374  # "pact"


def check_schema(database: Database) -> None:
    """Raise StoreError unless the database has our schema; an older or empty one of SQLite is brought to it."""
    with database.reading() as connection:
        found = revision_of(connection)
    if found == REVISIONS[-1]:
        return
    _refuse_newer(database, found)
    if not database.is_sqlite:
        state = "has no tables yet" if found is None else f"has schema {found}, this program needs {REVISIONS[-1]}"
        raise StoreError(f"the state database {database.place} {state}: run `pactwatch migrate` once")
    migrate(database)


def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the database to our schema in one transaction; return the schema that it had and the one it has now.

    Of several programs that do so at once one does the work, and the others find it done.
    """
    with database.rebuilding() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = revision_of(connection)
        _refuse_newer(database, found)
        if found != REVISIONS[-1]:
            _upgrade(connection)
            reach(Point.MIGRATION_WRITTEN)
    return found, REVISIONS[-1]


def revision_of(connection: Connection) -> str | None:
    """Return the schema's name, None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def scripts(connection: Connection) -> "Config":
    """Return alembic's configuration for our steps, on an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    from alembic import command

    command.upgrade(scripts(connection), REVISIONS[-1])


def _refuse_newer(database: Database, found: str | None) -> None:
    if found is not None and found not in REVISIONS:
        raise StoreError(
            f"the state database {database.place} has schema {found}, which this program does not know"
            f" (it knows {REVISIONS[0]} to {REVISIONS[-1]}): it was written by a newer Pactwatch; use that one"
        )
