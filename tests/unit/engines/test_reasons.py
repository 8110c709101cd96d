from decimal import Decimal

import pytest

from monitor.domain.check import CheckKind
from monitor.engines.reasons import duration, measured, number, percent
from tests.plans import aggregate


@pytest.mark.parametrize(
    ("unit", "kind", "value", "rows", "words"),
    [
        ("rows", CheckKind.RANGE, "7602", 336776, "measured 7,602 of 336,776 rows (2.26 %)"),
        ("rows", CheckKind.RANGE, "0", 336776, "measured 0 of 336,776 rows"),
        ("rows", CheckKind.RANGE, "1", 1_000_000, "measured 1 of 1,000,000 rows (< 0.01 %)"),
        ("rows", CheckKind.RANGE, "999999", 1_000_000, "measured 999,999 of 1,000,000 rows (> 99.99 %)"),
        ("rows", CheckKind.RANGE, "2", None, "measured 2 rows"),
        ("rows", CheckKind.RANGE, "0", 0, "measured 0 of 0 rows"),
        ("rows", CheckKind.ROW_COUNT, "1", 1, "measured 1 row"),
        ("percent", CheckKind.NULL_VALUES, "33.333333", 3, "measured 33.33 % of 3 rows"),
        ("percent", CheckKind.NULL_VALUES, "0.001", None, "measured < 0.01 %"),
        ("seconds", CheckKind.FRESHNESS, "8100.5", 3, "measured 2 h 15 min"),
        ("seconds", CheckKind.FRESHNESS, "-900", 3, "measured 15 min in the future"),
        ("seconds", CheckKind.FRESHNESS, "Infinity", 0, "the table is empty"),
        ("seconds", CheckKind.FRESHNESS, "Infinity", 7, "none of 7 rows has a value to measure by"),
        ("keys", CheckKind.UNIQUE, "12", 30, "measured 12 keys"),
        (None, CheckKind.SQL, "3.50", 30, "measured 3.5"),
        (None, CheckKind.SQL, "NaN", 30, "the measured value is not a number (NaN)"),
    ],
)
def test_what_was_measured_reads_plainly(
    unit: str | None, kind: CheckKind, value: str, rows: int | None, words: str
) -> None:
    assert measured(aggregate("t.a", "1", unit=unit, kind=kind), Decimal(value), rows) == words


def test_numbers_stay_exact() -> None:
    assert number(Decimal("-9007199254740993.250")) == "-9,007,199,254,740,993.25"
    assert percent(Decimal(0)) == "0 %"


def test_durations_use_two_units() -> None:
    assert [duration(Decimal(seconds)) for seconds in ("0.25", "61", "3600", "90000", "864000")] == [
        "0.25 s",
        "1 min 1 s",
        "1 h",
        "1 d 1 h",
        "10 d",
    ]
