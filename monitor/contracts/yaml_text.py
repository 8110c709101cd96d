"""Values as YAML that people would have written: bare words where they are safe, else quoted."""

import re
from collections.abc import Mapping

from monitor.contracts.document import Value
from monitor.contracts.scalars import ScalarError, resolve
from monitor.contracts.sodacl import as_yaml

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*|[0-9]+(?:\.[0-9]+){2}")
_LONGEST_BARE = 200


def inline(value: Value) -> str:
    """Return a value on one line, in flow style; safe at every place of a document."""
    match value:
        case dict():
            return "{" + pairs(value) + "}"
        case list():
            return "[" + ", ".join(inline(item) for item in value) + "]"
        case str() if is_bare(value):
            return value
        case _:
            return as_yaml(value)


def pairs(value: Mapping[str, Value]) -> str:
    """Return keys and values as they stand between the braces of a flow mapping."""
    return ", ".join(f"{inline(key)}: {inline(item)}" for key, item in value.items())


def is_bare(text: str) -> bool:
    """Say whether text means itself without quotes, wherever it stands."""
    if len(text) > _LONGEST_BARE or _BARE.fullmatch(text) is None:
        return False
    try:
        return resolve(text, plain=True, tag=None) == text
    except ScalarError:
        return False
