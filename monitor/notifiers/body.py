"""A message as Slack takes it by any of its doors: text, blocks with the mentions in their place, and metadata."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from monitor.mrkdwn import without_broadcasts, words
from monitor.notifiers.base import EVENT_TYPE, PEOPLE, Json, Mention, Message
from monitor.notifiers.blocks import cut

TEXT: Final = 4_000
"""Slack advises no longer text than this; where there are blocks, it is what a notification shows."""

MENTIONS: Final = 20
MENTION: Final = 60
"""The most mentions, and the longest name of somebody whom Slack does not know: the budgets of `blocks` leave room."""


def spoken(message: Message, mentions: Sequence[str]) -> dict[str, Any]:
    """Return the JSON of a message that calls these people. It cannot call a whole channel, whoever worded it."""
    more = len(message.mentions) - len(mentions)
    called = " ".join([*mentions, *([f"+{more}"] if more > 0 else [])])
    text = cut(message.text, TEXT)[0]
    if called and not message.blocks:
        text = f"{text} {called}"
    return {
        "text": without_broadcasts(text),
        "blocks": [_harmless(block) for block in _with_people(message.blocks, called)],
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {**message.payload, "outbox_id": message.outbox_id}},
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def nobody(mention: Mention) -> str:
    """Return the name of somebody who cannot be called, as words."""
    return cut(words(mention.value), MENTION)[0]


def _with_people(blocks: Sequence[Mapping[str, Json]], called: str) -> Iterator[Mapping[str, Json]]:
    """Yield the blocks with the mentions in the block for people, else at the end; without any, that block goes."""
    placed = not called or not blocks
    for block in blocks:
        if block.get("block_id") != PEOPLE:
            yield block
        elif called and not placed:
            placed = True
            yield _people(called, block)
    if not placed:
        yield _people(called, {})


def _people(called: str, block: Mapping[str, Json]) -> Mapping[str, Json]:
    match block:
        case {"elements": [{"text": str(text)}, *_]}:
            shown = f"{text} {called}"
        case _:
            shown = called
    element: Json = {"type": "mrkdwn", "text": shown, "verbatim": True}
    return {"type": "context", "block_id": PEOPLE, "elements": [element]}


def _harmless(value: Json) -> Json:
    match value:
        case str():
            return without_broadcasts(value)
        case Mapping():
            return {key: _harmless(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_harmless(inner) for inner in value]
        case _:
            return value
