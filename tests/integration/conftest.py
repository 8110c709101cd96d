"""The engine that the product uses, on the test's own database."""

from collections.abc import Iterator

import pytest

from monitor.engines.base import Engine
from monitor.engines.soda import SodaEngine
from tests.conftest import Warehouse


@pytest.fixture
def engine(warehouse: Warehouse) -> Iterator[Engine]:
    with SodaEngine(warehouse.settings) as started:
        yield started
