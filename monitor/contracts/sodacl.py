"""Custom SodaCL blocks that are written as objects."""

import json
import re
from decimal import Decimal

from monitor.contracts.document import Value
from monitor.domain.check import plain

UNSAFE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff]")


def as_yaml(value: Value) -> str:
    """Write an implementation that was given as an object as one line of YAML, numbers exact."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_quoted(key)}: {as_yaml(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(as_yaml(item) for item in value) + "]"
        case str():
            return _quoted(value)
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case Decimal():
            return plain(value)
        case _:
            return str(value)


def _quoted(text: str) -> str:
    """Return a double-quoted YAML scalar on one line."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
