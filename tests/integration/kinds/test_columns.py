"""What a column declares about its values is measured exactly: violations planted in known numbers."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.contracts import by_id, contract, scan


@dataclass(frozen=True)
class Case:
    """A column's declaration, its type in the table, its values (SQL literals), and how many of them break it.

    `duckdb` is the type and the values where DuckDB writes them otherwise. `mysql` are values without those that MySQL
    does not know, and how many of them break it; None where MySQL cannot say the rule.
    """

    declared: str
    type: str
    values: str
    broken: int
    check: str
    duckdb: tuple[str, str] | None = None
    mysql: tuple[str, int] | str = ""

    def on(self, server_type: str) -> tuple[str, str]:
        """Return the type and the values as a type of server writes them."""
        if self.mysql and server_type == "mysql" and not isinstance(self.mysql, str):
            return self.type, self.mysql[0]
        return self.duckdb if self.duckdb and server_type == "duckdb" else (self.type, self.values)

    def expected(self, server_type: str) -> tuple[object, Outcome]:
        """Return what a type of server is to measure."""
        if self.mysql and server_type == "mysql":
            if isinstance(self.mysql, str):
                return None, Outcome.SKIPPED
            return self.mysql[1], Outcome.FAIL if self.mysql[1] else Outcome.PASS
        return self.broken, Outcome.FAIL if self.broken else Outcome.PASS


CASES = {
    "required": Case("required: true", "text", "'a', NULL, '', NULL", 2, "not-null"),
    "minimum and maximum are inclusive": Case(
        "logicalType: integer, logicalTypeOptions: {minimum: 1, maximum: 3}", "integer", "0, 1, 3, 4, NULL", 2, "range"
    ),
    "exclusive bounds": Case(
        "logicalType: number, logicalTypeOptions: {exclusiveMinimum: 0, exclusiveMaximum: 1}",
        "numeric",
        "0, 0.000000000000000001, 0.999999999999999999, 1",
        2,
        "range",
        duckdb=("DECIMAL(38, 18)", "0, 0.000000000000000001, 0.999999999999999999, 1"),
    ),
    "a bound beyond 2^53 is exact": Case(
        "logicalType: integer, logicalTypeOptions: {maximum: 9007199254740993}",
        "bigint",
        "9007199254740992, 9007199254740993, 9007199254740994",
        1,
        "range",
    ),
    "a negative fraction": Case(
        "logicalType: number, logicalTypeOptions: {minimum: -30.5}",
        "double precision",
        "-30.5, -30.51, 'NaN'",
        1,
        "range",
        mysql=("-30.5, -30.51", 1),
    ),
    "dates": Case(
        "logicalType: date, logicalTypeOptions: {minimum: '2024-02-29', exclusiveMaximum: '2024-03-01'}",
        "date",
        "'2024-02-28', '2024-02-29', '2024-03-01', 'infinity', NULL",
        3,
        "range",
        mysql=("'2024-02-28', '2024-02-29', '2024-03-01', NULL", 2),
    ),
    "a timestamp without zone is compared as it stands": Case(
        "logicalType: timestamp, logicalTypeOptions: {maximum: '2024-01-01T00:00:00'}",
        "timestamp",
        "'2024-01-01 00:00:00', '2024-01-01 00:00:01'",
        1,
        "range",
    ),
    "a timestamp with zone is compared as an instant": Case(
        "logicalType: timestamp, logicalTypeOptions: {maximum: '2024-01-01T00:00:00', defaultTimezone: Europe/Berlin}",
        "timestamptz",
        "'2023-12-31 23:00:00Z', '2023-12-31 23:00:01Z'",
        1,
        "range",
        mysql="moments of UTC",
    ),
    "an offset in the bound": Case(
        "logicalType: timestamp, logicalTypeOptions: {minimum: '2024-01-01T00:00:00+02:00'}",
        "timestamptz",
        "'2023-12-31 22:00:00Z', '2023-12-31 21:59:59Z'",
        1,
        "range",
        mysql="moments of UTC",
    ),
    "times": Case(
        "logicalType: time, logicalTypeOptions: {minimum: '08:00:00', maximum: '17:00:00'}",
        "time",
        "'07:59:59', '08:00', '17:00', '17:00:01'",
        2,
        "range",
    ),
    "multipleOf takes the digits that a double surely has": Case(
        "logicalType: number, logicalTypeOptions: {multipleOf: 0.1}",
        "double precision",
        "0.1::double precision + 0.2::double precision, 3 * 1.1::double precision, 0.30000000000001, 1e-19, 5e-324, NULL",
        3,
        "multiple-of",
        mysql=(  # which takes all digits that it shows
            "0.1::double precision + 0.2::double precision, 3 * 1.1::double precision, 0.30000000000001, 1e-19, 5e-324, NULL",
            5,
        ),
    ),
    "multipleOf takes the digits that a real surely has": Case(
        "logicalType: number, logicalTypeOptions: {multipleOf: 0.01}",
        "real",
        "19.99, 0.3, 16777216, 0.125, 0.001",
        2,
        "multiple-of",
    ),
    "multipleOf is decimal": Case(
        "logicalType: number, logicalTypeOptions: {multipleOf: 0.1}",
        "double precision",
        "0.3, 0.25, -0.7, 0",
        1,
        "multiple-of",
    ),
    "lengths count characters": Case(
        "logicalType: string, logicalTypeOptions: {minLength: 2, maxLength: 3}",
        "text",
        "'a', 'äö', 'abc', '😀😀😀', 'abcd', '', NULL",
        3,
        "length",
    ),
    "a pattern is searched, not anchored": Case(
        "logicalType: string, logicalTypeOptions: {pattern: 'b+'}", "text", "'abc', 'ac', NULL, ''", 2, "pattern"
    ),
    "a pattern with what Soda would render": Case(
        r"logicalType: string, logicalTypeOptions: {pattern: '^\d{2,}{#'}", "text", r"'12{#', '1{#', '12'", 2, "pattern"
    ),
    "a pattern with backslashes, quotes and dollars": Case(
        r"""logicalType: string, logicalTypeOptions: {pattern: '^\\''"\$\{HOME\}$'}""",
        "text",
        r"""E'\\''"${HOME}', 'x'""",
        1,
        "pattern",
    ),
    "an enum of texts": Case(
        "logicalType: string, enum: [{value: a}, {value: \"it's\"}, {value: '${HOME}'}]",
        "text",
        "'a', 'it''s', '${HOME}', 'A', NULL, '{{7*7}}'",
        2,
        "enum",
    ),
    "an enum of numbers": Case(
        "logicalType: integer, enum: [{value: 1}, {value: 9007199254740993}]",
        "bigint",
        "1, 9007199254740993, 9007199254740992",
        1,
        "enum",
    ),
    "an enum of texts over a varchar with numbers in it": Case(
        "logicalType: string, enum: [{value: 1}, {value: '02'}]", "varchar(3)", "'1', '02', '2'", 1, "enum"
    ),
    "an enum of booleans": Case(
        "logicalType: boolean, enum: [{value: true}]", "boolean", "true, false, NULL", 1, "enum"
    ),
    "an enum of dates": Case(
        "logicalType: date, enum: [{value: '2024-01-01'}]", "date", "'2024-01-01', '2024-01-02'", 1, "enum"
    ),
    "an enum of booleans over text": Case(
        "enum: [{value: true}, {value: x}]", "text", "'true', 'x', 'false'", 1, "enum"
    ),
    "an enum of numbers and quoted numbers": Case(
        "logicalType: number, enum: [{value: 1}, {value: '2.50'}, {value: n/a}]",
        "numeric(9,3)",
        "1, 2.5, 3, NULL",
        1,
        "enum",
    ),
    "an enum of numbers over declared text": Case(
        "physicalType: varchar(3), enum: [{value: 1}, {value: 2}]", "varchar(3)", "'1', '02', '2'", 1, "enum"
    ),
    "an enum of dates with a word in it": Case(
        "logicalType: date, enum: [{value: '2024-01-01'}, {value: unknown}]",
        "date",
        "'2024-01-01', '2024-01-02'",
        1,
        "enum",
    ),
    "an enum of moments in the default zone": Case(
        "logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Europe/Berlin},"
        " enum: [{value: '2024-01-01T00:00:00'}]",
        "timestamptz",
        "'2023-12-31 23:00:00Z', '2024-01-01 00:00:00Z'",
        1,
        "enum",
        mysql="moments of UTC",
    ),
    "a date alone bounds timestamps in the default zone": Case(
        "logicalType: timestamp, logicalTypeOptions: {minimum: '2024-01-01', defaultTimezone: Europe/Berlin}",
        "timestamptz",
        "'2023-12-31 23:00:00Z', '2023-12-31 22:59:59Z'",
        1,
        "range",
        mysql="moments of UTC",
    ),
    "a blank before the time is as good as a T": Case(
        "logicalType: timestamp, logicalTypeOptions: {maximum: '2024-01-01 00:00', defaultTimezone: Europe/Berlin}",
        "timestamptz",
        "'2023-12-31 23:00:00Z', '2023-12-31 23:00:01Z'",
        1,
        "range",
        mysql="moments of UTC",
    ),
    "email": Case(
        "logicalType: string, logicalTypeOptions: {format: email}",
        "text",
        "'a@b.org', 'first.last+tag@sub.example.co', 'a@b', 'a b@c.org', '@c.org', 'a@-b.org', NULL",
        4,
        "format",
    ),
    "uuid": Case(
        "logicalType: string, logicalTypeOptions: {format: uuid}",
        "text",
        "'123e4567-e89b-12d3-a456-426614174000', '123E4567-E89B-12D3-A456-426614174000',"
        " '123e4567', '{123e4567-e89b-12d3-a456-426614174000}'",
        2,
        "format",
    ),
    "uri": Case(
        "logicalType: string, logicalTypeOptions: {format: uri}",
        "text",
        "'https://a.org/b?c=%20#d', 'urn:isbn:1', 'no scheme', 'http://a b', 'https://x/%zz'",
        3,
        "format",
    ),
    "hostname": Case(
        "logicalType: string, logicalTypeOptions: {format: hostname}",
        "text",
        "'a.b-c.org', 'localhost', '-a.org', 'a..b', 'a_b.org', repeat('a', 64) || '.org'",
        4,
        "format",
    ),
    "ipv4": Case(
        "logicalType: string, logicalTypeOptions: {format: ipv4}",
        "text",
        "'0.0.0.0', '255.255.255.255', '256.1.1.1', '1.2.3', '01.2.3.4'",
        3,
        "format",
    ),
    "ipv6": Case(
        "logicalType: string, logicalTypeOptions: {format: ipv6}",
        "text",
        "'::', '::1', '1::', '2001:db8::ff00:42:8329', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4', '1:2:3:4:5:6:7::',"
        " '1::2::3', '1:2:3:4:5:6:7', '12345::', ':1', '1:2:3:4:5:6:7:8:9', '::ffff:1.2.3.256'",
        6,
        "format",
    ),
    "i8": Case(
        "logicalType: integer, logicalTypeOptions: {format: i8}", "integer", "-129, -128, 127, 128", 2, "format"
    ),
    "u64": Case(
        "logicalType: integer, logicalTypeOptions: {format: u64}",
        "numeric",
        "-1, 0, 18446744073709551615, 18446744073709551616",
        2,
        "format",
        duckdb=("HUGEINT", "-1, 0, 18446744073709551615, 18446744073709551616"),
    ),
    "f32": Case(
        "logicalType: number, logicalTypeOptions: {format: f32}",
        "numeric",
        "-340282346638528859811704183484516925440, -340282346638528859811704183484516925441, 0",
        1,
        "format",
        duckdb=("DOUBLE", "-340282346638528859811704183484516925440, -3.5e38, 0"),
    ),
    "f64": Case(
        "logicalType: number, logicalTypeOptions: {format: f64}",
        "double precision",
        "'Infinity', '-Infinity', 1.7976931348623157e308, -1.7976931348623157e308",
        2,
        "format",
        mysql=("1.7976931348623157e308, -1.7976931348623157e308", 0),
    ),
    "items": Case(
        "logicalType: array, logicalTypeOptions: {minItems: 1, maxItems: 2}",
        "integer[]",
        "'{}', '{1}', '{1,2,3}', NULL",
        2,
        "items",
        duckdb=("INTEGER[]", "[], [1], [1, 2, 3], NULL"),
    ),
    "items of a document": Case(
        "logicalType: array, logicalTypeOptions: {uniqueItems: true}",
        "jsonb",
        "'[1,2]', '[1,1]', '[]', 'null', '{}', '7', NULL",
        3,
        "unique-items",
        duckdb=("JSON", "'[1,2]', '[1,1]', '[]', 'null', '{}', '7', NULL"),
        mysql="items compared with each other",
    ),
    "properties": Case(
        "logicalType: object, logicalTypeOptions: {maxProperties: 1}",
        "jsonb",
        """'{}', '{"a": 1, "b": 2}', 'null', '[]', NULL""",
        2,
        "properties",
        duckdb=("JSON", """'{}', '{"a": 1, "b": 2}', 'null', '[]', NULL"""),
    ),
    "required properties": Case(
        "logicalType: object, logicalTypeOptions: {required: [a]}",
        "json",
        """'{}', '{"a": null}', '["a"]', 'null', NULL""",
        2,
        "required-properties",
    ),
    "unique counts repeated values": Case(
        "unique: true", "text", "'a', 'a', 'a', 'b', 'b', 'c', NULL, NULL", 2, "unique"
    ),
    "a primary key is neither null nor repeated": Case(
        "primaryKey: true, primaryKeyPosition: 1", "integer", "1, 1, 2, 2, 3", 2, "primary-key"
    ),
}


@pytest.fixture(scope="module")
def text() -> str:
    objects = []
    for number, case in enumerate(CASES.values()):
        objects.append(f"  - name: t{number}\n    properties:\n      - {{name: c, {case.declared}}}\n")
    return "schema:\n" + "".join(objects)


def test_planted_violations_are_counted_exactly(
    engine: Engine, warehouse: Warehouse, tmp_path: Path, text: str
) -> None:
    for number, case in enumerate(CASES.values()):
        type_, literals = case.on(warehouse.settings.type)
        values = ", ".join(f"({value})" for value in split(literals))
        warehouse.rows(f"CREATE TABLE t{number} (c {type_}); INSERT INTO t{number} VALUES {values}")

    results = by_id(scan(engine, contract(tmp_path, text, api="v3.1.0")))  # where ${…} is plain text

    wrong = {}
    for number, (name, case) in enumerate(CASES.items()):
        key = "" if case.check == "primary-key" else ".c"
        result = results[f"t{number}{key}.{case.check}"]
        expected = case.expected(warehouse.settings.type)
        if (result.measured, result.outcome) != expected:
            wrong[name] = (result.measured, result.outcome, result.reason, "expected", expected)
    assert not wrong


def test_null_in_a_primary_key_breaks_it(engine: Engine, warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.rows("CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 1), (1, 2), (1, NULL), (NULL, 1)")

    promised = contract(
        tmp_path,
        """
        schema:
          - name: t
            properties:
              - {name: b, primaryKey: true, primaryKeyPosition: 2}
              - {name: a, primaryKey: true, primaryKeyPosition: 1}
        """,
    )
    result = by_id(scan(engine, promised))["t.primary-key"]

    assert (result.outcome, result.measured) == (Outcome.FAIL, 2)
    assert result.check.columns == ("a", "b")


def test_an_unknown_format_is_skipped_with_that_word(engine: Engine, warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.rows("CREATE TABLE t (c text)")

    promised = contract(
        tmp_path,
        """
        schema:
          - name: t
            properties:
              - {name: c, logicalType: string, logicalTypeOptions: {format: password}}
        """,
    )
    result = by_id(scan(engine, promised))["t.c.format"]

    assert result.outcome is Outcome.SKIPPED
    assert result.reason.startswith("unsupported")


def test_orphans_are_counted_in_both_spellings_and_schemas(
    engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.rows(
        """
        CREATE SCHEMA other;
        CREATE TABLE other.parent (k int, l text);
        INSERT INTO other.parent VALUES (1, 'a'), (2, 'b');
        CREATE TABLE child (k int, l text);
        INSERT INTO child VALUES (1, 'a'), (1, 'b'), (2, 'b'), (3, 'c'), (NULL, 'a'), (1, NULL), (3, NULL)
        """
    )

    promised = contract(
        tmp_path,
        """
        schema:
          - name: child
            relationships:
              - {from: [child.k, child.l], to: [parent.k, parent.l]}
            properties:
              - name: k
                relationships: [{to: parent.k}]
              - name: l
                relationships: [{to: nowhere.l}]
          - name: parent
            physicalName: other.parent
            properties:
              - {name: k, unique: true}
              - {name: l, logicalTypeOptions: {maxLength: 1}, logicalType: string}
        """,
    )
    results = by_id(scan(engine, promised))

    assert results["child.k.foreign-key"].measured == 2
    assert results["child.k-l.foreign-key"].measured == 2
    assert results["parent.k.unique"].outcome is Outcome.PASS
    assert results["parent.l.length"].outcome is Outcome.PASS
    undeclared = results["child.l.foreign-key"]
    assert undeclared.outcome is Outcome.ERROR
    assert "nowhere" in undeclared.reason


def test_percentages_of_an_empty_table_are_zero_and_row_counts_decide(
    engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.rows("CREATE TABLE t (c text)")

    promised = contract(
        tmp_path,
        """
        schema:
          - name: t
            quality:
              - {id: filled, metric: rowCount, mustBeGreaterThan: 0}
            properties:
              - name: c
                quality:
                  - {id: nulls, metric: nullValues, unit: percent, mustBe: 0}
                  - {id: twice, metric: duplicateValues, unit: percent, mustBe: 0}
        """,
    )
    results = by_id(scan(engine, promised))

    assert results["t.filled"].outcome is Outcome.FAIL
    assert (results["t.c.nulls"].outcome, results["t.c.nulls"].measured) == (Outcome.PASS, 0)
    assert results["t.c.twice"].outcome is Outcome.PASS


def test_two_rules_of_one_metric_on_one_column_both_run(engine: Engine, warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT NULLIF(n % 10, 0) AS c FROM generate_series(1, 100) n")

    promised = contract(
        tmp_path,
        """
        schema:
          - name: t
            properties:
              - name: c
                quality:
                  - {metric: nullValues, mustBeLessThan: 5, severity: warning}
                  - {metric: nullValues, mustBeLessThan: 20, severity: error}
        """,
    )
    found = {result.check.id: (result.outcome, result.measured) for result in scan(engine, promised).results}

    assert found["t.c.null-values-warning-lt"] == (Outcome.WARN, 10)
    assert found["t.c.null-values-error-lt"] == (Outcome.PASS, 10)


def split(values: str) -> list[str]:
    """Split SQL literals at commas that stand outside quotes, brackets and parentheses."""
    parts, depth, quoted, current = [], 0, False, ""
    for char in values:
        quoted = not quoted if char == "'" else quoted
        depth += 0 if quoted else {"(": 1, "[": 1, ")": -1, "]": -1}.get(char, 0)
        if char == "," and not quoted and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return [*parts, current.strip()]
