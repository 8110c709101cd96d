"""What Slack refuses in a message: the documented limits of Block Kit, and the sizes measured on the real service.

Sources: docs.slack.dev/reference/block-kit/blocks (per block), docs.slack.dev/reference/methods/chat.postMessage
(errors); all blocks together: 9,597 characters were accepted and 11,341 rejected with `msg_blocks_too_long`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

BLOCKS = 50
ALL_BLOCKS = 9_597
TEXT = 40_000
METADATA = 8_000
SECTION = 3_000
FIELDS = 10
FIELD = 2_000
HEADER = 150
CONTEXT_ELEMENTS = 10
ACTIONS = 25
BUTTON = 75
ACTION_ID = 255
BLOCK_ID = 255
VALUE = 2_000
URL = 3_000

TEXT_TYPES = frozenset({"mrkdwn", "plain_text"})


@dataclass(frozen=True)
class Refusal:
    """An `ok: false` answer: the error's name and, for blocks, what is wrong where."""

    error: str
    messages: tuple[str, ...] = ()


def refusal(body: dict[str, Any]) -> Refusal | None:
    """Return why Slack would not take this message, None when it would."""
    blocks, text = body.get("blocks"), body.get("text")
    if not blocks and not text and not body.get("attachments"):
        return Refusal("no_text")
    if text is not None and (not isinstance(text, str) or len(text) > TEXT):
        return Refusal("msg_too_long")
    if blocks:
        problems = tuple(_problems(blocks))
        if problems:
            return Refusal("invalid_blocks", problems)
        if sum(map(len, _strings(blocks))) > ALL_BLOCKS:
            return Refusal("msg_blocks_too_long")
    return _metadata_refusal(body.get("metadata"))


def _metadata_refusal(metadata: object) -> Refusal | None:
    if not metadata:
        return None
    if not isinstance(metadata, dict) or set(metadata) - {"event_type", "event_payload"}:
        return Refusal("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        return Refusal("invalid_metadata_format")
    return Refusal("metadata_too_large") if len(str(metadata)) > METADATA else None


def _strings(value: object, key: str = "") -> Iterator[str]:
    """Yield every text in the blocks: all strings but the names of types."""
    match value:
        case str() if key != "type":
            yield value
        case dict():
            for name, inner in value.items():
                yield from _strings(inner, name)
        case list():
            for inner in value:
                yield from _strings(inner)


def _problems(blocks: object) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield _at("must be an array", "/blocks")
        return
    if len(blocks) > BLOCKS:
        yield _at(f"no more than {BLOCKS} items allowed", "/blocks")
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        place = f"/blocks/{number}"
        if not isinstance(block, dict) or block.get("type") not in JUDGES:
            yield _at(f"unsupported type: {block.get('type') if isinstance(block, dict) else block}", place)
            continue
        name = block.get("block_id")
        if name is not None:
            yield from _length(name, BLOCK_ID, f"{place}/block_id")
            if name in seen:
                yield _at(f'`block_id` "{name}" already exists', place)
            seen.add(name)
        yield from JUDGES[block["type"]](block, place)


def _section(block: dict[str, Any], place: str) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield _at("missing required field: text", place)
    if "text" in block:
        yield from _text(block["text"], SECTION, f"{place}/text")
    fields = block.get("fields", [None] if "fields" in block else [])
    if "fields" in block and not 1 <= len(fields) <= FIELDS:
        yield _at(f"no more than {FIELDS} items allowed", f"{place}/fields")
    for number, field in enumerate(fields):
        yield from _text(field, FIELD, f"{place}/fields/{number}")
    if "accessory" in block:
        yield from _element(block["accessory"], f"{place}/accessory")


def _header(block: dict[str, Any], place: str) -> Iterator[str]:
    yield from _text(block.get("text"), HEADER, f"{place}/text", types=frozenset({"plain_text"}))


def _context(block: dict[str, Any], place: str) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= CONTEXT_ELEMENTS:
        yield _at(f"no more than {CONTEXT_ELEMENTS} items allowed", f"{place}/elements")
    for number, element in enumerate(elements):
        if isinstance(element, dict) and element.get("type") == "image":
            continue
        yield from _text(element, SECTION, f"{place}/elements/{number}")


def _actions(block: dict[str, Any], place: str) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= ACTIONS:
        yield _at(f"no more than {ACTIONS} items allowed", f"{place}/elements")
    seen: set[str] = set()
    for number, element in enumerate(elements):
        yield from _element(element, f"{place}/elements/{number}")
        name = element.get("action_id") if isinstance(element, dict) else None
        if name is not None and name in seen:
            yield _at(f'`action_id` "{name}" already exists', f"{place}/elements/{number}")
        seen.add(str(name))


def _element(element: object, place: str) -> Iterator[str]:
    if not isinstance(element, dict) or element.get("type") != "button":
        yield _at("unsupported element", place)
        return
    yield from _text(element.get("text"), BUTTON, f"{place}/text", types=frozenset({"plain_text"}))
    for key, limit in (("action_id", ACTION_ID), ("value", VALUE), ("url", URL)):
        if key in element:
            yield from _length(element[key], limit, f"{place}/{key}")
    if "style" in element and element["style"] not in {"primary", "danger"}:
        yield _at("value must be one of primary, danger", f"{place}/style")


def _text(text: object, limit: int, place: str, *, types: frozenset[str] = TEXT_TYPES) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in types:
        yield _at(f"must be a {' or '.join(sorted(types))} object", place)
        return
    yield from _length(text.get("text"), limit, f"{place}/text")


def _length(value: object, limit: int, place: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield _at("must be a string", place)
    elif len(value) > limit:
        yield _at(f"must be less than {limit + 1} characters", place)
    elif not value:
        yield _at("must be more than 0 characters", place)


def _free(_block: dict[str, Any], _place: str) -> Iterator[str]:
    yield from ()


def _at(problem: str, place: str) -> str:
    return f"{problem} [json-pointer:{place}]"


JUDGES: dict[str, Callable[[dict[str, Any], str], Iterator[str]]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "divider": _free,
    "rich_text": _free,
    "image": _free,
}
