"""Spark's dialect: every text of a contract is a literal or a name to it, whoever reads the statement."""

import re
from decimal import Decimal

import pytest
import sqlglot
from sqlglot import exp

from monitor.checks import spark
from monitor.checks.java_regex import NotJavaError, to_java
from monitor.checks.plan import compile_plan
from monitor.checks.spark_types import canonical, standard
from monitor.checks.unsupported import UnsupportedError
from monitor.contracts.queries import statement_problem
from monitor.contracts.reading import load
from monitor.domain.check import Aggregate, Query, TableName
from monitor.engines.warehouses.spark import written_out
from tests.unit.checks.regenerate import contracts

HOSTILE = (
    "it's", "\\", "\\'", "' OR 1=1 --", "${HOME}", "{{ 7*7 }}{% raw %}", "a`b", 'a"b', "\n\r\t", "\u2028\u00a0\ufeff",
    "ñ😀", "%s %(a)s", "/* */ ;", "\\u0027", "r'x'", "$$", "",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_literal_is_the_text_to_every_reader(text: str) -> None:
    written = spark.literal(text)
    assert written[0] == written[-1] == "'"
    assert not re.search(r"['$\x00-\x1f]|\\(?!u[0-9A-F]{4})", written[1:-1])
    assert re.sub(r"\\u([0-9A-F]{4})", lambda found: chr(int(found[1], 16)), written[1:-1]) == text
    (tree,) = sqlglot.parse(f"SELECT {written} AS x", dialect="spark")
    assert tree is not None
    assert len(list(tree.find_all(exp.Literal))) == 1


@pytest.mark.parametrize("name", [name for name in HOSTILE if name])
def test_a_name_is_the_name(name: str) -> None:
    statement = written_out(f"SELECT {spark.identifier(name)} FROM {spark.table(TableName(schema=name, name=name))}")
    (tree,) = sqlglot.parse(statement, dialect="spark")
    assert tree is not None
    assert [found.name for found in tree.find_all(exp.Identifier)] == [name] * 3


def test_what_only_looks_like_a_name_with_escapes_stays_as_it_is() -> None:
    for kept in ("'U&\"a\\0041\"'", '`U&"a\\0041"`', '-- U&"a"', '/* U&"a" */', "'it\\'s U&\"a\"'", '"a""b"'):
        assert written_out(f"SELECT {kept}") == f"SELECT {kept}"
    assert written_out("SELECT U&\"a\\0024\\007Bb\", 'x'") == "SELECT `a${b`, 'x'"


@pytest.mark.parametrize("path", contracts(), ids=lambda path: path.name.partition(".")[0])
def test_every_statement_parses_and_reads_the_same_when_written_again(path: str) -> None:
    plan = compile_plan(load(path), "spark")  # type: ignore[arg-type]
    for check in plan.checks:
        for probe in check.probes:
            if isinstance(probe, Aggregate | Query):
                text = probe.sql if isinstance(probe, Query) else f"SELECT {probe.expression}"
                (tree,) = sqlglot.parse(written_out(text), dialect="spark")
                assert tree is not None
                again = tree.sql("spark")
                assert sqlglot.parse_one(again, dialect="spark").sql("spark") == again
                assert "::double" not in text
                assert "AT TIME ZONE" not in text


def test_what_spark_cannot_say_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="time of day"):
        spark.typed_literal("time", "08:00:00")
    with pytest.raises(UnsupportedError, match="Asia/Kolkata"):
        spark.wall_clock("CURRENT_TIMESTAMP", "'Asia/Kolkata'")
    assert spark.wall_clock("CURRENT_TIMESTAMP", "'UTC'") == "CURRENT_TIMESTAMP"


def test_numbers_are_exact_while_spark_can_hold_them() -> None:
    assert spark.number(9007199254740993) == "9007199254740993"
    assert spark.number(Decimal("-0.10")) == "(-0.1)"
    assert spark.number(10**40).startswith("CAST('1000")


def test_a_duration_is_an_interval_of_one_sort_where_that_is_possible() -> None:
    assert spark.interval(0, Decimal("1.5")) == "INTERVAL '1.5' SECOND"
    assert spark.interval(2, Decimal(0)) == "INTERVAL '2' MONTH"
    assert spark.interval(1, Decimal(90_000)) == "make_interval(0, 1, 0, 1, 0, 0, 3600)"


@pytest.mark.parametrize(
    ("pattern", "java"),
    [
        ("^a$", r"(?s)^a\z"),
        (r"\Aa\Z", r"(?s)\Aa\z"),
        ("(?i)ä", "(?siu)ä"),
        ("[]a&&b[]", r"(?s)[\]a\&\&b\[]"),
        ("{a{2}{", r"(?s)\{a{2}\{"),
        (r"\v", r"(?s)\x0B"),
        ("[[:alpha:]_]", r"(?s)[\p{L}_]"),
        ("(?=a)", "(?s)(?=a)"),
    ],
)
def test_a_pattern_is_written_as_java_means_it(pattern: str, java: str) -> None:
    assert to_java(pattern) == java


@pytest.mark.parametrize(
    "pattern",
    ["a++", "a{2}+", r"(a)\1", r"\bx", "(?<=a)b", "[[:punct:]]", "(?n)a", "***=a", r"\Qa\E", r"[\W]", r"[\Z]"],
)
def test_a_pattern_that_java_would_misunderstand_is_refused(pattern: str) -> None:
    with pytest.raises(NotJavaError):
        to_java(pattern)
    assert (spark.pattern_problem(pattern) or "").startswith("Spark cannot search for this pattern: ")


@pytest.mark.parametrize(
    ("declared", "type_", "words"),
    [
        ("TEXT", "string", "text"),
        ("varchar(9)", "string", "text"),
        ("integer", "int", "integer"),
        ("double precision", "double", "double precision"),
        ("numeric(9,2)", "decimal(9,2)", None),
        ("timestamp with time zone", "timestamp", "timestamp with time zone"),
        ("timestamp without time zone", "timestamp_ntz", "timestamp"),
        ("integer[]", "array<int>", "integer[]"),
        ("struct<a:int>", "struct<a:int>", "json"),
        ("map<string,int>", "map<string,int>", "json"),
    ],
)
def test_types_are_read_in_spark_s_words_and_told_in_everybody_s(declared: str, type_: str, words: str | None) -> None:
    assert canonical(declared) == type_
    assert standard(type_) == words


@pytest.mark.parametrize(
    "query",
    [
        "SELECT reflect('java.lang.System', 'getenv', 'HOME')",
        "SELECT java_method('java.lang.System', 'exit', 0)",
        "SELECT TRY_REFLECT('a', 'b')",
        "SELECT count(*) FROM (SELECT TRANSFORM(a) USING 'cat' AS (b) FROM t) AS x",
        "FROM t INSERT INTO u SELECT *",
        "SELECT 1; DROP TABLE t",
        "SET a = 1",
        "CACHE TABLE t",
        "ADD JAR 'x.jar'",
    ],
)
def test_a_query_that_does_more_than_read_is_refused(query: str) -> None:
    assert statement_problem(query, "spark")


def test_a_query_that_reads_passes() -> None:
    assert (
        statement_problem("SELECT COUNT(*) FILTER (WHERE a RLIKE 'x') FROM `t` LATERAL VIEW explode(b) v AS c", "spark")
        is None
    )
