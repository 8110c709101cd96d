"""What an engine measures is what the server holds."""

from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.integration.engines.conftest import by_id, verify
from tests.plans import aggregate, equals, plan


def test_one_aggregate_becomes_one_result(engine: Engine, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT n FROM generate_series(1, 10) n")

    scan = verify(engine, plan(aggregate("t.n", 'COUNT(CASE WHEN "n" > 8 THEN 1 END)', equals(0), needs=("n",))))

    (result,) = scan.results
    assert (result.outcome, result.measured, result.rows) == (Outcome.FAIL, 2, 10)
    assert result.reason == "measured 2 of 10 rows (20 %)"
    assert by_id(scan).keys() == {"t.n"}
