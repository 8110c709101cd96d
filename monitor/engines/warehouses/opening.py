"""Which kind of warehouse a server is, and how its connections are opened. Each library is imported when needed."""

from collections.abc import Sequence

from monitor.checks.dialect import CONNECTORS, SERVER_TYPES
from monitor.domain.check import TableName
from monitor.engines.warehouses.base import Guarded, Holder, Route, Session, Tables, Unsupported
from monitor.settings import ServerSettings


def open_holder(server: ServerSettings, slug: str, tables: Sequence[TableName]) -> Holder:
    """Open the connection of a scan's parent, which will ask for these tables. Raises Unreachable."""
    match SERVER_TYPES[server.type]:
        case "postgres":
            from monitor.engines.warehouses.postgres_holder import PostgresHolder

            return PostgresHolder(server, slug)
        case "duckdb":
            from monitor.engines.warehouses.duckdb_holder import DuckdbHolder

            return DuckdbHolder(server, slug, tables)
        case "mysql":
            from monitor.engines.warehouses.mysql_holder import MysqlHolder

            return MysqlHolder(server, slug)
        case "spark":
            from monitor.engines.warehouses.spark_holder import SparkHolder

            return SparkHolder(server, slug, tables)
        case name if name in CONNECTORS:
            from monitor.engines.warehouses.connector_holder import ConnectorHolder

            return ConnectorHolder(server, slug, tables)
        case name:
            raise ValueError(name)


def route_to(server: ServerSettings, tables: Sequence[TableName]) -> Route:
    """Return what is configured of the way to a server, where these tables will be asked for."""
    match SERVER_TYPES[server.type]:
        case "postgres":
            from monitor.engines.warehouses import postgres

            return postgres.route_to(server)
        case "duckdb":
            from monitor.engines.warehouses import duckdb

            return duckdb.route_to(server, tables)
        case "mysql":
            from monitor.engines.warehouses import mysql

            return mysql.route_to(server)
        case "spark":
            from monitor.engines.warehouses import spark_holder

            return spark_holder.route_to(server, tables)
        case name if name in CONNECTORS:
            from monitor.engines.warehouses import connector

            return connector.route_to(server)
        case name:
            raise ValueError(name)


def open_guarded(server_type: str, route: Route, session: Session, snapshot: str | None) -> Guarded:
    """Open a connection that measures, on the way that a holder took. Raises Unreachable, or a server's error."""
    match server_type:
        case "postgres":
            from monitor.engines.warehouses import postgres

            return postgres.open_guarded(route, session, snapshot)
        case "duckdb":
            from monitor.engines.warehouses import duckdb

            return duckdb.Guarded(duckdb.connect(route, session), session)
        case "mysql":
            from monitor.engines.warehouses import mysql

            return mysql.open_guarded(route, session)
        case "spark":
            from monitor.engines.warehouses import spark

            return spark.Guarded(route, session)
        case name if name in CONNECTORS:
            from monitor.engines.warehouses import connector

            return connector.Guarded(route, session)
        case name:
            raise ValueError(name)


def open_tables(server: ServerSettings) -> Tables:
    """Open a connection to a whole catalogue. Raises Unreachable, also Unsupported where nobody can read it whole."""
    match SERVER_TYPES[server.type]:
        case "postgres":
            from monitor.engines.warehouses.postgres_tables import PostgresTables

            return PostgresTables(server)
        case "duckdb":
            from monitor.engines.warehouses.duckdb_tables import DuckdbTables

            return DuckdbTables(server)
        case "mysql":
            from monitor.engines.warehouses.mysql_tables import MysqlTables

            return MysqlTables(server)
        case _:
            raise Unsupported(f"unsupported: contracts are not drafted from servers of type {server.type}")
