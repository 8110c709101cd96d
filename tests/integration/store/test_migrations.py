"""A database comes to this program's schema with what is in it, or is refused in a sentence."""

import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from monitor.errors import StoreError
from monitor.store import schema
from monitor.store.database import Database, create_file
from monitor.store.store import migrate_store, open_store
from monitor.store.tables import metadata
from monitor.store.values import Trigger
from tests.runs import BROKEN, CONTRACT, KEPT


def database_at(url: str, revision: str) -> Database:
    database = Database(url)
    if database.is_sqlite:
        create_file(Path(database.place))
    with database.rebuilding() as connection:
        command.upgrade(schema.scripts(connection), revision)
    return database


def test_the_migrations_make_the_tables_that_the_program_uses(url: str) -> None:
    database = Database(url)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        steps = ScriptDirectory.from_config(schema.scripts(connection)).walk_revisions()
        assert tuple(step.revision for step in steps)[::-1] == schema.REVISIONS
    database.close()


def test_what_was_recorded_with_the_first_schema_is_there_with_the_last(empty_url: str) -> None:
    from monitor.store.recording import Recording

    database = database_at(empty_url, schema.REVISIONS[-1])
    with database.writing() as connection:
        started = BROKEN.scan.started_at
        Recording(connection).record_run(BROKEN, CONTRACT, trigger=Trigger.SCHEDULED, slot=started)
    with database.rebuilding() as connection:  # what the first schema held of it is what an old program left
        command.downgrade(schema.scripts(connection), "0001")
    database.close()
    assert migrate_store(empty_url) == ("0001", schema.REVISIONS[-1])
    assert migrate_store(empty_url) == (schema.REVISIONS[-1], schema.REVISIONS[-1])
    with open_store(empty_url) as store:
        with store.writing() as writer:
            writer.record_run(KEPT, CONTRACT, trigger=Trigger.SCHEDULED)
        with store.reading() as reader:
            assert [run.run_id for run in reader.runs(limit=9)] == [KEPT.run_id, BROKEN.run_id]
            found = reader.run(BROKEN.run_id)
            assert found is not None
            assert [result.measured for result in found[1].scan.results] == [
                result.measured for result in BROKEN.scan.results
            ]


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_step_that_would_leave_a_reference_to_nothing_changes_nothing(empty_url: str) -> None:
    from monitor.store.recording import Recording

    database = database_at(empty_url, schema.REVISIONS[-1])
    with database.writing() as connection:
        Recording(connection).record_run(BROKEN, CONTRACT, trigger=Trigger.SCHEDULED, slot=BROKEN.scan.started_at)
    with pytest.raises(StoreError, match="refers to rows that are not there"), database.rebuilding() as connection:
        connection.execute(text("DELETE FROM slots"))
    with database.writing() as connection:
        assert connection.execute(text("SELECT count(*) FROM slots")).scalar() == 1
        with pytest.raises(IntegrityError):  # they are looked at again
            connection.execute(text("DELETE FROM slots"))
    database.close()


def test_every_step_can_be_taken_back(url: str) -> None:
    database = Database(url)
    with database.rebuilding() as connection:
        command.downgrade(schema.scripts(connection), "base")
    with database.reading() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    database.close()
    assert migrate_store(url)[1] == schema.REVISIONS[-1]


def test_a_schema_that_is_not_known_is_refused(url: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    for use in (open_store, migrate_store):
        with pytest.raises(StoreError, match=r"schema 9999, which this program does not know.*newer Pactwatch"):
            use(url)


def test_sqlite_is_made_and_migrated_by_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/folder/state.db"
    database_at(url, "0001").close()
    open_store(url).close()
    database = Database(url)
    with database.reading() as connection:
        assert schema.revision_of(connection) == schema.REVISIONS[-1]
    database.close()
    assert (tmp_path / "new/folder/state.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_postgresql_waits_for_pactwatch_migrate(empty_url: str) -> None:
    with pytest.raises(StoreError, match="has no tables yet: run `pactwatch migrate`"):
        open_store(empty_url)
    database_at(empty_url, "0001").close()
    with pytest.raises(StoreError, match=r"has schema 0001, this program needs 000[2-9]: run `pactwatch migrate`"):
        open_store(empty_url)


def test_several_migrate_at_once(empty_url: str) -> None:
    found: list[tuple[str | None, str]] = []
    threads = [threading.Thread(target=lambda: found.append(migrate_store(empty_url))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = schema.REVISIONS[-1]
    assert sorted(found, key=str) == sorted([(None, last), *[(last, last)] * 5], key=str)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://x/y", "not in mysql"),
        ("nonsense", "[state] url"),
        ("sqlite://", "would be forgotten"),
        ("sqlite:////proc/nowhere/state.db", "cannot be written"),
        ("postgresql://nobody@localhost:1/x", "cannot be read"),
    ],
)
def test_a_place_that_cannot_be_is_told(url: str, told: str) -> None:
    with pytest.raises(StoreError) as error:
        open_store(url)
    assert told in str(error.value)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("something else entirely, and long enough to be looked at as a page of a database\n" * 20)
    with pytest.raises(StoreError, match=r"state\.db cannot be read: file is not a database"):
        open_store(f"sqlite:///{path}")
