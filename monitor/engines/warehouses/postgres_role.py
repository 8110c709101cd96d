"""What the role that Pactwatch logs in with may do, and what time the server has, in one statement."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg2.extensions import connection

# What may be written counts in all schemas but PostgreSQL's own; what a role inherits counts as its own.
_STATEMENT = """\
WITH relations AS (
  SELECT format('%I.%I', n.nspname, c.relname) AS name,
    has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AS writable,
    pg_has_role(c.relowner, 'USAGE') AS owned
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT current_user::text, r.rolsuper, r.rolbypassrls, clock_timestamp(),
  ARRAY(SELECT name FROM relations WHERE writable ORDER BY name),
  ARRAY(SELECT name FROM relations WHERE owned ORDER BY name),
  ARRAY(SELECT n.nspname::text FROM pg_catalog.pg_namespace n
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND has_schema_privilege(n.oid, 'CREATE')
        ORDER BY 1)
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role and what it could do beside reading. `skew` is by how much the server's clock is ahead of ours."""

    name: str
    is_superuser: bool
    sees_past_policies: bool
    writable: tuple[str, ...]
    owned: tuple[str, ...]
    creates_in: tuple[str, ...]
    skew: timedelta


def role_of(guarded: connection) -> Role:
    """Return what the connection's role may do. The clock's answer is taken for the middle of the time that it took."""
    before = datetime.now(UTC)
    with guarded.cursor() as cursor:
        cursor.execute(_STATEMENT)
        ((name, is_superuser, sees_past, at, writable, owned, creates_in),) = cursor.fetchall()
    ours = before + (datetime.now(UTC) - before) / 2
    return Role(
        name=name,
        is_superuser=is_superuser,
        sees_past_policies=sees_past,
        writable=tuple(writable),
        owned=tuple(owned),
        creates_in=tuple(creates_in),
        skew=at - ours,
    )
