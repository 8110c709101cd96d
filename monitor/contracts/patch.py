"""Small edits of a contract's text: every other character, comments and order included, stays as it is."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from monitor.contracts.document import Value
from monitor.contracts.findings import Path
from monitor.contracts.yaml_text import inline, pairs

_Node: TypeAlias = Any  # a node of ruamel.yaml, which has no types: only this module looks inside


class PatchError(Exception):
    """The text cannot be edited so without touching more than was asked for; the message says why."""


def set_value(text: str, path: Path, key: str, value: Value) -> str:
    """Give a key of the mapping at `path` a value; a new key stands behind the mapping's first one."""
    mapping = _at(_root(text), path)
    found = next((item for name, item in mapping.value if name.value == key), None)
    if found is not None:
        return text[: found.start_mark.index] + inline(value) + text[_end(text, found) :]
    (first_key, first) = mapping.value[0]
    end = _end(text, first)
    if mapping.flow_style:
        return f"{text[:end]}, {pairs({key: value})}{text[end:]}"
    end = _line_end(text, end)
    return f"{text[:end]}{_newline(text)}{' ' * first_key.start_mark.column}{pairs({key: value})}{text[end:]}"


def add_item(text: str, path: Path, item: Mapping[str, Value]) -> str:
    """Add a mapping to the end of the list at `path`, written as its last one is."""
    sequence = _at(_root(text), path)
    neighbour = sequence.value[-1]
    end = _end(text, neighbour)
    if sequence.flow_style:
        return f"{text[:end]}, {inline(dict(item))}{text[end:]}"
    dash = text.rindex("-", 0, neighbour.start_mark.index)
    indent = " " * (dash - _line_start(text, dash))
    if isinstance(neighbour.value, list) and not neighbour.flow_style:
        between = _newline(text) + " " * neighbour.start_mark.column
        written = between.join(pairs({key: value}) for key, value in item.items())
    else:
        written = inline(dict(item))
    end = _line_end(text, end)
    return f"{text[:end]}{_newline(text)}{indent}- {written}{text[end:]}"


def remove(text: str, path: Path) -> str:
    """Remove the list's item at `path`; a list that would be empty goes with its key."""
    *above, place = path
    sequence = _at(_root(text), tuple(above))
    if not isinstance(place, int):
        raise PatchError(f"{place} is no item of a list")
    if len(sequence.value) == 1:
        return _remove_pair(text, tuple(above))
    node = sequence.value[place]
    if sequence.flow_style:
        return _remove_from_flow(text, sequence.value, place)
    dash = text.rindex("-", 0, node.start_mark.index)
    if text[_line_start(text, dash) : dash].strip() or text[dash + 1 : node.start_mark.index].strip():
        raise PatchError("an item does not begin on a line of its own")
    return text[: _line_start(text, dash)] + text[_next_line(text, _end(text, node)) :]


def _remove_pair(text: str, path: Path) -> str:
    *above, key = path
    mapping = _at(_root(text), tuple(above))
    place = next(index for index, (name, _) in enumerate(mapping.value) if name.value == key)
    name, value = mapping.value[place]
    if mapping.flow_style:
        spans = [_Span(name.start_mark, item) for name, item in mapping.value]
        return _remove_from_flow(text, spans, place)
    start = _line_start(text, name.start_mark.index)
    if text[start : name.start_mark.index].strip():
        raise PatchError(f"{key} stands on one line with what begins before it")
    return text[:start] + text[_next_line(text, _end(text, value)) :]


class _Span:
    """A key with its value, as one piece of a flow mapping."""

    def __init__(self, start_mark: _Node, value: _Node) -> None:
        self.start_mark = start_mark
        self.value = [value]
        self.flow_style = False


def _remove_from_flow(text: str, items: list[_Node], place: int) -> str:
    if place > 0:
        start, end = _end(text, items[place - 1]), _end(text, items[place])
    elif len(items) > 1:
        start, end = items[0].start_mark.index, items[1].start_mark.index
    else:
        start, end = items[0].start_mark.index, _end(text, items[0])
    if "#" in text[start : items[place].start_mark.index]:
        raise PatchError("a comment stands before what would go")
    return text[:start] + text[end:]


def _root(text: str) -> _Node:
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent

    yaml = YAML(typ="rt", pure=True)
    if any(isinstance(event, AliasEvent) for event in yaml.parse(text)):
        raise PatchError("the file uses YAML aliases: one place of it stands for several")
    return YAML(typ="rt", pure=True).compose(text)


def _at(node: _Node, path: Path) -> _Node:
    for step in path:
        if isinstance(step, int):
            node = node.value[step]
        else:
            node = next(value for key, value in node.value if key.value == step)
    return node


def _end(text: str, node: _Node) -> int:
    """Return where the text of a node ends, without the comments and blank lines behind it."""
    last = node
    while isinstance(last.value, list) and last.value and not last.flow_style:
        last = last.value[-1][1] if isinstance(last.value[-1], tuple) else last.value[-1]
    end: int = last.end_mark.index
    return len(text[:end].rstrip()) if getattr(last, "style", None) in {"|", ">"} else end


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _line_end(text: str, index: int) -> int:
    """Return where the line ends, before its line end of one character or two."""
    end = text.find("\n", index)
    if end < 0:
        return len(text)
    return end - 1 if text[end - 1] == "\r" and end > index else end


def _next_line(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
