"""Whether every table of the contracts is there and can be read."""

from monitor.doctor.finding import Finding, bad, fine
from monitor.domain.check import TableName
from monitor.domain.scan import Seen
from monitor.words import counted


def readable(server: str, role: str, tables: dict[TableName, str], seen: Seen) -> list[Finding]:
    """Judge whether every table of the contracts is there and can be read."""
    found = []
    for table, dataset in tables.items():
        there = seen.get(table)
        name = ".".join(filter(None, (there.schema if there else table.schema, table.name)))
        if there is None:
            found.append(bad(server, f"{dataset}: there is no table {name}", "correct the contract, or create it"))
        elif not there.usable:
            grant = f"GRANT USAGE ON SCHEMA {there.schema} TO {role}"
            found.append(bad(server, f"{dataset}: schema {there.schema} may not be used", grant))
        elif not there.readable and not all(column.readable for column in there.columns):
            found.append(bad(server, f"{dataset}: {name} cannot be read", f"GRANT SELECT ON {name} TO {role}"))
    if found or not tables:
        return found
    return [fine(server, f"{counted(len(tables), 'table')} of the contracts can be read")]
