"""YAML text → a plain document that remembers its lines, within limits that no file can talk it out of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from monitor.contracts.findings import Path, plain_name
from monitor.domain.contract import Scalar

Value: TypeAlias = "Scalar | list[Value] | dict[str, Value]"

ARRAYS_OF_NAMED = {"schema", "properties"}
NAMED_BY = {"servers": "server", "slaProperties": "property", "support": "channel", "customProperties": "property"}
PLAIN_INDEX = re.compile(r"[^.\[\]/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A contract file as nested dicts and lists of exact scalars. `lines` maps paths to lines, counted from 1.

    What an alias stands for is copied, so the document is a tree; lines inside a copy are those of the alias.
    """

    root: dict[str, Value]
    lines: Mapping[Path, int]

    def line_of(self, path: Path) -> int:
        """Return the line of the value at this path, or of the nearest value around it."""
        for length in range(len(path), -1, -1):
            line = self.lines.get(path[:length])
            if line is not None:
                return line
        return 1

    def where(self, path: Path) -> str:
        """Name a path the way people think of it: `schema.flights.air_time.quality[0].mustBe`."""
        words: list[str] = []
        value: Value = self.root
        parent = ""
        for step in path:
            below = _child(value, step)
            if isinstance(step, int):
                words.append(_named_item(parent, step, below))
            elif step == "properties" and words and isinstance(below, list):
                parent = step
                value = below
                continue
            else:
                words.append(f".{plain_name(step)}" if words else plain_name(step))
            parent = step if isinstance(step, str) else ""
            value = below
        return "".join(words)


def _child(value: Value, step: str | int) -> Value:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _named_item(parent: str, index: int, item: Value) -> str:
    if isinstance(item, dict):
        name = item.get(NAMED_BY.get(parent, "name")) if parent in NAMED_BY or parent in ARRAYS_OF_NAMED else None
        if isinstance(name, str) and PLAIN_INDEX.fullmatch(name):
            return f".{plain_name(name)}"
    return f".properties[{index}]" if parent == "properties" else f"[{index}]"
