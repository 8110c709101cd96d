"""The shape of a document: the standard's own JSON Schema, told in sentences.

The schema file is the one that `open_data_contract_standard` ships. Its models are never imported: they drop unknown
keys. Unknown keys are refused here wherever the schema is closed, with the nearest known key as a hint.
"""

import difflib
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path as FilePath
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from monitor.contracts.document import Document
from monitor.contracts.findings import MOST_PROBLEMS, Findings, shown
from monitor.contracts.rules import DIMENSION_SYNONYMS

Schema = dict[str, Any]  # a JSON Schema: only this module looks inside

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
LOOSE_PATTERNS = ("ShorthandReference", "FullyQualifiedReference")


def check_shape(document: Document, findings: Findings, *, api_version: str) -> None:
    """Report everything in the document that the standard's schema refuses, at most three hundred problems."""
    validator = _validator(is_3_0=api_version.startswith("v3.0."), needs_status=api_version != "v3.2.0")
    for error in islice(validator.iter_errors(document.root), MOST_PROBLEMS * 3):
        path = tuple(step for step in error.absolute_path if isinstance(step, str | int))
        findings.problem(path, error.message)


@cache
def _standard() -> Schema:
    """Return the JSON Schema of ODCS 3.2 as published."""
    spec = find_spec("open_data_contract_standard")
    folder = spec.submodule_search_locations[0] if spec and spec.submodule_search_locations else ""
    loaded = json.loads((FilePath(folder) / "schema.json").read_text(encoding="utf-8"))
    if not isinstance(loaded, dict):
        raise TypeError("the ODCS schema is no mapping")
    return loaded


@cache
def _validator(*, is_3_0: bool, needs_status: bool) -> Any:  # noqa: ANN401 jsonschema's validator class is made at run time
    schema = _adapted(_standard(), is_3_0=is_3_0, needs_status=needs_status)
    definitions: Schema = schema["$defs"]
    base = jsonschema.Draft201909Validator
    checker = base.TYPE_CHECKER.redefine("integer", lambda _, value: _is_whole(value))
    extended: Any = extend  # jsonschema leaves it untyped
    own = extended(base, validators=_keywords(definitions), type_checker=checker)
    return own(schema)


def _adapted(standard: Schema, *, is_3_0: bool, needs_status: bool) -> Schema:
    """Return the schema for an older apiVersion, and without what our own checks say better."""
    schema: Schema = json.loads(json.dumps(standard))
    definitions: Schema = schema["$defs"]
    for name in LOOSE_PATTERNS:
        definitions[name] = {"type": "string"}
    definitions["DataQualityOperators"].pop("oneOf")
    definitions["DataQualityOperators"]["properties"] = {
        branch["required"][0]: {} for branch in standard["$defs"]["DataQualityOperators"]["oneOf"]
    }
    definitions["RelationshipSchemaLevel"]["allOf"].pop()
    definitions["EnumValue"]["x-hint"] = "write it as {value: …}"
    definitions["DataQuality"]["properties"]["dimension"]["enum"].extend(DIMENSION_SYNONYMS)
    for conditional in definitions["SchemaBaseProperty"]["allOf"]:
        if "if" in conditional:  # without this, a property without logicalType would have to be of every type at once
            conditional["if"]["required"] = ["logicalType"]
    schema["properties"]["apiVersion"] = {}
    if needs_status:
        schema["required"] = [*schema["required"], "status"]
    if is_3_0:
        definitions["SupportItem"]["required"] = ["channel", "url"]
        for name in ("TeamMember", "CustomProperty"):
            definitions[name].pop("required", None)
        definitions["Server"].pop("unevaluatedProperties")
        quality = definitions["DataQualityLibrary"]
        quality["required"] = []
        quality["properties"]["metric"] = {"type": "string"}
        quality["properties"]["validValues"] = {"type": "array"}
    return schema


def _is_whole(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, Decimal) and value == value.to_integral_value())


def _keywords(definitions: Schema) -> dict[str, Any]:
    """Return our own wording, and shortcuts, for the keywords that the standard's schema uses."""
    named = {name: f"#/$defs/{name}" for name in definitions}
    by_reference = {reference: definitions[name] for name, reference in named.items()}
    for name, schema in definitions["ServerSource"].items():
        by_reference[f"#/$defs/ServerSource/{name}"] = schema

    def reference(validator: Any, ref: str, instance: object, _: Schema) -> Iterator[ValidationError]:  # noqa: ANN401
        yield from validator.descend(instance, by_reference[ref])

    def closed(_: object, is_open: object, instance: object, schema: Schema) -> Iterator[ValidationError]:
        if is_open is False and isinstance(instance, dict):
            known = _known(schema, by_reference)
            for key in instance:
                if key not in known:
                    yield ValidationError(_unknown(key, known), path=[key])

    return {
        "$ref": reference,
        "additionalProperties": closed,
        "unevaluatedProperties": closed,
        "type": _type,
        "required": _required,
        "enum": _enum,
        "pattern": _pattern,
        "oneOf": _one_of,
        "anyOf": _any_of,
        "not": _not,
        "minItems": _min_items,
        "maxItems": _max_items,
        "uniqueItems": _unique_items,
        "minimum": _minimum,
        "exclusiveMinimum": _exclusive_minimum,
        "format": _nothing,
    }


