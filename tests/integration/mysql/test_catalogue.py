"""What the catalogue says is exact: names, types, order, what may be read; and what drafts and the doctor make of it."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.doctor.finding import Finding
from monitor.doctor.servers import examine
from monitor.domain.check import TableName
from monitor.domain.scan import Outcome, Seen
from monitor.engines.warehouses.mysql_holder import MysqlHolder
from monitor.engines.warehouses.opening import open_tables
from monitor.run import Target
from tests.contracts import contract
from tests.integration.mysql.conftest import Verify
from tests.mysql import MysqlWarehouse

T = TableName(schema=None, name="t")


def look(warehouse: MysqlWarehouse, *tables: TableName) -> Seen:
    with closing(MysqlHolder(warehouse.settings, "test")) as holder:
        return holder.look_up(tables)


def test_types_are_told_in_one_spelling(warehouse: MysqlWarehouse) -> None:
    declared = {
        "a": ("INT(11)", "int", None), "b": ("INT UNSIGNED ZEROFILL", "int unsigned", None),
        "c": ("BOOLEAN", "tinyint(1)", None), "d": ("DECIMAL(9,2)", "decimal(9,2)", None),
        "e": ("FLOAT", "float(24)", None), "f": ("DOUBLE", "double", None), "g": ("DATETIME", "datetime(0)", None),
        "h": ("TIMESTAMP(6) NULL", "timestamp(6)", "timestamp(6) with time zone"), "i": ("JSON", "longtext", "json"),
        "j": ("LONGTEXT", "longtext", None), "k": ("ENUM('A','b''c')", "enum('A','b''c')", None),
        "l": ("VARCHAR(9) NOT NULL", "varchar(9)", None), "m": ("TIME(3)", "time(3)", None), "n": ("YEAR", "year", None),
        "o": ("BLOB", "blob", None), "p": ("BIT(3)", "bit(3)", None), "q": ("CHAR(3)", "char(3)", None),
    }  # fmt: skip
    warehouse.plain(f"CREATE TABLE t ({', '.join(f'{name} {each[0]}' for name, each in declared.items())})")
    found = look(warehouse, T)[T]
    assert {column.name: (column.type, column.base_type) for column in found.columns} == {
        name: each[1:] for name, each in declared.items()
    }
    assert [column.name for column in found.columns if not column.nullable] == ["l"]
    assert [column.position for column in found.columns] == list(range(1, len(declared) + 1))


def test_names_are_exact_and_schemas_are_databases(warehouse: MysqlWarehouse) -> None:
    warehouse.plain("CREATE TABLE T (n INT)", "CREATE TABLE t (N INT)", "CREATE VIEW v AS SELECT N FROM t")
    database = warehouse.settings.database or ""
    found = look(
        warehouse, T, TableName(schema=None, name="T"), TableName(schema=None, name="V"), TableName(schema=None, name="v"),
        TableName(schema=database, name="t"), TableName(schema=database.upper(), name="t"),
    )  # fmt: skip
    assert {(table.schema, table.name): [column.name for column in seen.columns] for table, seen in found.items()} == {
        (None, "t"): ["N"], (None, "T"): ["n"], (None, "v"): ["N"], (database, "t"): ["N"],
    }  # fmt: skip
    assert found[TableName(schema=None, name="v")].kind == "view"
    with closing(MysqlHolder(warehouse.settings, "test")) as holder:
        assert holder.has_schema(database)
        assert not holder.has_schema(database.upper())


def test_schema_drift_is_seen(verify: Verify, warehouse: MysqlWarehouse) -> None:
    warehouse.plain("CREATE TABLE t (a INT, c VARCHAR(10), b DATETIME, extra INT)")
    found = verify(
        """
        schema:
          - name: t
            properties:
              - {name: a, physicalType: bigint}
              - {name: b, physicalType: timestamp, required: true}
              - {name: c, physicalType: varchar(10), logicalType: string}
              - {name: gone, required: true}
          - {name: missing, properties: [{name: a, required: true}]}
        """
    )
    outcomes = {name: result.outcome for name, result in found.items()}
    assert outcomes["t.schema"] is Outcome.FAIL
    assert found["t.schema"].reason == "column gone is missing"
    assert outcomes["t.a.column-type"] is Outcome.FAIL
    assert found["t.b.column-type"].reason == "is datetime(0)"
    assert outcomes["t.c.column-type"] is Outcome.PASS
    assert outcomes["t.gone.not-null"] is Outcome.BLOCKED
    assert outcomes["missing.schema"] is Outcome.FAIL
    assert outcomes["missing.a.not-null"] is Outcome.BLOCKED
    assert found["t.b.not-null"].measured == 0
    extra = next(result for name, result in found.items() if "extra" in name)
    assert extra.measured == 1


@pytest.fixture
def reader(warehouse: MysqlWarehouse) -> MysqlWarehouse:
    """The same database as somebody who may read two columns."""
    database, name = warehouse.settings.database, f"{warehouse.settings.database}_r"
    warehouse.plain(
        "CREATE TABLE t (a INT, b INT, c INT)",
        "INSERT INTO t VALUES (1, 2, 3)",
        "CREATE TABLE hidden (a INT)",
        f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY 'x'",
        f"GRANT SELECT (a, b) ON {database}.t TO {name}@'127.0.0.1'",
    )
    return replace(warehouse, settings=replace(warehouse.settings, user=name, password="x"))


def test_what_may_not_be_read_blocks_what_needs_it(reader: MysqlWarehouse, verify: Verify) -> None:
    found = verify(
        """
        schema:
          - {name: t, properties: [{name: a, required: true}, {name: c, required: true}]}
          - {name: hidden, properties: [{name: a, required: true}]}
        """,
        user=reader.settings.user,
        password="x",
    )
    assert found["t.a.not-null"].outcome is Outcome.PASS
    assert found["t.c.not-null"].outcome is Outcome.BLOCKED
    assert found["hidden.a.not-null"].outcome is Outcome.BLOCKED
    reader.plain(f"DROP USER {reader.settings.user}@'127.0.0.1'")


def test_the_doctor_tells_who_may_do_more_than_read(
    reader: MysqlWarehouse, warehouse: MysqlWarehouse, tmp_path: Path
) -> None:
    promised = contract(tmp_path, "schema: [{name: t, properties: [{name: a}]}]")

    def told(settings: MysqlWarehouse) -> list[Finding]:
        return examine(settings.settings, [Target(contract=promised, shadow=False, server=settings.settings)])

    assert [finding.told for finding in told(reader) if "can read, and nothing else" in finding.told]
    assert [finding.told for finding in told(warehouse) if "ALL PRIVILEGES ON *.*" in finding.told]
    (refused,) = told(replace(warehouse, settings=replace(warehouse.settings, password="wrong")))
    assert "cannot be reached" in refused.told
    reader.plain(f"DROP USER {reader.settings.user}@'127.0.0.1'")


def test_drafts_find_keys_labels_and_comments(warehouse: MysqlWarehouse) -> None:
    warehouse.plain(
        "CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b)) COMMENT 'of parents'",
        "CREATE TABLE c (x INT NOT NULL UNIQUE COMMENT 'the key', y INT, z ENUM('A','b''c'), j JSON,"
        " FOREIGN KEY (x, y) REFERENCES p (a, b))",
    )
    with closing(open_tables(warehouse.settings)) as opened:
        place, (child, parent) = opened.place, opened.tables()
    assert (place.type, place.address["database"]) == ("mysql", warehouse.settings.database)
    assert parent.primary_key == ("a", "b")
    assert parent.comment == "of parents"
    assert child.uniques == (("x",),)
    ((reference),) = child.references
    assert (reference.columns, reference.table, reference.to) == (("x", "y"), "p", ("a", "b"))
    columns = {column.name: column for column in child.columns}
    assert columns["z"].labels == ("A", "b'c")
    assert columns["x"].comment == "the key"
    assert columns["j"].base_type == "json"
