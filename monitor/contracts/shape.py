"""The shape of a document: the standard's own JSON Schema, told in sentences.

The schema file is the one that `open_data_contract_standard` ships. Its models are never imported: they drop unknown
keys. Unknown keys are refused here wherever the schema is closed, with the nearest known key as a hint.
"""

import json
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path as FilePath
from typing import Any

import jsonschema
from jsonschema.validators import extend

from monitor.contracts.document import Document
from monitor.contracts.findings import MOST_PROBLEMS, Findings
from monitor.contracts.keywords import Schema, keywords
from monitor.contracts.rules import DIMENSION_SYNONYMS

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
    own = extended(base, validators=keywords(_references(definitions)), type_checker=checker)
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


def _references(definitions: Schema) -> Schema:
    """Return what each `$ref` of the schema stands for."""
    references = {f"#/$defs/{name}": schema for name, schema in definitions.items()}
    for name, schema in definitions["ServerSource"].items():
        references[f"#/$defs/ServerSource/{name}"] = schema
    return references