_KNOWN: dict[int, frozenset[str]] = {}


def _known(schema: Schema, by_reference: Schema) -> frozenset[str]:
    """Return every key that a schema knows, in whatever branch; schemas live as long as the program."""
    known = _KNOWN.get(id(schema))
    if known is None:
        known = frozenset(_keys(schema, by_reference))
        _KNOWN[id(schema)] = known
    return known


def _keys(schema: Schema, by_reference: Schema) -> Iterator[str]:
    yield from schema.get("properties", ())
    if "$ref" in schema:
        yield from _keys(by_reference[schema["$ref"]], by_reference)
    for combined in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(combined, ()):
            yield from _keys(branch, by_reference)
    for branch in ("then", "else"):
        if branch in schema:
            yield from _keys(schema[branch], by_reference)


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


def _type(validator: Any, types: str | list[str], instance: object, schema: Schema) -> Iterator[ValidationError]:  # noqa: ANN401
    wanted = [types] if isinstance(types, str) else types
    if any(validator.is_type(instance, word) for word in wanted):
        return
    words = " or ".join(TYPE_WORDS[word] for word in wanted)
    is_bare = isinstance(instance, bool | int | Decimal) and wanted == ["string"]
    hint = "; put it in quotes" if is_bare else ""
    if "x-hint" in schema:
        hint = f"; {schema['x-hint']}"
    yield ValidationError(f"found {shown(instance)}, expected {words}{hint}")


def _required(_: object, names: list[str], instance: object, __: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield ValidationError(f"{name} is missing")


def _enum(_: object, words: list[object], instance: object, __: Schema) -> Iterator[ValidationError]:
    if instance in words and not isinstance(instance, bool):
        return
    close = difflib.get_close_matches(str(instance)[:60], [str(word) for word in words], n=1) if instance else []
    listed = ", ".join(str(word) for word in words[:12]) + (", …" if len(words) > 12 else "")  # noqa: PLR2004 a line's worth
    hint = f"; did you mean {close[0]}?" if close else f", expected one of {listed}"
    yield ValidationError(f"found {shown(instance)}{hint}")


def _pattern(_: object, pattern: str, instance: object, __: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not re.search(pattern, instance):
        yield ValidationError(f"found {shown(instance)}, expected letters, digits, - and _ only")


def _one_of(validator: Any, branches: list[Schema], instance: object, _: Schema) -> Iterator[ValidationError]:  # noqa: ANN401
    yield from _nearest(validator, branches, instance)


_any_of = _one_of


def _nearest(validator: Any, branches: list[Schema], instance: object) -> Iterator[ValidationError]:  # noqa: ANN401
    """Yield the problems of the branch that the instance came closest to; branches of the standard do not overlap."""
    best: tuple[int, list[ValidationError]] | None = None
    wanted: list[str] = []
    for branch in branches:
        errors = list(validator.descend(instance, branch))
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


def _not(validator: Any, refused: Schema, instance: object, _: Schema) -> Iterator[ValidationError]:  # noqa: ANN401
    if validator.evolve(schema=refused).is_valid(instance):
        names = ", ".join(refused.get("required", ()))
        yield ValidationError(f"{names} must not stand here; it is the property itself")


def _min_items(_: object, least: int, instance: object, __: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, list) and len(instance) < least:
        yield ValidationError(f"found {shown(instance)}, expected at least {least}")


def _max_items(_: object, most: int, instance: object, __: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, list) and len(instance) > most:
        yield ValidationError(f"found {shown(instance)}, expected at most {most}")


def _unique_items(_: object, is_unique: object, instance: object, __: Schema) -> Iterator[ValidationError]:
    if is_unique is not True or not isinstance(instance, list):
        return
    seen: set[str] = set()
    for index, item in enumerate(instance):
        key = json.dumps(item, sort_keys=True, default=str)
        if key in seen:
            yield ValidationError("the same entry stands here twice", path=[index])
        seen.add(key)


def _minimum(_: object, least: int, instance: object, __: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, int | Decimal) and instance < least:
        yield ValidationError(f"found {shown(instance)}, expected {least} or more")


def _exclusive_minimum(_: object, least: int, instance: object, __: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, int | Decimal) and instance <= least:
        yield ValidationError(f"found {shown(instance)}, expected more than {least}")


def _nothing(*_: object) -> Iterator[ValidationError]:
    """Formats are notes, not assertions, in draft 2019-09."""
    yield from ()
