"""What the catalogue says is exact: names, kinds, types, privileges."""

import threading
from contextlib import closing

import pytest

from monitor.domain.check import TableName
from monitor.domain.scan import ColumnSeen, TableSeen
from monitor.engines.warehouses import base, postgres, postgres_catalogue
from tests.conftest import Warehouse


def look_up(warehouse: Warehouse, *names: str | tuple[str, str]) -> dict[str, TableSeen]:
    tables = [
        TableName(schema=None, name=name) if isinstance(name, str) else TableName(schema=name[0], name=name[1])
        for name in names
    ]
    session = base.session_for(warehouse.settings, "test")
    with closing(postgres.connect(postgres.route_to(warehouse.settings), session)) as guarded:
        seen = postgres_catalogue.look_up(guarded, tables)
    return {str(name): table for name, table in seen.items()}


def test_types_are_the_servers_own_words(warehouse: Warehouse) -> None:
    warehouse.rows(
        "CREATE DOMAIN money2 AS numeric(12,2) NOT NULL; CREATE DOMAIN pay AS money2 CHECK (VALUE > 0);"
        "CREATE TYPE mood AS ENUM ('good', 'bad');"
        "CREATE TABLE t (a int PRIMARY KEY, gone int, b varchar(10), c numeric(8,3) NOT NULL, d pay, e mood,"
        " f timestamptz, g text[], h money2)"
    )
    warehouse.rows("ALTER TABLE t DROP COLUMN gone")

    columns = look_up(warehouse, "t")["t"].columns

    assert columns == (
        ColumnSeen(name="a", type="integer", nullable=False, position=1),
        ColumnSeen(name="b", type="character varying(10)", nullable=True, position=2),
        ColumnSeen(name="c", type="numeric(8,3)", nullable=False, position=3),
        ColumnSeen(name="d", type="pay", nullable=True, position=4, base_type="numeric(12,2)"),
        ColumnSeen(name="e", type="mood", nullable=True, position=5, base_type="text"),
        ColumnSeen(name="f", type="timestamp with time zone", nullable=True, position=6),
        ColumnSeen(name="g", type="text[]", nullable=True, position=7),
        ColumnSeen(name="h", type="money2", nullable=False, position=8, base_type="numeric(12,2)"),
    )


def test_every_kind_of_relation_is_seen_and_nothing_else(warehouse: Warehouse) -> None:
    warehouse.rows(
        "CREATE TABLE t (n int); CREATE VIEW v AS SELECT 1 n; CREATE MATERIALIZED VIEW m AS SELECT 1 n;"
        "CREATE TABLE p (n int) PARTITION BY RANGE (n); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);"
        "CREATE SEQUENCE s; CREATE INDEX i ON t (n); INSERT INTO p SELECT generate_series(0, 99); ANALYZE p, p1;"
        "CREATE TABLE empty ()"
    )

    seen = look_up(warehouse, "t", "v", "m", "p", "s", "i", "T", "nothing", "empty")

    assert {name: table.kind for name, table in seen.items()} == {
        "t": "table",
        "v": "view",
        "m": "materialized view",
        "p": "partitioned table",
        "empty": "table",
    }
    assert seen["p"].estimated_rows == 100
    assert seen["empty"].columns == ()


def test_an_unqualified_name_is_the_one_that_sql_would_find(warehouse: Warehouse) -> None:
    warehouse.rows("CREATE SCHEMA other; CREATE TABLE other.t (o int); CREATE TABLE t (p int)")
    warehouse.rows("CREATE TABLE other.only_there (n int)")

    seen = look_up(warehouse, "t", ("other", "t"), "only_there")

    assert [(name, table.schema) for name, table in seen.items()] == [("t", "public"), ("other.t", "other")]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("other", None),  # neither `public` nor a schema of the role's own name is looked into unasked
        ('"od""d, one", other', 'od"d, one'),
        ('other, "$user"', "USER"),
        ("closed, other", "closed"),
        ("hides, public", None),  # what a statement would mean by it is a sequence
    ],
)
def test_nothing_is_found_that_a_statement_would_not_mean(
    warehouse: Warehouse, role: Warehouse, path: str, found: str | None
) -> None:
    user = str(role.settings.user)
    for schema in ("other", '"od""d, one"', user, "closed", "hides"):
        warehouse.rows(f"CREATE SCHEMA {schema}; GRANT USAGE ON SCHEMA {schema} TO {user}")
    warehouse.rows("CREATE TABLE public.t (); CREATE SEQUENCE hides.t; REVOKE USAGE ON SCHEMA closed FROM " + user)
    for schema in ('"od""d, one"', user, "closed"):
        warehouse.rows(f"CREATE TABLE {schema}.t ()")
    warehouse.rows(f"ALTER ROLE {user} SET search_path = {path}")

    seen = look_up(role, "t")

    assert [table.schema for table in seen.values()] == ([found.replace("USER", user)] if found else [])
    assert all(table.usable is (found != "closed") for table in seen.values())


def test_a_lock_on_a_table_does_not_hold_up_the_catalogue(warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t (n int)")
    with closing(warehouse.connect()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        found: list[dict[str, TableSeen]] = []
        thread = threading.Thread(target=lambda: found.append(look_up(warehouse, "t")))
        thread.start()
        thread.join(2)
        cursor.execute("ROLLBACK")
        thread.join()
        assert found[0]["t"].kind == "table"


def test_names_are_data(warehouse: Warehouse) -> None:
    name = "x'; DROP TABLE t; --\"%s\\"
    quoted = '"' + name.replace('"', '""') + '"'
    warehouse.rows(f"CREATE TABLE {quoted} ({quoted} int)")

    assert look_up(warehouse, name)[name].columns[0].name == name
