"""Packs, service levels and windows on Spark: the same cases, the same hand-written expectations."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.domain.scan import Outcome
from monitor.engines.base import Engine
from tests.contracts import by_id, contract, scan
from tests.integration.kinds import test_metrics as metrics
from tests.integration.kinds import test_packs as packs
from tests.integration.kinds import test_service_levels as levels
from tests.integration.kinds import test_windows as windows
from tests.spark.conftest import SparkWarehouse

pytestmark = pytest.mark.spark

SAME = (
    packs.test_planted_faults_are_counted_as_by_hand,
    packs.test_without_faults_every_rule_holds,
    packs.test_a_dataset_without_rows_has_nothing_that_is_broken,
    packs.test_people_read_what_is_broken_in_words,
    packs.test_periods_may_end_with_their_last_day_or_at_the_end_of_time,
    packs.test_a_step_may_be_a_calendar_month,
    packs.test_sums_are_of_decimals_whatever_the_numbers_are_stored_as,
    levels.test_latency_of_two_elements_is_the_longest_way,
    levels.test_what_data_cannot_show_is_skipped_and_what_is_not_declared_is_an_error,
    levels.test_from_its_time_of_day_on_the_newest_value_is_of_that_day,
    levels.test_a_time_of_availability_that_is_none_is_an_error,
    windows.test_row_rules_see_the_recent_rows_and_those_without_a_moment,
    windows.test_keys_references_queries_and_ages_see_all_rows,
    windows.test_samples_come_from_the_window,
    windows.test_all_statements_of_a_run_end_their_windows_at_one_moment,
    windows.test_an_empty_window_is_never_green_but_its_rows_can_be_counted,
    windows.test_a_column_that_is_gone_blocks_what_goes_by_it,
    windows.test_two_datasets_may_look_at_one_table_through_their_own_windows,
)
globals().update({test.__name__: test for test in SAME})
results = windows.results

ANCIENT = {"no beginning"}
"""Parquet that Spark did not write and that holds a moment before 1900 is refused by Spark's own default, loudly."""


def test_age_is_judged_at_the_time_of_the_run(
    engine: Engine, warehouse: SparkWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        levels,
        "CASES",
        {
            name: replace(case, outcome=Outcome.ERROR) if name in ANCIENT else case
            for name, case in levels.CASES.items()
        },
    )
    levels.test_age_is_judged_at_the_time_of_the_run(engine, warehouse, tmp_path)  # type: ignore[arg-type]


def test_every_documented_cell_is_what_hand_written_sql_says(
    engine: Engine, warehouse: SparkWarehouse, tmp_path: Path
) -> None:
    warehouse.rows(metrics.SETUP)
    documented = metrics.cells("Spark")
    wanted: dict[str, tuple[Decimal, bool]] = {}
    rules: dict[bool, list[str]] = {True: [], False: []}
    for name, unit, word in sorted(documented):
        metric = metrics.METRICS[name]
        value = metrics.measured_by_hand(warehouse, metric, unit)  # type: ignore[arg-type]
        for key, limit, holds in metrics.thresholds(word, value):
            identity = f"rule-{len(wanted)}"
            wanted[identity] = (value, holds)
            rule = {"id": identity, **metric.rule, key: limit, **({"unit": "percent"} if unit == "percent" else {})}
            rules[metric.on_column].append(metrics.yaml_line(rule))

    found = by_id(scan(engine, contract(tmp_path, metrics.document(rules))))

    measured = {identity.rsplit(".", 1)[1]: result for identity, result in found.items()}
    assert len(documented) == len(metrics.cells("DuckDB"))
    wrong = {
        identity: (measured[identity].measured, measured[identity].outcome, measured[identity].reason, value, holds)
        for identity, (value, holds) in wanted.items()
        if measured[identity].measured != value
        or measured[identity].outcome is not (Outcome.PASS if holds else Outcome.FAIL)
    }
    assert not wrong


def test_the_rows_at_fault_are_shown(engine: Engine, warehouse: SparkWarehouse) -> None:
    warehouse.rows(packs.HISTORY + packs.SERIES + packs.STAR)

    history, series, star = (packs.verified(engine, name) for name in ("history", "series", "star"))

    assert history["one-current-row"].offending == "3 values: 1 (1 row) · 2 (1 row) · 8 (1 row)"
    assert series["every-hour"].sample is not None
    assert sorted(series["every-hour"].sample.rows) == [
        ("a", "2024-04-01 01:00:00"),
        ("b", "2024-04-01 21:00:00"),
        ("b", "2024-04-02 17:00:00"),
    ]
    assert star["known-products"].offending == "1 value: 21 (30 rows)"


