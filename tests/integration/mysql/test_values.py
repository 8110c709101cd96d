"""Values that MySQL knows and others do not, and values that it would quietly bend."""

from decimal import Decimal

import pytest

from monitor.domain.scan import Outcome
from tests.integration.mysql.conftest import Verify
from tests.mysql import MysqlWarehouse


def rules(verify: Verify, **queries: str) -> dict[str, tuple[Outcome, object]]:
    listed = "".join(
        f'\n      - {{id: {name}, type: sql, mustBe: 0, query: "{query}"}}' for name, query in queries.items()
    )
    found = verify(
        f"servers: [{{server: test, type: mysql, host: h, port: 3306, database: d}}]\nschema:\n  - name: t\n"
        f"    properties: [{{name: id}}]\n    quality:{listed}\n"
    )
    return {name: (found[f"t.{name}"].outcome, found[f"t.{name}"].measured) for name in queries}


def test_a_zero_date_is_a_value_and_the_oldest_of_all(verify: Verify, warehouse: MysqlWarehouse) -> None:
    warehouse.plain(
        "CREATE TABLE t (d DATE NOT NULL, m DATETIME NOT NULL)",
        "INSERT INTO t VALUES ('0000-00-00', '0000-00-00 00:00:00'), (CURRENT_DATE, UTC_TIMESTAMP())",
    )
    found = verify(
        """
        schema:
          - name: t
            properties:
              - {name: d, required: true, logicalType: date, logicalTypeOptions: {minimum: '2000-01-01'}}
              - {name: m, required: true, logicalType: timestamp}
        slaProperties:
          - {property: retention, value: 100, unit: y, element: t.m}
          - {property: freshness, value: 2, unit: d, element: t.m}
          - {property: freshness, value: 2, unit: d, element: t.d}
        """,
        samples=5,
    )
    assert found["t.d.not-null"].measured == 0
    assert found["t.m.not-null"].measured == 0
    assert found["t.d.range"].measured == 1
    assert found["t.m.retention"].outcome is Outcome.FAIL
    assert found["t.m.freshness"].outcome is Outcome.PASS
    assert found["t.d.freshness"].outcome is Outcome.PASS
    assert found["t.d.range"].offending == "always 0000-00-00"


def test_unsigned_numbers_and_truths_are_exact(verify: Verify, warehouse: MysqlWarehouse) -> None:
    warehouse.plain(
        "CREATE TABLE t (u BIGINT UNSIGNED, b TINYINT(1), f FLOAT, n DECIMAL(65, 30))",
        "INSERT INTO t VALUES (18446744073709551615, 1, 0.1, 0.1), (18446744073709551614, 0, 0.25, -0.7), (0, 2, NULL, 0)",
    )
    found = verify(
        """
        schema:
          - name: t
            properties:
              - name: u
                logicalType: integer
                physicalType: bigint unsigned
                logicalTypeOptions: {maximum: 18446744073709551614, format: u64}
              - {name: b, logicalType: boolean, physicalType: boolean, enum: [{value: true}, {value: false}]}
              - {name: f, logicalType: number, physicalType: float, logicalTypeOptions: {multipleOf: 0.1}}
              - {name: n, logicalType: number, logicalTypeOptions: {multipleOf: 0.1}}
        """
    )
    assert found["t.u.range"].measured == 1
    assert found["t.u.format"].measured == 0
    assert found["t.b.enum"].measured == 1  # the 2
    assert found["t.f.multiple-of"].measured == 1
    assert found["t.n.multiple-of"].measured == 0  # what is left of -0.7 is a negative zero
    assert {found[f"t.{name}.column-type"].outcome for name in ("u", "b", "f", "n")} == {Outcome.PASS}


