"""The demo's contract says the same of the same data on PostgreSQL and, by Spark, in Parquet files."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from monitor.contracts.reading import load
from monitor.demo import TABLES, _csv
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from tests.conftest import Warehouse
from tests.contracts import by_id, scan
from tests.spark.conftest import SparkWarehouse

pytestmark = pytest.mark.spark
CONTRACT = Path(__file__).parents[2] / "contracts" / "nyc-flights" / "1.0.0.odcs.yaml"


def test_a_contract_measures_the_same_wherever_its_data_lives(
    nursery: Nursery, postgres_warehouse: Warehouse, warehouse: SparkWarehouse, tmp_path: Path
) -> None:
    with (
        closing(postgres_warehouse.connect()) as there,
        there.cursor() as cursor,
        duckdb.connect() as writer,
    ):
        for table, columns in TABLES.items():
            cursor.execute(f"CREATE TABLE {table} ({columns})")
            writer.execute(f"CREATE TABLE {table} ({columns})")
            with _csv(table) as source:
                csv = tmp_path / f"{table}.csv"
                csv.write_bytes(source.read())
            with csv.open("rb") as source:
                cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv, HEADER, NULL 'NA')", source)
            writer.execute(f"COPY {table} FROM '{csv}' (FORMAT csv, HEADER, NULLSTR 'NA')")
            writer.execute(f"COPY {table} TO '{Path(warehouse.settings.path or '') / table}.parquet'")
    promised = load(CONTRACT)

    found = {
        where: by_id(scan(SodaEngine(server, nursery), promised))
        for where, server in {"postgres": postgres_warehouse.settings, "spark": warehouse.settings}.items()
    }

    said = {
        where: {
            check: (result.outcome, None if result.measured is None else round(float(result.measured), 9))
            for check, result in results.items()
            if result.check.unit != "seconds"
        }
        for where, results in found.items()
    }
    assert len(said["postgres"]) > 100
    assert said["spark"] == said["postgres"]
