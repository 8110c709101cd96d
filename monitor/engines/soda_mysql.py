"""Soda's MySQL over a guarded connection of ours; imported in a scanning process only, and only for such a server."""

import sys
import types

_SOURCE = "soda.data_sources.guarded_mysql_data_source"
_MAX_AGGREGATES = 1600  # MySQL and MariaDB take 4,096 columns in a SELECT


def register() -> None:
    """Let Soda know the data source `guarded_mysql`."""
    if _SOURCE in sys.modules:
        return
    from soda.data_sources.mysql_data_source import MySQLDataSource

    class GuardedMysqlDataSource(MySQLDataSource):  # type: ignore[misc]
        """Means exactly what the compiled file means; names are quoted, which Soda's own leaves out."""

        def connect(self) -> None:
            self.connection = self.data_source_properties["guarded"].connection

        def query_failed(self, e: BaseException) -> None:
            self.data_source_properties["guarded"].recover(e)

        def get_max_aggregation_fields(self) -> int:
            return _MAX_AGGREGATES

        def quote_column(self, column_name: str) -> str:
            return column_name if column_name.startswith("`") else "`" + column_name.replace("`", "``") + "`"

    module = types.ModuleType(_SOURCE)
    module.Guarded_mysqlDataSource = GuardedMysqlDataSource  # type: ignore[attr-defined]
    sys.modules[_SOURCE] = module