def test_moments_are_those_of_utc_whatever_zone_the_server_is_in(verify: Verify, warehouse: MysqlWarehouse) -> None:
    warehouse.plain(
        "SET GLOBAL time_zone = '+09:00'",
        "CREATE TABLE t (i TIMESTAMP(6) NULL, l DATETIME(6))",
        "INSERT INTO t VALUES (CURRENT_TIMESTAMP(6) - INTERVAL 30 MINUTE, UTC_TIMESTAMP(6) - INTERVAL 30 MINUTE)",
    )
    try:
        found = verify(
            """
            schema: [{name: t, properties: [{name: i}, {name: l}]}]
            slaProperties:
              - {property: freshness, value: 1, unit: h, element: t.i}
              - {property: freshness, value: 1, unit: h, element: t.l}
            """
        )
    finally:
        warehouse.plain("SET GLOBAL time_zone = 'SYSTEM'")
    for name in ("t.i.freshness", "t.l.freshness"):
        measured = found[name].measured
        assert measured is not None
        assert 1800 <= measured < 1830


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT 'abc'", "no number"),
        ("SELECT CURRENT_DATE", "a date"),
        ("SELECT 1e60", "out of range"),
        ("SELECT SUM(w) FROM t", "text that is no number"),
        ("SELECT COUNT(*) FROM t WHERE w = 0", "text compared with a number"),
        ("SELECT 1, 2", "two columns"),
        ("SELECT id FROM t", "two rows"),
        ("SELECT NULL", "nothing"),
    ],
)
def test_what_is_no_number_is_an_error_and_never_a_zero(
    verify: Verify, warehouse: MysqlWarehouse, query: str, why: str
) -> None:
    warehouse.plain("CREATE TABLE t (id INT, w VARCHAR(9))", "INSERT INTO t VALUES (1, 'x'), (2, '7')")
    found = rules(verify, asked=query, beside="SELECT 0")
    assert found["asked"][0] is Outcome.ERROR, why
    assert found["beside"] == (Outcome.PASS, 0)


def test_numbers_of_queries_are_exact(verify: Verify, warehouse: MysqlWarehouse) -> None:
    warehouse.plain("CREATE TABLE t (id BIGINT)", "INSERT INTO t VALUES (9007199254740993)")
    found = rules(
        verify, big="SELECT MAX(id) FROM t", small="SELECT 0.000000000000000000000000000001", minus="SELECT -1.5"
    )
    assert found["big"][1] == 9007199254740993
    assert found["small"][1] == Decimal("1E-30")
    assert found["minus"][1] == Decimal("-1.5")


def test_sums_that_do_not_fit_and_documents_that_are_none_are_errors(verify: Verify, warehouse: MysqlWarehouse) -> None:
    warehouse.plain(
        "CREATE TABLE here (n DOUBLE, j LONGTEXT)",
        "INSERT INTO here VALUES (1e60, '[1'), (1, '[]')",
        "CREATE TABLE there (n INT)",
    )
    found = verify(
        """
        schema:
          - name: here
            quality:
              - {id: sums, type: custom, engine: pactwatch, implementation: {metric: sumDifference, property: n, other: there.n}}
            properties:
              - {name: n, logicalType: number, logicalTypeOptions: {multipleOf: 2}}
              - {name: j, physicalType: longtext, logicalType: array, logicalTypeOptions: {minItems: 1}}
          - {name: there, properties: [{name: n, logicalType: number}]}
        """
    )
    for name in ("here.sums", "here.n.multiple-of", "here.j.items"):
        assert found[name].outcome is Outcome.ERROR, name


def test_a_text_that_is_a_moment_of_utc_has_an_age(verify: Verify, warehouse: MysqlWarehouse) -> None:
    warehouse.plain(
        "CREATE TABLE t (a VARCHAR(40), b VARCHAR(40), c VARCHAR(40))",
        "INSERT INTO t VALUES (CAST(UTC_TIMESTAMP() - INTERVAL 30 MINUTE AS CHAR), '2024-01-01T00:00:00+02:00', 'never')",
    )
    found = verify(
        """
        schema: [{name: t, properties: [{name: a}, {name: b}, {name: c}]}]
        slaProperties:
          - {property: freshness, value: 1, unit: h, element: t.a}
          - {property: freshness, value: 1, unit: h, element: t.b}
          - {property: freshness, value: 1, unit: h, element: t.c}
        """
    )
    assert found["t.a.freshness"].outcome is Outcome.PASS
    assert found["t.b.freshness"].outcome is Outcome.ERROR
    assert found["t.c.freshness"].outcome is Outcome.ERROR
