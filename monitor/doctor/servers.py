"""Servers: can they be reached, can every table of a contract be read, and can nothing else be done there."""

from collections.abc import Iterable, Sequence
from contextlib import closing

import psycopg2

from monitor.checks.dialect import CONNECTORS, SERVER_TYPES
from monitor.doctor.clocks import clock
from monitor.doctor.finding import Finding, bad, fine, warn
from monitor.doctor.tables import readable
from monitor.domain.check import TableName
from monitor.engines.warehouses.base import Unreachable, session_for
from monitor.engines.warehouses.opening import open_holder
from monitor.engines.warehouses.postgres import connect, route_to
from monitor.engines.warehouses.postgres_catalogue import look_up
from monitor.engines.warehouses.postgres_role import Role, role_of
from monitor.run import Target
from monitor.settings import ServerSettings

FEW = 3
"""So many names are told; the others are counted."""


def examine(server: ServerSettings, targets: Iterable[Target]) -> list[Finding]:
    """Connect as a scan does, and look. Statements wait for nobody's lock."""
    tables = {
        TableName(schema=dataset.schema, name=dataset.table): f"{target.contract.id}: {dataset.name}"
        for target in targets
        for dataset in target.contract.datasets
    }
    if SERVER_TYPES.get(server.type) in {"duckdb", "spark"}:
        return _of_files(server, tables)
    if SERVER_TYPES.get(server.type) == "mysql":
        from monitor.doctor import mysql

        return mysql.examine(server, tables)
    if server.type in CONNECTORS:
        return _of_a_connector(server, tables)
    try:
        opened = connect(route_to(server), session_for(server, "doctor"))
    except Unreachable as error:
        sources = server.sources
        mend = f"address from {sources.address}; user from {sources.user}; password from {sources.password}"
        return [bad(server.name, f"cannot be reached: {error}", mend)]
    try:
        role, seen = role_of(opened), look_up(opened, list(tables))
    except psycopg2.Error as error:
        return [bad(server.name, f"the catalogue cannot be read: {_first_line(error)}", "ask who runs this server")]
    finally:
        opened.close()
    return [
        fine(server.name, f"connected as {role.name}"),
        *privileges(server.name, role),
        *readable(server.name, role.name, tables, seen),
        clock(server.name, role.skew),
    ]


def _of_files(server: ServerSettings, tables: dict[TableName, str]) -> list[Finding]:
    """Look at DuckDB, Spark and files: nobody logs in, the clock is ours, and nothing is written."""
    try:
        with closing(open_holder(server, "doctor", list(tables))) as holder:
            seen = holder.look_up(list(tables))
    except Unreachable as error:
        return [bad(server.name, f"cannot be read: {error}", f"its path comes from {server.sources.address}")]
    return [
        fine(server.name, f"{server.path or f'the catalogue of {server.master}'} is open, to be read only"),
        *readable(server.name, "", tables, seen),
    ]


def _of_a_connector(server: ServerSettings, tables: dict[TableName, str]) -> list[Finding]:
    """Look at a warehouse through its connector; what else its role may do there is not known."""
    try:
        with closing(open_holder(server, "doctor", list(tables))) as holder:
            seen = holder.look_up(list(tables))
    except Unreachable as error:
        return [bad(server.name, f"cannot be reached: {error}", f"its settings come from {server.sources.address}")]
    return [
        fine(server.name, "connected; what else its role may do is not looked into"),
        *readable(server.name, holder.role, tables, seen),
    ]


def privileges(server: str, role: Role) -> list[Finding]:
    """Judge what the role could do beside reading: a session of ours is read only, and a role is a wall."""
    mend = "CREATE ROLE pactwatch LOGIN; GRANT SELECT on the tables of the contracts; log in with that one"
    if role.is_superuser:
        return [warn(server, f"{role.name} is a superuser: it may do everything", mend)]
    found = []
    if role.owned:
        found.append(warn(server, f"{role.name} owns {_some(role.owned)}: it may change and drop them", mend))
    rest = [name for name in role.writable if name not in role.owned]
    if rest:
        revoke = f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON … FROM {role.name}"
        found.append(warn(server, f"{role.name} can write to {_some(rest)}", revoke))
    if role.creates_in:
        revoke = f"REVOKE CREATE ON SCHEMA … FROM {role.name} (or PUBLIC)"
        found.append(warn(server, f"{role.name} can create tables in {_some(role.creates_in)}", revoke))
    if role.sees_past_policies:
        found.append(warn(server, f"{role.name} sees past row security", f"ALTER ROLE {role.name} NOBYPASSRLS"))
    return found or [fine(server, f"{role.name} can read, and nothing else")]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - FEW:,} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def _first_line(error: psycopg2.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
