"""What a warehouse's information schema says is asked in its own SQL, and its types mean what the contract calls them."""

import pytest
import sqlglot

from monitor.checks.dialect import CONNECTORS, dialect_of
from monitor.checks.types import carries_zone, is_category, same_type
from monitor.domain.check import TableName
from monitor.engines.warehouses.connector_catalogue import look_up
from monitor.engines.warehouses.connector_kinds import KINDS

TYPES = {
    "snowflake": {
        ("NUMBER", None, 38, 0): "integer",
        ("NUMBER", None, 10, 2): "number",
        ("TEXT", 16777216, None, None): "string",
        ("FLOAT", None, None, None): "number",
        ("TIMESTAMP_NTZ", None, None, None): "timestamp",
        ("TIMESTAMP_TZ", None, None, None): "timestamp",
        ("DATE", None, None, None): "date",
        ("BOOLEAN", None, None, None): "boolean",
        ("VARIANT", None, None, None): "object",
    },
    "bigquery": {
        ("INT64", None, None, None): "integer",
        ("NUMERIC(10, 2)", None, None, None): "number",
        ("BIGNUMERIC", None, None, None): "number",
        ("STRING(9)", None, None, None): "string",
        ("TIMESTAMP", None, None, None): "timestamp",
        ("DATETIME", None, None, None): "timestamp",
        ("BOOL", None, None, None): "boolean",
        ("STRUCT<a INT64>", None, None, None): "object",
    },
    "redshift": {("super", None, None, None): "object", ("timestamp with time zone", None, None, None): "timestamp"},
    "databricks": {
        ("bigint", None, None, None): "integer",
        ("decimal(10,0)", None, None, None): "integer",
        ("string", None, None, None): "string",
        ("timestamp_ntz", None, None, None): "timestamp",
        ("map<string,int>", None, None, None): "object",
    },
    "trino": {
        ("tinyint", None, None, None): "integer",
        ("varchar(10)", None, None, None): "string",
        ("timestamp(6) with time zone", None, None, None): "timestamp",
        ("double", None, None, None): "number",
    },
    "sqlserver": {
        ("nvarchar", 20, None, None): "string",
        ("bit", None, None, None): "boolean",
        ("datetime2", None, None, None): "timestamp",
        ("datetimeoffset", None, None, None): "timestamp",
        ("decimal", None, 10, 2): "number",
    },
}
ZONED = {("snowflake", "TIMESTAMP_TZ"), ("bigquery", "TIMESTAMP"), ("sqlserver", "datetimeoffset")}


class Answers:
    """A connection to a warehouse whose catalogue is known."""

    schema = "S"

    def __init__(self, *rows: tuple[object, ...]) -> None:
        self.asked: list[str] = []
        self._rows = list(rows)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        self.asked.append(statement)
        return self._rows


@pytest.mark.parametrize("server", CONNECTORS)
def test_the_catalogue_is_asked_in_the_server_s_sql(server: str) -> None:
    guarded = Answers()
    look_up(guarded, server, [TableName(schema=None, name="it's \\ `odd`"), TableName(schema="o", name="t")])  # type: ignore[arg-type]

    assert len(guarded.asked) == (2 if "{schema}" in KINDS[server].catalogue else 1)
    for statement in guarded.asked:
        (parsed,) = sqlglot.parse(statement, dialect=dialect_of(server).NAME)
        assert type(parsed).__name__ == "Select"
        assert "\\" not in statement


@pytest.mark.parametrize("server", TYPES)
def test_a_live_type_is_what_the_contract_calls_it(server: str) -> None:
    rows = [("S", "t", "BASE TABLE", f"c{place}", "YES", *typed) for place, typed in enumerate(TYPES[server], start=1)]
    ((name, table),) = look_up(Answers(*rows), server, [TableName(schema=None, name="t")]).items()  # type: ignore[arg-type]

    assert (name.name, table.kind, table.schema) == ("t", "table", "S")
    for column, (typed, logical) in zip(table.columns, TYPES[server].items(), strict=True):
        live = column.base_type or column.type
        assert is_category(logical, live), (column, logical)
        if logical == "timestamp" and "with time zone" not in column.type:
            assert carries_zone(live) is ((server, typed[0]) in ZONED), column


@pytest.mark.parametrize("server", TYPES)
def test_a_declared_type_is_the_live_one_in_the_server_s_own_words(server: str) -> None:
    for name, *_ in TYPES[server]:
        declared = dialect_of(server).physical_type(str(name).lower())
        assert same_type(declared, dialect_of(server).physical_type(str(name))), name


def test_a_table_in_another_schema_is_another_table() -> None:
    rows = [("S", "t", "VIEW", "a", "NO", "INT64", None, None, None)]
    wanted = [TableName(schema=None, name="t"), TableName(schema="o", name="t"), TableName(schema=None, name="T")]

    seen = look_up(Answers(*rows), "snowflake", wanted)  # type: ignore[arg-type]

    assert list(seen) == wanted[:1]
    assert (seen[wanted[0]].kind, seen[wanted[0]].columns[0].nullable) == ("view", False)
