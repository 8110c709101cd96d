"""When a broken number is clearly worse than the one that people know."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.check import Operator, SodaBlock, Threshold
from monitor.incidents.worse import is_clearly_worse, worst_of
from tests.incidents import SCHEMA, check
from tests.plans import check as bare

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=2)
OPERATORS = [operator for operator in Operator if not operator.endswith("between")]
THRESHOLDS = st.one_of(
    st.builds(lambda operator, value: Threshold(operator=operator, value=value), st.sampled_from(OPERATORS), NUMBERS),
    st.builds(
        lambda operator, a, b: Threshold(operator=operator, value=min(a, b), upper=max(a, b)),
        st.sampled_from([Operator.BETWEEN, Operator.NOT_BETWEEN]),
        NUMBERS,
        NUMBERS,
    ),
)


@pytest.mark.parametrize(
    ("operator", "limit", "known", "measured", "is_worse"),
    [
        ("=", 0, 3, 6, True),
        ("=", 0, 3, 5, False),
        ("=", 0, 6, 3, False),
        ("<=", 5, 6, 11, False),  # percent: twice the number, not twice what is beyond the limit
        ("<=", 5, 6, 12, True),
        ("<", -5, -4, -3, True),
        ("<", -5, 1, 2, False),
        (">=", 1000, 900, 460, False),
        (">=", 1000, 900, 450, True),
        (">", 0, 0, 0, False),
        (">=", 0, -1, -2, True),
        ("=", 100, 150, 60, False),
        ("=", 100, 150, 0, True),
        ("!=", 0, 0, 0, False),
    ],
)
def test_twice_as_bad_is_clearly_worse(operator: str, limit: int, known: int, measured: int, is_worse: bool) -> None:
    checked = check("t.c", Threshold(operator=Operator(operator), value=Decimal(limit)))
    assert is_clearly_worse(checked, Decimal(known), Decimal(measured)) is is_worse


def test_columns_that_are_missing_count_too() -> None:
    assert is_clearly_worse(check(SCHEMA), Decimal(1), Decimal(2))


def test_without_a_promised_number_nothing_is_worse() -> None:
    assert not is_clearly_worse(bare("t.c", SodaBlock(sodacl="")), Decimal(1), Decimal(100))


@pytest.mark.parametrize("number", [None, Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_number_is_not_worse(number: Decimal | None) -> None:
    assert not is_clearly_worse(check("t.c"), Decimal(1), number)
    assert not is_clearly_worse(check("t.c"), number, Decimal(1))


@given(THRESHOLDS, NUMBERS, NUMBERS)
def test_two_numbers_are_never_each_worse_than_the_other(limit: Threshold, one: Decimal, other: Decimal) -> None:
    checked = check("t.c", limit)
    assert not (is_clearly_worse(checked, one, other) and is_clearly_worse(checked, other, one))
    assert not is_clearly_worse(checked, one, one)


@given(THRESHOLDS, NUMBERS, NUMBERS)
def test_what_is_clearly_worse_is_the_worst(limit: Threshold, one: Decimal, other: Decimal) -> None:
    checked = check("t.c", limit)
    if is_clearly_worse(checked, one, other):
        assert worst_of(checked, one, other) == other
        assert not limit.holds(other)
