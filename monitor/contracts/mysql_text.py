"""MySQL's own idea of where a string, a quoted name, a comment and a statement end (MySQL manual, "Literal Values").

As its lexer reads with neither ANSI_QUOTES nor NO_BACKSLASH_ESCAPES, which our sessions see to. What it would run from
inside a comment (`/*! … */`, `/*+ … */`) is code that a parser takes for a remark: `runs_a_comment` says so.
"""

import re
from collections.abc import Iterator

from monitor.contracts.sql_text import Kind, Piece

_START = re.compile(
    r"""
      (?P<prefixed>(?:[nNbBxX]|_[A-Za-z0-9]+\s*)'(?:[^'\\]|''|\\.)*+')
    | (?P<string>'(?:[^'\\]|''|\\.)*+'|"(?:[^"\\]|""|\\.)*+")
    | (?P<name>`(?:[^`]|``)*+`)
    | (?P<line>(?:\#|--(?=[\s\x00-\x1f]|\Z))[^\n]*)
    | (?P<comment>/\*.*?\*/)
    | (?P<open>['"`]|/\*)
    | (?P<word>[A-Za-z0-9_$\x80-\U0010ffff]+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = {
    "prefixed": Kind.ESCAPE_STRING,
    "string": Kind.STRING,
    "name": Kind.NAME,
    "line": Kind.COMMENT,
    "comment": Kind.COMMENT,
}
_RUNS = re.compile(r"/\*M?!|/\*\+")
_ESCAPE = re.compile(r"\\(.)|''|\"\"", re.DOTALL)
_ESCAPED = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


def pieces(sql: str) -> Iterator[Piece]:
    """Yield the pieces of an SQL text in order; together they are the text again.

    What is opened and never closed is `UNFINISHED`: the server refuses such a statement.
    """
    position = 0
    while position < len(sql):
        match = _START.match(sql, position)
        if match is None:
            raise ValueError(f"no piece of SQL begins at {position}")  # a dot matches everything
        is_open = match.lastgroup == "open"
        position, text = (len(sql), sql[position:]) if is_open else (match.end(), match.group())
        yield Piece(kind=Kind.UNFINISHED if is_open else _KINDS.get(match.lastgroup or "", Kind.CODE), text=text)


def value_of(piece: Piece) -> str:
    """Return the text that a string stands for."""
    quote = piece.text[0]

    def meant(match: re.Match[str]) -> str:
        if match[1] is not None:
            return _ESCAPED.get(match[1], match[1])
        return quote if match.group() == 2 * quote else match.group()

    return _ESCAPE.sub(meant, piece.text[1:-1])


def runs_a_comment(sql: str) -> bool:
    """Say whether a comment holds what the server runs or obeys."""
    return any(piece.kind is Kind.COMMENT and _RUNS.match(piece.text) for piece in pieces(sql))


def called_names(sql: str) -> Iterator[str]:
    """Yield every word and quoted name that an opening parenthesis follows: what may be a function's."""
    before = ""
    for piece in pieces(sql):
        if piece.kind is Kind.COMMENT or not piece.text.strip():
            continue
        if piece.text == "(" and before:
            yield before
        before = piece.text[1:-1] if piece.kind is Kind.NAME else piece.text


def for_parsers(sql: str) -> str:
    """Return the text as a general parser cannot misread it.

    Comments are gone, strings hold nothing of interest, and two dashes that begin no comment here stand apart.
    """
    parts: list[str] = []
    for piece in pieces(sql):
        match piece.kind:
            case Kind.COMMENT:
                parts.append(" ")
            case Kind.STRING | Kind.ESCAPE_STRING:
                parts.append("'text'")
            case _:
                parts.append(f" {piece.text}" if piece.text in {"-", "/", "*"} else piece.text)
    return "".join(parts)