def test_a_column_that_holds_no_moments_is_said(engine: Engine, warehouse: SparkWarehouse, tmp_path: Path) -> None:
    warehouse.rows(windows.SETUP.format(type="timestamptz"))
    warehouse.rows("ALTER TABLE orders ALTER ordered_at TYPE text")

    found = by_id(scan(engine, windows.promised(tmp_path)))

    told = found["orders.customer.not-null"]
    assert told.outcome is Outcome.ERROR
    assert told.reason == "checkWindow goes by ordered_at, which is string, expected a date or a timestamp"
    assert found["orders.primary-key"].measured == 1


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("CAST('0.0000000000000000001' AS DECIMAL(38, 19))", "a number has more than 18 digits after the point"),
        ("CAST('1e20' AS double)", "cannot be represented as Decimal(38, 18)"),
        ("CAST('NaN' AS double)", 'cannot be cast to "DECIMAL(38,18)"'),
    ],
)
def test_a_sum_that_cannot_be_exact_is_an_error(
    engine: Engine, warehouse: SparkWarehouse, tmp_path: Path, number: str, reason: str
) -> None:
    warehouse.rows(f"CREATE TABLE here AS SELECT {number} AS n; CREATE TABLE there AS SELECT 0 AS n")
    found = by_id(scan(engine, contract(tmp_path, packs.SUMS)))["here.sums"]
    assert found.outcome is Outcome.ERROR
    assert reason in found.reason


def test_a_sum_of_floats_leaves_out_null(engine: Engine, warehouse: SparkWarehouse, tmp_path: Path) -> None:
    warehouse.rows(
        "CREATE TABLE here AS SELECT unnest([0.1, NULL, 0.2])::double AS n;"
        "CREATE TABLE there AS SELECT unnest([NULL, 0.25])::float AS n"
    )
    assert by_id(scan(engine, contract(tmp_path, packs.SUMS)))["here.sums"].measured == Decimal("0.05")


def test_schemas_and_blocks_of_sodacl_are_judged(engine: Engine, warehouse: SparkWarehouse, tmp_path: Path) -> None:
    warehouse.rows(
        "CREATE TABLE t AS SELECT range AS id, 'w' AS w, 1.5::decimal(9, 2) AS d, true AS more FROM range(9)"
    )
    body = """
        customProperties: [{property: extraColumns, value: fail}, {property: columnOrder, value: fail}]
        schema:
          - name: t
            properties:
              - {name: w, physicalType: varchar(9)}
              - {name: id, physicalType: bigint}
              - {name: d, physicalType: "decimal(9,3)"}
            quality:
              - type: custom
                engine: soda
                implementation: |
                  - row_count between 1 and 9
                  - duplicate_count(id) = 0
                  - missing_count(w) = 0
                  - invalid_count(w) = 9:
                      valid regex: "^x"
                  - max(id) = 7
        """
    found = by_id(scan(engine, contract(tmp_path, body)))
    outcomes = {name: result.outcome.value for name, result in found.items() if result.check.kind.value != "soda"}
    blocks = [result.outcome.value for result in found.values() if result.check.kind.value == "soda"]
    assert outcomes == {
        "t.schema": "pass", "t.extra-columns": "fail", "t.column-order": "fail", "t.w.column-type": "pass",
        "t.id.column-type": "pass", "t.d.column-type": "fail",
    }, {name: result.reason for name, result in found.items()}  # fmt: skip
    assert blocks == ["pass", "pass", "pass", "pass", "fail"], [result.reason for result in found.values()]


def test_a_window_in_another_zone_is_skipped_with_that_word(
    engine: Engine, warehouse: SparkWarehouse, tmp_path: Path
) -> None:
    warehouse.rows("CREATE TABLE t AS SELECT now() AS at")
    body = """
        schema:
          - name: t
            customProperties: [{property: checkWindow, value: {element: at, last: 1d}}]
            properties:
              - {name: at, logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Asia/Kolkata}, required: true}
        """
    found = by_id(scan(engine, contract(tmp_path, body)))["t.at.not-null"]
    assert found.outcome is Outcome.SKIPPED
    assert found.reason == "unsupported: a window in the zone 'Asia/Kolkata': Spark's timestamps are instants"
