"""Slack's blocks from pieces that are worded already, inside every limit; what does not fit is handed back whole.

Limits of one block: docs.slack.dev/reference/block-kit/blocks. Slack takes 50 blocks and took 9,597 characters of all
blocks together, but not 11,341; the budgets below keep away from both and leave room for the mentions, which become
known only when the message is sent.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.mrkdwn import link, words
from monitor.notifiers.base import PEOPLE, Json
from monitor.visible import visible

Block = Mapping[str, Json]

BLOCKS: Final = 40
CHARACTERS: Final = 8_000
BYTES: Final = 12 * 1024

SECTION: Final = 3_000
PAGE_SECTION: Final = 2_600
"""Sections of a page are a little smaller: three of them fill a message."""

FIELDS: Final = 10
FIELD: Final = 2_000
HEADING: Final = 150
LABEL: Final = 75
ACTION_ID: Final = 255
VALUE: Final = 2_000
BUTTONS: Final = 25
SHORTEST_CUT: Final = 80
"""Words are not cut to fewer characters than this: a stump tells nothing, so all of them go into the remainder."""

ATOM: Final = re.compile(r"<[^<>\n]{1,2900}>|&(?:amp|lt|gt);|`[^`\n]{1,2900}`")
"""What is never torn apart: a link or mention, an escape, code."""

ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A large line. `text` is plain: no markup, and nothing in it is active."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A paragraph of markup."""

    markup: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Short pieces of markup in two columns."""

    markup: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A line in small print."""

    markup: str


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Where the mentions go: the notifier adds them to these words, and leaves them out where nobody is called."""

    markup: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A thin line between parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A list of which is shown what fits, `more` closes a cut one: `{shown} of {total}; the rest in the thread`."""

    items: tuple[str, ...]
    more: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button that we hear of, or that opens a page; `label` is plain. Raises ValueError for a long id or value."""

    label: str
    action_id: str
    value: str = ""
    url: str | None = None
    style: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be cut without meaning something else."""
        if not 1 <= len(self.action_id) <= ACTION_ID or len(self.value) > VALUE:
            raise ValueError(f"button {self.label!r}: action_id takes 1 to {ACTION_ID} characters, value {VALUE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Buttons:
    """A row of buttons."""

    buttons: tuple[Button, ...]


Piece = Heading | Words | Facts | Small | People | Rule | Lines | Buttons


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """The blocks of one message, and the markup that did not fit, in order: put it into the thread with `pages`."""

    blocks: tuple[Block, ...]
    remainder: tuple[str, ...] = ()


def assemble(pieces: Sequence[Piece]) -> Assembled:
    """Return the pieces as blocks. Buttons, people, heading and first words have a right to room; lists take the rest.

    Nothing is dropped: what is not in the blocks is in the remainder.
    """
    room = _Room()
    closings = {place: _closing(piece, 0) for place, piece in enumerate(pieces) if isinstance(piece, Lines)}
    for closing in closings.values():
        room.take(closing)
    built: dict[int, list[Block]] = {}
    left: dict[int, list[str]] = {}
    for place in sorted(range(len(pieces)), key=lambda each: (_rank(pieces, each), each)):
        piece = pieces[place]
        if isinstance(piece, Lines):
            room.give_back(closings[place])
            built[place], left[place] = _lines(piece, room)
        else:
            built[place], left[place] = _fixed(piece, room)
    places = range(len(pieces))
    return Assembled(
        blocks=tuple(block for place in places for block in built[place]),
        remainder=tuple(line for place in places for line in left[place]),
    )


def pages(lines: Sequence[str]) -> tuple[tuple[Block, ...], ...]:
    """Return lines of markup as the blocks of as few messages as they take, in order; a long one runs on."""
    messages: list[tuple[Block, ...]] = []
    room, message = _Room(), list[Block]()
    for text in _joined((chunk for line in lines for chunk in _chunks(_tidy(line))), PAGE_SECTION):
        block = _section(text)
        if not room.has(block):
            messages.append(tuple(message))
            room, message = _Room(), []
        room.take(block)
        message.append(block)
    return (*messages, tuple(message)) if message else tuple(messages)


def cut(markup: str, room: int) -> tuple[str, str]:
    """Return the beginning of the markup that takes at most `room` characters, and the rest.

    It is cut at a space or line end where one is near, never within a link, an escape or code.
    """
    if len(markup) <= room:
        return markup, ""
    atoms = [match.span() for match in ATOM.finditer(markup, 0, room + SECTION)]
    end = _outside(atoms, max(room - len(ELLIPSIS), 0))
    gap = _outside(atoms, max(markup.rfind(" ", 0, end), markup.rfind("\n", 0, end)) + 1)
    if gap > end // 2:
        end = gap
    return (markup[:end].rstrip() + ELLIPSIS, markup[end:].lstrip()) if end else ("", markup)


def _outside(atoms: Sequence[tuple[int, int]], place: int) -> int:
    """Return the place, or the beginning of the atom it would tear apart."""
    return next((start for start, end in atoms if start < place < end), place)


class _Room:
    """What one message still has room for."""

    def __init__(self) -> None:
        self.blocks = BLOCKS
        self.characters = CHARACTERS
        self.bytes = BYTES - len("[]")

    def has(self, *blocks: Block) -> bool:
        """Say whether all these blocks fit."""
        return (
            self.blocks >= len(blocks)
            and self.characters >= sum(map(_characters, blocks))
            and self.bytes >= sum(map(_bytes, blocks))
        )

    def take(self, *blocks: Block, sign: int = 1) -> None:
        """Use the room that these blocks need."""
        self.blocks -= sign * len(blocks)
        self.characters -= sign * sum(map(_characters, blocks))
        self.bytes -= sign * sum(map(_bytes, blocks))

    def give_back(self, *blocks: Block) -> None:
        """Free the room that was kept for these blocks."""
        self.take(*blocks, sign=-1)


def _rank(pieces: Sequence[Piece], place: int) -> int:
    """Return whose turn it is: the lower, the earlier."""
    match pieces[place]:
        case Buttons() | People():
            return 0
        case Heading():
            return 1
        case Words():
            first = next(each for each, piece in enumerate(pieces) if isinstance(piece, Words))
            return 1 if place == first else 2
        case Lines():
            return 3
        case _:
            return 2


def _fixed(piece: Piece, room: _Room) -> tuple[list[Block], list[str]]:
    """Return a piece's blocks as far as there is room, and what is left of it."""
    match piece:
        case Heading(text=text):
            return _heading(text, room)
        case Words(markup=markup):
            return _words(_tidy(markup), room)
        case Facts(markup=markup):
            return _facts([_tidy(each) for each in markup if each.strip()], room)
        case Small(markup=markup):
            return _small(_tidy(markup), room)
        case People(markup=markup):
            return _small(_tidy(markup) or ELLIPSIS, room, name=PEOPLE)
        case Buttons(buttons=buttons):
            return _buttons(buttons, room)
        case _:
            return _whole([{"type": "divider"}], [], room)


def _whole(blocks: list[Block], otherwise: list[str], room: _Room) -> tuple[list[Block], list[str]]:
    """Return the blocks if all of them fit, else the markup that stands for them."""
    if not room.has(*blocks):
        return [], otherwise
    room.take(*blocks)
    return blocks, []


def _heading(text: str, room: _Room) -> tuple[list[Block], list[str]]:
    line = visible(" ".join(text.split()))
    if not line:
        return [], []
    short = line if len(line) <= HEADING else line[: HEADING - 1] + ELLIPSIS
    block: Block = {"type": "header", "text": {"type": "plain_text", "text": short, "emoji": False}}
    blocks, left = _whole([block], [words(line)], room)
    return blocks, left or ([words(line)] if short != line else [])


def _words(markup: str, room: _Room) -> tuple[list[Block], list[str]]:
    """Cut words that are too long for what is left; they run on in the remainder."""
    blocks: list[Block] = []
    rest = markup
    while rest:
        size = min(SECTION, room.characters)
        head, tail = cut(rest, size)
        while head and not room.has(_section(head)) and size > SHORTEST_CUT:
            size = size * 9 // 10
            head, tail = cut(rest, size)
        if not head or not room.has(_section(head)) or (tail and size < SHORTEST_CUT):
            return blocks, [rest]
        room.take(_section(head))
        blocks.append(_section(head))
        rest = tail
    return blocks, []


def _facts(fields: list[str], room: _Room) -> tuple[list[Block], list[str]]:
    blocks: list[Block] = []
    left: list[str] = []
    for start in range(0, len(fields), FIELDS):
        group = fields[start : start + FIELDS]
        heads = [cut(field, FIELD)[0] or ELLIPSIS for field in group]
        block: Block = {"type": "section", "fields": [_markup(head) for head in heads]}
        built, kept = _whole([block], group, room)
        blocks += built
        left += kept or [field for field, head in zip(group, heads, strict=True) if field != head]
    return blocks, left


def _small(markup: str, room: _Room, name: str | None = None) -> tuple[list[Block], list[str]]:
    if not markup:
        return [], []
    head, _ = cut(markup, FIELD)
    block: dict[str, Json] = {"type": "context", "elements": [_markup(head or ELLIPSIS)]}
    if name:
        block["block_id"] = name
    blocks, left = _whole([block], [markup], room)
    return blocks, left or ([markup] if head != markup else [])


def _buttons(buttons: tuple[Button, ...], room: _Room) -> tuple[list[Block], list[str]]:
    """Return one row of the buttons that fit; one that opens a page and does not fit is left as a link."""
    row: list[Json] = []
    left: list[str] = []
    for button in buttons:
        label = visible(" ".join(button.label.split())) or ELLIPSIS
        short = label if len(label) <= LABEL else label[: LABEL - 1] + ELLIPSIS
        element: dict[str, Json] = {
            "type": "button",
            "text": {"type": "plain_text", "text": short, "emoji": False},
            "action_id": button.action_id,
        }
        more = {"value": button.value, "url": button.url, "style": button.style}
        element |= {key: value for key, value in more.items() if value}
        if len(row) < BUTTONS and room.has({"type": "actions", "elements": [*row, element]}):
            row.append(element)
        elif button.url:
            left.append(link(button.url, button.label))
    if not row:
        return [], left
    blocks, _ = _whole([{"type": "actions", "elements": row}], [], room)
    return blocks, left


def _lines(piece: Lines, room: _Room) -> tuple[list[Block], list[str]]:
    """Return as many lines as fit, and under a cut list how many they are of how many."""
    items = [_tidy(item) for item in piece.items if item.strip()]
    whole = [_section(text) for text in _joined(items)]
    if all(len(item) <= SECTION for item in items) and room.has(*whole):
        room.take(*whole)
        return whole, []
    closing = _closing(piece, len(items))
    shown, upper = 0, len(items) - 1
    while shown < upper:  # the most that fit, found by halving
        middle = (shown + upper + 1) // 2
        fits = all(len(item) <= SECTION for item in items[:middle])
        if fits and room.has(*map(_section, _joined(items[:middle])), closing):
            shown = middle
        else:
            upper = middle - 1
    blocks = [*map(_section, _joined(items[:shown])), _closing(piece, shown)]
    if not room.has(*blocks):
        return [], items
    room.take(*blocks)
    return blocks, items[shown:]


def _closing(piece: Lines, shown: int) -> Block:
    """Return the line under a cut list."""
    total = sum(bool(item.strip()) for item in piece.items)
    text = piece.more.replace("{shown}", f"{shown:,}").replace("{total}", f"{total:,}")
    return {"type": "context", "elements": [_markup(cut(_tidy(text) or ELLIPSIS, FIELD)[0] or ELLIPSIS)]}


def _joined(lines: Iterable[str], size: int = SECTION) -> Iterator[str]:
    """Yield the lines joined into texts of at most `size` characters; a line of its own may be longer."""
    text = ""
    for line in lines:
        if text and len(text) + 1 + len(line) > size:
            yield text
            text = ""
        text = f"{text}\n{line}" if text else line
    if text:
        yield text


def _chunks(markup: str) -> Iterator[str]:
    """Yield markup in pieces that each fit into a section."""
    rest = markup
    while rest:
        head, rest = cut(rest, SECTION)
        yield head


def _section(markup: str) -> Block:
    return {"type": "section", "text": _markup(markup)}


def _markup(text: str) -> Block:
    """Return a text object. Verbatim: Slack makes no links or mentions of its own from what looks like some."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _tidy(markup: str) -> str:
    """Return markup without hidden characters: JSON would inflate them, Slack would refuse a lone surrogate."""
    return "\n".join(map(visible, markup.split("\n"))).strip()


def _characters(block: Json) -> int:
    """Count every text in a block, also those that people do not see."""
    if isinstance(block, str):
        return len(block)
    if isinstance(block, Mapping):
        return sum(_characters(value) for key, value in block.items() if key != "type")
    return sum(map(_characters, block)) if isinstance(block, Sequence) else 0


def _bytes(block: Block) -> int:
    """Count the bytes of a block as JSON, with the comma after it."""
    return len(json.dumps(block, ensure_ascii=False, separators=(",", ":")).encode()) + 1
