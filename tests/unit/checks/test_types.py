"""Types are compared by meaning: aliases are one type, a precision counts only when it is declared."""

import pytest

from monitor.checks.types import is_category, parse_type, same_type

SAME = [
    ("int", "integer"),
    ("INT4", "integer"),
    ("serial", "integer"),
    ("bigserial", "bigint"),
    ("int8", "bigint"),
    ("smallserial", "smallint"),
    ("decimal", "numeric(10,2)"),
    ("decimal(10, 2)", "numeric(10,2)"),
    ("numeric(10)", "numeric(10,0)"),
    ("varchar", "character varying(20)"),
    ("VARCHAR(20)", "character varying(20)"),
    ("char varying(20)", "character varying(20)"),
    ("char", "character(1)"),
    ("char(1)", "character(1)"),
    ("bpchar", "bpchar"),
    ("bool", "boolean"),
    ("float", "double precision"),
    ("float(24)", "real"),
    ("float(25)", "double precision"),
    ("float4", "real"),
    ("double", "double precision"),
    ("timestamp", "timestamp without time zone"),
    ("timestamp", "timestamp(3) without time zone"),
    ("timestamp(3)", "timestamp(3) without time zone"),
    ("timestamp(6)", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("timestamptz(0)", "timestamp(0) with time zone"),
    ("Timestamp  With Time Zone", "timestamp with time zone"),
    ("timetz", "time with time zone"),
    ("time", "time without time zone"),
    ("int[]", "integer[]"),
    ("integer array", "integer[]"),
    ("integer ARRAY[3]", "integer[]"),
    ("int[3][3]", "integer[]"),
    ("_int4", "integer[]"),
    ("varchar(5)[]", "character varying(5)[]"),
    ("varbit(5)", "bit varying(5)"),
    ("pg_catalog.int4", "integer"),
    ("citext", "public.citext"),
    ("public.citext", "citext"),
    ("public.mood", "public.mood"),
    ("Mood", 'public."Mood"'),
    ("interval", "interval"),
    ("uuid", "uuid"),
]
DIFFERENT = [
    ("integer", "bigint"),
    ("int", "integer[]"),
    ("int[]", "integer"),
    ("varchar(20)", "character varying(30)"),
    ("varchar(20)", "character varying"),
    ("varchar", "text"),
    ("numeric(10,2)", "numeric(10,3)"),
    ("numeric(10,2)", "numeric"),
    ("timestamp", "timestamp with time zone"),
    ("timestamp(3)", "timestamp without time zone"),
    ("float(24)", "double precision"),
    ("float", "real"),
    ("a.mood", "b.mood"),
    ("no such type (", "text"),
    ("", "text"),
]
CATEGORIES = {
    "string": "text|character varying(3)|character(1)|uuid|citext|bytea|inet|public.mood|interval",
    "integer": "smallint|integer|bigint|numeric(10,0)|oid",
    "number": "integer|numeric|numeric(10,2)|real|double precision|money",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp without time zone|timestamp with time zone|timestamp(3) with time zone",
    "temporal": "date|timestamp with time zone",
    "time": "time without time zone|time with time zone",
    "array": "integer[]|text[]|jsonb|json",
    "object": "json|jsonb|hstore|xml|sales.address",
    "map": "jsonb|hstore",
    "vector": "vector|real[]|double precision[]",
}
OUTSIDE = {
    "string": "integer|boolean|date|timestamp with time zone|jsonb|text[]",
    "integer": "numeric|numeric(10,2)|double precision|text|integer[]",
    "number": "text|boolean|money[]",
    "boolean": "integer|text",
    "date": "timestamp without time zone|text",
    "timestamp": "date|time without time zone|text",
    "time": "timestamp without time zone|interval",
    "array": "text|integer",
    "object": "text|integer|character varying(5)",
    "map": "text",
    "vector": "text[]|integer",
    "nonsense": "text|integer",
}


@pytest.mark.parametrize(("declared", "live"), SAME)
def test_these_are_the_same(declared: str, live: str) -> None:
    assert same_type(declared, live)


@pytest.mark.parametrize(("declared", "live"), DIFFERENT)
def test_these_are_not(declared: str, live: str) -> None:
    assert not same_type(declared, live)


@pytest.mark.parametrize("logical", CATEGORIES)
def test_a_logical_type_covers_a_category(logical: str) -> None:
    assert [live for live in CATEGORIES[logical].split("|") if not is_category(logical, live)] == []


@pytest.mark.parametrize("logical", OUTSIDE)
def test_and_no_other(logical: str) -> None:
    assert [live for live in OUTSIDE[logical].split("|") if is_category(logical, live)] == []


def test_an_unknown_word_stays_as_it_is() -> None:
    assert parse_type("No  Such Type)").base == "no such type)"
