"""A change of type in DuckDB is judged by the values, as in PostgreSQL."""

import pytest

from monitor.drift.types import TypeChange, type_change

EQUAL, EQUIVALENT, WIDENED, NARROWED, CHANGED = TypeChange


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("INT4", "INTEGER", EQUAL),
        ("VARCHAR(10)", "TEXT", EQUAL),
        ("FLOAT", "REAL", EQUAL),
        ("INTEGER", "BIGINT", WIDENED),
        ("BIGINT", "HUGEINT", WIDENED),
        ("BIGINT", "INTEGER", NARROWED),
        ("UINTEGER", "BIGINT", WIDENED),
        ("UBIGINT", "BIGINT", CHANGED),
        ("INTEGER", "UINTEGER", CHANGED),
        ("INTEGER", "DOUBLE", WIDENED),
        ("BIGINT", "DOUBLE", CHANGED),
        ("FLOAT", "DOUBLE", WIDENED),
        ("DECIMAL(9,2)", "DECIMAL(10,2)", WIDENED),
        ("DECIMAL(9,2)", "DECIMAL(9,3)", CHANGED),
        ("DECIMAL(9,0)", "DECIMAL(9)", EQUAL),
        ("DECIMAL(9,2)", "DECIMAL(p,s)", CHANGED),
        ("DECIMAL(18, x)", "DECIMAL(18,3)", CHANGED),
        ("DECIMAL(1,2,3)", "INTEGER", CHANGED),
        ("INTEGER", "DECIMAL(12,2)", WIDENED),
        ("INTEGER", "DECIMAL(11,2)", CHANGED),
        ("DECIMAL(9,0)", "INTEGER", WIDENED),
        ("TIMESTAMP_S", "TIMESTAMP", WIDENED),
        ("TIMESTAMP", "TIMESTAMP_NS", CHANGED),
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", CHANGED),
        ("INTEGER[]", "BIGINT[]", WIDENED),
        ("INTEGER", "INTEGER[]", CHANGED),
        ("ENUM('a', 'b')", "ENUM('a', 'b')", EQUAL),
        ("STRUCT(a INTEGER)", "STRUCT(a BIGINT)", CHANGED),
    ],
)
def test_a_change_of_type_is_what_it_does_to_the_values(before: str, after: str, change: TypeChange) -> None:
    assert type_change(before, after, "duckdb") is change
