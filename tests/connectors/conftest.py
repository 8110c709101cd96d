"""A connector's whole way on a real server: Soda's Redshift speaks to PostgreSQL, whose protocol and SQL it shares."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from monitor.engines.base import Engine
from monitor.engines.soda import SodaEngine
from tests.conftest import Warehouse


def as_redshift(warehouse: Warehouse, **connection: object) -> Warehouse:
    """Return the same database as a connector reaches it; where no password is asked for, any will do."""
    own = warehouse.settings
    given = json.dumps({"password": own.password or "not asked for", **connection})
    return replace(warehouse, settings=replace(own, type="redshift", connection=given))


@pytest.fixture
def warehouse(postgres_warehouse: Warehouse) -> Warehouse:
    return as_redshift(postgres_warehouse)


@pytest.fixture
def engine(warehouse: Warehouse) -> Iterator[Engine]:
    with SodaEngine(warehouse.settings) as started:
        yield started
