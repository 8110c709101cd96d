"""Names: of tables and columns as the server knows them, of contracts as files and addresses know them."""

import hashlib
import re

from monitor.contracts.findings import shown
from monitor.contracts.node import Node

LONGEST_BYTES = 63
"""PostgreSQL cuts longer identifiers (NAMEDATALEN - 1)."""

LONGEST_SLUG = 80
SLUG = re.compile(r"[a-z0-9_][a-z0-9._-]*")
PART = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')


def slug_of(contract_id: str) -> str:
    """Return a contract's id as file names and addresses can hold it; when it had to be changed, with a short hash."""
    if SLUG.fullmatch(contract_id) and len(contract_id) <= LONGEST_SLUG:
        return contract_id
    words = re.sub(r"[^a-z0-9._-]+", "-", contract_id.lower()).strip("-.")[: LONGEST_SLUG - 9].rstrip("-.")
    mark = hashlib.sha256(contract_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{words}-{mark}" if words else mark


def table_name(node: Node, name: str) -> tuple[str | None, str]:
    """Return (schema, table) of an object: its physicalName, split at the dot outside quotes, else its name exactly."""
    physical = node.text("physicalName")
    if physical is None:
        _check_length(node.at("name"), name)
        return None, name
    at = node.at("physicalName")
    parts = _parts(physical)
    if parts is None:
        if not physical.strip():
            at.problem("found an empty name")
        else:
            at.remark(f"{shown(physical)} is not read as schema.table; taken as the table's whole name")
        return None, physical
    for part in parts:
        _check_length(at, part)
    if len(parts) > 2:  # noqa: PLR2004 schema and table
        at.remark(f"only {parts[-2]}.{parts[-1]} is used; the database comes from the server")
    return (parts[-2] if len(parts) > 1 else None), parts[-1]


def schema_and_table(text: str) -> tuple[str | None, str]:
    """Return (schema, table) of a name as people write it, split at the dot outside quotes."""
    parts = _parts(text) or [text]
    return (parts[-2] if len(parts) > 1 else None), parts[-1]


def dotted(schema: str | None, table: str) -> str:
    """Return the physicalName that `table_name` reads back as this schema and table."""
    return ".".join(quoted(part) if "." in part or '"' in part else part for part in (schema, table) if part)


def quoted(name: str) -> str:
    """Quote an identifier as SQL does."""
    return '"' + name.replace('"', '""') + '"'


def column_name(node: Node, name: str) -> str:
    """Return a column's exact name in the table: its physicalName (quotes around the whole removed), else its name."""
    physical = node.text("physicalName")
    at = node.at("name" if physical is None else "physicalName")
    if physical is not None and not physical.strip():
        at.problem("found an empty name")
    exact = name if physical is None else physical
    quoted = PART.fullmatch(exact) if exact.startswith('"') else None
    if quoted is not None and quoted[1]:
        exact = quoted[1].replace('""', '"')
    _check_length(at, exact)
    return exact


def _parts(physical: str) -> list[str] | None:
    """Return the unquoted parts of a dotted name, or None when it is not one."""
    parts: list[str] = []
    position = 0
    while True:
        match = PART.match(physical, position)
        if match is None:
            return None
        part = match[2] if match[1] is None else match[1].replace('""', '"')
        if not (part if match[2] is None else part.strip()):
            return None
        parts.append(part)
        position = match.end()
        if position == len(physical):
            return parts
        if physical[position] != ".":
            return None
        position += 1


def _check_length(at: Node, name: str) -> None:
    if len(name.encode()) > LONGEST_BYTES:
        at.remark(f"{len(name.encode())} bytes long; PostgreSQL keeps only {LONGEST_BYTES} of a name")
