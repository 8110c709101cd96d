"""Names that stand as `U&"…"` in what Soda takes, written out as a server without such escapes reads them."""

import re
from collections.abc import Callable, Iterator

from monitor.contracts.sql_text import Piece

_ESCAPED = re.compile(r"\\(?:\+([0-9A-Fa-f]{6})|([0-9A-Fa-f]{4}))")
_STARTS = 'U&"'


def unescaped(escaped: str) -> str:
    """Return the name that stands between the quotes of `U&"…"`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), escaped)


def written_out(statement: str, pieces: Callable[[str], Iterator[Piece]], quoted: Callable[[str], str]) -> str:
    """Return a statement with each name that stands as `U&"…"` quoted as the server does it.

    `pieces` takes a statement apart as the server does, for which it is three pieces: `U`, `&` and a string.
    """
    if _STARTS not in statement:
        return statement
    parts: list[str] = []
    for piece in pieces(statement):
        if piece.text.startswith('"') and parts[-2:] == ["U", "&"]:
            parts[-2:] = [quoted(unescaped(piece.text[1:-1]))]
        else:
            parts.append(piece.text)
    return "".join(parts)
