"""Every message fits into Slack, says what it leaves out, and obeys no stranger."""

import itertools
import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.mrkdwn import code, escape, link, words
from monitor.notifiers.blocks import (
    BLOCKS,
    BYTES,
    CHARACTERS,
    Assembled,
    Button,
    Buttons,
    Facts,
    Heading,
    Lines,
    People,
    Piece,
    Rule,
    Small,
    Words,
    assemble,
    cut,
    pages,
)
from monitor.visible import visible
from tests.slack.limits import refusal

MORE = "{shown} of {total}; the rest in the thread"


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for inner in value.values() for text in texts(inner)]
    return [text for inner in value for text in texts(inner)] if isinstance(value, list | tuple) else []


def within_limits(blocks: Sequence[Any]) -> bool:
    """Judge by the fake's own rules and by the budgets, counted here on their own."""
    shown = json.dumps(blocks, ensure_ascii=False, separators=(",", ":")).encode()
    return (
        refusal({"text": "x", "blocks": json.loads(shown)}) is None
        and len(blocks) <= BLOCKS
        and sum(map(len, texts(list(blocks)))) <= CHARACTERS
        and len(shown) <= BYTES
    )


def test_a_small_message_is_shown_whole_and_in_order() -> None:
    made = assemble(
        [
            Words(markup=":red_circle: *orders*: 7 rows point nowhere"),
            Facts(markup=("*Expected* 0", "*Measured* 7")),
            Lines(items=("• one", "• two"), more=MORE),
            Rule(),
            Buttons(buttons=(Button(label="Acknowledge", action_id="ack", value="7", style="primary"),)),
            People(markup="cc"),
            Small(markup="run 7f3a"),
        ]
    )
    assert [block["type"] for block in made.blocks] == [
        "section", "section", "section", "divider", "actions", "context", "context",
    ]  # fmt: skip
    assert made.blocks[2]["text"]["text"] == "• one\n• two"  # type: ignore[index,call-overload]
    assert made.blocks[5]["block_id"] == "people"
    assert made.remainder == ()


def test_a_list_that_is_too_long_says_how_many_of_how_many() -> None:
    items = tuple(f"• {number:03d} {'x' * 190}" for number in range(100))
    made = assemble([Words(markup="head"), Lines(items=items, more=MORE), Small(markup="foot")])
    shown = [line for text in texts(list(made.blocks)) for line in text.splitlines() if line.startswith("•")]
    assert (*shown, *made.remainder) == items
    assert f"{len(shown)} of 100; the rest in the thread" in texts(list(made.blocks))
    assert 35 <= len(shown) <= 40
    assert within_limits(made.blocks)


def test_the_buttons_and_the_first_words_have_room_whatever_else_there_is() -> None:
    made = assemble(
        [
            Words(markup="what broke"),
            *(Words(markup="y" * 2_900) for _ in range(5)),
            Buttons(buttons=(Button(label="Acknowledge", action_id="ack"),)),
        ]
    )
    assert made.blocks[0]["text"]["text"] == "what broke"  # type: ignore[index,call-overload]
    assert made.blocks[-1]["type"] == "actions"
    assert sum(text.count("y") for text in [*texts(list(made.blocks)), *made.remainder]) == 5 * 2_900


def test_the_remainder_fills_as_few_messages_as_it_takes() -> None:
    lines = tuple(f"{number:04d} {'z' * 100}" for number in range(300))
    made = pages(lines)
    assert [line for page in made for text in texts(list(page)) for line in text.splitlines()] == list(lines)
    assert all(within_limits(page) for page in made)
    assert len(made) == 5
    assert pages(()) == ()


def test_a_button_that_opens_a_page_and_has_no_room_is_left_as_a_link() -> None:
    url = "https://dq.example.com/" + "a" * 1_500
    many = tuple(Button(label=f"Open {number}", action_id=f"open-{number}", url=url) for number in range(8))
    made = assemble([Buttons(buttons=many)])
    assert len(made.blocks[0]["elements"]) + len(made.remainder) == 8  # type: ignore[arg-type]
    assert made.remainder[0].startswith("<https://dq.example.com/")


def test_a_buttons_meaning_is_never_cut() -> None:
    with pytest.raises(ValueError, match="action_id"):
        Button(label="x", action_id="x" * 256)
    with pytest.raises(ValueError, match="value"):
        Button(label="x", action_id="x", value="x" * 2_001)


