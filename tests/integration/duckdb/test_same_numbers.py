"""The demo's contract says the same of the same data on PostgreSQL, in a DuckDB file and in Parquet files."""

from contextlib import closing
from pathlib import Path

import duckdb

from monitor.contracts.reading import load
from monitor.demo import TABLES, _csv
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from monitor.settings import ServerSettings
from tests.conftest import Warehouse
from tests.contracts import by_id, scan

CONTRACT = Path(__file__).parents[3] / "contracts" / "nyc-flights" / "1.0.0.odcs.yaml"


def test_a_contract_measures_the_same_wherever_its_data_lives(
    nursery: Nursery, warehouse: Warehouse, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    database = tmp_path / "nyc.duckdb"
    with (
        closing(warehouse.connect()) as there,
        there.cursor() as cursor,
        duckdb.connect(str(database)) as here,
    ):
        for table, columns in TABLES.items():
            cursor.execute(f"CREATE TABLE {table} ({columns})")
            here.execute(f"CREATE TABLE {table} ({columns})")
            with _csv(table) as source:
                csv = tmp_path / f"{table}.csv"
                csv.write_bytes(source.read())
            with csv.open("rb") as source:
                cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv, HEADER, NULL 'NA')", source)
            here.execute(f"COPY {table} FROM '{csv}' (FORMAT csv, HEADER, NULLSTR 'NA')")
            here.execute(f"COPY {table} TO '{files / table}.parquet'")
    promised = load(CONTRACT)

    servers = {
        "postgres": warehouse.settings,
        "database": ServerSettings(name="d", type="duckdb", path=str(database)),
        "files": ServerSettings(name="f", type="duckdb", path=str(files), format="parquet"),
    }
    found = {where: by_id(scan(SodaEngine(server, nursery), promised)) for where, server in servers.items()}

    said = {
        where: {
            check: (result.outcome, None if result.measured is None else round(float(result.measured), 9))
            for check, result in results.items()
            if result.check.unit != "seconds"
        }
        for where, results in found.items()
    }
    assert len(said["postgres"]) > 100
    assert said["database"] == said["postgres"]
    assert said["files"] == said["postgres"]
