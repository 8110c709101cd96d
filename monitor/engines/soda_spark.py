"""Soda's own Spark over a guarded connection of ours: made when a scan wants it, as it imports pyspark."""

from monitor.engines.warehouses.base import Guarded

_MAX_AGGREGATES = 200  # Spark compiles a statement to one Java method, which has a limit


def data_source() -> type:
    """Return Soda's data source for Spark that takes the connection it is given."""
    from soda.data_sources.spark_df_data_source import SparkDfDataSource

    class GuardedSparkDataSource(SparkDfDataSource):  # type: ignore[misc]
        """Soda's Spark over the connection it is given; means exactly what the compiled file means."""

        def connect(self) -> None:
            guarded: Guarded = self.data_source_properties["guarded"]
            self.connection = guarded.connection

        def query_failed(self, e: BaseException) -> None:
            self.data_source_properties["guarded"].recover(e)

        def get_max_aggregation_fields(self) -> int:
            return _MAX_AGGREGATES

    return GuardedSparkDataSource
