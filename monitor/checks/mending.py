"""What brings back the table, column or privilege that a check needs, as far as the catalogue shows it."""

from collections.abc import Iterable

from monitor.checks import postgres as sql
from monitor.domain.check import Check, Need, TableName
from monitor.domain.scan import Seen, TableSeen

_MANY = 3


def other_spellings(names: Iterable[str], table: TableSeen) -> dict[str, str]:
    """Return the live name of every column that is there but for upper and lower case."""
    near = {column.name.lower(): column.name for column in table.columns}
    return {name: near[name.lower()] for name in names if table.column(name) is None and name.lower() in near}


def renamed(name: TableName, spellings: dict[str, str]) -> str:
    """Say how a contract and a table agree on the spelling of columns again; `spellings` maps declared to live."""
    (declared, live), *more = spellings.items()
    statement = (
        f"ALTER TABLE {sql.table(name)} RENAME COLUMN {sql.identifier(live)} TO {sql.identifier(declared)}"
        f"{'; and so on' if more else ''}"
    )
    return f"write physicalName: {live} in the contract, or rename the column: {statement}"


def way_out(check: Check, seen: Seen, role: str) -> str | None:
    """Say what lets a blocked check run: for a privilege the statement that grants it to this role."""
    for need in check.needs:
        table = seen.get(need.table)
        if table is None:
            return f"create or load {need.table}, or correct its name in the contract"
        missing = [name for name in need.columns if table.column(name) is None]
        if missing:
            spellings = other_spellings(missing, table)
            if len(spellings) == len(missing):
                return renamed(need.table, spellings)
            return f"bring {_listed(missing)} back to {need.table}, or correct the name in the contract"
        if grants := _grants(need, table, role):
            return "; ".join(grants)
    return None


def _grants(need: Need, table: TableSeen, role: str) -> list[str]:
    """Return the statements after which the role may read what is needed, none where it may already."""
    whole = sql.table(TableName(schema=table.schema, name=need.table.name))
    to = sql.identifier(role)
    grants = [] if table.usable else [f"GRANT USAGE ON SCHEMA {sql.identifier(table.schema)} TO {to}"]
    if table.readable:
        return grants
    hidden = [column.name for column in table.columns if column.name in need.columns and not column.readable]
    if not any(column.readable for column in table.columns):
        return [*grants, f"GRANT SELECT ON {whole} TO {to}"]
    return [f"GRANT SELECT ({', '.join(map(sql.identifier, hidden))}) ON {whole} TO {to}"] if hidden else grants


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_MANY]) + (" …" if len(names) > _MANY else "")
