"""A real Spark, one virtual machine for all tests: data are written by DuckDB as Parquet, and read by Spark."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from monitor.engines.base import Engine
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from monitor.engines.warehouses import spark_jvm
from monitor.engines.warm import soda_nursery
from monitor.settings import ServerSettings


@dataclass(frozen=True)
class SparkWarehouse:
    """A folder with a Parquet file for each table of a DuckDB database, and the settings with which Spark reads it."""

    settings: ServerSettings
    database: Path

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement in DuckDB, and write all tables anew where it may have changed one."""
        folder = Path(self.settings.path or "")
        with duckdb.connect(str(self.database)) as opened:
            opened.execute("SET TimeZone = 'UTC'")
            found = opened.execute(sql).fetchall()
            if not sql.lstrip().startswith("SELECT"):
                for old in folder.glob("*.parquet"):
                    old.unlink()
                for (name,) in opened.execute(
                    "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"
                ).fetchall():
                    file = str(folder / f"{name}.parquet").replace("'", "''")
                    opened.execute(f"COPY \"{name}\" TO '{file}' (FORMAT parquet)")
        return found


@pytest.fixture(scope="session", autouse=True)
def machine() -> Iterator[None]:
    """End Spark with the tests."""
    yield
    spark_jvm.end_all()


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """One warm process for all tests."""
    warm = soda_nursery()
    yield warm
    warm.close()


@pytest.fixture
def spark_warehouse(tmp_path: Path) -> SparkWarehouse:
    folder = tmp_path / "files"
    folder.mkdir()
    settings = ServerSettings(
        name="test", type="spark", master="local[2]", path=str(folder), format="parquet", statement_timeout=60.0
    )
    return SparkWarehouse(settings, tmp_path / "test.duckdb")


@pytest.fixture
def warehouse(spark_warehouse: SparkWarehouse) -> SparkWarehouse:
    return spark_warehouse


@pytest.fixture
def engine(warehouse: SparkWarehouse, nursery: Nursery) -> Engine:
    return SodaEngine(warehouse.settings, nursery)
