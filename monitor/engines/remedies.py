"""What to do where a server refuses, waits or goes away: one step for whoever was just woken. Never a secret."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from monitor.checks import postgres as sql
from monitor.checks.dialect import SERVER_TYPES
from monitor.engines.messages import Failed, Trouble
from monitor.engines.sql_errors import Obstacle
from monitor.engines.warehouses.base import Blocker
from monitor.settings import ServerSettings
from monitor.words import duration

LOST = "look into the server's log for why it ended the connection, then verify again"
"""For a server that went away in the middle."""

NO_SCHEMA = "correct the schema in the contract's servers entry or in the configuration, or create it"
"""For a server without the schema that tables are looked for in."""

_PRIVILEGES = {"table": "SELECT ON", "view": "SELECT ON", "schema": "USAGE ON SCHEMA"}
_DENIED = re.compile(r"permission denied for (?:materialized |foreign )?(table|view|schema) (.+?) \(SQLSTATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a scan takes place: the server as configured, and the role that it runs as."""

    server: ServerSettings
    role: str


def after_refusal(message: str, server: ServerSettings) -> str:
    """Say what helps where no connection could be opened.

    libpq gives no code for what happened (psycopg2 2.9: `pgcode` is None while connecting), so its English words have
    to tell; in any other language the general step is given.
    """
    for words, step in _REFUSALS:
        if re.search(words, message, re.IGNORECASE):
            return step(server)
    return f"is the server up, and does it answer from here? its address comes from {server.sources.address}"


def after_failure(failed: Failed, place: Place, blocker: Blocker | None) -> str | None:
    """Say what helps where a statement failed; None where that is the rule's own matter."""
    if failed.trouble is Trouble.LOST:
        return LOST
    server = place.server
    match failed.obstacle:
        case Obstacle.TIMEOUT:
            now = duration(Decimal(str(server.statement_timeout)))
            return (
                f"raise statement_timeout (now {now}) under {_table(server)},"
                " or let EXPLAIN show what makes the statement slow"
            )
        case Obstacle.LOCKED if blocker:
            is_mysql = SERVER_TYPES.get(server.type) == "mysql"
            end = f"KILL {blocker.process}" if is_mysql else f"SELECT pg_terminate_backend({blocker.process})"
            return f"wait for {blocker} to end, or end it: {end}"
        case Obstacle.LOCKED:
            now = duration(Decimal(str(server.lock_timeout)))
            return f"wait until the lock is released, or raise lock_timeout (now {now}) under {_table(server)}"
        case Obstacle.REWRITTEN:
            return "verify again; a load by DELETE and INSERT in one transaction leaves its readers the old rows"
        case Obstacle.PRIVILEGE:
            return _granted(failed.reason, place.role)
        case None:
            return None


def _granted(reason: str, role: str) -> str:
    """Return the statement that grants what is missing. The server names no schema here: it stays as it is written."""
    if "row-level security" in reason:
        return f"let the role see all rows: ALTER ROLE {sql.identifier(role)} BYPASSRLS"
    denied = _DENIED.search(reason)
    if denied is None:
        return f"grant {role} what the reason names"
    return f"GRANT {_PRIVILEGES[denied[1]]} {sql.identifier(denied[2])} TO {sql.identifier(role)}"


def _password(server: ServerSettings) -> str:
    return f"correct the password of {_role(server)}: it comes from {server.sources.password}"


def _no_password(server: ServerSettings) -> str:
    return f"give {_role(server)} a password: none was found in {server.sources.password}"


def _login(server: ServerSettings) -> str:
    return f"let {_role(server)} in by the server's pg_hba.conf; its name comes from {server.sources.user}"


def _missing_role(server: ServerSettings) -> str:
    return f"create the role, or correct its name: it comes from {server.sources.user}"


def _missing_database(server: ServerSettings) -> str:
    return f"create the database, or correct its name: it comes from {server.sources.database}"


def _connect(server: ServerSettings) -> str:
    database, role = (sql.identifier(name) if name else "…" for name in (server.database, server.user))
    return f"GRANT CONNECT ON DATABASE {database} TO {role}"


def _full(server: ServerSettings) -> str:
    return f"wait until other sessions end, or lower max_connections under {_table(server)}"


def _starting(_: ServerSettings) -> str:
    return "wait until the server takes connections, then verify again"


def _name(server: ServerSettings) -> str:
    return f"correct the host's name, or mend its DNS: it comes from {server.sources.address}"


def _encryption(server: ServerSettings) -> str:
    return f"correct sslmode under {_table(server)}, or the server's certificate"


def _table(server: ServerSettings) -> str:
    return f"[servers.{server.name}] in the configuration"


def _role(server: ServerSettings) -> str:
    return f"role {server.user}" if server.user else "the role"


def _lock(_: ServerSettings) -> str:
    return "DuckDB lets one process write or many read: let that process close the file, or verify a copy of it"


def _file(server: ServerSettings) -> str:
    return f"create the file, or correct its path: it comes from {server.sources.address}"


def _slow_files(server: ServerSettings) -> str:
    return f"raise statement_timeout under {_table(server)}, or write the files as Parquet, which says its types itself"


def _spark(server: ServerSettings) -> str:
    return f"Spark 3.5 wants Java 8, 11 or 17: see JAVA_HOME, and master and memory_limit under {_table(server)}"


def _package(_: ServerSettings) -> str:
    return "install it where Pactwatch runs"


_REFUSALS: tuple[tuple[str, Callable[[ServerSettings], str]], ...] = (
    (r"no password supplied", _no_password),
    (r"password authentication failed|Access denied for user .*using password: YES", _password),
    (r"Access denied for user .*using password: NO", _no_password),
    (r"no pg_hba\.conf entry|(?:peer|ident|gss\w*) authentication failed", _login),
    (r'role ".*" does not exist', _missing_role),
    (r"database \".*\" does not exist|Unknown database", _missing_database),
    (r"permission denied for database", _connect),
    (r"too many (?:clients|connections)|remaining connection slots", _full),
    (r"the database system is", _starting),
    (r"could not translate host name", _name),
    (r"database is locked", _lock),
    (r"there is no database file|neither a database file|not a valid DuckDB|cannot be read", _file),
    (r"longer than statement_timeout", _slow_files),
    (r"package [\w-]+ is not installed", _package),
    (r"Spark (?:cannot be started|did not start)", _spark),
    (r"\bSSL\b|certificate", _encryption),
)
"""What libpq and the server say, and what helps; the first that fits."""
