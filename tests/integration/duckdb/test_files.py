"""Tables that are files are measured like any other table."""

from pathlib import Path

import pytest

from monitor.domain.scan import Outcome
from tests.integration.duckdb.conftest import Verify, write

ROWS = """
SELECT range AS id, range % 7 AS n, 'x' || range AS code, DATE '2024-01-01' + range::INTEGER AS day,
  TIMESTAMP '2024-01-01 10:00:00' AS made, range * 0.5 AS amount, range % 2 = 0 AS even
FROM range(100)
"""
BODY = """
schema:
  - name: orders
    quality: [{id: all, metric: rowCount, mustBe: 100}]
    properties:
      - {name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
      - {name: n, logicalType: integer, logicalTypeOptions: {maximum: 5}}
      - {name: code, logicalType: string, logicalTypeOptions: {pattern: '^x[0-9]$'}}
      - {name: day, logicalType: date, logicalTypeOptions: {maximum: '2024-03-01'}}
      - {name: made, logicalType: timestamp, logicalTypeOptions: {minimum: '2024-01-01T10:00:00'}}
      - {name: amount, logicalType: number, logicalTypeOptions: {multipleOf: 1}}
      - {name: even, logicalType: boolean, enum: [{value: true}]}
"""
MEASURED = {
    "orders.all": 100,
    "orders.primary-key": 0,
    "orders.n.range": 14,
    "orders.code.pattern": 90,
    "orders.day.range": 39,
    "orders.made.range": 0,
    "orders.amount.multiple-of": 50,
    "orders.even.enum": 50,
}


@pytest.mark.parametrize("ending", ["parquet", "csv", "csv.gz", "json", "ndjson"])
def test_a_file_of_each_format_is_a_table(verify: Verify, folder: Path, ending: str) -> None:
    write(ROWS, folder / f"orders.{ending}", {"json": "(ARRAY true)", "ndjson": "(FORMAT json)"}.get(ending, ""))

    found = verify(BODY, folder, format="json" if ending == "ndjson" else ending.partition(".")[0])

    assert {check: found[check].measured for check in MEASURED} == MEASURED
    assert found["orders.schema"].outcome is found["orders.extra-columns"].outcome is Outcome.PASS
    kinds = {each: found[f"orders.{each}.column-type"].outcome for each in ("id", "code", "day", "amount", "even")}
    assert set(kinds.values()) == {Outcome.PASS}, kinds


@pytest.mark.parametrize("path", ["{table}/*.parquet", "{model}/part-*.parquet", "orders/*.parquet", "."])
def test_many_files_are_one_table(verify: Verify, folder: Path, path: str) -> None:
    write("SELECT 1 AS id", folder / "orders" / "part-1.parquet")
    write("SELECT 2 AS id", folder / "orders" / "part-2.parquet")
    body = "schema: [{name: orders, properties: [{name: id}], quality: [{id: all, metric: rowCount, mustBe: 2}]}]"

    assert verify(body, folder / path, format="parquet")["orders.all"].measured == 2


def test_a_file_that_is_not_there_is_a_table_that_does_not_exist(verify: Verify, folder: Path) -> None:
    write("SELECT 1 AS id", folder / "orders.parquet")
    body = """
    schema:
      - {name: orders, properties: [{name: id, required: true, relationships: [{to: lines.id}]}]}
      - {name: lines, properties: [{name: id, required: true}]}
    """

    found = verify(body, folder, format="parquet")

    assert (found["lines.schema"].outcome, found["lines.schema"].reason) == (
        Outcome.FAIL,
        "table lines does not exist",
    )
    assert found["orders.id.not-null"].outcome is Outcome.PASS
    assert found["lines.id.not-null"].outcome is found["orders.id.foreign-key"].outcome is Outcome.BLOCKED


@pytest.mark.parametrize("name", ["../secret", "..", "sub/secret", "secr*t", "secre?"])
def test_a_table_s_name_leads_nowhere_else(verify: Verify, folder: Path, name: str) -> None:
    write("SELECT 1 AS id", folder.parent / "secret.csv")
    write("SELECT 1 AS id", folder / "sub" / "secret.csv")
    body = f"""
    schema: [{{name: t, physicalName: "\\"{name}\\"", properties: [{{name: id}}]}}]
    """

    found = verify(body, folder / "{table}.csv")

    assert found["t.schema"].outcome is Outcome.FAIL
    assert "does not exist" in found["t.schema"].reason


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"format": "delta"}, "unsupported: DuckDB reads delta only with an extension that does not come with it"),
        ({"format": "iceberg"}, "unsupported: DuckDB reads iceberg only with an extension that does not come with it"),
        ({"format": "avro"}, "unsupported: the format 'avro', expected parquet, csv, json"),
    ],
)
def test_a_format_without_reader_is_skipped_with_that_word(
    verify: Verify, folder: Path, more: dict[str, str], reason: str
) -> None:
    found = verify("schema: [{name: t, properties: [{name: id}]}]", folder, **more)

    assert {(each.outcome, each.reason) for each in found.values()} == {(Outcome.SKIPPED, reason)}


def test_a_file_of_another_form_is_no_data_failure(verify: Verify, folder: Path) -> None:
    (folder / "t.parquet").write_text("hello")

    (result, *_) = verify("schema: [{name: t, properties: [{name: id}]}]", folder, format="parquet").values()

    assert result.outcome is Outcome.BLOCKED
    assert "t.parquet" in result.reason


def test_a_late_row_of_another_type_decides_what_the_file_holds(verify: Verify, folder: Path) -> None:
    """DuckDB alone would look at 20,480 rows and stumble over the next."""
    write("SELECT CASE WHEN range = 40000 THEN 'x' ELSE range::VARCHAR END AS id FROM range(50000)", folder / "t.csv")
    body = "schema: [{name: t, properties: [{name: id, logicalType: integer, required: true}]}]"

    found = verify(body, folder / "t.csv")

    assert found["t.id.column-type"].outcome is Outcome.FAIL
    assert found["t.id.not-null"].outcome is Outcome.PASS


def test_files_that_take_too_long_to_look_at_block_and_say_what_helps(verify: Verify, folder: Path) -> None:
    write("SELECT range AS id, range || 'x' AS c FROM range(1000000)", folder / "t.csv")

    (result, *_) = verify(
        "schema: [{name: t, properties: [{name: id}]}]", folder / "t.csv", statement_timeout=0.01
    ).values()

    assert result.outcome is Outcome.BLOCKED
    assert "it took longer than statement_timeout" in result.reason
    assert "Parquet" in (result.remedy or "")
