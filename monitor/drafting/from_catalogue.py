"""A live table → the text of a draft contract: what its catalogue keeps, and nothing that would have to be guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from monitor.checks.types import logical_type
from monitor.contracts.document import Value
from monitor.contracts.identifiers import dotted, quoted
from monitor.contracts.yaml_text import inline
from monitor.domain.table import LiveColumn, LivePlace, LiveReference, LiveTable
from monitor.drafting.constraints import Promise, promises
from monitor.visible import visible

VERSION = "1.0.0"
_NUMBERS = frozenset({"integer", "number"})
_TIMES = frozenset({"date", "timestamp", "time"})
_OPTIONS = {"minLength": {"string"}, "maxLength": {"string"}, "pattern": {"string"}}

Proposals = Mapping[str, Sequence[str]]
"""Lines of comment for each column, by name; the empty name is the table itself."""


def contract_id(table: LiveTable, place: LivePlace) -> str:
    """Return the id of a table's contract: its name, with its schema where that is not the server's own."""
    return table.name if table.schema == place.schema else f"{table.schema}.{table.name}"


def draft(table: LiveTable, place: LivePlace, proposals: Proposals | None = None) -> str:
    """Return the text of a draft contract. Constraints that no contract can say stand in it as comments."""
    said, unsaid = _promises(table)
    lines = [
        f"# Drafted from the catalogue of {visible(place.server)}. Nothing was guessed: complete it, make it active.",
        "apiVersion: {api}",
        "kind: DataContract",
        f"id: {inline(contract_id(table, place))}",
        f"version: {VERSION}",
        "status: draft",
        "servers:",
        f"  - {inline(_server(place))}",
        "schema:",
        f"  - name: {inline(table.name)}",
        *(f"    {key}: {inline(value)}" for key, value in _about(table, place).items()),
        *_commented(proposals, "", "    "),
    ]
    if unsaid:
        lines.append("    # What no column can promise by itself, from the table's constraints:")
        lines += [f"    #   CHECK {visible(condition)}" for condition in unsaid]
    relationships = [reference for reference in table.references if _is_own(reference, table)]
    if relationships:
        lines.append("    relationships:")
        lines += [f"      - {inline(_relationship(each))}" for each in relationships]
    rules = [*_rules(table), *(_foreign_key(each, table) for each in table.references if not _is_own(each, table))]
    if rules:
        lines.append("    quality:")
        lines += [f"      - {inline(rule)}" for rule in rules]
    lines.append("    properties:")
    for column in table.columns:
        lines.append(f"      - {inline(_property(column, table, said.get(column.name, ())))}")
        lines += _commented(proposals, column.name, "        ")
    text = "\n".join(lines) + "\n"
    # Since 3.2 a contract's text may hold variables; what the catalogue says is never one.
    return text.replace("{api}", "v3.1.0" if "${" in text else "v3.2.0", 1)


def _server(place: LivePlace) -> dict[str, Value]:
    return {"server": place.server, "type": place.type, **place.address}


def _about(table: LiveTable, place: LivePlace) -> dict[str, Value]:
    about: dict[str, Value] = {}
    if table.schema != place.schema:
        about["physicalName"] = dotted(table.schema, table.name)
    about["physicalType"] = table.kind
    if table.comment:
        about["description"] = table.comment
    return about


def _property(column: LiveColumn, table: LiveTable, said: Sequence[Promise]) -> dict[str, Value]:
    found: dict[str, Value] = {"name": column.name}
    if column.name.startswith('"'):
        found["physicalName"] = quoted(column.name)
    logical = logical_type(column.base_type or column.type)
    if logical is not None:
        found["logicalType"] = logical
    found["physicalType"] = column.type
    if column.name in table.primary_key:
        found |= {"primaryKey": True, "primaryKeyPosition": table.primary_key.index(column.name) + 1}
    elif not column.nullable or any(promise.key == "required" for promise in said):
        found["required"] = True
    if (column.name,) in table.uniques:
        found["unique"] = True
    values = next((promise.value for promise in said if promise.key == "enum"), list(column.labels) or None)
    if isinstance(values, list):
        found["enum"] = [{"value": value} for value in values]
    options: dict[str, Value] = {}
    for promise in said:
        if promise.key not in {"enum", "required"}:
            options[promise.key] = promise.value
    if options:
        found["logicalTypeOptions"] = options
    if column.comment:
        found["description"] = column.comment
    return found


def _promises(table: LiveTable) -> tuple[dict[str, list[Promise]], list[str]]:
    """Return what the constraints promise of each column, and the conditions that say more than a column can."""
    columns = {column.name: column for column in table.columns}
    said: dict[str, list[Promise]] = {}
    unsaid = []
    for condition in table.checks:
        found = promises(condition)
        if found is not None:
            found = tuple(_typed(promise, columns.get(promise.column)) for promise in found)
        if found is None or not all(_fits(promise, columns.get(promise.column), said) for promise in found):
            unsaid.append(condition)
            continue
        for promise in found:
            said.setdefault(promise.column, []).append(promise)
    return said, unsaid


def _typed(promise: Promise, column: LiveColumn | None) -> Promise:
    """Return a promise with numbers where its column has them: PostgreSQL writes `-5` as `'-5'::integer`."""
    if column is None or logical_type(column.base_type or column.type) not in _NUMBERS:
        return promise
    if isinstance(promise.value, list):
        return replace(promise, value=[_number(value) for value in promise.value])
    return replace(promise, value=_number(promise.value))


def _number(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if not number.is_finite():
        return value
    return int(number) if number == number.to_integral_value() else number


def _fits(promise: Promise, column: LiveColumn | None, said: Mapping[str, Sequence[Promise]]) -> bool:
    """Say whether a column's type can have such a limit, and has none of that kind yet."""
    if column is None or any(other.key == promise.key for other in said.get(promise.column, ())):
        return False
    logical = logical_type(column.base_type or column.type)
    if promise.key in {"enum", "required"}:
        return promise.key == "required" or logical in {"string", *_NUMBERS}
    if promise.key in _OPTIONS:
        return logical in _OPTIONS[promise.key]
    if isinstance(promise.value, int | Decimal):
        return logical in _NUMBERS
    return logical in _TIMES


