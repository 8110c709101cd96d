"""A server of MySQL's or MariaDB's: can it be reached, can the tables be read, and can nothing else be done there."""

import re
from contextlib import closing
from datetime import UTC, datetime

from monitor.doctor.clocks import clock
from monitor.doctor.finding import Finding, bad, fine, warn
from monitor.doctor.tables import readable
from monitor.domain.check import TableName
from monitor.engines.sql_errors import StatementFailedError
from monitor.engines.warehouses.base import Unreachable
from monitor.engines.warehouses.mysql_holder import MysqlHolder
from monitor.settings import ServerSettings

_GRANT = re.compile(r"GRANT (?P<what>.+?) ON (?P<where>.+?) TO ", re.DOTALL)
_READING = re.compile(r"(?:SELECT|USAGE|SHOW VIEW|SHOW DATABASES|PROCESS)(?: \([^)]*\))?\Z")
_SEPARATOR = re.compile(r", (?![^(]*\))")


def examine(server: ServerSettings, tables: dict[TableName, str]) -> list[Finding]:
    """Connect as a scan does, and look."""
    try:
        holder = MysqlHolder(server, "doctor")
    except Unreachable as error:
        sources = server.sources
        mend = f"address from {sources.address}; user from {sources.user}; password from {sources.password}"
        return [bad(server.name, f"cannot be reached: {error}", mend)]
    with closing(holder):
        try:
            role, seen, grants = holder.role, holder.look_up(list(tables)), holder.grants()
            before = datetime.now(UTC)
            moment = holder.moment()
        except StatementFailedError as error:
            return [bad(server.name, f"the catalogue cannot be read: {error}", "ask who runs this server")]
        skew = moment - (before + (datetime.now(UTC) - before) / 2)
    return [
        fine(server.name, f"connected as {role}"),
        _privileges(server.name, role, grants),
        *readable(server.name, role, tables, seen),
        clock(server.name, skew),
    ]


def _privileges(server: str, role: str, grants: tuple[str, ...]) -> Finding:
    """Judge what the account could do beside reading: a session of ours is read only, and an account is a wall."""
    writing = []
    for found in filter(None, map(_GRANT.match, grants)):
        more = [each for each in _SEPARATOR.split(found["what"]) if not _READING.match(each)]
        if more:
            writing.append(f"{', '.join(more)} ON {found['where']}")
    if not writing:
        return fine(server, f"{role} can read, and nothing else")
    mend = "CREATE USER pactwatch; GRANT SELECT on the tables of the contracts; log in with that one"
    return warn(server, f"{role} can do more than read: {'; '.join(writing)}", mend)
