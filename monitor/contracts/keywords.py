"""The keywords of JSON Schema that the standard uses, answered in sentences for people.

They replace jsonschema's own functions: its messages speak of schemas, and it makes a new validator for every value.
"""

import difflib
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, TypeAlias

from jsonschema.exceptions import ValidationError

from monitor.contracts.findings import shown

Schema: TypeAlias = dict[str, Any]  # a JSON Schema: only this module and its neighbour `shape` look inside
Errors: TypeAlias = Iterator[ValidationError]

TYPE_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
MEANT = {
    "isNullable": "required",
    "nullable": "required",
    "isUnique": "unique",
    "isPrimaryKey": "primaryKey",
    "primary": "primaryKey",
    "columns": "properties",
    "type": "logicalType",
    "rule": "metric",
    "checks": "quality",
}
MOST_TOLD = 300
SIMPLE = frozenset({"type", "description", "examples", "default", "deprecated"})


def keywords(references: Schema) -> dict[str, Any]:
    """Return a function per keyword. `references` maps every `$ref` of the schema to what it stands for."""
    known: dict[int, frozenset[str]] = {}

    def reference(validator: Any, ref: str, instance: object, _: Schema) -> Errors:  # noqa: ANN401
        yield from _below(validator, instance, references[ref])

    def closed(_: object, is_open: object, instance: object, schema: Schema) -> Errors:
        if is_open is False and isinstance(instance, dict):
            if id(schema) not in known:  # schemas live as long as this function
                known[id(schema)] = frozenset(_keys(schema, references))
            for key in instance:
                if key not in known[id(schema)]:
                    yield ValidationError(_unknown(key, known[id(schema)]), path=[key])

    return {
        "$ref": reference,
        "additionalProperties": closed,
        "unevaluatedProperties": closed,
        "properties": _properties,
        "items": _items,
        "allOf": _all_of,
        "if": _if,
        "type": _type,
        "required": _required,
        "enum": _enum,
        "pattern": _pattern,
        "oneOf": _nearest,
        "anyOf": _nearest,
        "not": _not,
        "minItems": _min_items,
        "maxItems": _max_items,
        "uniqueItems": _unique_items,
        "minimum": _minimum,
        "exclusiveMinimum": _exclusive_minimum,
        "format": _nothing,
    }


def _below(validator: Any, instance: object, schema: Schema, step: str | int | None = None) -> Errors:  # noqa: ANN401
    """Yield the problems of a value under a part of the schema, with the step that leads to it."""
    for keyword, value in schema.items():
        answer = validator.VALIDATORS.get(keyword)
        if answer is None:
            continue
        for error in answer(validator, value, instance, schema) or ():
            error._set(validator=keyword)  # noqa: SLF001 what jsonschema does after every keyword
            if step is not None:
                error.path.appendleft(step)
            yield error


def _properties(validator: Any, properties: Schema, instance: object, _: Schema) -> Errors:  # noqa: ANN401
    if not isinstance(instance, dict):
        return
    for name, schema in properties.items():
        if name in instance:
            value = instance[name]
            is_fine = SIMPLE.issuperset(schema) and ("type" not in schema or validator.is_type(value, schema["type"]))
            if not is_fine:
                yield from _below(validator, value, schema, name)


def _items(validator: Any, schema: Schema, instance: object, _: Schema) -> Errors:  # noqa: ANN401
    if isinstance(instance, list):
        for index, item in enumerate(instance):
            yield from _below(validator, item, schema, index)


def _all_of(validator: Any, branches: list[Schema], instance: object, _: Schema) -> Errors:  # noqa: ANN401
    for branch in branches:
        yield from _below(validator, instance, branch)


def _if(validator: Any, condition: Schema, instance: object, schema: Schema) -> Errors:  # noqa: ANN401
    branch = schema.get("then" if _holds(condition, instance) else "else")
    if branch is not None:
        yield from _below(validator, instance, branch)


def _holds(condition: Schema, instance: object) -> bool:
    """Say whether a condition of the standard holds: required keys, constants, and one of several such."""
    if not isinstance(instance, dict):
        return True
    if any(name not in instance for name in condition.get("required", ())):
        return False
    for name, wanted in condition.get("properties", {}).items():
        if "const" in wanted and name in instance and instance[name] != wanted["const"]:
            return False
        if wanted.get("type") == "string" and name in instance and not isinstance(instance[name], str):
            return False
    branches = condition.get("anyOf")
    return branches is None or any(_holds(branch, instance) for branch in branches)


def _keys(schema: Schema, references: Schema) -> Iterator[str]:
    yield from schema.get("properties", ())
    if "$ref" in schema:
        yield from _keys(references[schema["$ref"]], references)
    for combined in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(combined, ()):
            yield from _keys(branch, references)
    for branch in ("then", "else"):
        if branch in schema:
            yield from _keys(schema[branch], references)


