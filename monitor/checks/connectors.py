"""The dialects of the warehouses that Soda reaches by packages of its own, each by what its manual says.

None of them has been asked here: what is written parses in the server's dialect, and reads back as what was meant.
"""

from collections.abc import Mapping

from monitor.checks.ansi import Ansi, Clock
from monitor.checks.portable_regex import JAVA, POSIX, RE2

_SHARED = {
    "string": "text",
    "number": "numeric",
    "nvarchar": "character varying",
    "float64": "double precision",
    "int64": "bigint",
    "bignumeric": "numeric",
    "tinyint": "smallint",
    "datetime": "timestamp",
    "timestamp_ntz": "timestamp",
}
"""Types by the words that PostgreSQL has for them."""


def _types(**more: str) -> tuple[tuple[str, str], ...]:
    return tuple({**_SHARED, **more}.items())


def _added(moment: str, number: int, unit: str) -> str:
    return f"{moment} {'-' if number < 0 else '+'} INTERVAL '{abs(number)}' {unit}"


def _added_by_function(moment: str, number: int, unit: str) -> str:
    return f"DATEADD({unit}, {number}, {moment})"


def _added_to_timestamp(moment: str, number: int, unit: str) -> str:
    if unit == "MONTH":
        moment = f"CAST({moment} AS DATETIME)"
        return f"CAST(DATETIME_ADD({moment}, INTERVAL {number} MONTH) AS TIMESTAMP)"
    return f"TIMESTAMP_ADD(CAST({moment} AS TIMESTAMP), INTERVAL {number} {unit})"


_TRINO = Ansi(
    NAME="trino",
    server="Trino",
    text="VARCHAR",
    search="REGEXP_LIKE({}, {})",
    flavour=JAVA,
    endless="INFINITY()",
    exact_number="DECIMAL '{}'",
    clock=Clock(
        instant="CAST({} AS TIMESTAMP(6) WITH TIME ZONE)",
        wall="CAST({} AS TIMESTAMP(6))",
        between=lambda earlier, later: f"(TO_UNIXTIME({later}) - TO_UNIXTIME({earlier}))",
        later=_added,
        literal_is_read_by_column=False,
    ),
    types=_types(varbinary="bytea"),
)

DIALECTS: Mapping[str, Ansi] = {
    "snowflake": Ansi(
        NAME="snowflake",
        server="Snowflake",
        text="VARCHAR",
        search="REGEXP_INSTR({}, {}, 1, 1, 0, 's') > 0",
        flavour=POSIX,
        endless="CAST('inf' AS DOUBLE)",
        next_day_is_sum=True,
        clock=Clock(
            instant="CAST({} AS TIMESTAMP_TZ)",
            wall="CAST({} AS TIMESTAMP_NTZ)",
            between=lambda earlier, later: f"DATEDIFF(MICROSECOND, {earlier}, {later}) / 1000000",
            later=_added_by_function,
        ),
        types=_types(
            timestamp_ltz="timestamp with time zone",
            timestamp_tz="timestamp with time zone",
            float="double precision",
            real="double precision",
            variant="json",
            object="json",
            array="json",
        ),
    ),
    "bigquery": Ansi(
        NAME="bigquery",
        server="BigQuery",
        text="STRING",
        double="FLOAT64",
        decimal="BIGNUMERIC",
        quotes=("`", "`"),
        doubles_quotes_in_names=False,
        doubles_quotes=False,
        search="REGEXP_CONTAINS({}, {})",
        flavour=RE2,
        endless="CAST('inf' AS FLOAT64)",
        exact_number="BIGNUMERIC '{}'",
        next_day_is_sum=True,
        clock=Clock(
            instant="CAST({} AS TIMESTAMP)",
            wall="CAST({} AS DATETIME)",
            between=lambda earlier, later: f"TIMESTAMP_DIFF({later}, {earlier}, MICROSECOND) / 1000000",
            later=_added_to_timestamp,
        ),
        types=_types(timestamp="timestamp with time zone", bool="boolean", bytes="bytea", struct="json"),
    ),
    "redshift": Ansi(
        NAME="redshift",
        server="Redshift",
        text="VARCHAR(65535)",
        double="DOUBLE PRECISION",
        search="{} ~ {}",
        flavour=POSIX,
        endless="CAST('Infinity' AS DOUBLE PRECISION)",
        next_day_is_sum=True,
        clock=Clock(
            instant="CAST({} AS TIMESTAMPTZ)",
            wall="CAST({} AS TIMESTAMP)",
            between=lambda earlier, later: f"DATEDIFF(MICROSECOND, {earlier}, {later}) / 1000000.0",
            later=_added_by_function,
        ),
        types=_types(super="json"),
    ),
    "trino": _TRINO,
    "athena": Ansi(
        NAME="athena",
        server="Athena",
        text=_TRINO.text,
        search=_TRINO.search,
        flavour=_TRINO.flavour,
        endless=_TRINO.endless,
        exact_number=_TRINO.exact_number,
        clock=_TRINO.clock,
        types=_TRINO.types,
    ),
    "databricks": Ansi(
        NAME="databricks",
        server="Databricks",
        text="STRING",
        quotes=("`", "`"),
        doubles_quotes=False,
        length="CHAR_LENGTH({})",
        search="REGEXP_LIKE({}, {})",
        flavour=JAVA,
        endless="CAST('Infinity' AS DOUBLE)",
        clock=Clock(
            instant="CAST({} AS TIMESTAMP)",
            wall="CAST({} AS TIMESTAMP_NTZ)",
            between=lambda earlier, later: f"(UNIX_MICROS({later}) - UNIX_MICROS({earlier})) / 1000000",
            later=_added,
            knows_times=False,
        ),
        types=_types(timestamp="timestamp with time zone", struct="json", map="json", array="json", binary="bytea"),
    ),
    "sqlserver": Ansi(
        NAME="tsql",
        server="SQL Server",
        text="NVARCHAR(MAX)",
        double="FLOAT",
        quotes=("[", "]"),
        string_prefix="N",
        spliced="NCHAR({})",
        splice=" + ",
        length="LEN(({} + N'.') COLLATE Latin1_General_100_CI_AS_SC) - 1",
        remainder="{} % {}",
        has_booleans=False,
        orders_nulls=False,
        exact_text=lambda text: f"CAST({text} AS VARBINARY(MAX))",
        clock=Clock(
            now="SYSDATETIMEOFFSET()",
            instant="CAST({} AS DATETIMEOFFSET)",
            wall="CAST({} AT TIME ZONE 'UTC' AS DATETIME2)",
            between=lambda earlier, later: f"DATEDIFF_BIG(MICROSECOND, {earlier}, {later}) / 1000000.0",
            later=_added_by_function,
        ),
        types=_types(bit="boolean", datetime2="timestamp", datetimeoffset="timestamp with time zone", ntext="text"),
    ),
    "dremio": Ansi(NAME="dremio", server="Dremio", text="VARCHAR", decimal="DECIMAL(38, 10)"),
}
"""By Pactwatch's own word for the type of server."""
