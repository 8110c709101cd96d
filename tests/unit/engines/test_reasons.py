from decimal import Decimal

import pytest

from monitor.domain.check import CheckKind
from monitor.engines.reasons import endless, part
from tests.plans import aggregate


@pytest.mark.parametrize(
    ("unit", "kind", "value", "rows", "words"),
    [
        ("seconds", CheckKind.FRESHNESS, "Infinity", 0, "the table is empty"),
        ("seconds", CheckKind.FRESHNESS, "Infinity", 7, "none of 7 rows has a value to measure by"),
        ("seconds", CheckKind.FRESHNESS, "-Infinity", 7, "the newest value is infinity, in the future"),
        (None, CheckKind.SQL, "NaN", 30, "the measured value is not a number (NaN)"),
        (None, CheckKind.SQL, "-Infinity", 30, "measured minus infinity"),
    ],
)
def test_a_value_without_end_is_explained(
    unit: str | None, kind: CheckKind, value: str, rows: int | None, words: str
) -> None:
    assert endless(aggregate("t.a", "1", unit=unit, kind=kind), Decimal(value), rows) == words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("nulls", 1, "1 row has no key"),
        ("nulls", 1200, "1,200 rows have no key"),
        ("duplicates", 1, "1 key occurs more than once"),
        ("duplicates", 2, "2 keys occur more than once"),
        ("late", 1, "late: 1"),
    ],
)
def test_a_broken_part_says_what_it_counted(name: str, value: int, words: str) -> None:
    assert part(name, Decimal(value)) == words
