"""Lines of a terminal: text measured in cells, wrapped and never cut."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from rich.text import Text

NARROWEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Text in one style (a rich style; empty for none)."""

    text: str
    style: str = ""


Line = tuple[Piece, ...]


def line(text: str, style: str = "", *, indent: int = 0) -> Line:
    """Return a line of one style, indented."""
    return (*_space(indent), Piece(text=text, style=style))


def plain(lines: Iterable[Line]) -> str:
    """Return lines as text without styles; every line ends."""
    return "".join("".join(piece.text for piece in pieces).rstrip() + "\n" for pieces in lines)


def styled(pieces: Line) -> "Text":
    """Return a line as rich prints it."""
    from rich.text import Text

    text = Text()
    for piece in pieces:
        text.append(piece.text, style=piece.style or None)
    return text


def wrap(text: str, width: int) -> tuple[str, ...]:
    """Break text into lines of at most `width` cells: at spaces, and inside a word only when it is longer than a line.

    Line ends of the text stay. Not `textwrap`: that one counts characters, and a CJK character takes two cells.
    """
    width = max(width, NARROWEST)
    return tuple(wrapped for paragraph in text.split("\n") for wrapped in _wrap_paragraph(paragraph, width))


def hanging(first: str, text: str, *, width: int, indent: int, style: str = "", first_style: str = "dim") -> list[Line]:
    """Return text wrapped behind a first word; the following lines stand below the text, not below the word."""
    lead = f"{first}  "
    inside = indent + cell_len(lead)
    head, *rest = wrap(text, width - inside)
    top = (*_space(indent), Piece(text=lead, style=first_style), Piece(text=head, style=style))
    return [top, *(line(more, style, indent=inside) for more in rest)]


def edged(
    word: str, text: str, right: str, *, width: int, gutter: int, word_style: str, style: str, right_style: str
) -> list[Line]:
    """Return a gutter word, wrapped text, and a note at the right edge of the first line (below, where no room is)."""
    note = cell_len(right)
    room = width - gutter - (note + 2 if note else 0)
    beside = room >= max(NARROWEST, (width - gutter) // 2)
    head, *rest = wrap(text, room if beside else width - gutter)
    start = word + " " * max(1, gutter - cell_len(word)) if gutter else ""
    first: Line = (Piece(text=start, style=word_style), Piece(text=head, style=style))
    if beside and note:
        gap = width - cell_len(start) - cell_len(head) - note
        first = (*first, *_space(max(2, gap)), Piece(text=right, style=right_style))
    lines = [first, *(line(more, style, indent=gutter) for more in rest)]
    if not beside:
        lines += [line(more, right_style, indent=gutter) for more in wrap(right, width - gutter)]
    return lines


def side_by_side(left: str, right: str, *, width: int, indent: int, column: int, style: str) -> list[Line]:
    """Return two texts on one line, the second at `column` at least; on a line each where they do not fit."""
    gap = max(2, column - indent - cell_len(left))
    if indent + cell_len(left) + gap + cell_len(right) <= width:
        return [line(left + " " * gap + right, style, indent=indent)]
    return [line(part, style, indent=indent) for text in (left, right) for part in wrap(text, width - indent)]


def _space(cells: int) -> tuple[Piece, ...]:
    """Return so many blank cells."""
    return (Piece(text=" " * cells),) if cells else ()


def _wrap_paragraph(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a text that has no line ends. Spaces stay as they are, except where a line breaks."""
    current = ""
    for token in re.findall(" *[^ ]+", text):
        if cell_len(current + token) <= width:
            current += token
            continue
        if current:
            yield current
        *full, current = _chop(token.lstrip(" "), width)
        yield from full
    yield current


def _chop(word: str, width: int) -> list[str]:
    """Cut a word that is wider than a line into pieces that fit."""
    if cell_len(word) <= width:
        return [word]
    parts, part, used = [], "", 0
    for character in word:
        cells = cell_len(character)
        if part and used + cells > width:
            parts.append(part)
            part, used = "", 0
        part, used = part + character, used + cells
    return [*parts, part]
