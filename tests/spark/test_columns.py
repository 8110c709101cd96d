"""What a column declares is measured by Spark as exactly as everywhere; what it cannot say is skipped with that word."""

from pathlib import Path

import pytest

from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from tests.contracts import by_id, contract, scan
from tests.integration.kinds.test_columns import (
    CASES,
    split,
    test_an_unknown_format_is_skipped_with_that_word,
    test_null_in_a_primary_key_breaks_it,
    test_percentages_of_an_empty_table_are_zero_and_row_counts_decide,
    test_two_rules_of_one_metric_on_one_column_both_run,
    text,
)
from tests.spark.conftest import SparkWarehouse

pytestmark = pytest.mark.spark
__all__ = [
    "test_an_unknown_format_is_skipped_with_that_word",
    "test_null_in_a_primary_key_breaks_it",
    "test_percentages_of_an_empty_table_are_zero_and_row_counts_decide",
    "test_two_rules_of_one_metric_on_one_column_both_run",
    "text",
]
OTHERWISE = {
    "u64": ("DECIMAL(38, 0)", "-1, 0, 18446744073709551615, 18446744073709551616"),
    "times": ("text", "'07:59:59', '08:00:00'"),
}
"""What Parquet or Spark has no such type for."""
UNSUPPORTED = {"times": "unsupported: Spark has no type for a time of day"}


def test_planted_violations_are_counted_exactly(
    engine: Engine, warehouse: SparkWarehouse, tmp_path: Path, text: str
) -> None:
    created = []
    for number, (name, case) in enumerate(CASES.items()):
        type_, literals = OTHERWISE.get(name) or case.on("duckdb")
        values = ", ".join(f"({value})" for value in split(literals))
        created.append(f"CREATE TABLE t{number} (c {type_}); INSERT INTO t{number} VALUES {values}")
    warehouse.rows(";".join(created))

    results = by_id(scan(engine, contract(tmp_path, text, api="v3.1.0")))  # where ${…} is plain text

    wrong = {}
    for number, (name, case) in enumerate(CASES.items()):
        key = "" if case.check == "primary-key" else ".c"
        result = results[f"t{number}{key}.{case.check}"]
        found: tuple[object, ...] = (result.measured, result.outcome)
        expected: tuple[object, ...] = (case.broken, Outcome.FAIL if case.broken else Outcome.PASS)
        if name in UNSUPPORTED:
            found, expected = (result.outcome, result.reason), (Outcome.SKIPPED, UNSUPPORTED[name])
        if found != expected:
            wrong[name] = (found, result.reason, "expected", expected)
    assert not wrong
