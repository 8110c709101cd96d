"""A pattern finds on DuckDB exactly what PostgreSQL finds by it, or is not searched for at all."""

from pathlib import Path

import duckdb
import pytest

from monitor.checks import duckdb as dialect
from monitor.checks.re2 import NotRe2Error, to_re2
from monitor.domain.scan import Outcome
from monitor.engines.soda import SodaEngine
from tests.conftest import DuckdbWarehouse, Warehouse
from tests.contracts import by_id, contract, scan

ALIKE = [
    "b+", "^a.c$", "a.b", r"^\d{2,}{#", r"^[A-Z]{2}[0-9]{4}$", "^(a|b)*$", "a{0}b", "(?i)ABC", "(?s)a.b", "(?ic)ABC",
    "(?:ab)+c", r"\Aabc\Z", r"^\s+$", r"\S", r"[\s]", r"^[\S]+$", r"[^\S]", r"[\d]+", r"[\w]+$", r"\W", r"\D", r"^[^a]+$", "[]a]", "[^]a]",
    "[a[]", r"[a\]b]", r"\u0061bc", r"\x61bc", r"[\u0061-\u0063]", r"\t", r"\n", r"\.", r"a\-c", "[[:alpha:]]+",
    "[[:space:]]", "[[:digit:]]", "^[[:upper:]]", "^[[:lower:]]+$", "[^[:alnum:]]", r"[^\w]", "^$", "", "a|", "x*", "ab{1,2}c", "{", "a{,2}", "a{x", "}", "ä",
    "[ä-ü]", "😀", r"\U0001F600", "$", "^", "a$", r"\$", r"\\", "'", r"^\$\{HOME\}$", r"\e", r"\a|a", "[.]", "[a-c-]",
    r"[\-x]", "a+?b", "(a)(b)", "[*]", "a\nb", r"\r", r"\v",
]  # fmt: skip
REFUSED = [
    "(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b", r"(a)\1", r"\bab\b", r"a\Bb", r"\mab", r"ab\M", r"\yab\y", r"\Y",
    "[[:<:]]ab", "[[=a=]]", "[[.a.]]", "(?n)a", "(?x)a b", "***=a.b", "(?#note)a", r"\cA", "(?P<n>a)", r"\Qa\E", r"\C",
    "[[:print:]]", "[[:^graph:]]", "[[:punct:]x]", r"[\W]",
]  # fmt: skip
TEXTS = [
    "", "a", "abc", "ABC", "aBc", "b", "ab", "abb", "a.b", "a\nb", "b\na", "12{#", "1{#", "AB1234", " ", "\t", "\r",
    "\v", "\n", "ä", "ü", "😀", "a]b", "[", "]", "{", "a{,2}", "a{x", "}", "x", "-", "a-c", "\\", "'", "$", "${HOME}",
    "abc\n", "\x1b", "\x07", "*", "a+b", "aa", "abbc", "0", "_", "ab ab",
]  # fmt: skip


def test_what_is_searched_for_finds_the_same_as_on_postgres(postgres_warehouse: Warehouse) -> None:
    different = {}
    with duckdb.connect() as here, postgres_warehouse.connect() as there, there.cursor() as cursor:
        for pattern in ALIKE:
            cursor.execute(
                "SELECT text ~ %s FROM unnest(%s::text[]) WITH ORDINALITY AS t(text, n) ORDER BY n", (pattern, TEXTS)
            )
            wanted = [row[0] for row in cursor.fetchall()]
            search = f"SELECT NOT ({dialect.unlike('text', pattern)}) FROM (SELECT unnest(?) AS text)"
            found = [row[0] for row in here.execute(search, [TEXTS]).fetchall()]
            wrong = [text for text, one, other in zip(TEXTS, wanted, found, strict=True) if one is not other]
            if wrong:
                different[pattern] = wrong
    assert not different


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_re2_would_misunderstand_is_refused(pattern: str) -> None:
    with pytest.raises(NotRe2Error):
        to_re2(pattern)


def test_a_pattern_that_re2_cannot_say_is_skipped_with_that_word(
    duckdb_warehouse: DuckdbWarehouse, tmp_path: Path
) -> None:
    duckdb_warehouse.rows("CREATE TABLE t AS SELECT 'a' AS c")
    promised = contract(
        tmp_path,
        r"""
        schema:
          - name: t
            properties:
              - name: c
                logicalType: string
                logicalTypeOptions: {pattern: '^(?!b)'}
                quality: [{id: two, metric: invalidValues, arguments: {pattern: '(.)\1'}, mustBe: 0}]
        """,
    )
    with SodaEngine(duckdb_warehouse.settings) as engine:
        found = by_id(scan(engine, promised))

    assert {each: found[each].outcome for each in ("t.c.pattern", "t.c.two")} == dict.fromkeys(
        ("t.c.pattern", "t.c.two"), Outcome.SKIPPED
    )
    assert found["t.c.pattern"].reason == "unsupported: DuckDB cannot search for this pattern: RE2 has no look-ahead"
    assert found["t.c.two"].reason.startswith("unsupported: ")


def test_a_malformed_pattern_is_an_error_of_its_own_check(duckdb_warehouse: DuckdbWarehouse, tmp_path: Path) -> None:
    duckdb_warehouse.rows("CREATE TABLE t AS SELECT 'a' AS c")
    promised = contract(
        tmp_path,
        """
        schema:
          - name: t
            properties:
              - {name: c, required: true, logicalType: string, logicalTypeOptions: {pattern: '('}}
        """,
    )
    with SodaEngine(duckdb_warehouse.settings) as engine:
        found = by_id(scan(engine, promised))

    assert (found["t.c.pattern"].outcome, found["t.c.not-null"].outcome) == (Outcome.ERROR, Outcome.PASS)
    assert found["t.c.pattern"].reason == "Invalid Input Error: missing ): ("
