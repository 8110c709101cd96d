"""The demo's contract says the same of the same data on PostgreSQL and on MariaDB."""

from contextlib import closing
from pathlib import Path

from monitor.contracts.reading import load
from monitor.demo import TABLES, _csv
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from tests.conftest import Warehouse
from tests.contracts import by_id, scan
from tests.mysql import MysqlWarehouse

CONTRACT = Path(__file__).parents[3] / "contracts" / "nyc-flights" / "1.0.0.odcs.yaml"

KEYS = {
    "weather": ["origin(3), time_hour"],
    "airports": ["faa(4)"],
    "planes": ["tailnum(8)"],
    "airlines": ["carrier(2)"],
}
"""What a table of MySQL's would have anyway: without them it looks for each key in all rows."""
SHARE = "COUNT(*) FILTER (WHERE dep_time IS NULL) / COUNT(*)"
SHARE_IN_MYSQL = "CAST(SUM(dep_time IS NULL) AS DECIMAL(30, 20)) / COUNT(*)"
"""A rule's own SQL is in the server's dialect."""


def test_a_contract_measures_the_same_on_mariadb(
    nursery: Nursery, postgres_warehouse: Warehouse, warehouse: MysqlWarehouse, tmp_path: Path
) -> None:
    with closing(postgres_warehouse.connect()) as there, there.cursor() as cursor:
        for table, columns in TABLES.items():
            cursor.execute(f"CREATE TABLE {table} ({columns})")
            with _csv(table) as source:
                cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv, HEADER, NULL 'NA')", source)
            cursor.execute("SET TimeZone = 'UTC'")
            lines = tmp_path / table
            with lines.open("wb") as target:
                cursor.copy_expert(f"COPY (SELECT * FROM {table}) TO STDOUT", target)
            lines.write_bytes(lines.read_bytes().replace(b"+00\t", b"\t").replace(b"+00\n", b"\n"))
            here = columns.replace("timestamp with time zone", "timestamp NULL")
            keys = "".join(f", KEY ({key})" for key in KEYS.get(table, ()))
            warehouse.plain(
                f"CREATE TABLE {table} ({here}{keys})",
                f"LOAD DATA INFILE '{lines}' INTO TABLE {table} CHARACTER SET utf8mb4",
            )
    promised, here = load(CONTRACT), tmp_path / "mysql.odcs.yaml"
    here.write_text(CONTRACT.read_text().replace(SHARE, SHARE_IN_MYSQL))
    found = {
        "postgres": by_id(scan(SodaEngine(postgres_warehouse.settings, nursery), promised)),
        "mysql": by_id(scan(SodaEngine(warehouse.settings, nursery), load(here))),
    }

    said = {
        where: {
            check: (result.outcome, None if result.measured is None else round(float(result.measured), 9))
            for check, result in results.items()
            if result.check.unit != "seconds"
        }
        for where, results in found.items()
    }
    differing = {
        check: (there, said["mysql"][check], found["mysql"][check].reason)
        for check, there in said["postgres"].items()
        if said["mysql"][check] != there
    }
    assert len(said["postgres"]) > 100
    assert not differing
