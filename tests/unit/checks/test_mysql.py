"""What the MySQL dialect writes: parseable, the same text for the server whatever a contract holds."""

from decimal import Decimal
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from monitor.checks import mysql
from monitor.checks.mysql_types import canonical, spelt
from monitor.checks.plan import compile_plan
from monitor.checks.types import is_category, same_type
from monitor.contracts import mysql_text
from monitor.contracts.reading import load
from monitor.contracts.sql_text import Kind
from monitor.domain.check import Aggregate, CheckPlan, NotChecked, Query, TableName
from tests.contracts import contract
from tests.unit.checks.regenerate import ROOT, contracts

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def statements(plan: CheckPlan) -> list[str]:
    found = []
    for check in plan.checks:
        table = next((mysql.table(each.table) for each in plan.datasets if each.name == check.dataset), "t")
        for probe in check.probes:
            match probe:
                case Aggregate(expression=text):
                    found.append(f"SELECT {text} FROM {table}")
                case Query(sql=text):
                    found.append(text)
    return found


@pytest.mark.parametrize("path", contracts(), ids=lambda path: path.name.removesuffix(".odcs.yaml"))
def test_what_is_compiled_parses_as_mysql(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for statement in statements(compile_plan(load(path), "mariadb")):
        (parsed,) = sqlglot.parse(mysql_text.for_parsers(statement.replace('U&"', '"')), dialect="mysql")
        assert parsed is not None


@given(TEXT)
def test_a_literal_is_one_string_whatever_it_holds(text: str) -> None:
    written = mysql.literal(text)
    assert "${" not in written
    found = list(mysql_text.pieces(written))
    assert "".join(piece.text for piece in found) == written
    parts = [mysql_text.value_of(piece) for piece in found if piece.kind is Kind.STRING]
    assert "".join(parts) == text
    assert {piece.text for piece in found if piece.kind is Kind.CODE} <= {"CONCAT", "(", ",", " ", ")"}


@given(TEXT)
def test_a_literal_ends_where_it_should_even_where_backslashes_are_text(text: str) -> None:
    inside = mysql.literal(text).removeprefix("CONCAT(").removesuffix(")")
    assert inside.replace("''", "").count("'") % 2 == 0
    assert all(part.count("'") % 2 == 0 for part in inside.split("', '")[1:-1])


@given(TEXT)
def test_a_name_is_one_name_whatever_it_holds(name: str) -> None:
    written = mysql.identifier(name)
    assert "${" not in written
    if not written.startswith("U&"):
        (piece,) = mysql_text.pieces(written)
        assert piece.kind is Kind.NAME


def test_headings_are_what_soda_takes() -> None:
    assert mysql.heading(TableName(schema=None, name="orders")) == "`orders`"
    assert mysql.heading(TableName(schema=None, name="or`ders")) == 'U&"or\\0060ders"'
    assert mysql.heading(TableName(schema="a", name="b")) == 'U&"a".U&"b"'


@pytest.mark.parametrize(
    ("declared", "live", "same"),
    [
        ("integer", "int(11)", True),
        ("int", "int(10) unsigned", False),
        ("int unsigned", "int(10) unsigned zerofill", True),
        ("boolean", "tinyint(1)", True),
        ("tinyint", "tinyint(4)", True),
        ("varchar(9)", "varchar(9)", True),
        ("varchar(9)", "varchar(10)", False),
        ("character varying", "varchar(10)", True),
        ("numeric(9)", "decimal(9,0)", True),
        ("decimal(9,2)", "decimal(9,3)", False),
        ("double precision", "double", True),
        ("float", "double", False),
        ("real", "double", True),
        ("float", "float", True),
        ("timestamp", "datetime", False),
        ("datetime", "datetime", True),
        ("datetime(6)", "datetime", False),
        ("datetime(6)", "datetime(6)", True),
        ("timestamptz", "timestamp", True),
        ("text", "longtext", False),
        ("longtext", "longtext", True),
        ("year", "year(4)", True),
        ("bigint", "int(11)", False),
        ("enum('a','b')", "enum('a','b')", True),
    ],
)
def test_types_are_compared_in_the_words_of_the_catalogue(declared: str, live: str, same: bool) -> None:
    assert same_type(canonical(declared), spelt(live)) is same


@pytest.mark.parametrize(
    ("logical", "live", "fits"),
    [
        ("integer", "int(11)", True),
        ("integer", "bigint(20) unsigned", True),
        ("integer", "tinyint(1)", True),
        ("boolean", "tinyint(1)", True),
        ("boolean", "tinyint(4)", False),
        ("boolean", "int(11)", False),
        ("integer", "decimal(9,0)", True),
        ("integer", "decimal(9,1)", False),
        ("number", "float", True),
        ("number", "double unsigned", True),
        ("string", "longtext", True),
        ("string", "enum('a')", True),
        ("string", "datetime", False),
        ("timestamp", "datetime(6)", True),
        ("timestamp", "date", False),
        ("date", "date", True),
        ("time", "time", True),
    ],
)
def test_logical_types_know_mysqls(logical: str, live: str, fits: bool) -> None:
    assert is_category(logical, spelt(live)) is fits


def test_numbers_beyond_a_decimal_are_not_cut() -> None:
    assert mysql.number(Decimal(10) ** 64) == "1" + "0" * 64
    assert mysql.number(Decimal(10) ** 65) == "(1e+65)"


def test_what_cannot_be_said_is_skipped_with_its_reason(tmp_path: Path) -> None:
    promised = contract(
        tmp_path,
        """
        schema:
          - name: t
            properties:
              - name: at
                logicalType: timestamp
                logicalTypeOptions: {defaultTimezone: Europe/Berlin, minimum: '2024-01-01'}
              - {name: list, logicalType: array, logicalTypeOptions: {uniqueItems: true, minItems: 1}}
              - {name: word, logicalType: string, logicalTypeOptions: {pattern: '(?=a)b'}}
        slaProperties: [{property: freshness, value: 1, unit: d, element: t.at}]
        """,
    )
    probes = {check.id: check.probes[0] for check in compile_plan(promised, "mysql").checks}
    for name in ("t.at.range", "t.at.freshness", "t.list.unique-items", "t.word.pattern"):
        probe = probes[name]
        assert isinstance(probe, NotChecked), name
        assert probe.reason.startswith("unsupported: "), name
    assert isinstance(probes["t.list.items"], Aggregate)


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("physicalType: timestamp, logicalTypeOptions: {minimum: '2024-01-01T00:00:00+02:00'}", "2023-12-31 22:00:00"),
        ("physicalType: datetime, logicalTypeOptions: {minimum: '2024-01-01T00:00:00+02:00'}", "2024-01-01 00:00:00"),
        ("physicalType: timestamp, logicalTypeOptions: {minimum: '2024-07-01', defaultTimezone: Europe/Berlin}",
         "2024-06-30 22:00:00"),
        ("logicalTypeOptions: {timezone: true, minimum: '2024-01-01T00:00:00+02:00'}", "2023-12-31 22:00:00"),
        ("logicalTypeOptions: {timezone: false, minimum: '2024-01-01T00:00:00'}", "2024-01-01 00:00:00"),
        ("logicalTypeOptions: {minimum: '2024-01-01T00:00:00Z'}", "2024-01-01 00:00:00"),
    ],
)  # fmt: skip
def test_a_bound_with_a_zone_means_what_the_declared_type_makes_of_it(tmp_path: Path, column: str, meant: str) -> None:
    body = f"schema: [{{name: t, properties: [{{name: at, logicalType: timestamp, {column}}}]}}]"
    (found,) = [check for check in compile_plan(contract(tmp_path, body), "mysql").checks if check.id == "t.at.range"]
    (probe,) = found.probes
    assert isinstance(probe, Aggregate)
    assert f"`at` < TIMESTAMP '{meant}'" in probe.expression
