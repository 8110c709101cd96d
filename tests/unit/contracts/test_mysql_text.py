"""What MySQL takes for a string, a comment and a statement; and what a rule's own query may not do there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.contracts import mysql_text
from monitor.contracts.queries import statement_problem
from monitor.contracts.sql_text import Kind


@given(st.text("'\"`\\-#/*!+;x \n$_"))
def test_the_pieces_are_the_text(text: str) -> None:
    assert "".join(piece.text for piece in mysql_text.pieces(text)) == text


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (r"'a\'b'", [Kind.STRING]),
        ("'a''b'", [Kind.STRING]),
        ('"a"', [Kind.STRING]),
        ("`a``b`", [Kind.NAME]),
        ("# a ' b", [Kind.COMMENT]),
        ("-- a ' b", [Kind.COMMENT]),
        ("--x", [Kind.CODE, Kind.CODE, Kind.CODE]),
        ("/* a ' b */", [Kind.COMMENT]),
        ("/* a /* b */", [Kind.COMMENT]),
        ("'a", [Kind.UNFINISHED]),
        ("_utf8mb4'a'", [Kind.ESCAPE_STRING]),
    ],
)
def test_pieces_are_those_of_the_server(text: str, kinds: list[Kind]) -> None:
    assert [piece.kind for piece in mysql_text.pieces(text)] == kinds


READING = [
    "SELECT COUNT(*) FROM t WHERE a = 'it''s' AND b = \"x\"",
    r"SELECT COUNT(*) FROM t WHERE a = '\'; DROP TABLE t; #'",
    "SELECT 5 --1",
    "SELECT 1 -- a remark; and more",
    "SELECT SUM(`sleep`) FROM t # remark",
    "WITH a AS (SELECT 1) SELECT COUNT(*) FROM a",
    "SELECT 1 UNION SELECT 2",
]
ACTING = [
    "SELECT 1; SELECT 2",
    "SELECT 1 --SLEEP(10)\n",
    "SELECT sleep(10)",
    "SELECT `sleep`(10)",
    "SELECT sleep /* */ (10)",
    "SELECT /*!50000 SLEEP(10), */ 1",
    "SELECT /*M! SLEEP(10), */ 1",
    "SELECT /*+ SET_VAR(max_execution_time=0) */ 1",
    "SELECT load_file('/etc/passwd')",
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "SELECT 1 INTO DUMPFILE '/tmp/x'",
    "SELECT 1 INTO @a",
    "SELECT @a := 1",
    "SELECT 1 FROM t FOR UPDATE",
    "SELECT 1 FROM t LOCK IN SHARE MODE",
    "SELECT NEXT VALUE FOR s",
    "SELECT NEXTVAL(s)",
    "SELECT BENCHMARK(1000000, 1)",
    "SELECT GET_LOCK('a', 10)",
    "INSERT INTO t VALUES (1)",
    "DELETE FROM t",
    "CALL p()",
    "SET GLOBAL general_log = 1",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
    "HANDLER t OPEN",
    "DO SLEEP(10)",
    "KILL 1",
    "'\\''; DROP TABLE t; -- '",
]


@pytest.mark.parametrize("query", READING)
def test_what_only_reads_passes(query: str) -> None:
    assert statement_problem(query, "mysql") is None


@pytest.mark.parametrize("query", ACTING)
def test_what_acts_is_refused(query: str) -> None:
    assert statement_problem(query, "mysql") is not None
