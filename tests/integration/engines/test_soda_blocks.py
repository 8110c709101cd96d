"""A custom block is a Soda scan of its own with one result; what Soda could not do is an error with its words."""

import pytest

from monitor.domain.check import SodaBlock
from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.integration.engines.conftest import by_id, verify
from tests.plans import aggregate, check, equals, plan

BLOCKS = {
    "holds": ("- row_count = 3", Outcome.PASS, 3, "Soda says pass"),
    "fails": ("- row_count = 4", Outcome.FAIL, 3, "Soda says fail"),
    "warns": ("- row_count:\n      warn: when > 1", Outcome.WARN, 3, "Soda says warn"),
    "missing": ("- missing_count(word) = 1", Outcome.PASS, 1, "Soda says pass"),
    "rows": (
        "- failed rows:\n      name: rows\n      fail condition: n > 1",
        Outcome.FAIL,
        2,
        "Soda says fail",
    ),
    "broken-sql": (
        "- failed rows:\n      name: rows\n      fail query: SELECT nowhere FROM t",
        Outcome.ERROR,
        None,
        'column "nowhere" does not exist',
    ),
    "misspelt": ("- row_count = 3:\n      naem: x\n      samples limt: 3", Outcome.ERROR, None, ""),
    "no-check": ("- nonsense of all kinds", Outcome.ERROR, None, ""),
}


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    warehouse.rows("CREATE TABLE t AS SELECT n, nullif('w' || n, 'w2') word FROM generate_series(1, 3) n")
    return warehouse


@pytest.mark.usefixtures("table")
def test_every_block_has_its_own_result(engine: Engine) -> None:
    checks = [
        check(f"t.{name}", SodaBlock(sodacl=f"checks for t:\n  {text}\n"), unit=None)
        for name, (text, *_) in BLOCKS.items()
    ]

    results = by_id(verify(engine, plan(*checks, aggregate("t.count", "COUNT(*)", equals(3)))))

    assert results["t.count"].outcome is Outcome.PASS
    for name, (_, outcome, measured, words) in BLOCKS.items():
        result = results[f"t.{name}"]
        assert (name, result.outcome, result.measured) == (name, outcome, measured), result.reason
        assert words in result.reason
        assert result.reason