@pytest.mark.parametrize(
    ("markup", "room", "expected"),
    [
        ("short", 10, ("short", "")),
        ("one two three", 9, ("one two…", "three")),
        ("abcdefghij", 5, ("abcd…", "efghij")),
        ("see <https://x.example|this>", 12, ("see…", "<https://x.example|this>")),
        ("a &amp; b", 6, ("a…", "&amp; b")),
        ("x `a b c d` y", 9, ("x…", "`a b c d` y")),
        ("<https://x.example|this>", 12, ("", "<https://x.example|this>")),
    ],
)
def test_markup_is_cut_between_its_parts(markup: str, room: int, expected: tuple[str, str]) -> None:
    assert cut(markup, room) == expected


HOSTILE = [
    "<!channel>",
    "<@U0ANNA>",
    "<!subteam^S1>",
    "<http://x|y>",
    "```",
    "\u200b",
    "\u202e",
    "\x1b[31m",
    "🎉",
    "数",
    "\ud800",
]
FILLERS = ["x", "数", "🎉", '"', "\\", "w ", "<", "&", "`", "a\n"]


def stranger(random: Random) -> str:
    """Return text as data holds it: short or very long, hostile or dull."""
    match random.randrange(4):
        case 0:
            return "".join(random.choices([*HOSTILE, *"<>&!@#|*_~`:\n a"], k=random.randrange(40)))
        case 1 if random.random() < 0.3:
            length = random.choice([1, 74, 75, 76, 150, 151, 300, 700, 1_999, 2_001, 2_999, 3_001, 9_000])
            return (random.choice(FILLERS) * length)[:length]
        case _:
            return " ".join(
                random.choices(["orders", "flights.dest", "7,602", "rows", *HOSTILE], k=random.randrange(60))
            )


def markup(random: Random) -> str:
    make = random.choice([words, lambda text: code(text, 3_000), escape, lambda text: link("https://x.example", text)])
    return make(stranger(random))


def button(random: Random) -> Button:
    url = random.choice([None, "https://x.example/" + "p" * random.randrange(2_900)])
    return Button(label=stranger(random), action_id=f"{random.random()}", value="v" * random.randrange(2_001), url=url)


def piece(random: Random) -> Piece:
    match random.randrange(8):
        case 0:
            return Heading(text=stranger(random))
        case 1:
            return Facts(markup=tuple(markup(random) for _ in range(random.randrange(14))))
        case 2:
            return Small(markup=markup(random))
        case 3:
            return Rule()
        case 4:
            return Lines(items=tuple(markup(random) for _ in range(random.choice([0, 3, 12, 60]))), more=MORE)
        case 5:
            return Buttons(buttons=tuple(button(random) for _ in range(random.randrange(5))))
        case _:
            return Words(markup=markup(random))


def message(seed: int) -> list[Piece]:
    random = Random(seed)  # noqa: S311
    made = [piece(random) for _ in range(50 if seed % 50 == 0 else random.choice([1, 3, 5, 8]))]
    return random.choice([made, [*made, People(markup="cc")]])


def promise(given_pieces: list[Piece]) -> None:
    made = assemble(given_pieces)
    assert within_limits(made.blocks)
    assert all(within_limits(page) for page in pages(made.remainder))
    assert_nothing_active(made)
    assert_every_line_is_somewhere(given_pieces, made)


def assert_nothing_active(made: Assembled) -> None:
    """Only a link that we made ourselves may stand in angle brackets."""
    every = itertools.chain(made.blocks, *pages(made.remainder))
    for block in every:
        for text in mrkdwn_of(block):
            assert not re.search(r"<(?!https://x\.example[^<>|]*\|[^<>]*>)", text), text


def mrkdwn_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            assert value["verbatim"] is True
            return [value["text"]]
        return [text for inner in value.values() for text in mrkdwn_of(inner)]
    return [text for inner in value for text in mrkdwn_of(inner)] if isinstance(value, list | tuple) else []


def assert_every_line_is_somewhere(given_pieces: list[Piece], made: Assembled) -> None:
    lists = [piece for piece in given_pieces if isinstance(piece, Lines)]
    if len(lists) != 1:
        return
    items = [visible(item, keep="\n").strip() for item in lists[0].items if item.strip()]
    shown = "\n".join(mrkdwn_of(list(made.blocks)))
    counted = re.search(r"^(\d+) of (\d+); the rest", shown, re.MULTILINE)
    if counted:
        assert int(counted[2]) == len(items)
        assert set(items[int(counted[1]) :]) <= set(made.remainder)


def test_two_thousand_messages_are_inside_every_limit() -> None:
    for seed in range(2_000):
        promise(message(seed))


@pytest.mark.soak
@given(st.integers(min_value=2_000))
@settings(max_examples=20_000, deadline=None)
def test_twenty_thousand_messages_are_inside_every_limit(seed: int) -> None:
    promise(message(seed))
