"""Where strings, names, comments and statements end is decided as PostgreSQL decides it."""

import pytest

from monitor.contracts.sql_text import Kind, calls_a_disguised_name, pieces, statements, value_of

STATEMENTS = {
    "": 0,
    " ;; -- nothing\n": 0,
    "SELECT 1": 1,
    "SELECT 1;": 1,
    "SELECT 1; -- done": 1,
    "SELECT 1; SELECT 2": 2,
    "SELECT ';'": 1,
    "SELECT 'it''s; so'": 1,
    'SELECT 1 AS ";"': 1,
    'SELECT 1 AS "a""; b"': 1,
    "SELECT '\\'; DROP TABLE t; --'": 2,  # a backslash is only a backslash here
    "SELECT E'\\'; DROP TABLE t; --'": 1,  # and an escape here
    "SELECT fooE'\\'; DROP TABLE t; --'": 2,  # an identifier's last letter is no prefix
    "SELECT U&'\\'; DROP TABLE t; --'": 2,
    "SELECT E'a'\n'\\' ' ; DROP TABLE t; --'": 2,  # what continues a string continues its escapes
    "SELECT E'a' -- it's\n '\\' ' ; DROP TABLE t; --'": 2,
    "SELECT 'a'\n'\\' ; DROP TABLE t; --'": 2,
    "SELECT $$;$$": 1,
    "SELECT $a$;$$;$a$": 1,
    "SELECT $a$ ' $a$ ; DROP TABLE t; SELECT ' '": 3,
    "SELECT a$b$ FROM t; DROP TABLE t; SELECT $b$": 3,  # a dollar inside a name opens nothing
    "SELECT $1;": 1,
    "SELECT /* /* */ ; */ 1": 1,  # comments nest
    "SELECT 1 -- \r; DROP TABLE t": 2,  # a carriage return ends a comment, too
    "SELECT 1 +/* ; */ 2": 1,
    "SELECT 1 --/*\n; DROP TABLE t --*/": 2,
}


@pytest.mark.parametrize("sql", STATEMENTS)
def test_statements_are_counted_as_the_server_counts_them(sql: str) -> None:
    assert statements(pieces(sql)) == STATEMENTS[sql]
    assert "".join(piece.text for piece in pieces(sql)) == sql


@pytest.mark.parametrize("sql", ["SELECT 'a", 'SELECT "a', "SELECT E'\\'", "SELECT $a$ b", "SELECT /* /* */"])
def test_what_is_never_closed_is_unfinished(sql: str) -> None:
    assert [piece.kind for piece in pieces(sql)][-1] is Kind.UNFINISHED


@pytest.mark.parametrize(
    ("text", "value"),
    [("'it''s'", "it's"), ("'a'\n 'b'", "ab"), ("'a' -- it's\n'b'", "ab"), ("$x$it's$x$", "it's"), ("N'a'", "a")],
)
def test_the_value_of_a_string_is_known(text: str, value: str) -> None:
    (piece,) = pieces(text)

    assert value_of(piece) == value


def test_a_function_behind_an_escaped_name_is_noticed() -> None:
    assert calls_a_disguised_name('SELECT U&"pg\\005fsleep" /* */ (1)')
    assert calls_a_disguised_name("SELECT u&\"pg!005fsleep\" UESCAPE '!' (1)")
    assert not calls_a_disguised_name('SELECT COUNT(*) FROM U&"t\\000A" WHERE (1 = 1)')
