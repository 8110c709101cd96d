"""Procrastinate's own tables beside ours: which version they are, and how they come to the installed one.

Procrastinate keeps no version in the database. Ours is a comment on its table of jobs: the name of the last of its
steps that was taken.
"""

from contextlib import closing
from typing import Any

from sqlalchemy import Connection, text

from monitor.errors import SettingsError, StoreError
from monitor.store.database import Database
from monitor.store.jobs import MISSING_EXTRA

_MARK = "Pactwatch: Procrastinate up to "
_FOUND = "SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class'), to_regclass('procrastinate_jobs')"
_LOCK = 0x7061_6A73  # "pajs"


def check_jobs_schema(database: Database) -> None:
    """Raise StoreError unless Procrastinate's tables are there and those of the installed version."""
    with database.reading() as connection:
        found = _version(connection, database.place)
    _refuse_newer(found, database.place)
    needed = _steps()[-1]
    if found != needed:
        state = "has no tables of Procrastinate yet" if found is None else f"has those of Procrastinate up to {found}"
        raise StoreError(f"the state database {database.place} {state}: run `pactwatch migrate` once")


def migrate_jobs(database: Database) -> tuple[str | None, str]:
    """Bring Procrastinate's tables to the installed version, each step in a transaction; return both versions.

    Raises StoreError if they are newer, or not ours to change; SettingsError where Procrastinate is not installed.
    """
    latest = _steps()[-1]
    before = reached = _step(database)
    while reached != latest:
        reached = _step(database)
    return before, latest


def _step(database: Database) -> str | None:
    """Take the next step, or make all tables where there are none; return up to where they were before."""
    steps = _steps()
    with database.writing() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = _version(connection, database.place)
        _refuse_newer(found, database.place)
        if found == steps[-1]:
            return found
        if found is None:
            from procrastinate.schema import SchemaManager

            reached = steps[-1]
            _run(connection, SchemaManager.get_schema())
        else:
            reached = steps[steps.index(found) + 1]
            _run(connection, _text(reached))
        _run(connection, f"COMMENT ON TABLE procrastinate_jobs IS '{_MARK}{reached}'")
    return found


def _steps() -> list[str]:
    """Return the names of all steps of the installed Procrastinate, oldest first."""
    try:
        from procrastinate.schema import migrations_path
    except ImportError as error:
        raise SettingsError(MISSING_EXTRA) from error
    return sorted(path.stem for path in migrations_path.glob("*.sql"))


def _text(step: str) -> str:
    from procrastinate.schema import migrations_path

    return (migrations_path / f"{step}.sql").read_text(encoding="utf-8")


def _version(connection: Connection, place: str) -> str | None:
    comment, exists = connection.execute(text(_FOUND)).one()
    if exists is None:
        return None
    if comment is None or not comment.startswith(_MARK):
        raise StoreError(
            f"the state database {place} has tables of Procrastinate that Pactwatch did not make:"
            " give Pactwatch a database or a schema of its own"
        )
    return str(comment).removeprefix(_MARK)


def _refuse_newer(found: str | None, place: str) -> None:
    if found is not None and found not in _steps():
        raise StoreError(
            f"the state database {place} has tables of Procrastinate up to {found}, which the installed one does not"
            " know: upgrade procrastinate"
        )


def _run(connection: Connection, statements: str) -> None:
    """Run statements as they are: a percent sign in them is no parameter."""
    driver: Any = connection.connection.driver_connection
    with closing(driver.cursor()) as cursor:
        cursor.execute(statements)
