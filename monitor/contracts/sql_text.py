"""PostgreSQL's own idea of where a string, a quoted name, a comment and a statement end.

As the server's lexer reads it with `standard_conforming_strings` on (PostgreSQL manual, "Lexical Structure"). A general
SQL parser reads some of it otherwise, so what must not be a second statement is decided here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

_IDENTIFIER = r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*"
_TAG = r"\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$"
_CONTINUED = r"(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\f\v\n\r]|--[^\n\r]*[\n\r])*'"
_ESCAPED_BODY = r"(?:[^'\\]|''|\\.)*+'"
_BODY = r"(?:[^']|'')*+'"
_START = re.compile(
    rf"""
      (?P<escape>[eE]'{_ESCAPED_BODY}(?:{_CONTINUED}{_ESCAPED_BODY})*)
    | (?P<unicode>[uU]&'{_BODY}(?:{_CONTINUED}{_BODY})*)
    | (?P<string>[nNbBxX]?'{_BODY}(?:{_CONTINUED}{_BODY})*)
    | (?P<name>(?:[uU]&)?"(?:[^"]|"")*+")
    | (?P<tag>{_TAG})
    | (?P<open>[eE]'|['"])
    | (?P<line>--[^\n\r]*)
    | (?P<comment>/\*)
    | (?P<word>{_IDENTIFIER})
    | (?P<digits>[0-9]+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PART = re.compile(r"'((?:[^']|'')*+)'|--[^\n\r]*")
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Kind(Enum):
    """What a piece of SQL is to the server's lexer."""

    CODE = auto()
    STRING = auto()
    ESCAPE_STRING = auto()
    UNICODE_STRING = auto()
    DOLLAR_STRING = auto()
    NAME = auto()
    COMMENT = auto()
    UNFINISHED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of SQL text, exactly as it was written."""

    kind: Kind
    text: str


_KINDS = {
    "escape": Kind.ESCAPE_STRING,
    "unicode": Kind.UNICODE_STRING,
    "string": Kind.STRING,
    "name": Kind.NAME,
    "line": Kind.COMMENT,
}


def pieces(sql: str) -> Iterator[Piece]:
    """Yield the pieces of an SQL text in order; together they are the text again.

    What is opened and never closed is `UNFINISHED`: the server refuses such a statement.
    """
    position = 0
    while position < len(sql):
        match = _START.match(sql, position)
        if match is None:
            raise ValueError(f"no piece of SQL begins at {position}")  # a dot matches everything
        end, kind = match.end(), _KINDS.get(match.lastgroup or "", Kind.CODE)
        if match.lastgroup == "tag":
            close = sql.find(match["tag"], end)
            kind, end = (Kind.UNFINISHED, len(sql)) if close < 0 else (Kind.DOLLAR_STRING, close + len(match["tag"]))
        elif match.lastgroup == "comment":
            closed = _end_of_comment(sql, end)
            kind, end = (Kind.UNFINISHED, len(sql)) if closed is None else (Kind.COMMENT, closed)
        elif match.lastgroup == "open":
            kind, end = Kind.UNFINISHED, len(sql)
        yield Piece(kind=kind, text=sql[position:end])
        position = end


def value_of(piece: Piece) -> str:
    """Return the text that a plain or dollar-quoted string stands for."""
    if piece.kind is Kind.DOLLAR_STRING:
        width = piece.text.index("$", 1) + 1
        return piece.text[width:-width]
    return "".join((match[1] or "").replace("''", "'") for match in _PART.finditer(piece.text))


def statements(text: Iterable[Piece]) -> int:
    """Count the statements that the server would run; comments and blanks alone are none."""
    count, is_open = 0, False
    for piece in text:
        if piece.kind is Kind.CODE and piece.text == ";":
            is_open = False
        elif not is_open and piece.kind is not Kind.COMMENT and piece.text.strip():
            count, is_open = count + 1, True
    return count


def calls_a_disguised_name(sql: str) -> bool:
    r"""Say whether a function is called by a name with escapes (`U&"pg\005fsleep"(1)`), which hides what it is."""
    code = [piece for piece in pieces(sql) if piece.kind is not Kind.COMMENT and piece.text.strip()]
    return any(
        name.kind is Kind.NAME and name.text[0] in "uU" and after.text.lower() in {"(", "uescape"}
        for name, after in pairwise(code)
    )


def without_escaped_names(sql: str) -> str:
    r"""Return the text with every name written with escapes (`U&"\0441"`) as some plain name: parsers know none."""
    return "".join(
        '"name"' if piece.kind is Kind.NAME and piece.text[0] in "uU" else piece.text for piece in pieces(sql)
    )


def _end_of_comment(sql: str, position: int) -> int | None:
    """Return where a block comment ends that was opened before; comments nest."""
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(sql, position)
        if edge is None:
            return None
        depth += 1 if edge.group() == "/*" else -1
        position = edge.end()
    return position