def _is_own(reference: LiveReference, table: LiveTable) -> bool:
    return (reference.schema, reference.table) == (table.schema, table.name)


def _relationship(reference: LiveReference) -> dict[str, Value]:
    return {
        "from": [f"{reference.table}.{name}" for name in reference.columns],
        "to": [f"{reference.table}.{name}" for name in reference.to],
    }


def _rules(table: LiveTable) -> list[dict[str, Value]]:
    return [
        {
            "id": f"{'-'.join(columns)}-unique",
            "metric": "duplicateValues",
            "arguments": {"properties": list(columns)},
            "mustBe": 0,
        }
        for columns in table.uniques
        if len(columns) > 1
    ]


def _foreign_key(reference: LiveReference, table: LiveTable) -> dict[str, Value]:
    """Return a reference to a table of another contract: ODCS has relationships inside one contract only."""
    pairs = list(zip(reference.columns, reference.to, strict=True))
    matches = " AND ".join(f"p.{quoted(to)} = c.{quoted(own)}" for own, to in pairs)
    present = " AND ".join(f"c.{quoted(own)} IS NOT NULL" for own in reference.columns)
    parent = f"{quoted(reference.schema)}.{quoted(reference.table)}"
    if reference.schema == table.schema:
        parent = quoted(reference.table)
    own, far = ", ".join(reference.columns), ", ".join(reference.to)
    return {
        "id": f"{'-'.join(reference.columns)}-foreign-key",
        "name": f"{table.name}: ({own}) must exist in {reference.table} ({far})",
        "type": "sql",
        "query": f"SELECT COUNT(*) FROM {{object}} AS c WHERE {present}"
        f" AND NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE {matches})",
        "mustBe": 0,
        "dimension": "consistency",
    }


def _commented(proposals: Proposals | None, column: str, indent: str) -> list[str]:
    return [f"{indent}# {visible(line)}" for line in (proposals or {}).get(column, ())]
