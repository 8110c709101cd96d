"""Every kind of rule is measured on every kind of warehouse; on MySQL by `make test-mysql`."""

import pytest

from tests import mysql
from tests.conftest import DuckdbWarehouse, Warehouse


@pytest.fixture(params=["postgres", "duckdb", pytest.param("mysql", marks=pytest.mark.mysql)])
def warehouse(request: pytest.FixtureRequest) -> Warehouse | DuckdbWarehouse | mysql.MysqlWarehouse:
    if request.param == "mysql":
        return request.getfixturevalue("mysql_warehouse")
    if request.param == "duckdb":
        return request.getfixturevalue("duckdb_warehouse")
    return request.getfixturevalue("postgres_warehouse")
