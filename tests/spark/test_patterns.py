"""A pattern finds in Spark exactly what PostgreSQL finds by it, or is not searched for at all."""

from pathlib import Path

import pytest

from monitor.checks import spark as dialect
from monitor.checks.java_regex import NotJavaError, to_java
from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from monitor.engines.warehouses.base import session_for
from monitor.engines.warehouses.spark import Guarded
from monitor.engines.warehouses.spark_holder import route_to
from tests.conftest import Warehouse
from tests.contracts import by_id, contract, scan
from tests.integration.kinds.test_patterns import ALIKE, REFUSED, TEXTS
from tests.spark.conftest import SparkWarehouse

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # pyspark leaves sockets open
]
MORE = [
    "(?=a)b?", "^(?!b)", "a&&b", "[a&&b]", "[&&]", "[a~]", "[~~]", "a{2}", "(?:a|b){1,2}$", "a$|b", "(a$)", "[[:blank:]]",
    "[[:xdigit:]]+", r"\f", "^.$", "#", "a #b", "[#]", "[[:digit:][:space:]]", "(?i)Ä", "[^\n]", "a{1}?", r"\/",
    "(?s)^a.b$", "(?c)a", "[a-]",
]  # fmt: skip
NOT_IN_JAVA = [
    "a++",
    "a*+",
    "a?+",
    "a{2}+",
    "[[:punct:]]",
    "[[:^alpha:]]",
    *(each for each in REFUSED if each[:3] not in {"(?=", "(?!"}),
]


def test_what_is_searched_for_finds_the_same_as_on_postgres(
    warehouse: SparkWarehouse, postgres_warehouse: Warehouse
) -> None:
    guarded = Guarded(route_to(warehouse.settings, []), session_for(warehouse.settings, "test"))
    patterns = [*ALIKE, *MORE]
    listed = ", ".join(f"({number}, {dialect.literal(text)})" for number, text in enumerate(TEXTS))
    searched = ", ".join(f"NOT ({dialect.unlike('text', pattern)})" for pattern in patterns)
    try:
        found = guarded.rows(f"SELECT {searched} FROM VALUES {listed} AS t(n, text) ORDER BY n")
    finally:
        guarded.close()
    different = {}
    with postgres_warehouse.connect() as there, there.cursor() as cursor:
        for place, pattern in enumerate(patterns):
            cursor.execute(
                "SELECT text ~ %s FROM unnest(%s::text[]) WITH ORDINALITY AS t(text, n) ORDER BY n", (pattern, TEXTS)
            )
            wanted = [row[0] for row in cursor.fetchall()]
            wrong = [text for text, one, row in zip(TEXTS, wanted, found, strict=True) if one is not row[place]]
            if wrong:
                different[pattern] = wrong
    assert not different


@pytest.mark.parametrize("pattern", NOT_IN_JAVA)
def test_what_java_would_misunderstand_is_refused(pattern: str) -> None:
    with pytest.raises(NotJavaError):
        to_java(pattern)


def test_a_pattern_that_java_cannot_say_is_skipped_and_a_malformed_one_is_an_error_of_its_own(
    engine: Engine, warehouse: SparkWarehouse, tmp_path: Path
) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 'a' AS c, 'a' AS d")
    promised = contract(
        tmp_path,
        r"""
        schema:
          - name: t
            properties:
              - name: c
                required: true
                logicalType: string
                logicalTypeOptions: {pattern: '(.)\1'}
              - {name: d, logicalType: string, logicalTypeOptions: {pattern: '('}}
        """,
    )
    found = by_id(scan(engine, promised))

    assert found["t.c.pattern"].outcome is Outcome.SKIPPED
    assert found["t.c.pattern"].reason.startswith("unsupported: Spark cannot search for this pattern: back references")
    assert (found["t.d.pattern"].outcome, found["t.c.not-null"].outcome) == (Outcome.ERROR, Outcome.PASS)
