"""What the connectors need to know of each warehouse that Soda reaches by a package of its own.

The keys of `[servers.X.connection]` are Soda's (its data source classes of 3.5.6); here stands only what is ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

_LENGTHS = "DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE"
_SPELT = "DATA_TYPE, NULL, NULL, NULL"

DEFAULT: Mapping[str, str] = {
    "host": "host",
    "port": "port",
    "database": "database",
    "schema": "schema",
    "user": "username",
    "password": "password",
}
_IN_A_CATALOG = {**DEFAULT, "database": "catalog"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A connector: Soda's package and data source, what its session begins with, where its catalogue is.

    `given` maps our settings to Soda's keys, `fixed` are keys that are always so. `catalogue` is where COLUMNS and
    TABLES are, `typed` what says a column's type. `schema_now` asks for the schema of unqualified names. A session that
    `can_only_read` is told so by psycopg2. A driver that `doubles_percent` reads `%%` as `%`, parameters or not.
    """

    package: str
    soda: str
    class_name: str
    extra: str
    given: Mapping[str, str] = field(default_factory=lambda: DEFAULT)
    fixed: Mapping[str, object] = field(default_factory=dict)
    begin: tuple[str, ...] = ()
    catalogue: str = "INFORMATION_SCHEMA."
    columns: str = "COLUMNS"
    tables: str = "TABLES"
    typed: str = _SPELT
    schema_now: str | None = None
    explains: bool = False
    rolls_back: bool = False
    can_only_read: bool = False
    doubles_percent: bool = False

    def as_sent(self, statement: str) -> str:
        """Return a statement as the driver has to be given it, for the server to get it as it is."""
        return statement.replace("%", "%%") if self.doubles_percent else statement


KINDS: Mapping[str, Kind] = {
    "athena": Kind(
        package="soda-core-athena",
        soda="athena",
        class_name="AthenaDataSource",
        extra="athena",
        given=_IN_A_CATALOG,
    ),
    "bigquery": Kind(
        package="soda-core-bigquery",
        soda="bigquery",
        class_name="BigQueryDataSource",
        extra="bigquery",
        given={"database": "project_id", "schema": "dataset"},
        catalogue="{schema}.INFORMATION_SCHEMA.",
        doubles_percent=True,
    ),
    "databricks": Kind(
        package="soda-core-spark",
        soda="spark",
        class_name="SparkDataSource",
        extra="databricks",
        given={**DEFAULT, "password": "token"},
        fixed={"method": "databricks"},
        begin=("SET TIME ZONE 'UTC'", "SET ANSI_MODE = true"),
        typed="FULL_DATA_TYPE, NULL, NULL, NULL",
        schema_now="SELECT CURRENT_SCHEMA()",
    ),
    "dremio": Kind(
        package="soda-core-dremio",
        soda="dremio",
        class_name="DremioDataSource",
        extra="dremio",
        columns='"COLUMNS"',
        tables='"TABLES"',
        typed=_LENGTHS,
    ),
    "redshift": Kind(
        package="soda-core-redshift",
        soda="redshift",
        class_name="RedshiftDataSource",
        extra="redshift",
        begin=("SET timezone = 'UTC'",),
        typed=_LENGTHS,
        schema_now="SELECT CURRENT_SCHEMA()",
        explains=True,
        rolls_back=True,
        can_only_read=True,
    ),
    "snowflake": Kind(
        package="soda-core-snowflake",
        soda="snowflake",
        class_name="SnowflakeDataSource",
        extra="snowflake",
        begin=("ALTER SESSION SET TIMEZONE = 'UTC'", "ALTER SESSION SET DATE_OUTPUT_FORMAT = 'YYYY-MM-DD'"),
        typed=_LENGTHS,
        schema_now="SELECT CURRENT_SCHEMA()",
        explains=True,
    ),
    "sqlserver": Kind(
        package="soda-core-sqlserver",
        soda="sqlserver",
        class_name="SQLServerDataSource",
        extra="sqlserver",
        typed=_LENGTHS,
        schema_now="SELECT SCHEMA_NAME()",
        rolls_back=True,
    ),
    "trino": Kind(
        package="soda-core-trino",
        soda="trino",
        class_name="TrinoDataSource",
        extra="trino",
        given=_IN_A_CATALOG,
        begin=("SET TIME ZONE 'UTC'",),
        schema_now="SELECT CURRENT_SCHEMA",
        explains=True,
    ),
}
"""By Pactwatch's own word for the type of server."""
