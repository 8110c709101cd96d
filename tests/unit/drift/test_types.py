"""A change of type is judged by the values: what still fits, and what does not any more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.drift.types import TypeChange, type_change

EQUAL, EQUIVALENT, WIDENED, NARROWED, CHANGED = TypeChange
LENGTHS = st.integers(1, 30)
TYPES = st.one_of(
    st.sampled_from(
        [
            "smallint",
            "int",
            "bigint",
            "numeric",
            "real",
            "float8",
            "text",
            "varchar",
            "char",
            "bool",
            "date",
            "time",
            "timestamp",
            "timestamptz",
            "json",
            "jsonb",
            "uuid",
            "bytea",
            "interval",
            "bit",
            "us_zip",
            "int[]",
            "text[]",
        ]
    ),
    st.builds("{}({})".format, st.sampled_from(["varchar", "char", "varchar", "bit varying", "bit"]), LENGTHS),
    st.builds("numeric({},{})".format, st.integers(10, 30), st.integers(0, 10)),
    st.builds("numeric({})".format, st.integers(1, 30)),
    st.builds("timestamp({}) with time zone".format, st.integers(0, 6)),
    st.builds("varchar({})[]".format, LENGTHS),
)
INVERSE = {WIDENED: NARROWED, NARROWED: WIDENED}


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("int4", "integer", EQUAL),
        ("char", "character(1)", EQUAL),
        ("timestamp", "timestamp(6) without time zone", EQUAL),
        ("numeric(10)", "decimal(10,0)", EQUAL),
        ("integer", "bigint", WIDENED),
        ("bigint", "integer", NARROWED),
        ("varchar(10)", "varchar(20)", WIDENED),
        ("varchar(10)", "text", WIDENED),
        ("text", "varchar(10)", NARROWED),
        ("text", "varchar", EQUIVALENT),
        ("char(3)", "varchar(3)", WIDENED),
        ("numeric(10,2)", "numeric(12,2)", WIDENED),
        ("numeric(10,2)", "numeric(10,4)", CHANGED),  # two digits more behind the point, two less before it
        ("numeric(10,2)", "numeric", WIDENED),
        ("integer", "numeric", WIDENED),
        ("integer", "numeric(10,0)", WIDENED),
        ("integer", "numeric(9,0)", NARROWED),
        ("integer", "numeric(11,2)", CHANGED),
        ("integer", "double precision", WIDENED),
        ("integer", "real", CHANGED),
        ("bigint", "double precision", CHANGED),
        ("real", "double precision", WIDENED),
        ("numeric", "double precision", CHANGED),
        ("timestamp(0)", "timestamp", WIDENED),
        ("timestamp", "timestamptz", CHANGED),
        ("date", "timestamp", CHANGED),
        ("text", "integer", CHANGED),
        ("integer", "text", CHANGED),
        ("integer", "integer[]", CHANGED),
        ("varchar(3)[]", "varchar(5)[]", WIDENED),
        ("bit(3)", "bit(5)", CHANGED),
        ("us_zip", "text", CHANGED),
    ],
)
def test_what_a_change_of_type_means_on_postgres(before: str, after: str, change: TypeChange) -> None:
    assert type_change(before, after, "postgres") is change


def test_a_promise_without_parameters_allows_any() -> None:
    assert type_change("varchar", "varchar(20)", "postgres", is_promise=True) is EQUAL
    assert type_change("varchar", "varchar(20)", "postgres") is NARROWED
    assert type_change("varchar(10)", "varchar(20)", "postgres", is_promise=True) is WIDENED


def test_an_unknown_dialect_tells_only_equal_words_from_others() -> None:
    assert type_change("INT  NOT", "int not", "oracle") is EQUAL
    assert type_change("int", "bigint", "oracle") is CHANGED


@given(TYPES, TYPES)
def test_what_is_wider_one_way_is_narrower_the_other(one: str, other: str) -> None:
    forth, back = type_change(one, other, "postgres"), type_change(other, one, "postgres")
    assert back is INVERSE.get(forth, forth)


@given(TYPES, TYPES, TYPES)
def test_wider_than_wider_is_wider(small: str, middle: str, large: str) -> None:
    if type_change(small, middle, "postgres") is type_change(middle, large, "postgres") is WIDENED:
        assert type_change(small, large, "postgres") is WIDENED


@given(TYPES)
def test_a_type_is_itself(one: str) -> None:
    assert type_change(one, one.upper(), "postgres") is EQUAL


@given(st.text(), st.text())
def test_any_text_is_judged(one: str, other: str) -> None:
    assert type_change(one, other, "postgres") in TypeChange
