"""Custom SodaCL blocks: is it SodaCL at all, and may it run?"""

import json
import re
from decimal import Decimal

from monitor.contracts.document import Value
from monitor.contracts.yaml_reader import YamlError, read_value
from monitor.domain.check import plain

UNSAFE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff]")
BLOCK = re.compile(r"(?:checks|filter|variables|for each|configurations|discover|profile|sample)\b")


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


def sodacl_remark(text: str) -> str | None:
    """Return why a block is not SodaCL, or None when it is a list of checks or a mapping of `checks for …`."""
    try:
        block = read_value(text)
    except YamlError as error:
        return f"this is not SodaCL: {error.problems[-1][2]}"
    if isinstance(block, list) and block and all(_is_check(item) for item in block):
        return None
    if isinstance(block, dict) and block and all(BLOCK.match(key) for key in block):
        return None
    return "this is not SodaCL: expected a list of checks, or checks for this dataset followed by a list"


def _is_check(item: Value) -> bool:
    return isinstance(item, str) or (isinstance(item, dict) and len(item) == 1)


def _quoted(text: str) -> str:
    """Return a double-quoted YAML scalar on one line."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
