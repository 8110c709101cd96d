"""Texts of a contract and texts of the data meet exactly, whatever the server takes for equal, a quote or an escape."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.checks import mysql as dialect
from monitor.checks.pcre import NotPcreError
from monitor.domain.scan import Outcome
from monitor.engines.warehouses import mysql
from monitor.engines.warehouses.base import session_for
from tests.conftest import Warehouse
from tests.integration.kinds.test_patterns import ALIKE, TEXTS
from tests.integration.mysql.conftest import Verify
from tests.mysql import Mysql, MysqlWarehouse, run

HOSTILE = (
    "it's", "a\\b", "\\'", "\\", "%s %d %%", "${HOME}", "$ {", "`a`", '"a"', "{{ 7*7 }}", "-- a", "/* a", "# a", ";",
    "a\nb", "a\tb", "ä😀", "\u2028", "\x01", "' OR '1'='1", "\\\\'; DROP TABLE t; -- ",
)  # fmt: skip
NAMES = tuple(text for text in HOSTILE if max(text) <= "\uffff" and not text.endswith(" "))
COLLATED = "CREATE TABLE t (c VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci)"


def test_a_value_equals_an_enum_only_where_every_character_is_the_same(
    verify: Verify, warehouse: MysqlWarehouse
) -> None:
    warehouse.plain(COLLATED, "INSERT INTO t VALUES ('A'), ('a'), ('A '), ('Á'), ('ß'), ('ss'), (NULL)")
    found = verify(
        """
        schema:
          - name: t
            properties:
              - name: c
                logicalType: string
                enum: [{value: A}, {value: ss}]
                quality:
                  - {id: valid, metric: invalidValues, arguments: {validValues: [a]}, mustBe: 0}
                  - {id: missing, metric: missingValues, arguments: {missingValues: [a]}, mustBe: 0}
                  - {id: like, metric: invalidValues, arguments: {pattern: '^a$'}, mustBe: 0}
        """
    )
    assert warehouse.plain("SELECT COUNT(*) FROM t WHERE c IN ('A', 'ss')")[0][0] > 2  # as the collation says
    by_hand = "SELECT COUNT(*) FROM t WHERE c IS NOT NULL AND NOT (HEX(c) IN (HEX('A'), HEX('ss')))"
    assert found["t.c.enum"].measured == warehouse.plain(by_hand)[0][0] == 4
    assert found["t.c.valid"].measured == 5
    assert found["t.c.missing"].measured == 2
    assert found["t.c.like"].measured == 5


def test_keys_are_compared_as_the_servers_own_collation_does(verify: Verify, warehouse: MysqlWarehouse) -> None:
    warehouse.plain(
        COLLATED,
        "INSERT INTO t VALUES ('A'), ('a '), ('b'), ('C')",
        COLLATED.replace("TABLE t", "TABLE p"),
        "INSERT INTO p VALUES ('c'), ('a')",
    )
    found = verify(
        """
        schema:
          - name: t
            properties: [{name: c, unique: true, relationships: [{to: p.c}]}]
          - {name: p, properties: [{name: c}]}
        """
    )
    assert found["t.c.unique"].measured == 1
    assert found["t.c.foreign-key"].measured == 1
    assert warehouse.plain("SELECT COUNT(*) FROM (SELECT c FROM t GROUP BY c HAVING COUNT(*) > 1) AS d") == [(1,)]


@pytest.fixture(params=["", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT"])
def any_mode(request: pytest.FixtureRequest, mysql_server: Mysql) -> Iterator[str]:
    with closing(mysql_server.connect()) as opened:
        ((before,),) = run(opened, "SELECT @@global.sql_mode")
        run(opened, f"SET GLOBAL sql_mode = '{request.param}'")
        yield request.param
        run(opened, f"SET GLOBAL sql_mode = '{before}'")


def test_every_text_arrives_unchanged_whatever_the_servers_mode(warehouse: MysqlWarehouse, any_mode: str) -> None:
    with closing(mysql.connect(mysql.route_to(warehouse.settings), session_for(warehouse.settings, "t"))) as opened:
        guarded = mysql.Guarded(opened)
        for text in HOSTILE:
            assert guarded.rows(f"SELECT {dialect.literal(text)}") == [(text,)], (text, any_mode)
            assert guarded.rows(f"SELECT HEX({dialect.literal(text)})") == [(text.encode().hex().upper(),)]
        for name in (text for text in NAMES if text.isprintable()):  # the server trims aliases
            (row,), described = guarded.run(f"SELECT 1 AS {dialect.identifier(name)}")
            assert (row, described[0][0]) == ((1,), name)


def test_hostile_names_and_values_are_only_text(verify: Verify, warehouse: MysqlWarehouse) -> None:
    for number, name in enumerate(NAMES):
        quoted = "`" + name.replace("`", "``") + "`"
        warehouse.plain(
            f"CREATE TABLE {quoted} ({quoted} VARCHAR(40))",
            f"INSERT INTO {quoted} VALUES ({dialect.literal(name)}), ('other'), (NULL)",
        )
        written = '"' + "".join(f"\\U{ord(char):08X}" for char in name) + '"'
        table = '"' + "".join(f"\\U{ord(char):08X}" for char in '"' + name.replace('"', '""') + '"') + '"'
        found = verify(
            f"""
            schema:
              - name: t{number}
                physicalName: {table}
                properties:
                  - {{name: c, physicalName: {table}, required: true, logicalType: string, enum: [{{value: {written}}}],
                      unique: true}}
            """,
            api="v3.1.0",
            samples=2,
        )
        measured = {check.split(".")[-1]: (result.measured, result.reason) for check, result in found.items()}
        assert measured["enum"][0] == 1, (name, measured)
        assert measured["not-null"][0] == 1, (name, measured)
        assert measured["unique"][0] == 0, (name, measured)
        enum = next(result for check, result in found.items() if check.endswith("enum"))
        assert enum.offending == "1 value: other (1 row)"


def test_what_is_searched_for_finds_the_same_as_on_postgres(
    warehouse: MysqlWarehouse, postgres_warehouse: Warehouse
) -> None:
    different = {}
    values = ", ".join(f"({number}, {dialect.literal(text)})" for number, text in enumerate(TEXTS))
    warehouse.plain(
        "CREATE TABLE t (n INT, c TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci)",
        f"INSERT INTO t VALUES {values}",
    )
    searched = 0
    with (
        closing(mysql.connect(mysql.route_to(warehouse.settings), session_for(warehouse.settings, "t"))) as opened,
        postgres_warehouse.connect() as there,
        there.cursor() as cursor,
    ):
        guarded = mysql.Guarded(opened)
        for pattern in ALIKE:
            try:
                condition = dialect.unlike("c", pattern)
            except NotPcreError:
                continue
            searched += 1
            cursor.execute(
                "SELECT text ~ %s FROM unnest(%s::text[]) WITH ORDINALITY AS t(text, n) ORDER BY n", (pattern, TEXTS)
            )
            wanted = [row[0] for row in cursor.fetchall()]
            found = [not row[0] for row in guarded.rows(f"SELECT {condition} FROM t ORDER BY n")]
            wrong = [text for text, one, other in zip(TEXTS, wanted, found, strict=True) if one is not other]
            if wrong:
                different[pattern] = wrong
    assert not different
    assert searched > len(ALIKE) * 0.9


def test_a_malformed_pattern_is_an_error_of_its_own_check(verify: Verify, warehouse: MysqlWarehouse) -> None:
    warehouse.plain("CREATE TABLE t (c TEXT)", "INSERT INTO t VALUES ('a')")
    found = verify(
        """
        schema:
          - name: t
            properties: [{name: c, required: true, logicalType: string, logicalTypeOptions: {pattern: '('}}]
        """
    )
    assert (found["t.c.pattern"].outcome, found["t.c.not-null"].outcome) == (Outcome.ERROR, Outcome.PASS)


def test_a_rules_own_query_is_read_as_the_server_reads_it(verify: Verify, warehouse: MysqlWarehouse) -> None:
    warehouse.plain("CREATE TABLE t (c VARCHAR(20))", r"INSERT INTO t VALUES ('it\'s'), ('{object}'), ('a\\b')")
    queries = {
        "escaped": (r"SELECT COUNT(*) FROM {object} WHERE {property} = 'it\'s' # {object}", 1),
        "text": ("SELECT COUNT(*) FROM {object} WHERE c = '{object}'", 0),
        "double": ('SELECT COUNT(*) FROM {object} WHERE c = "it\'s"', 1),
        "backslash": (r"SELECT COUNT(*) FROM `{object}` WHERE c = 'a\\b' -- ; {property}", 1),
        "percent": ("SELECT COUNT(*) FROM {object} WHERE c LIKE '%s%'", 1),
    }
    rules = "".join(
        f"\n                  - {{id: {name}, type: sql, mustBe: {value}, query: {written(query)}}}"
        for name, (query, value) in queries.items()
    )
    found = verify(
        f"""
        servers: [{{server: test, type: mysql, host: h, port: 3306, database: d}}]
        schema:
          - name: t
            properties:
              - name: c
                quality:{rules}
        """
    )
    assert {name: found[f"t.c.{name}"].measured for name in queries} == {n: v for n, (_, v) in queries.items()}


def written(query: str) -> str:
    return '"' + query.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_the_compiled_file_is_the_same_for_both_names_of_the_type(tmp_path: Path) -> None:
    from monitor.checks.plan import compile_plan
    from monitor.checks.sodacl import compiled_file
    from tests.contracts import contract

    promised = contract(tmp_path, "schema: [{name: t, properties: [{name: c, required: true}]}]")
    assert compiled_file(compile_plan(promised, "mysql")) == compiled_file(compile_plan(promised, "mariadb"))
