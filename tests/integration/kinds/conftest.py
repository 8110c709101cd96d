"""Every kind of rule is measured on every kind of warehouse."""

import pytest

from tests.conftest import DuckdbWarehouse, Warehouse


@pytest.fixture(params=["postgres", "duckdb"])
def warehouse(request: pytest.FixtureRequest) -> Warehouse | DuckdbWarehouse:
    if request.param == "duckdb":
        return request.getfixturevalue("duckdb_warehouse")
    return request.getfixturevalue("postgres_warehouse")
