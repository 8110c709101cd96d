"""The engine that the product uses, on the test's own database."""

from collections.abc import Iterator

import pytest

from monitor.engines.base import Engine
from monitor.engines.soda import SodaEngine
from tests import mysql
from tests.conftest import Warehouse


@pytest.fixture
def engine(warehouse: Warehouse) -> Iterator[Engine]:
    with SodaEngine(warehouse.settings) as started:
        yield started


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[mysql.Mysql]:
    with mysql.booted() as server:
        yield server


@pytest.fixture
def mysql_warehouse(mysql_server: mysql.Mysql, postgres_warehouse: Warehouse) -> Iterator[mysql.MysqlWarehouse]:
    with mysql.fresh_database(mysql_server, beside=postgres_warehouse) as made:
        yield made
