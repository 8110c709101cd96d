"""Words of a template → a message within Slack's budgets.

A template's paragraphs (an empty line ends one) become sections. One that is `[people]`, `[buttons]`, `[members]` or
begins with `[small] ` stands for who is called, for what can be pressed, for the list, for small print: text of
strangers never begins a paragraph.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.notifiers.base import Json, Mention
from monitor.notifiers.blocks import Assembled, Button, Buttons, Lines, People, Piece, Small, Words, assemble, pages
from monitor.templates import render_slack

SMALL = "[small] "


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message's text (what a notification shows) and blocks; `remainder` is what did not fit."""

    text: str
    blocks: tuple[Mapping[str, Json], ...]
    remainder: tuple[str, ...] = ()


def render(
    template: str,
    values: Mapping[str, object],
    *,
    items: Sequence[str] = (),
    mentions: Sequence[Mention] = (),
    buttons: tuple[Button, ...] = (),
) -> Rendered:
    """Render a template of `templates/slack/`; `items` are lines of markup for its list."""
    text = render_slack(f"slack/{template}.j2", **values)
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    pieces = [piece for part in paragraphs for piece in _pieces(part, items, mentions, buttons)]
    assembled: Assembled = assemble(pieces)
    return Rendered(
        text=paragraphs[0].split("\n")[0],
        blocks=assembled.blocks,
        remainder=assembled.remainder,
    )


def line(template: str, **values: object) -> str:
    """Render one line of markup."""
    return " ".join(render_slack(f"slack/{template}.j2", **values).split("\n")).strip()


def rest(lines: Sequence[str]) -> list[Rendered]:
    """Return what did not fit, as messages for the thread."""
    found = pages(lines)
    return [Rendered(text=f"the rest, {place} of {len(found)}", blocks=blocks) for place, blocks in enumerate(found, 1)]


def _pieces(part: str, items: Sequence[str], mentions: Sequence[Mention], buttons: tuple[Button, ...]) -> list[Piece]:
    if part == "[buttons]":
        return [Buttons(buttons=buttons)] if buttons else []
    if part == "[people]":
        return [People(markup="cc")] if mentions else []
    if part == "[members]":
        if not items:
            return []
        return [Lines(items=tuple(items), more="_{shown} of {total}; the rest in the thread_")]
    if part.startswith(SMALL):
        return [Small(markup=part.removeprefix(SMALL))]
    return [Words(markup=part)]