def _unknown(key: str, known: frozenset[str]) -> str:
    meant = MEANT.get(key)
    if meant not in known:
        close = difflib.get_close_matches(key[:60], sorted(known), n=1, cutoff=0.7)
        folded = [name for name in sorted(known) if name.lower() == key.lower()]
        meant = next(iter([*folded, *close]), None)
    hint = f"; did you mean {meant}?" if meant else f"; {_place_for(known)}"
    return f"the standard knows no such key here{hint}"


def _place_for(known: frozenset[str]) -> str:
    if "customProperties" in known:
        return "what it does not know belongs under customProperties"
    return f"expected one of {', '.join(sorted(known)[:8])}"


def _type(validator: Any, types: str | list[str], instance: object, schema: Schema) -> Errors:  # noqa: ANN401
    wanted = [types] if isinstance(types, str) else types
    if any(validator.is_type(instance, word) for word in wanted):
        return
    words = " or ".join(TYPE_WORDS[word] for word in wanted)
    is_bare = isinstance(instance, bool | int | Decimal) and wanted == ["string"]
    hint = "; put it in quotes" if is_bare else ""
    if "x-hint" in schema:
        hint = f"; {schema['x-hint']}"
    yield ValidationError(f"found {shown(instance)}, expected {words}{hint}")


def _required(_: object, names: list[str], instance: object, __: Schema) -> Errors:
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield ValidationError(f"{name} is missing")


def _enum(_: object, words: list[object], instance: object, __: Schema) -> Errors:
    if instance in words and not isinstance(instance, bool):
        return
    close = difflib.get_close_matches(str(instance)[:60], [str(word) for word in words], n=1) if instance else []
    listed = ", ".join(str(word) for word in words[:12]) + (", …" if len(words) > 12 else "")  # noqa: PLR2004 a line's worth
    hint = f"; did you mean {close[0]}?" if close else f", expected one of {listed}"
    yield ValidationError(f"found {shown(instance)}{hint}")


def _pattern(_: object, pattern: str, instance: object, __: Schema) -> Errors:
    if isinstance(instance, str) and not re.search(pattern, instance):
        yield ValidationError(f"found {shown(instance)}, expected letters, digits, - and _ only")


def _nearest(validator: Any, branches: list[Schema], instance: object, _: Schema) -> Errors:  # noqa: ANN401
    """Yield the problems of the branch that the instance came closest to; branches of the standard do not overlap."""
    best: tuple[int, list[ValidationError]] | None = None
    wanted: list[str] = []
    for branch in branches:
        errors = list(islice(_below(validator, instance, branch), MOST_TOLD))
        if not errors:
            return
        own = [error for error in errors if not error.path]
        if any(error.validator == "type" for error in own):
            wanted.extend(error.message.partition("expected ")[2] for error in own)
        elif best is None or len(errors) < best[0]:
            best = (len(errors), errors)
    if best is not None:
        yield from best[1]
    else:
        words = list(dict.fromkeys(wanted))
        yield ValidationError(f"found {shown(instance)}, expected {' or '.join(words)}")


def _not(_: object, refused: Schema, instance: object, __: Schema) -> Errors:
    if _holds(refused, instance):
        names = ", ".join(refused.get("required", ()))
        yield ValidationError(f"{names} must not stand here; it is the property itself")


def _min_items(_: object, least: int, instance: object, __: Schema) -> Errors:
    if isinstance(instance, list) and len(instance) < least:
        yield ValidationError(f"found {shown(instance)}, expected at least {least}")


def _max_items(_: object, most: int, instance: object, __: Schema) -> Errors:
    if isinstance(instance, list) and len(instance) > most:
        yield ValidationError(f"found {shown(instance)}, expected at most {most}")


def _unique_items(_: object, is_unique: object, instance: object, __: Schema) -> Errors:
    if is_unique is not True or not isinstance(instance, list):
        return
    seen: set[str] = set()
    for index, item in enumerate(instance):
        key = json.dumps(item, sort_keys=True, default=str)
        if key in seen:
            yield ValidationError("the same entry stands here twice", path=[index])
        seen.add(key)


def _minimum(_: object, least: int, instance: object, __: Schema) -> Errors:
    if isinstance(instance, int | Decimal) and instance < least:
        yield ValidationError(f"found {shown(instance)}, expected {least} or more")


def _exclusive_minimum(_: object, least: int, instance: object, __: Schema) -> Errors:
    if isinstance(instance, int | Decimal) and instance <= least:
        yield ValidationError(f"found {shown(instance)}, expected more than {least}")


def _nothing(*_: object) -> Errors:
    """Formats are notes, not assertions, in draft 2019-09."""
    yield from ()
