"""The warm process behind the Soda engine: when it cannot warm up, that is no verdict on anybody's data."""

from contextlib import closing

import pytest

from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from monitor.errors import EngineError
from tests.conftest import Warehouse
from tests.integration.engines.conftest import verify
from tests.plans import aggregate, equals, plan


@pytest.mark.parametrize("program", ["monitor.engines.nowhere:run", "monitor.engines.soda_child:nothing"])
def test_an_engine_that_cannot_start_raises(warehouse: Warehouse, program: str) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT 1 n")
    nursery = Nursery(program, {})
    broken = pytest.raises(EngineError, match="ended before it could begin")
    with closing(nursery), SodaEngine(warehouse.settings, nursery) as engine, broken:
        verify(engine, plan(aggregate("t.count", "COUNT(*)", equals(1))))

    warehouse.wait_until_alone()
